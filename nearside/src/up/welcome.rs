//! The notebooks that a new home starts with, built into the program.

use include_dir::{Dir, include_dir};
use kernel_gateway::WelcomeFile;

static NOTEBOOKS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../notebooks");

/// The demo notebooks, to be placed below `notebooks/` of a home that lacks them.
pub fn files() -> Vec<WelcomeFile> {
    let is_notebook = |path: &std::path::Path| path.extension().is_some_and(|extension| extension == "ipynb");
    NOTEBOOKS
        .files()
        .filter(|file| is_notebook(file.path()))
        .map(|file| WelcomeFile {
            path: std::path::Path::new("notebooks").join(file.path()),
            bytes: file.contents().to_vec(),
        })
        .collect()
}
