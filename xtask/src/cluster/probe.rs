//! The image of the probe: one static program, in which the cluster's own checks are made and which holds pods' namespaces.

use std::path::PathBuf;

use anyhow::Result;

use super::binary::{self, Pace};
use crate::cache;
use crate::oci::{Image, Start};

/// The name that pods ask for.
pub const NAME: &str = "nearside.test/probe:1";

/// Builds the program.
pub fn program() -> Result<PathBuf> {
    let dir = cache::root()?.join("cluster");
    std::fs::create_dir_all(&dir)?;
    let program = dir.join("probe");
    binary::compile(Pace::Now, &program, "./probe")?;
    Ok(program)
}

/// Builds the program and the archive of its image; a matter of seconds.
pub fn archive() -> Result<PathBuf> {
    let program = program()?;
    let archive = program.with_extension("tar");
    let mut image = Image::new()?;
    let mut layer = image.layer()?;
    layer.directory("tmp", 0o1777)?;
    layer.file("probe", &program, 0o755)?;
    image.add(layer)?;
    let start = Start {
        entrypoint: vec!["/probe".to_owned()],
        arguments: vec!["pause".to_owned()],
        user: "65535:65535".to_owned(),
        ..Start::default()
    };
    image.write(NAME, &start, &archive)?;
    Ok(archive)
}
