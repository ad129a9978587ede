//! One layer of an image: files under the names they shall have, owned by root, without times unless whole trees are taken.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

use super::{Blob, Measured};

type Compressed = GzEncoder<Measured<BufWriter<File>>>;

/// A layer that is being written. The order of its entries is part of its digest.
pub struct Layer {
    path: PathBuf,
    tar: tar::Builder<Measured<Compressed>>,
}

impl Layer {
    /// A layer that is written to `path`.
    pub fn new(path: &Path) -> Result<Self> {
        // These images travel no further than this machine.
        let file = Measured::new(BufWriter::new(File::create(path)?));
        let compressed = GzEncoder::new(file, Compression::fast());
        Ok(Self { path: path.to_owned(), tar: tar::Builder::new(Measured::new(compressed)) })
    }

    /// The file at `source`, as `name`.
    pub fn file(&mut self, name: &str, source: &Path, mode: u32) -> Result<()> {
        append_file(&mut self.tar, name, source, mode)
    }

    /// A directory.
    pub fn directory(&mut self, name: &str, mode: u32) -> Result<()> {
        let mut header = header(EntryType::Directory, 0, mode);
        Ok(self.tar.append_data(&mut header, format!("{name}/"), io::empty())?)
    }

    /// Everything below `source`, as `name`, but for what `skip` says. Modes, links and times are kept: Python takes a
    /// compiled file only for the source whose time it names.
    pub fn tree(&mut self, name: &str, source: &Path, skip: &dyn Fn(&Path) -> bool) -> Result<()> {
        let mut paths: Vec<_> =
            fs::read_dir(source)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| !skip(path)) {
            let within = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            let metadata = fs::symlink_metadata(path)?;
            if metadata.is_dir() {
                self.directory(&within, 0o755)?;
                self.tree(&within, path, skip)?;
            } else if metadata.is_symlink() {
                self.link(&within, &fs::read_link(path)?)?;
            } else {
                let mut header = header(EntryType::Regular, metadata.len(), metadata.mode() & 0o777);
                header.set_mtime(u64::try_from(metadata.mtime())?);
                self.tar.append_data(&mut header, within, File::open(path)?)?;
            }
        }
        Ok(())
    }

    /// A symbolic link.
    pub fn link(&mut self, name: &str, target: &Path) -> Result<()> {
        Ok(self.tar.append_link(&mut header(EntryType::Symlink, 0, 0o777), name, target)?)
    }

    /// Where the finished layer is and what it is known by, compressed; and the SHA-256 of its contents.
    pub(super) fn finish(self) -> Result<((Blob, PathBuf), String)> {
        let (compressed, contents) = self.tar.into_inner()?.finish();
        let (mut file, blob) = compressed.finish()?.finish();
        file.flush()?;
        Ok(((blob, self.path), contents.sha256))
    }
}

pub(super) fn append_file<W: Write>(
    to: &mut tar::Builder<W>,
    name: &str,
    source: &Path,
    mode: u32,
) -> Result<()> {
    let file = File::open(source).with_context(|| format!("failed to open {}", source.display()))?;
    append(to, name, fs::metadata(source)?.len(), mode, file)
}

fn append<W: Write>(
    to: &mut tar::Builder<W>,
    name: &str,
    size: u64,
    mode: u32,
    contents: impl Read,
) -> Result<()> {
    let mut header = header(EntryType::Regular, size, mode);
    Ok(to.append_data(&mut header, name, contents)?)
}

fn header(kind: EntryType, size: u64, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
