//! The pod of a lab, to the restricted profile of Pod Security and beyond: no service-account token, a read-only root,
//! limits on everything, and nothing of the node's.

use std::collections::BTreeMap;

use api::resources::names;
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EmptyDirVolumeSource, EnvVar, KeyToPath,
    PersistentVolumeClaimVolumeSource, Pod, PodSecurityContext, PodSpec, Probe, ResourceRequirements,
    SeccompProfile, SecretVolumeSource, SecurityContext, TCPSocketAction, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt as _;

use crate::lab::pod::AGENT_PORT;

use super::Blueprint;
use super::secret::path;

impl Blueprint<'_> {
    /// The pod.
    pub fn pod(&self) -> Pod {
        let environment = &self.environment.spec;
        let selector = environment.node_selector.clone();
        let age = self.lab.spec.idle.max_age_seconds;
        Pod {
            metadata: self.metadata(names::pod(&self.lab.name_any())),
            spec: Some(PodSpec {
                init_containers: Some(vec![self.injector()]),
                containers: vec![self.lab_container()],
                volumes: Some(self.volumes()),
                security_context: Some(self.pod_security()),
                automount_service_account_token: Some(false),
                enable_service_links: Some(false),
                host_users: self.pods.user_namespaces.then_some(false),
                restart_policy: Some("Always".to_owned()),
                termination_grace_period_seconds: Some(self.pods.grace_seconds),
                active_deadline_seconds: (age > 0).then_some(age.into()),
                runtime_class_name: environment.runtime_class.clone(),
                priority_class_name: self.pods.priority_class.clone(),
                node_selector: (!selector.is_empty()).then_some(selector),
                ..PodSpec::default()
            }),
            status: None,
        }
    }

    /// Puts the agent beside an image that has never heard of it.
    fn injector(&self) -> Container {
        Container {
            name: "agent".to_owned(),
            image: Some(self.pods.agent_image.clone()),
            command: Some(vec!["/lab-agent".to_owned(), "install".to_owned(), path::NEARSIDE.to_owned()]),
            resources: Some(limits([("cpu", "100m"), ("memory", "64Mi"), ("ephemeral-storage", "64Mi")])),
            security_context: Some(container_security()),
            volume_mounts: Some(vec![mount("nearside", path::NEARSIDE, false)]),
            ..Container::default()
        }
    }

    fn lab_container(&self) -> Container {
        let size = self.size;
        Container {
            name: "lab".to_owned(),
            image: Some(self.environment.spec.image.clone()),
            command: Some(vec![path::AGENT.to_owned()]),
            args: Some(vec!["--config".to_owned(), path::CONFIG_FILE.to_owned()]),
            // The agent ends when its standard input does.
            stdin: Some(true),
            working_dir: Some(path::HOME.to_owned()),
            env: Some(vec![env("HOME", path::HOME), env("TMPDIR", "/tmp")]),
            ports: Some(vec![ContainerPort {
                name: Some("agent".to_owned()),
                container_port: AGENT_PORT.into(),
                ..ContainerPort::default()
            }]),
            readiness_probe: Some(probe()),
            resources: Some(limits([
                ("cpu", &size.cpu.0),
                ("memory", &size.memory.0),
                ("ephemeral-storage", &size.disk.0),
            ])),
            security_context: Some(container_security()),
            volume_mounts: Some(vec![
                mount("home", path::HOME, false),
                mount("tmp", "/tmp", false),
                mount("nearside", path::NEARSIDE, false),
                mount("config", path::CONFIG, true),
            ]),
            ..Container::default()
        }
    }

    fn volumes(&self) -> Vec<Volume> {
        let disk = &self.size.disk.0;
        vec![
            self.home(disk),
            scratch("tmp", disk),
            scratch("nearside", "1Gi"),
            Volume {
                name: "config".to_owned(),
                secret: Some(SecretVolumeSource {
                    secret_name: Some(names::secret(&self.lab.name_any(), &self.uid())),
                    default_mode: Some(0o440),
                    items: Some(vec![KeyToPath {
                        key: "lab.json".to_owned(),
                        path: "lab.json".to_owned(),
                        mode: None,
                    }]),
                    optional: None,
                }),
                ..Volume::default()
            },
        ]
    }

    fn home(&self, disk: &str) -> Volume {
        match (&self.lab.spec.home, &self.lab.spec.owner) {
            (Some(_), Some(owner)) => Volume {
                name: "home".to_owned(),
                persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                    claim_name: names::home(&owner.account),
                    read_only: None,
                }),
                ..Volume::default()
            },
            _ => scratch("home", disk),
        }
    }

    fn pod_security(&self) -> PodSecurityContext {
        let id = Some(self.pods.uid);
        PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: id,
            run_as_group: id,
            fs_group: id,
            fs_group_change_policy: Some("OnRootMismatch".to_owned()),
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }
    }
}

fn container_security() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        privileged: Some(false),
        read_only_root_filesystem: Some(true),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        ..SecurityContext::default()
    }
}

fn probe() -> Probe {
    Probe {
        tcp_socket: Some(TCPSocketAction { port: IntOrString::Int(AGENT_PORT.into()), host: None }),
        period_seconds: Some(1),
        failure_threshold: Some(3),
        ..Probe::default()
    }
}

/// Guaranteed and at most: what people were promised does not depend on their neighbours.
fn limits<const N: usize>(amounts: [(&str, &str); N]) -> ResourceRequirements {
    let amounts: BTreeMap<_, _> =
        amounts.into_iter().map(|(what, amount)| (what.to_owned(), Quantity(amount.to_owned()))).collect();
    ResourceRequirements { requests: Some(amounts.clone()), limits: Some(amounts), claims: None }
}

fn scratch(name: &str, size: &str) -> Volume {
    Volume {
        name: name.to_owned(),
        empty_dir: Some(EmptyDirVolumeSource { medium: None, size_limit: Some(Quantity(size.to_owned())) }),
        ..Volume::default()
    }
}

fn mount(name: &str, path: &str, read_only: bool) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: read_only.then_some(true),
        ..VolumeMount::default()
    }
}

fn env(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}
