//! What the checks of the operator install: images of its programs, and an overlay of the manifests that names them.
//!
//! The images hold a program and the C library of this machine, which is enough for a test and no product.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{notebook, probe};
use crate::build::{self, Programs};
use crate::cache;
use crate::oci::{Image, Start};

/// What the checks are told.
pub struct Labs {
    /// Archives of the images.
    pub archives: Vec<PathBuf>,
    /// The directory to apply with `kubectl apply -k`.
    pub overlay: PathBuf,
    /// A lab's image without Python, by digest.
    pub image: String,
    /// A lab's image with JupyterLab, by digest.
    pub notebook: String,
}

/// What the names of our images begin with.
pub const NAMES: &str = "nearside.test/labs";

/// The images that the overlay names.
struct Digests {
    controller: String,
    gateway: String,
    agent: String,
}

/// Builds the programs, the images and the overlay.
pub fn prepare() -> Result<Labs> {
    let Programs { lab_agent, .. } = build::programs()?;
    let dir = cache::root()?.join("cluster/labs");
    fs::create_dir_all(&dir)?;
    let controller = image(&dir, "controller", &build::controller()?, &[])?;
    let gateway = image(&dir, "kernel-gateway", &build::gateway()?, &[])?;
    let agent = image(&dir, "lab-agent", &lab_agent, &[])?;
    // The agent is put into the lab, so that a lab needs no more than a C library; the probe looks out of it.
    let lab = image(&dir, "probe", &probe::program()?, &libraries(&lab_agent)?)?;
    write_overlay(&dir, &Digests { controller, gateway, agent })?;
    let notebook = notebook::image(&dir, &libraries(&lab_agent)?)?;
    let names = ["controller", "kernel-gateway", "lab-agent", "probe", "notebook"];
    Ok(Labs {
        archives: names.map(|name| dir.join(name).with_extension("tar")).to_vec(),
        overlay: dir,
        image: format!("{NAMES}/probe@{lab}"),
        notebook: format!("{NAMES}/notebook@{notebook}"),
    })
}

/// Makes the archive of an image of one program, with what it is linked to and `more` files. Gives the image's digest.
fn image(dir: &Path, name: &str, program: &Path, more: &[PathBuf]) -> Result<String> {
    let mut image = Image::new()?;
    let mut layer = image.layer()?;
    layer.directory("tmp", 0o1777)?;
    layer.file(name, program, 0o755)?;
    let libraries: BTreeSet<_> = libraries(program)?.into_iter().chain(more.iter().cloned()).collect();
    for library in libraries {
        layer.file(&library.strip_prefix("/")?.to_string_lossy(), &library, 0o755)?;
    }
    image.add(layer)?;
    let start =
        Start { entrypoint: vec![format!("/{name}")], user: "65532:65532".to_owned(), ..Start::default() };
    let archive = dir.join(name).with_extension("tar");
    let (digest, _) = image.write(&format!("{NAMES}/{name}:test"), &start, &archive)?;
    Ok(digest)
}

/// The shared libraries of a program and its loader; none of a static one.
pub fn libraries(program: &Path) -> Result<Vec<PathBuf>> {
    let said =
        Command::new("ldd").arg(program).output().context("failed to run ldd, of the package libc-bin")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    ensure!(!said.contains("not found"), "{} lacks a library:\n{said}", program.display());
    Ok(said.split_whitespace().filter(|word| word.starts_with('/')).map(PathBuf::from).collect())
}

/// The overlay `single-node` with our images, two replicas of everything, a key and an account. Both gateways keep
/// accounts in one file, which they can because they are on one node.
fn write_overlay(dir: &Path, Digests { controller, gateway, agent }: &Digests) -> Result<()> {
    let base = relative(dir, &cache::checkout().join("manifests/overlays/single-node"))?;
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - {base}
images:
  - name: nearside-controller
    newName: {NAMES}/controller
    digest: {controller}
  - name: nearside-gateway
    newName: {NAMES}/kernel-gateway
    digest: {gateway}
replicas:
  - name: nearside-controller
    count: 2
  - name: nearside-gateway
    count: 2
configMapGenerator:
  - name: nearside-controller
    namespace: nearside
    behavior: merge
    literals:
      - NEARSIDE_AGENT_IMAGE={NAMES}/lab-agent@{agent}
  - name: nearside-gateway
    namespace: nearside
    behavior: merge
    literals:
      - NEARSIDE_PUBLIC_URL=http://labs.test
      - NEARSIDE_ENVIRONMENT=notebook
      - NEARSIDE_HOME_SIZE=64Mi
secretGenerator:
  - name: nearside-lab-key
    namespace: nearside
    literals:
      - lab-key=a key for tests, and for nothing that lives
  - name: nearside-accounts
    namespace: nearside
    literals:
      - accounts=maria the comet of 1847
"
    );
    Ok(fs::write(dir.join("kustomization.yaml"), text)?)
}

/// The way from one directory to another: kustomize knows no absolute ones.
fn relative(from: &Path, to: &Path) -> Result<String> {
    let (from, to) = (from.canonicalize()?, to.canonicalize()?);
    let up = "../".repeat(from.components().count() - 1);
    Ok(format!("{up}{}", to.strip_prefix("/")?.display()))
}
