//! What a pod says about itself, in one word for decisions and one sentence for the person who waits.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodCondition};
use kube::ResourceExt as _;

/// The port of the lab-agent.
pub const AGENT_PORT: u16 = 8888;

/// Where a pod is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodState {
    /// Not answering yet, or not any more.
    Starting(String),
    /// Answers here.
    Ready(String),
    /// Is being ended.
    Ending,
    /// Should have ended long ago: its node does not answer, and the pod may still be running there.
    Overdue,
    /// Has ended by itself, and why.
    Ended(String),
}

/// The state of `pod`. `patience`: how long it may outlive its announced end.
pub fn state(pod: &Pod, now: Timestamp, patience: Duration) -> PodState {
    if let Some(end) = &pod.metadata.deletion_timestamp {
        let overdue = now.duration_since(end.0) > patience.try_into().unwrap_or(jiff::SignedDuration::MAX);
        return if overdue { PodState::Overdue } else { PodState::Ending };
    }
    let status = pod.status.clone().unwrap_or_default();
    if matches!(status.phase.as_deref(), Some("Failed" | "Succeeded")) {
        return PodState::Ended(ending(pod));
    }
    let ready = condition(pod, "Ready").is_some_and(|ready| ready.status == "True");
    match status.pod_ip.filter(|_| ready) {
        Some(ip) => PodState::Ready(address(&ip)),
        None => PodState::Starting(waiting(pod)),
    }
}

/// Whether `pod` was made for the object with this UID.
pub fn belongs_to(pod: &Pod, uid: &str) -> bool {
    pod.owner_references().iter().any(|owner| owner.uid == uid)
}

fn address(ip: &str) -> String {
    if ip.contains(':') { format!("[{ip}]:{AGENT_PORT}") } else { format!("{ip}:{AGENT_PORT}") }
}

fn condition<'a>(pod: &'a Pod, type_: &str) -> Option<&'a PodCondition> {
    pod.status.as_ref()?.conditions.as_ref()?.iter().find(|condition| condition.type_ == type_)
}

fn ending(pod: &Pod) -> String {
    let status = pod.status.clone().unwrap_or_default();
    let message = status.message.unwrap_or_default();
    match status.reason.as_deref() {
        Some("Evicted") => format!("the node ended the lab because it ran out of something: {message}"),
        Some("DeadlineExceeded") => "the lab reached the longest time that it may run".to_owned(),
        Some("Preempted" | "Preempting") => "the lab gave way to something more important".to_owned(),
        Some("NodeShutdown" | "Terminated") => "the node was shut down".to_owned(),
        Some(reason) => format!("the lab ended by itself: {reason} {message}").trim_end().to_owned(),
        None => "the lab ended by itself".to_owned(),
    }
}

fn waiting(pod: &Pod) -> String {
    if let Some(scheduled) = condition(pod, "PodScheduled").filter(|condition| condition.status == "False") {
        let why = scheduled.message.as_deref().unwrap_or("no node fits");
        return format!("no node has room for the lab yet: {why}");
    }
    let status = pod.status.clone().unwrap_or_default();
    let containers = status.init_container_statuses.into_iter().flatten();
    let mut containers = containers.chain(status.container_statuses.into_iter().flatten());
    if let Some(sentence) = containers.find_map(|container| trouble(&container)) {
        return sentence;
    }
    match pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) {
        None => "looking for a node with room".to_owned(),
        Some(_) => "the node fetches the image and starts the lab".to_owned(),
    }
}

fn trouble(container: &ContainerStatus) -> Option<String> {
    let waiting = container.state.as_ref()?.waiting.as_ref()?;
    let message = waiting.message.as_deref().unwrap_or_default();
    match waiting.reason.as_deref()? {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" => Some(format!(
            "the node cannot fetch the image {}: {message}. An operator must correct the environment",
            container.image
        )),
        "CrashLoopBackOff" => Some(match last_exit(container) {
            Some(exit) => format!("the lab starts and ends at once ({exit}); it is tried again"),
            None => "the lab starts and ends at once; it is tried again".to_owned(),
        }),
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            Some(format!("the node cannot start the lab: {message}"))
        }
        _ => None,
    }
}

fn last_exit(container: &ContainerStatus) -> Option<String> {
    let ended = container.last_state.as_ref()?.terminated.as_ref()?;
    match ended.reason.as_deref() {
        Some("OOMKilled") => Some("it needed more memory than its size has".to_owned()),
        _ => Some(format!("exit code {}", ended.exit_code)),
    }
}
