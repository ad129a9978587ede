//! What one lab may reach on top of what all labs may: the destinations that its owner was granted.

use api::resources::lab::Destination;
use api::resources::names;
use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::ResourceExt as _;

use super::Blueprint;

/// Addresses at which clouds hand out credentials of the machine: in no range that is allowed.
const METADATA: [&str; 2] = ["169.254.0.0/16", "fd00:ec2::254/128"];

impl Blueprint<'_> {
    /// The policy; none when nothing is asked for beyond what all labs may reach.
    pub fn policy(&self) -> Option<NetworkPolicy> {
        let allow = &self.lab.spec.network.allow;
        let egress = allow.iter().map(rule).collect();
        let lab = self.lab.name_any();
        (!allow.is_empty()).then(|| NetworkPolicy {
            metadata: self.metadata(names::pod(&lab)),
            spec: Some(NetworkPolicySpec {
                pod_selector: Some(LabelSelector {
                    match_labels: Some([(names::LAB_LABEL.to_owned(), lab)].into()),
                    ..LabelSelector::default()
                }),
                policy_types: Some(vec!["Egress".to_owned()]),
                egress: Some(egress),
                ingress: None,
            }),
        })
    }
}

fn rule(destination: &Destination) -> NetworkPolicyEgressRule {
    let family = destination.cidr.contains(':');
    let wide = destination.cidr.ends_with("/0");
    let except = METADATA.iter().filter(|range| range.contains(':') == family && wide);
    NetworkPolicyEgressRule {
        to: Some(vec![NetworkPolicyPeer {
            ip_block: Some(IPBlock {
                cidr: destination.cidr.clone(),
                except: wide.then(|| except.map(|range| (*range).to_owned()).collect()),
            }),
            ..NetworkPolicyPeer::default()
        }]),
        ports: Some(vec![NetworkPolicyPort {
            port: Some(IntOrString::Int(destination.port.into())),
            protocol: Some("TCP".to_owned()),
            end_port: None,
        }]),
    }
}
