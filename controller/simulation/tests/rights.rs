//! The Role of the manifests grants what the controller does, and nothing else.

use std::collections::BTreeSet;

use serde::Deserialize;

#[derive(Deserialize)]
struct Role {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    resources: Vec<String>,
    verbs: Vec<String>,
}

#[test]
fn the_role_grants_exactly_what_is_used() {
    let manifest = include_str!("../../../manifests/base/rbac.yaml");
    let role =
        manifest.split("\n---\n").find(|object| object.contains("kind: Role\n")).expect("there is a Role");
    let role: Role = serde_yaml::from_str(role).expect("a Role has rules");
    let granted: BTreeSet<String> = role.rules.iter().flat_map(rights).collect();
    let verdicts = (0..8).map(|seed| simulation::run(seed, None).expect("a runtime can be built"));
    let used: BTreeSet<String> = verdicts
        .flat_map(|verdict| verdict.tally.rights)
        .map(|(resource, verb)| format!("{verb} {resource}"))
        .collect();
    assert_eq!(granted, used);
}

fn rights(rule: &Rule) -> Vec<String> {
    let of =
        |resource: &String| rule.verbs.iter().map(|verb| format!("{verb} {resource}")).collect::<Vec<_>>();
    rule.resources.iter().flat_map(of).collect()
}
