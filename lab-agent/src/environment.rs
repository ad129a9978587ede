//! The variables that kernels and JupyterLab find in their environment, besides what the agent inherited.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::config::Config;

/// Name and value.
pub type Variable = (OsString, OsString);

/// File name of the data token in the run directory.
pub const TOKEN_FILE: &str = "data-token";

/// Where kernels find the data token.
pub fn token_file(run_dir: &Path) -> PathBuf {
    run_dir.join(TOKEN_FILE)
}

/// What every process of the lab is told: where the data are, who the user is, and where home is.
///
/// The programs next to the interpreter come first on the path, so that `!pip` in a cell and `python` in a
/// terminal are those of the lab. The token itself is never a variable: it changes, and variables leak.
pub fn of_the_lab(config: &Config) -> Vec<Variable> {
    let lab = &config.lab;
    let mut variables: Vec<Variable> = vec![
        ("HOME".into(), lab.home.clone().into()),
        ("JUPYTER_RUNTIME_DIR".into(), lab.run_dir.join("runtime").into()),
        ("NEARSIDE_FLIGHT_URL".into(), lab.flight_url.clone().into()),
        ("NEARSIDE_TOKEN_FILE".into(), token_file(&lab.run_dir).into()),
        ("NEARSIDE_USER".into(), lab.user.to_string().into()),
    ];
    if let Some(ca_file) = &lab.ca_file {
        variables.push(("NEARSIDE_CA_FILE".into(), ca_file.clone().into()));
    }
    if let Some(programs) = lab.python.parent() {
        variables.push(("PATH".into(), joined(programs.as_os_str(), &config.search_path)));
    }
    variables
}

fn joined(first: &OsStr, rest: &OsStr) -> OsString {
    let mut path = first.to_owned();
    path.push(":");
    path.push(rest);
    path
}
