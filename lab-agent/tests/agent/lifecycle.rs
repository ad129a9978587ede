//! However an agent ends, nothing of its lab stays behind.

use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::harness::{DEADLINE, Lab, eventually, python};
use crate::websocket::{Client, Form};

/// A lab with a busy kernel, a kernel with a child process, and a JupyterLab that answers.
async fn busy_lab() -> Option<Lab> {
    let lab = Lab::start(python()?, |_| ());
    let (busy, parent) = (lab.kernel().await, lab.kernel().await);
    let mut client = Client::connect(&lab, &busy, "a", Form::V1).await;
    client.execute("print('on')\nwhile True: pass").await;
    client.until(|message| message.kind() == "stream").await;
    let mut client = Client::connect(&lab, &parent, "b", Form::V1).await;
    client.run("import subprocess; p = subprocess.Popen(['sleep', '600'])").await;
    let page = lab.send(reqwest::Method::GET, "api", None).await;
    assert!(page.status().is_success());
    assert!(lab.processes().len() >= 5, "agent, JupyterLab, two kernels and sleep");
    Some(lab)
}

fn signal(lab: &Lab, name: &str) {
    let status = Command::new("kill").args([name, &lab.pid.to_string()]).status();
    assert!(status.is_ok_and(|status| status.success()));
}

fn exit(lab: &mut Lab) -> ExitStatus {
    eventually("an exit", || lab.child.try_wait().expect("it is our child"))
}

fn left(lab: &Lab) -> Vec<String> {
    let entries = std::fs::read_dir(lab.run_dir.path()).expect("the run directory stays");
    entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn sigterm_ends_everything() {
    let Some(mut lab) = busy_lab().await else { return };
    signal(&lab, "-TERM");
    let status = exit(&mut lab);
    assert!(status.success(), "{status}");
    assert_eq!((lab.processes(), left(&lab)), (vec![], vec![]));
}

#[tokio::test]
async fn a_lab_that_waits_for_gateways_lives_as_long_as_one_holds_it_and_lets_go_when_all_has_ended() {
    use std::io::Read as _;
    let Some(python) = python() else { return };
    let mut lab = Lab::start(python, |lab| lab.gateway_absence_seconds = Some(600));
    let kernel = lab.kernel().await;
    drop(lab.child.stdin.take());
    let hold = || std::os::unix::net::UnixStream::connect(lab.run_dir.path().join("leash.sock"));
    let first = hold().expect("a gateway takes it over");
    drop(first);
    let mut second = hold().expect("another does");
    let (printed, _) = Client::connect(&lab, &kernel, "a", Form::V1).await.run("print('M45')").await;
    assert_eq!(printed, "M45\n");
    signal(&lab, "-TERM");
    assert_eq!(second.read(&mut [0]).expect("its end"), 0);
    let others = lab.processes().into_iter().filter(|pid| *pid != lab.pid);
    assert_eq!(others.count(), 0, "everything had ended before");
    assert!(exit(&mut lab).success());
    assert_eq!(left(&lab), [] as [String; 0]);
}

#[tokio::test]
async fn a_closed_standard_input_ends_everything() {
    let Some(mut lab) = busy_lab().await else { return };
    drop(lab.child.stdin.take());
    let status = exit(&mut lab);
    assert!(status.success(), "{status}");
    assert_eq!((lab.processes(), left(&lab)), (vec![], vec![]));
}

#[tokio::test]
async fn a_killed_agent_takes_its_kernels_and_jupyterlab_along() {
    let Some(mut lab) = busy_lab().await else { return };
    signal(&lab, "-KILL");
    exit(&mut lab);
    // The sweeper of the gateway ends what a kernel started; the agent's own children must go by themselves.
    eventually("an end of all children", || {
        let names = lab
            .processes()
            .into_iter()
            .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).ok());
        names
            .filter(|name| name.contains("ipykernel") || name.contains("jupyterlab"))
            .count()
            .eq(&0)
            .then_some(())
    });
    for pid in lab.processes() {
        let _ = Command::new("kill").args(["-KILL", &pid.to_string()]).status();
    }
}

#[tokio::test]
async fn a_jupyterlab_that_dies_is_started_again() {
    let Some(lab) = busy_lab().await else { return };
    let is_lab = |pid: &u32| {
        std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|name| name.contains("jupyterlab"))
    };
    let pid = lab.processes().into_iter().find(is_lab).expect("JupyterLab runs");
    assert!(
        Command::new("kill").args(["-KILL", &pid.to_string()]).status().is_ok_and(|status| status.success())
    );
    eventually("another JupyterLab", || {
        lab.processes().into_iter().find(|other| *other != pid && is_lab(other))
    });
    let start = Instant::now();
    while !lab.send(reqwest::Method::GET, "api", None).await.status().is_success() {
        assert!(start.elapsed() < DEADLINE);
        tokio::task::yield_now().await;
    }
}

#[test]
fn a_configuration_that_cannot_work_is_refused_with_the_reason() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_lab-agent")).args(["--config", "/nonexistent.json"]).output();
    let output = output.expect("the program runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(text.contains("cannot read the configuration /nonexistent.json"), "{text}");
}
