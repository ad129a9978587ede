//! A taste of what `cargo xtask sim` does at length.

use simulation::defects::Defect;
use simulation::run;

#[test]
fn nothing_is_found_wrong_in_the_first_seeds() {
    for seed in 0..10 {
        let verdict = run(seed, None).expect("a runtime can be built");
        assert_eq!(verdict.violations, Vec::<String>::new(), "seed {seed}");
        assert!(
            verdict.tally.faults >= 30 && verdict.tally.pods >= 20,
            "seed {seed} was too easy: {:?}",
            verdict.tally
        );
    }
}

#[test]
fn a_seed_repeats_exactly_and_another_one_differs() {
    let traces = [3, 3, 4].map(|seed| run(seed, None).expect("a runtime can be built").trace);
    assert!(traces[0] == traces[1] && traces[1] != traces[2], "{traces:?}");
}

#[test]
fn pods_with_names_of_their_own_are_noticed() {
    let verdict = run(0, Some(Defect::RandomPodNames)).expect("a runtime can be built");
    assert!(verdict.violations.iter().any(|violation| violation.contains("I1")), "{:?}", verdict.violations);
}
