//! Kernels that are forked of the lab's warm Python are as fresh as those that are started.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Instant;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::harness::{DEADLINE, Lab, python, shared};
use crate::websocket::{Client, Form};

/// What a process sees of itself that may depend on how it came to be.
const FACTS: &str = "
import json, os, sys
status = dict(line.rstrip().partition(':\\t')[::2] for line in open('/proc/self/status'))
keeper = open(f'/proc/{os.getppid()}/cmdline').read().split('\\0')
print(json.dumps({
    'names': sorted(name for name in globals() if not name.startswith('_')),
    'main': sys.modules['__main__'].__dict__ is globals(),
    'variables': {n: v for n, v in os.environ.items() if n not in ('JPY_PARENT_PID', 'MPLBACKEND')},
    'parent': int(os.environ['JPY_PARENT_PID']) == os.getppid(),
    'keeper': keeper[1],
    'directory': os.getcwd(),
    'command': [w for w in open('/proc/self/cmdline').read().split('\\0') if w],
    'argv': sys.argv, 'path': sys.path, 'umask': os.umask(0o77),
    'standard streams': [os.path.basename(os.readlink(f'/proc/self/fd/{n}')).split(':')[0] for n in '012'],
    'signals': {name: status[name] for name in ('SigBlk', 'SigIgn', 'SigCgt')},
    'leads its group': os.getpgid(0) == os.getpid(),
}))";

/// What no two kernels may have in common.
const OWN: &str = "
import json, os, random, secrets, tempfile, uuid, numpy
print(json.dumps([os.getpid(), os.getsid(0), random.random(), numpy.random.rand(), float(numpy.random.default_rng().random()), secrets.token_hex(),
                  str(uuid.uuid4()), str(uuid.uuid1()), next(tempfile._get_candidate_names())]))";

/// Waits until the lab has a Python that can be forked; its process.
async fn warm(lab: &Lab) -> u32 {
    let start = Instant::now();
    while lab.get("api/nearside/status").await.1["warm_python"] != true {
        assert!(start.elapsed() < DEADLINE, "there was never a warm Python");
        tokio::task::yield_now().await;
    }
    let is_warm = |pid: &u32| {
        let words = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        words.split('\0').nth(1) == Some("warm")
    };
    lab.processes().into_iter().find(is_warm).expect("its process")
}

/// The pipes and sockets of a process.
fn connections(pid: u32) -> BTreeSet<PathBuf> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("a process").flatten();
    let links = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links
        .filter(|link| ["pipe:", "socket:"].iter().any(|kind| link.to_string_lossy().starts_with(kind)))
        .collect()
}

/// Starts a kernel of `spec`; its id and what it prints.
async fn kernel(lab: &Lab, spec: &str, code: &str) -> (String, Value) {
    let wish = json!({"name": spec, "path": "m45/a.ipynb", "env": {"KERNEL_X": "y"}});
    let (status, model) = lab.post("api/kernels", wish).await;
    assert_eq!(status, StatusCode::CREATED, "{model}");
    let id = model["id"].as_str().expect("an id").to_owned();
    let (printed, reply) = Client::connect(lab, &id, "asks", Form::V1).await.run(code).await;
    let value =
        serde_json::from_str(&printed.replace(&id, "ID")).unwrap_or_else(|_| panic!("{printed} {reply}"));
    (id, value)
}

/// The shared lab with a warm Python, and a kernelspec that does the same cold.
async fn lab() -> Option<&'static Lab> {
    let lab = shared()?;
    std::fs::create_dir_all(lab.home.path().join("m45")).expect("a directory");
    lab.add_kernelspec("cold", &["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]);
    warm(lab).await;
    Some(lab)
}

#[tokio::test]
async fn a_forked_kernel_cannot_be_told_from_one_that_was_started() {
    let Some(lab) = lab().await else { return };
    let (_, forked) = kernel(lab, "python3", FACTS).await;
    let (_, started) = kernel(lab, "cold", FACTS).await;
    assert_eq!(forked, started);
}

#[tokio::test]
async fn forked_kernels_share_neither_random_numbers_nor_connections() {
    let Some(lab) = lab().await else { return };
    let (_, first) = kernel(lab, "python3", OWN).await;
    let (_, second) = kernel(lab, "python3", OWN).await;
    let own = |values: &Value| values.as_array().cloned().expect("a list");
    let (first, second) = (own(&first), own(&second));
    assert_eq!(
        first.iter().zip(&second).filter(|(first, second)| first == second).count(),
        0,
        "{first:?} {second:?}"
    );
    let pid = |values: &[Value]| u32::try_from(values[0].as_u64().expect("a process")).expect("a process");
    let agent = lab.agent().expect("an agent");
    let all = [pid(&first), pid(&second), warm(lab).await, agent].map(connections);
    let mut seen = BTreeSet::new();
    let shared: Vec<_> =
        all[..3].iter().flatten().filter(|link| !seen.insert(*link) || all[3].contains(*link)).collect();
    // Wishes and answers go between the warm Python and the agent, and what it prints is the lab's log.
    let expected: Vec<_> = all[2].iter().collect();
    assert_eq!(shared, expected);
}

#[tokio::test]
async fn what_is_set_meanwhile_counts_and_the_kernels_after_that_are_forked_again() {
    let Some(python) = python() else { return };
    let lab = &Lab::start(python, |_| ());
    std::fs::create_dir_all(lab.home.path().join("m45")).expect("a directory");
    warm(lab).await;
    let width = "import matplotlib; print(matplotlib.rcParams['lines.linewidth'])";
    let settings = lab.home.path().join(".config/matplotlib");
    std::fs::create_dir_all(&settings).expect("a directory");
    std::fs::write(settings.join("matplotlibrc"), "lines.linewidth: 7").expect("settings");
    let old = warm(lab).await;
    assert_eq!(kernel(lab, "python3", width).await.1, json!(7.0), "started cold");
    assert_ne!(warm(lab).await, old);
    assert_eq!(kernel(lab, "python3", width).await.1, json!(7.0), "forked");
    std::fs::write(lab.home.path().join("m45/matplotlibrc"), "lines.linewidth: 9").expect("settings");
    assert_eq!(kernel(lab, "python3", width).await.1, json!(9.0), "settings of its directory");
}

#[tokio::test]
async fn a_forked_kernel_is_interrupted_and_restarted_and_its_death_has_a_reason() {
    let Some(lab) = lab().await else { return };
    let (id, _) = kernel(lab, "python3", "print(1)").await;
    let mut client = Client::connect(lab, &id, "uses", Form::V1).await;
    let request = client.execute("import time; print('on')\ntime.sleep(600)").await;
    client.until(|message| message.kind() == "stream").await;
    assert_eq!(lab.post(&format!("api/kernels/{id}/interrupt"), json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(client.finish(&request).await.1["ename"], "KeyboardInterrupt");
    client.execute("import os; os.write(2, b'no more stars'); os._exit(3)").await;
    let words = client.until(|message| message.kind() == "stream").await.content["text"].clone();
    let words = words.as_str().expect("text");
    assert!(words.contains("exit status 3"), "{words}");
    client.until(|message| message.content["execution_state"] == "restarting").await;
    assert_eq!(lab.post(&format!("api/kernels/{id}/restart"), json!({})).await.0, StatusCode::OK);
    assert_eq!(client.run("print('M45')").await.0, "M45\n");
}

#[tokio::test]
async fn a_plot_of_a_forked_kernel_is_shown() {
    let Some(lab) = lab().await else { return };
    let (id, _) = kernel(lab, "python3", "print(1)").await;
    let mut client = Client::connect(lab, &id, "plots", Form::V1).await;
    let request = client.execute("import matplotlib.pyplot as plt; plt.plot([1, 2])").await;
    let shown = client.until(|message| message.kind() == "display_data" && message.answers(&request)).await;
    assert!(shown.content["data"]["image/png"].is_string());
}
