//! Answers of a service as files in one directory. A whole one is kept under the name of its query, so that a download
//! that was interrupted goes on with the pieces that are missing.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use catalogue::import::{self, Format, ImportLimits, Reading, Remark};
use sha2::{Digest, Sha256};

use super::service::Service;

/// A directory of answers.
pub struct Downloads {
    dir: PathBuf,
    reading: Reading,
    limits: ImportLimits,
}

/// An answer on disk.
pub struct Answer {
    /// Where it is.
    pub file: PathBuf,
    /// Its rows.
    pub rows: u64,
    /// Whether the service says that it cut it.
    pub overflow: bool,
}

impl Downloads {
    /// Opens or creates the directory. Answers are read as the importer reads files.
    pub fn open(dir: &Path, reading: Reading, limits: ImportLimits) -> Result<Self> {
        fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
        Ok(Self { dir: dir.to_owned(), reading, limits })
    }

    /// Removes the directory.
    pub fn remove(self) -> Result<()> {
        fs::remove_dir_all(&self.dir).with_context(|| format!("failed to remove {}", self.dir.display()))
    }

    /// The answer to a query, from an earlier run where there is one.
    pub async fn fetch(&self, service: &Service, adql: &str, max_rows: u64) -> Result<Answer> {
        let digest = Sha256::digest(format!("{} {max_rows} {adql}", service.url()));
        let name: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
        let file = self.dir.join(format!("{name}.vot"));
        if !file.exists() {
            let part = file.with_extension("part");
            service.ask(adql, max_rows, &part).await?;
            fs::rename(&part, &file).with_context(|| format!("failed to write {}", file.display()))?;
        }
        let inspected = self.inspect(&file);
        if inspected.is_err() {
            // It is no answer that another run should find.
            fs::remove_file(&file).with_context(|| format!("failed to remove {}", file.display()))?;
        }
        let inspected = inspected?;
        let overflow = inspected.remarks.contains(&Remark::Overflow);
        Ok(Answer { file, rows: inspected.rows, overflow })
    }

    /// The number that a query for a count gives.
    pub async fn count(&self, service: &Service, adql: &str) -> Result<u64> {
        let file = self.dir.join("count.vot");
        service.ask(adql, 2, &file).await?;
        let inspected = self.inspect(&file)?;
        let count = inspected.first_number.and_then(|count| u64::try_from(count).ok());
        count.with_context(|| format!("the service did not answer `{adql}` with a number"))
    }

    /// Throws away an answer that is not whole.
    pub fn forget(&self, answer: &Answer) -> Result<()> {
        fs::remove_file(&answer.file).with_context(|| format!("failed to remove {}", answer.file.display()))
    }

    fn inspect(&self, file: &Path) -> Result<import::Inspection> {
        let inspected = import::inspect(file, Some(Format::VoTable), &self.reading, &self.limits);
        inspected.context("the service sent no table")
    }
}
