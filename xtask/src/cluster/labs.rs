//! What the checks of the operator install: images of its programs, and an overlay of the manifests that names them.
//!
//! The images hold a program and the C library of this machine, which is enough for a test and no product.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{notebook, probe};
use crate::oci::{Image, Start};
use crate::{build, cache, process};

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

/// The programs with an image of their own, and what the manifests call it.
const SERVICES: [(&str, &str); 4] = [
    ("kernel-gateway", "nearside-gateway"),
    ("flight-server", "nearside-flight-server"),
    ("vo-server", "nearside-vo-server"),
    ("nearside", "nearside"),
];

/// Builds the programs, the images and the overlay.
pub fn prepare() -> Result<Labs> {
    let programs = build::services()?;
    let dir = cache::root()?.join("cluster/labs");
    fs::create_dir_all(&dir)?;
    let mut images = String::new();
    let mut use_image = |(program, name): (&str, &str), path: &Path| -> Result<()> {
        let digest = image(&dir, program, path, &[])?;
        images += &format!("  - name: {name}\n    newName: {NAMES}/{program}\n    digest: {digest}\n");
        Ok(())
    };
    use_image(("controller", "nearside-controller"), &build::controller()?)?;
    for service in SERVICES {
        use_image(service, &programs.join(service.0))?;
    }
    let lab_agent = programs.join("lab-agent");
    let agent = image(&dir, "lab-agent", &lab_agent, &[])?;
    // The agent is put into the lab, so that a lab needs no more than a C library; the probe looks out of it.
    let lab = image(&dir, "probe", &probe::program()?, &libraries(&lab_agent)?)?;
    make_keys(&dir, &programs.join("nearside"))?;
    write_overlay(&dir, &images, &agent)?;
    let notebook = notebook::image(&dir, &libraries(&lab_agent)?)?;
    let names = ["controller", "lab-agent", "probe", "notebook"];
    let names = names.into_iter().chain(SERVICES.map(|(program, _)| program));
    Ok(Labs {
        archives: names.map(|name| dir.join(name).with_extension("tar")).collect(),
        overlay: dir,
        image: format!("{NAMES}/probe@{lab}"),
        notebook: format!("{NAMES}/notebook@{notebook}"),
    })
}

/// New keys, made as an operator makes them.
fn make_keys(dir: &Path, nearside: &Path) -> Result<()> {
    let keys = dir.join("keys");
    if keys.exists() {
        fs::remove_dir_all(&keys)?;
    }
    process::run(Command::new(nearside).arg("keys").arg(&keys))
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

/// The overlay `single-node` with these images, two gateways and two controllers, keys, an account and a small sky. Both
/// gateways keep accounts in one file, which they can because they are on one node.
fn write_overlay(dir: &Path, images: &str, agent: &str) -> Result<()> {
    let base = relative(dir, &cache::checkout().join("manifests/overlays/single-node"))?;
    let text = format!(
        "apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - {base}
patches:
  - target:
      kind: Deployment
      name: nearside-(flight|vo)-server
    patch: |-
      - op: add
        path: /spec/template/spec/initContainers/0/args/-
        value: --sources=200000
images:
{images}replicas:
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
  - name: nearside-keys
    namespace: nearside
    files: [keys/keys.json]
secretGenerator:
  - name: nearside-signing-key
    namespace: nearside
    files: [keys/signing-key.pem]
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
