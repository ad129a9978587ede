//! What is needed to start a kernel, and why it may fail.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::spec::KernelSpec;
use crate::config::Config;
use crate::environment::{self, Variable};
use crate::process::{Death, Launcher, Program};

/// What a client asks for.
#[derive(Clone, Debug, Default)]
pub struct StartRequest {
    /// The kernelspec; none means the default.
    pub spec: Option<String>,
    /// A notebook or directory, relative to home.
    pub path: Option<String>,
    /// Variables that the client adds.
    pub variables: Vec<Variable>,
}

/// Everything that stays the same from one start of a kernel to the next.
pub struct Launch {
    /// The kernelspec as it was when the kernel was first started.
    pub spec: KernelSpec,
    /// The lab and its limits.
    pub config: Arc<Config>,
    /// Starts processes.
    pub launcher: Launcher,
    directory: PathBuf,
    variables: Vec<Variable>,
}

/// Why a kernel did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// No kernelspec has this name.
    #[error(
        "The '{0}' kernel is not available. Please pick another suitable kernel instead, or install that kernel."
    )]
    UnknownSpec(String),
    /// The lab's limit is reached.
    #[error("this lab already has {0} kernels: shut one down first")]
    TooMany(usize),
    /// The connection file or the process could not be made.
    #[error("the kernel could not be started: {0}")]
    Setup(#[from] std::io::Error),
    /// The process ended before it answered.
    #[error("the kernel died while it started: {0}")]
    Died(Death),
    /// The lab, or the kernel itself, is being shut down.
    #[error("the kernel is being shut down")]
    Stopping,
    /// The process runs and does not answer.
    #[error("the kernel did not answer within {0} s: try again, or look for code that runs when it starts")]
    Silent(u64),
}

impl Launch {
    /// Resolves a client's request.
    pub fn new(config: Arc<Config>, launcher: Launcher, spec: KernelSpec, request: StartRequest) -> Self {
        let home = &config.lab.home;
        let mut variables = environment::of_the_lab(&config);
        variables.push(("JPY_PARENT_PID".into(), std::process::id().to_string().into()));
        variables.extend(spec.json.env.iter().map(|(name, value)| (name.into(), value.into())));
        variables.extend(request.variables);
        let document = request.path.as_ref().map(|path| home.join(relative(path)));
        if let Some(document) = document.filter(|document| !document.is_dir()) {
            variables.push(("JPY_SESSION_NAME".into(), document.into()));
        }
        let directory = working_directory(home, request.path.as_deref().unwrap_or_default());
        Self { spec, config, launcher, directory, variables }
    }

    /// The kernel's program for one start.
    pub fn program(&self, connection_file: &Path) -> Program {
        Program {
            argv: self.spec.command(&self.config.lab.python, connection_file),
            directory: self.directory.clone(),
            variables: self.variables.clone(),
        }
    }
}

/// The directory of a notebook: the nearest that exists on the way up from `path`, never above home.
fn working_directory(home: &Path, path: &str) -> PathBuf {
    let wanted = home.join(relative(path));
    let nearest = wanted.ancestors().find(|directory| directory.is_dir());
    nearest.filter(|directory| directory.starts_with(home)).unwrap_or(home).to_owned()
}

/// `path` without anything that could lead out of the directory that it is joined to.
fn relative(path: &str) -> PathBuf {
    let plain = |part: &std::path::Component<'_>| matches!(part, std::path::Component::Normal(_));
    Path::new(path).components().filter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_works_in_the_directory_of_its_notebook_and_never_outside_home() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let home = home.path();
        std::fs::create_dir(home.join("m45")).expect("a directory below it");
        let seen = ["m45/a.ipynb", "a.ipynb", "none/a.ipynb", "../../etc/passwd", "/etc/x.ipynb", "m45", ""]
            .map(|path| working_directory(home, path));
        let (m45, home) = (home.join("m45"), home.to_owned());
        assert_eq!(seen, [&m45, &home, &home, &home, &home, &m45, &home].map(PathBuf::clone));
    }
}
