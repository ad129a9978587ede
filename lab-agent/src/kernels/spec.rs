//! Kernelspecs: which kernels there are and how each is started.
//!
//! They are read from disk at every question, so that a kernel installed from a terminal is there at once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use api::lab::LabConfig;

/// The kernelspec that is used when a client names none.
pub const DEFAULT: &str = "python3";

/// How a kernel is interrupted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InterruptMode {
    /// By SIGINT.
    #[default]
    Signal,
    /// By an `interrupt_request` on the control channel.
    Message,
}

/// The contents of a `kernel.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelJson {
    /// Program and arguments, with `{connection_file}` and `{resource_dir}` to be filled in.
    pub argv: Vec<String>,
    /// Additional variables.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// The name that people read.
    pub display_name: String,
    /// The kernel's language.
    pub language: String,
    /// How it is interrupted.
    #[serde(default)]
    pub interrupt_mode: InterruptMode,
    /// Anything else; passed on as it is.
    #[serde(default)]
    pub metadata: serde_json::Value,
}

/// A kernel that can be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelSpec {
    /// The name of its directory, in lower case.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// Its `kernel.json`.
    pub json: KernelJson,
}

/// All kernelspecs of a lab by name. The user's own hide those of the environment.
pub fn all(lab: &LabConfig) -> BTreeMap<String, KernelSpec> {
    let places = [environment_kernels(lab), Some(lab.home.join(".local/share/jupyter/kernels"))];
    let directories =
        places.into_iter().flatten().filter_map(|place| std::fs::read_dir(place).ok()).flatten();
    directories.flatten().filter_map(|entry| read(&entry.path())).map(|s| (s.name.clone(), s)).collect()
}

/// The kernelspec called `name`.
pub fn find(lab: &LabConfig, name: &str) -> Option<KernelSpec> {
    all(lab).remove(&name.to_ascii_lowercase())
}

/// Whether a kernelspec can have this name: letters, digits, `-`, `.` and `_`, as Jupyter has it, and never a path.
pub fn check_name(name: &str) -> Result<(), String> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    if plain && name.chars().any(|c| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(format!("{name:?} is no name of a kernelspec: use letters, digits, '-', '.' and '_'"))
}

/// `<prefix>/share/jupyter/kernels` for the interpreter `<prefix>/bin/python`, symbolic links not followed: a
/// virtual environment's interpreter is a link to another prefix.
fn environment_kernels(lab: &LabConfig) -> Option<PathBuf> {
    Some(lab.python.parent()?.parent()?.join("share/jupyter/kernels"))
}

fn read(directory: &Path) -> Option<KernelSpec> {
    let name = directory.file_name()?.to_str()?.to_ascii_lowercase();
    let text = std::fs::read(directory.join("kernel.json")).ok()?;
    match serde_json::from_slice(&text) {
        Ok(json) => Some(KernelSpec { name, directory: directory.to_owned(), json }),
        Err(error) => {
            tracing::warn!("left out the kernelspec in {}: {error}", directory.display());
            None
        }
    }
}

impl KernelSpec {
    /// What is wrong with it, before anything is started.
    pub fn check(&self) -> Result<(), String> {
        let KernelJson { argv, env, .. } = &self.json;
        let has_zero = |text: &String| text.contains('\0');
        if argv.first().is_none_or(|program| program.trim().is_empty()) {
            return Err("argv in its kernel.json names no program".into());
        }
        if !argv.iter().any(|word| word.contains("{connection_file}")) {
            return Err(
                "argv in its kernel.json has no {connection_file}: the kernel could not be reached".into()
            );
        }
        if argv.iter().any(has_zero) || env.values().any(has_zero) {
            return Err("its kernel.json has a zero byte in argv or env".into());
        }
        match env.keys().find(|name| !is_free(name)) {
            Some(name) => Err(format!("env in its kernel.json may not set {name:?}")),
            None => Ok(()),
        }
    }

    /// The command line. A leading `python` means the lab's interpreter.
    pub fn command(&self, python: &Path, connection_file: &Path) -> Vec<OsString> {
        let fill = |word: &String| {
            word.replace("{connection_file}", &connection_file.to_string_lossy())
                .replace("{resource_dir}", &self.directory.to_string_lossy())
        };
        let mut words: Vec<OsString> = self.json.argv.iter().map(|word| fill(word).into()).collect();
        if let Some(first) = words.first_mut().filter(|w| w.to_str().is_some_and(is_python)) {
            *first = python.into();
        }
        words
    }

    /// Whether it is nothing but the lab's own Python with ipykernel: one that was warmed up beforehand will do.
    pub fn is_plain_python(&self, lab: &LabConfig) -> bool {
        let plain = ["-m", "ipykernel_launcher", "-f", "{connection_file}"];
        environment_kernels(lab).is_some_and(|kernels| self.directory.starts_with(kernels))
            && self.json.env.is_empty()
            && matches!(self.json.argv.as_slice(), [first, rest @ ..] if is_python(first) && rest == plain)
    }

    /// Files for the front end: logos by their stem, and `kernel.js` and `kernel.css` by their name.
    pub fn resources(&self) -> BTreeMap<String, String> {
        let files = std::fs::read_dir(&self.directory).ok().into_iter().flatten().flatten();
        files.filter_map(|file| resource(&file.file_name().into_string().ok()?)).collect()
    }
}

/// Whether a kernelspec may set a variable: any that is one, but for those by which the platform finds its processes and
/// a kernel its data and its parent.
fn is_free(name: &str) -> bool {
    let is_ours = ["NEARSIDE_", "JPY_"].iter().any(|prefix| name.starts_with(prefix));
    !(is_ours || name.is_empty() || name.contains(['=', '\0']))
}

/// How kernelspecs name the interpreter of their environment.
fn is_python(word: &str) -> bool {
    matches!(word, "python" | "python3")
}

fn resource(file: &str) -> Option<(String, String)> {
    match file {
        "kernel.js" | "kernel.css" => Some((file.into(), file.into())),
        _ if file.starts_with("logo-") => Some((file.split('.').next()?.into(), file.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_has_the_labs_interpreter_and_both_paths() {
        let json = r#"{"argv": ["python", "-m", "k", "-f", "{connection_file}", "--at={resource_dir}"],
                       "display_name": "K", "language": "python"}"#;
        let spec = KernelSpec {
            name: "k".into(),
            directory: "/specs/k".into(),
            json: serde_json::from_str(json).expect("this is a kernel.json"),
        };
        let words = spec.command(Path::new("/env/bin/python"), Path::new("/run/k.json"));
        assert_eq!(words, ["/env/bin/python", "-m", "k", "-f", "/run/k.json", "--at=/specs/k"]);
    }

    #[test]
    fn what_cannot_be_started_is_refused_with_the_reason() {
        let check = |argv: &[&str], env: serde_json::Value| {
            let json =
                serde_json::json!({"argv": argv, "env": env, "display_name": "K", "language": "python"});
            let json = serde_json::from_value(json).expect("this is a kernel.json");
            KernelSpec { name: "k".into(), directory: "/specs/k".into(), json }.check()
        };
        let good = ["python", "{connection_file}"];
        let none = || serde_json::json!({});
        assert_eq!(check(&good, serde_json::json!({"OMP_NUM_THREADS": "1"})), Ok(()));
        let refused = [
            check(&[], none()),
            check(&["", "{connection_file}"], none()),
            check(&["python"], none()),
            check(&["python\0", "{connection_file}"], none()),
            check(&good, serde_json::json!({"A=B": "c"})),
            check(&good, serde_json::json!({"A": "c\0"})),
            check(&good, serde_json::json!({"NEARSIDE_LAB": ""})),
            check(&good, serde_json::json!({"JPY_PARENT_PID": "1"})),
        ];
        assert!(refused.iter().all(Result::is_err), "{refused:?}");
        assert!(["", ".", "..", "../k", "a/b", "k\0", "k k"].iter().all(|name| check_name(name).is_err()));
        assert_eq!(check_name("Python_3.11-x"), Ok(()));
    }

    #[test]
    fn logos_and_scripts_are_resources_and_other_files_are_not() {
        let seen = ["logo-64x64.png", "kernel.js", "kernel.json"].map(resource);
        let expected = [
            Some(("logo-64x64".to_owned(), "logo-64x64.png".to_owned())),
            Some(("kernel.js".to_owned(), "kernel.js".to_owned())),
            None,
        ];
        assert_eq!(seen, expected);
    }
}
