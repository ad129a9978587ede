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
