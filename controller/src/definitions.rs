//! The custom resource definitions as YAML files, for `manifests/crds`.

use std::path::Path;

use thiserror::Error;

/// Why the files were not written.
#[derive(Debug, Error)]
pub enum DefinitionsError {
    /// A file or directory.
    #[error("cannot write the custom resource definitions")]
    Unwritable(#[from] std::io::Error),
    /// Never, unless a type of ours has a form that YAML cannot express.
    #[error("a custom resource definition cannot be written as YAML")]
    NotYaml(#[from] serde_yaml::ser::Error),
}

/// Name and text of every file.
pub fn files() -> Result<Vec<(String, String)>, DefinitionsError> {
    let definitions = api::resources::definitions();
    let named = definitions.iter().map(|definition| {
        let text = serde_yaml::to_string(definition)?;
        Ok((
            format!("{}.yaml", definition.spec.names.plural),
            format!("# Written by `controller definitions`.\n{text}"),
        ))
    });
    named.collect()
}

/// Writes the files into `directory`, which is made if it is missing.
pub fn write(directory: &Path) -> Result<(), DefinitionsError> {
    std::fs::create_dir_all(directory)?;
    for (name, text) in files()? {
        std::fs::write(directory.join(name), text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_definitions_are_those_of_the_types() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/crds");
        for (name, text) in files().expect("the definitions can be written") {
            let committed = std::fs::read_to_string(directory.join(&name)).unwrap_or_default();
            assert!(
                committed == text,
                "manifests/crds/{name} is old: run `controller definitions manifests/crds`"
            );
        }
    }
}
