package policy

import (
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// peer is a match for the other side's address, and the pods that it stands for, if it stands for pods.
type peer struct {
	match string
	pods  []*core.Pod
}

// peers are who a rule means; no peers at all means everyone. `side` is where the other's address is: saddr or daddr.
func (w World) peers(side string, listed []networking.NetworkPolicyPeer, namespace string) []peer {
	if len(listed) == 0 {
		return []peer{{pods: w.connected()}}
	}
	var peers []peer
	for _, one := range listed {
		if one.IPBlock != nil {
			peers = append(peers, peer{match: block(side, one.IPBlock)})
		} else if chosen := w.chosenBy(one, namespace); len(chosen) > 0 {
			addresses := make([]string, len(chosen))
			for i, pod := range chosen {
				addresses[i] = pod.Status.PodIP
			}
			peers = append(peers, peer{fmt.Sprintf("ip %s { %s }", side, strings.Join(addresses, ", ")), chosen})
		}
	}
	return peers
}

func block(side string, block *networking.IPBlock) string {
	match := fmt.Sprintf("ip %s %s", side, block.CIDR)
	if len(block.Except) > 0 {
		match += fmt.Sprintf(" ip %s != { %s }", side, strings.Join(block.Except, ", "))
	}
	return match
}

// port is a match for the port that is spoken to. One that was given by name belongs to a pod.
type port struct {
	match string
	of    *core.Pod
}

// ports are those of a rule; none at all means every port of every protocol. Names are looked up in the pods.
func ports(listed []networking.NetworkPolicyPort, pods []*core.Pod) []port {
	if len(listed) == 0 {
		return []port{{}}
	}
	var found []port
	for _, one := range listed {
		protocol := "tcp"
		if one.Protocol != nil {
			protocol = strings.ToLower(string(*one.Protocol))
		}
		switch {
		case one.Port == nil:
			found = append(found, port{match: "meta l4proto " + protocol})
		case one.Port.Type == intstr.String:
			found = append(found, named(one.Port.StrVal, protocol, pods)...)
		case one.EndPort != nil:
			found = append(found, port{match: fmt.Sprintf("%s dport %d-%d", protocol, one.Port.IntVal, *one.EndPort)})
		default:
			found = append(found, port{match: fmt.Sprintf("%s dport %d", protocol, one.Port.IntVal)})
		}
	}
	return found
}

func named(name, protocol string, pods []*core.Pod) []port {
	var found []port
	for _, pod := range pods {
		for _, container := range pod.Spec.Containers {
			for _, offered := range container.Ports {
				if offered.Name == name && strings.EqualFold(string(offered.Protocol), protocol) {
					found = append(found, port{fmt.Sprintf("%s dport %d", protocol, offered.ContainerPort), pod})
				}
			}
		}
	}
	return found
}
