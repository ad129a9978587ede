//! A user's home: made at the first lab, with the welcome files that are not there.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Component, Path, PathBuf};

use api::names::Username;

use super::SpawnError;
use crate::config::WelcomeFile;

/// The home of `user` below `homes`, ready for use.
pub fn prepare(homes: &Path, user: &Username, welcome: &[WelcomeFile]) -> Result<PathBuf, SpawnError> {
    let home = homes.join(user.as_str());
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&home);
    made.map_err(|source| SpawnError::File { path: home.clone(), source })?;
    for file in welcome.iter().filter(|file| stays_inside(&file.path)) {
        let path = home.join(&file.path);
        copy(&path, &file.bytes).map_err(|source| SpawnError::File { path, source })?;
    }
    Ok(home)
}

fn stays_inside(path: &Path) -> bool {
    path.components().all(|component| matches!(component, Component::Normal(_)))
}

/// Writes a file that is not there yet. A link that points to nothing counts as there.
fn copy(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if path.symlink_metadata().is_ok() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // Whole or not at all: a half notebook would never be replaced.
    let part = path.with_extension("part");
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(part, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notebook_that_somebody_has_changed_is_left_alone() {
        let homes = tempfile::tempdir().expect("a directory");
        let maria: Username = "maria".parse().expect("a name");
        let file = |path: &str| WelcomeFile { path: path.into(), bytes: b"new".to_vec() };
        let welcome =
            [file("notebooks/a.ipynb"), file("notebooks/b.ipynb"), file("../escape"), file("/tmp/escape")];
        fs::create_dir_all(homes.path().join("maria/notebooks")).expect("a directory");
        fs::write(homes.path().join("maria/notebooks/a.ipynb"), "mine").expect("written");

        let home = prepare(homes.path(), &maria, &welcome).expect("a home");

        let read = |path: &str| fs::read_to_string(home.join(path)).expect("a file");
        assert_eq!([read("notebooks/a.ipynb"), read("notebooks/b.ipynb")], ["mine", "new"]);
        let names: Vec<_> =
            fs::read_dir(homes.path()).expect("listed").flatten().map(|e| e.file_name()).collect();
        assert_eq!(names, ["maria"], "nothing beside the home");
    }
}
