//! Image archives after the OCI image layout, whose bytes depend only on what is in them.
//!
//! It knows layers, the few settings of a container that we use, and one platform. It speaks to no registry.

mod layer;
mod measured;

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tempfile::TempDir;

pub use layer::Layer;
use measured::{Blob, Measured};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// What a container of an image starts with.
#[derive(Default)]
pub struct Start {
    /// Program and its first arguments.
    pub entrypoint: Vec<String>,
    /// Further arguments, which a pod may replace.
    pub arguments: Vec<String>,
    /// `NAME=value`.
    pub environment: Vec<String>,
    /// `uid:gid`.
    pub user: String,
    /// Working directory.
    pub directory: String,
}

/// An image that is being made.
pub struct Image {
    dir: TempDir,
    layers: Vec<(Blob, String)>,
}

impl Image {
    /// An image without layers. It keeps its parts in a temporary directory until it is finished.
    pub fn new() -> Result<Self> {
        let dir = TempDir::with_prefix("nearside-image-")?;
        fs::create_dir_all(dir.path().join("blobs/sha256"))?;
        Ok(Self { dir, layers: Vec::new() })
    }

    /// Adds a layer on top of those that are there.
    pub fn add(&mut self, layer: Layer) -> Result<()> {
        let (file, contents) = layer.finish()?;
        let (blob, finished) = file;
        fs::rename(finished, self.blob_path(&blob))?;
        self.layers.push((blob, contents));
        Ok(())
    }

    /// A layer for this image, on the same disk.
    pub fn layer(&self) -> Result<Layer> {
        Layer::new(&self.dir.path().join("layer"))
    }

    /// Writes the archive, under the name with a tag that a cluster shall know the image by, and under that with its digest.
    /// Returns the image's digest and the sum of its layers' sizes in bytes, compressed.
    pub fn write(self, name: &str, start: &Start, archive: &Path) -> Result<(String, u64)> {
        let config = self.put(&config(start, self.layers.iter().map(|(_, contents)| contents)))?;
        let layers: Vec<_> = self.layers.iter().map(|(blob, _)| descriptor(LAYER, blob)).collect();
        let manifest = self.put(&json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(CONFIG, &config), "layers": layers,
        }))?;
        let digest = format!("sha256:{}", manifest.sha256);
        let untagged = name.rsplit_once(':').map_or(name, |(untagged, _)| untagged);
        let entries = [name.to_owned(), format!("{untagged}@{digest}")].map(|name| {
            let mut entry = descriptor(MANIFEST, &manifest);
            entry["annotations"] =
                json!({ "io.containerd.image.name": name, "org.opencontainers.image.ref.name": name });
            entry
        });
        self.file("index.json", &json!({ "schemaVersion": 2, "manifests": entries }))?;
        self.file("oci-layout", &json!({ "imageLayoutVersion": "1.0.0" }))?;
        self.pack(archive).with_context(|| format!("failed to write {}", archive.display()))?;
        Ok((digest, self.layers.iter().map(|(blob, _)| blob.size).sum()))
    }

    fn blob_path(&self, blob: &Blob) -> std::path::PathBuf {
        self.dir.path().join("blobs/sha256").join(&blob.sha256)
    }

    fn put(&self, document: &Value) -> Result<Blob> {
        let text = serde_json::to_vec(document)?;
        let blob = measured::blob(&text);
        fs::write(self.blob_path(&blob), text)?;
        Ok(blob)
    }

    fn file(&self, name: &str, document: &Value) -> Result<()> {
        Ok(fs::write(self.dir.path().join(name), serde_json::to_vec(document)?)?)
    }

    fn pack(&self, archive: &Path) -> Result<()> {
        let mut paths: Vec<_> = fs::read_dir(self.dir.path().join("blobs/sha256"))?
            .map(|entry| Ok(format!("blobs/sha256/{}", entry?.file_name().to_string_lossy())))
            .collect::<Result<_>>()?;
        paths.extend(["index.json".to_owned(), "oci-layout".to_owned()]);
        paths.sort();
        let mut pack = tar::Builder::new(File::create(archive)?);
        for path in &paths {
            layer::append_file(&mut pack, path, &self.dir.path().join(path), 0o644)?;
        }
        Ok(pack.into_inner()?.sync_all()?)
    }
}

fn descriptor(media_type: &str, blob: &Blob) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", blob.sha256), "size": blob.size })
}

fn config<'a>(start: &Start, contents: impl Iterator<Item = &'a String>) -> Value {
    let Start { entrypoint, arguments, environment, user, directory } = start;
    let digests: Vec<_> = contents.map(|sha256| format!("sha256:{sha256}")).collect();
    json!({
        "architecture": "amd64",
        "os": "linux",
        "config": { "Entrypoint": entrypoint, "Cmd": arguments, "Env": environment, "User": user, "WorkingDir": directory },
        "rootfs": { "type": "layers", "diff_ids": digests },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, bytes: &[u8]) -> (String, u64) {
        let program = dir.join("program");
        fs::write(&program, bytes).expect("a temporary directory takes files");
        let mut image = Image::new().expect("there is a temporary directory");
        let mut layer = image.layer().expect("it takes a layer");
        layer.file("usr/bin/program", &program, 0o755).expect("the program is there");
        image.add(layer).expect("the layer is whole");
        let start = Start { entrypoint: vec!["/usr/bin/program".to_owned()], ..Start::default() };
        image.write(name, &start, &dir.join(name)).expect("the archive can be written")
    }

    #[test]
    fn the_same_contents_make_the_same_bytes() {
        let dir = TempDir::new().expect("there is a temporary directory");
        let first = write(dir.path(), "same", b"one");
        let bytes = fs::read(dir.path().join("same")).expect("it was written");
        assert_eq!(write(dir.path(), "same", b"one"), first);
        assert_eq!(fs::read(dir.path().join("same")).expect("it was written again"), bytes);
        assert_ne!(write(dir.path(), "same", b"two").0, first.0);
    }
}
