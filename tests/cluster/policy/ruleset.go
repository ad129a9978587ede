package policy

import (
	"fmt"
	"strings"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
)

// Ruleset is the text of one nftables transaction that replaces all rules by those of the world. Each isolated pod has a chain per
// direction; maps from address to chain lead into them. What comes from the node itself is always let through, as Kubernetes demands,
// and so are the answers to what was let through.
func Ruleset(podRange string, world World) string {
	var chains strings.Builder
	var known, egress, ingress []string
	for _, pod := range world.connected() {
		address := pod.Status.PodIP
		known = append(known, address)
		if policies := world.isolating(pod, networking.PolicyTypeEgress); len(policies) > 0 {
			egress = append(egress, address+" : jump "+chainName("from", pod))
			writeChain(&chains, chainName("from", pod), world.egress(policies))
		}
		if policies := world.isolating(pod, networking.PolicyTypeIngress); len(policies) > 0 {
			ingress = append(ingress, address+" : jump "+chainName("to", pod))
			writeChain(&chains, chainName("to", pod), world.ingress(pod, policies))
		}
	}
	return fmt.Sprintf(frame, set("set known", "ipv4_addr", known), set("map egress", "ipv4_addr : verdict", egress),
		set("map ingress", "ipv4_addr : verdict", ingress), chains.String(), podRange)
}

// frame: pods reach each other by "forward", the node and what is bound to it by "input".
const frame = `table inet nearside_policy
delete table inet nearside_policy
table inet nearside_policy {
%[1]s%[2]s%[3]s%[4]s	chain from_pod {
		ip saddr %[5]s ip saddr != @known drop
		ip saddr vmap @egress
	}
	chain to_pod {
		ip daddr %[5]s ip daddr != @known drop
		ip daddr vmap @ingress
	}
	chain forward {
		type filter hook forward priority filter; policy accept;
		ct state established,related accept
		jump from_pod
		jump to_pod
	}
	chain input {
		type filter hook input priority filter; policy accept;
		ct state established,related accept
		jump from_pod
	}
}
`

func set(name, kind string, elements []string) string {
	if len(elements) == 0 {
		return fmt.Sprintf("\t%s {\n\t\ttype %s\n\t}\n", name, kind)
	}
	return fmt.Sprintf("\t%s {\n\t\ttype %s\n\t\telements = { %s }\n\t}\n", name, kind, strings.Join(elements, ", "))
}

// chainName is unique, since addresses are.
func chainName(direction string, pod *core.Pod) string {
	return direction + "_" + strings.ReplaceAll(pod.Status.PodIP, ".", "_")
}

// writeChain lets through what one of the rules allows, to the next chain, and drops the rest.
func writeChain(to *strings.Builder, name string, allowed []string) {
	fmt.Fprintf(to, "\tchain %s {\n", name)
	for _, rule := range allowed {
		fmt.Fprintf(to, "\t\t%s\n", strings.TrimSpace(rule+" return"))
	}
	to.WriteString("\t\tdrop\n\t}\n")
}

func (w World) ingress(pod *core.Pod, policies []*networking.NetworkPolicy) []string {
	var allowed []string
	for _, policy := range policies {
		for _, rule := range policy.Spec.Ingress {
			for _, from := range w.peers("saddr", rule.From, policy.Namespace) {
				for _, port := range ports(rule.Ports, []*core.Pod{pod}) {
					allowed = append(allowed, join(from.match, port.match))
				}
			}
		}
	}
	return allowed
}

func (w World) egress(policies []*networking.NetworkPolicy) []string {
	var allowed []string
	for _, policy := range policies {
		for _, rule := range policy.Spec.Egress {
			for _, to := range w.peers("daddr", rule.To, policy.Namespace) {
				for _, port := range ports(rule.Ports, to.pods) {
					if port.of != nil { // a port by name is a port of one pod
						allowed = append(allowed, join("ip daddr "+port.of.Status.PodIP, port.match))
					} else {
						allowed = append(allowed, join(to.match, port.match))
					}
				}
			}
		}
	}
	return allowed
}

func join(matches ...string) string { return strings.TrimSpace(strings.Join(matches, " ")) }
