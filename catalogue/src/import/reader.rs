//! Where files are read: in this process, or each in a child process of its own with little memory and time.
//!
//! Bytes of strangers may lie about sizes, or be a gigabyte of zeros in a kilobyte. In a child that ends the child and
//! becomes a sentence; the parent sees nothing of the file but Arrow batches.

mod child;
mod pipe;

use std::ffi::OsString;
use std::path::PathBuf;

pub use child::serve;

use super::file_error::FileError;
use super::frame::Hear;
use super::limits::ImportLimits;
use super::reading::{self, ReadJob};

/// Where files are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// In this process, for files that are trusted.
    #[default]
    Here,
    /// In a child process per file.
    Child(ReaderProgram),
}

/// A program that calls [`serve`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReaderProgram {
    /// The executable.
    pub program: PathBuf,
    /// What makes it call [`serve`].
    pub arguments: Vec<OsString>,
}

impl Reading {
    /// Reads the file of a job and tells what is found.
    pub(super) fn read(
        &self,
        job: &ReadJob,
        limits: &ImportLimits,
        hear: &mut Hear<'_>,
    ) -> Result<(), FileError> {
        match self {
            Self::Here => reading::read(job, hear),
            Self::Child(program) => pipe::read(program, job, limits, hear),
        }
    }
}
