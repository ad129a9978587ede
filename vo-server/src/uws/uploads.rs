//! The tables that came with a job, kept beside its result until the job is removed.

use std::path::Path;

use tokio::fs;

use crate::parameters::{File, Parameters};

/// Stores the files of a request in `directory`, each under its field in hexadecimal digits.
pub(super) async fn store(directory: &Path, parameters: &Parameters) -> std::io::Result<()> {
    if parameters.files().is_empty() {
        return Ok(());
    }
    fs::create_dir_all(directory).await?;
    for file in parameters.files() {
        fs::write(directory.join(hex::encode(&file.field)), &file.bytes).await?;
    }
    Ok(())
}

/// The stored files.
pub(super) async fn load(directory: &Path) -> std::io::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut entries = match fs::read_dir(directory).await {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        Err(error) => return Err(error),
    };
    while let Some(entry) = entries.next_entry().await? {
        let name = hex::decode(entry.file_name().as_encoded_bytes()).ok();
        if let Some(field) = name.and_then(|name| String::from_utf8(name).ok()) {
            files.push(File { field, bytes: fs::read(entry.path()).await?.into() });
        }
    }
    Ok(files)
}

/// Removes the stored files.
pub(super) async fn remove(directory: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(directory).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
