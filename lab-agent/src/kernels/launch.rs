//! What is needed to start a kernel, and why it may fail.

use std::ffi::OsString;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use super::spec::{InterruptMode, KernelSpec};
use crate::config::Config;
use crate::environment::{self, Variable};
use crate::process::{Death, Program};

/// The directory of all kernels in a run directory.
const KERNELS: &str = "kernels";
/// The file that describes a kernel to its keeper.
const LAUNCH_FILE: &str = "launch.json";

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

/// Everything that stays the same from one start of a kernel to the next: what its keeper is told, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The kernel.
    pub kernel: Uuid,
    /// The name of its kernelspec.
    pub spec: String,
    /// How it is interrupted.
    pub interrupt_mode: InterruptMode,
    /// Where its sockets and its journal are.
    pub run_dir: PathBuf,
    /// The process without which nothing of the lab may run.
    pub overseer: u32,
    /// Where `setpriv` is looked for.
    pub search_path: OsString,
    program: Program,
}

/// Why a kernel did not start.
#[derive(Clone, Debug, Error, Serialize, Deserialize)]
pub enum StartError {
    /// No kernelspec has this name.
    #[error(
        "The '{0}' kernel is not available. Please pick another suitable kernel instead, or install that kernel."
    )]
    UnknownSpec(String),
    /// The wish or the kernelspec cannot be followed.
    #[error("this kernel cannot be started: {0}")]
    Refused(String),
    /// The lab's limit is reached.
    #[error("this lab already has {0} kernels: shut one down first")]
    TooMany(usize),
    /// The connection file or the process could not be made.
    #[error("the kernel could not be started: {0}")]
    Setup(String),
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

impl From<std::io::Error> for StartError {
    fn from(error: std::io::Error) -> Self {
        Self::Setup(error.to_string())
    }
}

impl Launch {
    /// Resolves a client's request. `overseer` is the process that starts agents.
    pub fn new(config: &Config, spec: &KernelSpec, request: StartRequest, overseer: u32) -> Self {
        let home = &config.lab.home;
        let mut variables = environment::of_the_lab(config);
        variables.extend(spec.json.env.iter().map(|(name, value)| (name.into(), value.into())));
        variables.extend(request.variables);
        let document = request.path.as_ref().map(|path| home.join(relative(path)));
        if let Some(document) = document.filter(|document| !document.is_dir()) {
            variables.push(("JPY_SESSION_NAME".into(), document.into()));
        }
        let directory = working_directory(home, request.path.as_deref().unwrap_or_default());
        let (kernel, run_dir) = (Uuid::new_v4(), config.lab.run_dir.clone());
        let argv = spec.command(&config.lab.python, &connection_file(&run_dir, kernel));
        Self {
            kernel,
            spec: spec.name.clone(),
            interrupt_mode: spec.json.interrupt_mode,
            run_dir,
            overseer,
            search_path: config.search_path.clone(),
            program: Program { argv, directory, variables },
        }
    }

    /// What [`Self::write`] wrote.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }

    /// Makes the kernel's directory and writes this into it, for its keeper and for agents that come later.
    pub fn write(&self) -> io::Result<()> {
        fs::create_dir_all(self.directory())?;
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(self.file())?;
        Ok(serde_json::to_writer(file, self)?)
    }

    /// Removes what was kept about the kernel.
    pub fn forget(&self) -> io::Result<()> {
        let _ = fs::remove_file(self.socket());
        fs::remove_dir_all(self.directory())
    }

    /// What is kept about the kernel.
    pub fn directory(&self) -> PathBuf {
        self.run_dir.join(KERNELS).join(self.kernel.to_string())
    }

    /// Where this is written.
    pub fn file(&self) -> PathBuf {
        self.directory().join(LAUNCH_FILE)
    }

    /// Where the kernel's journal is.
    pub fn journal(&self) -> PathBuf {
        self.directory().join("journal")
    }

    /// Where the keeper listens. Short, because paths of sockets must be.
    pub fn socket(&self) -> PathBuf {
        self.run_dir.join(format!("{}.sock", &self.kernel.simple().to_string()[..16]))
    }

    /// Where the kernel learns how to be reached.
    pub fn connection_file(&self) -> PathBuf {
        connection_file(&self.run_dir, self.kernel)
    }

    /// The kernel's program, as a child of the process `parent`.
    pub fn program_of(&self, parent: u32) -> Program {
        let mut program = self.program.clone();
        program.variables.push(("JPY_PARENT_PID".into(), parent.to_string().into()));
        program
    }
}

/// All kernels that agents have started in a run directory and that were not shut down.
pub fn all(run_dir: &Path) -> Vec<Launch> {
    let directories = fs::read_dir(run_dir.join(KERNELS)).into_iter().flatten().flatten();
    directories.filter_map(|entry| Launch::read(&entry.path().join(LAUNCH_FILE)).ok()).collect()
}

fn connection_file(run_dir: &Path, kernel: Uuid) -> PathBuf {
    run_dir.join(format!("kernel-{kernel}.json"))
}

/// The directory of a notebook: the nearest that exists on the way up from `path`, never above home.
fn working_directory(home: &Path, path: &str) -> PathBuf {
    let wanted = home.join(relative(path));
    let nearest = wanted.ancestors().find(|directory| directory.is_dir());
    nearest.filter(|directory| directory.starts_with(home)).unwrap_or(home).to_owned()
}

/// Whether `path` tries to lead out of where it belongs.
pub fn leads_out(path: &str) -> bool {
    path.contains('\0') || Path::new(path).components().any(|part| part == std::path::Component::ParentDir)
}

/// `path` without anything that could lead out of the directory that it is joined to.
pub fn relative(path: &str) -> PathBuf {
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
