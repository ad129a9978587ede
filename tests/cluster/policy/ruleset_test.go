package policy

import (
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const podRange = "198.18.0.0/16"

func pod(namespace, name, address string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"app": name}},
		Spec:       core.PodSpec{Containers: []core.Container{{Ports: []core.ContainerPort{{Name: "web", ContainerPort: 8888, Protocol: core.ProtocolTCP}}}}},
		Status:     core.PodStatus{PodIP: address, Phase: core.PodRunning},
	}
}

func namespace(name string) *core.Namespace {
	return &core.Namespace{ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"name": name}}}
}

// world has a lab in one namespace, its neighbour in another, and these policies of the lab's namespace.
func world(policies ...networking.NetworkPolicySpec) World {
	w := World{
		Namespaces: []*core.Namespace{namespace("labs"), namespace("data")},
		Pods:       []*core.Pod{pod("labs", "lab", "198.18.0.2"), pod("data", "flight", "198.18.0.3")},
	}
	for i, spec := range policies {
		name := string(rune('a' + i))
		w.Policies = append(w.Policies, &networking.NetworkPolicy{ObjectMeta: meta.ObjectMeta{Namespace: "labs", Name: name}, Spec: spec})
	}
	return w
}

// chain is the body of a chain of a ruleset, a rule a line.
func chain(t *testing.T, rules, name string) string {
	t.Helper()
	_, after, found := strings.Cut(rules, "\tchain "+name+" {\n")
	if !found {
		t.Fatalf("no chain %s in\n%s", name, rules)
	}
	body, _, _ := strings.Cut(after, "\t}\n")
	return strings.ReplaceAll(body, "\t\t", "")
}

func TestWhatIsNotKnownMayNotTalk(t *testing.T) {
	rules := Ruleset(podRange, World{})
	want := "ip saddr 198.18.0.0/16 ip saddr != @known drop\nip saddr vmap @egress\n"
	if got := chain(t, rules, "from_pod"); got != want {
		t.Errorf("from_pod:\n%s", got)
	}
	if strings.Contains(rules, "elements") {
		t.Errorf("an empty world has elements:\n%s", rules)
	}
}

func TestAPodThatNoPolicyChoosesIsOpen(t *testing.T) {
	rules := Ruleset(podRange, world())
	if !strings.Contains(rules, "elements = { 198.18.0.2, 198.18.0.3 }") || strings.Contains(rules, "jump to_198") {
		t.Error(rules)
	}
}

func TestRulesOfPolicies(t *testing.T) {
	protocol, last := core.ProtocolUDP, int32(90)
	number := func(port int32) *intstr.IntOrString { p := intstr.FromInt32(port); return &p }
	name := intstr.FromString("web")
	data := networking.NetworkPolicyPeer{NamespaceSelector: &meta.LabelSelector{MatchLabels: map[string]string{"name": "data"}}}
	own := networking.NetworkPolicyPeer{PodSelector: &meta.LabelSelector{}}
	nobody := networking.NetworkPolicyPeer{PodSelector: &meta.LabelSelector{MatchLabels: map[string]string{"app": "nobody"}}}
	block := networking.NetworkPolicyPeer{IPBlock: &networking.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.1.0.0/16"}}}
	to := func(ports []networking.NetworkPolicyPort, peers ...networking.NetworkPolicyPeer) networking.NetworkPolicySpec {
		return networking.NetworkPolicySpec{Egress: []networking.NetworkPolicyEgressRule{{To: peers, Ports: ports}}}
	}
	from := func(ports []networking.NetworkPolicyPort, peers ...networking.NetworkPolicyPeer) networking.NetworkPolicySpec {
		return networking.NetworkPolicySpec{Ingress: []networking.NetworkPolicyIngressRule{{From: peers, Ports: ports}}}
	}
	for _, given := range []struct {
		claim string
		spec  networking.NetworkPolicySpec
		chain string
		want  string
	}{
		{"no rule lets nothing in", networking.NetworkPolicySpec{}, "to", "drop\n"},
		{"an empty rule lets everyone in", from(nil), "to", "return\ndrop\n"},
		{"a namespace is all of its pods", from(nil, data), "to", "ip saddr { 198.18.0.3 } return\ndrop\n"},
		{"a pod selector alone stays at home", to(nil, own), "from", "ip daddr { 198.18.0.2 } return\ndrop\n"},
		{"peers that choose nobody allow nobody", to(nil, nobody), "from", "drop\n"},
		{"a block has exceptions", to(nil, block), "from", "ip daddr 10.0.0.0/8 ip daddr != { 10.1.0.0/16 } return\ndrop\n"},
		{"a port is one of TCP unless said otherwise", from([]networking.NetworkPolicyPort{{Port: number(80)}, {Port: number(53), Protocol: &protocol}}), "to",
			"tcp dport 80 return\nudp dport 53 return\ndrop\n"},
		{"ports may be a range", from([]networking.NetworkPolicyPort{{Port: number(80), EndPort: &last}}), "to", "tcp dport 80-90 return\ndrop\n"},
		{"a protocol alone is all of its ports", from([]networking.NetworkPolicyPort{{Protocol: &protocol}}), "to", "meta l4proto udp return\ndrop\n"},
		{"a name is looked up in the pod", from([]networking.NetworkPolicyPort{{Port: &name}}), "to", "tcp dport 8888 return\ndrop\n"},
		{"a name is looked up in the peers", to([]networking.NetworkPolicyPort{{Port: &name}}, data), "from", "ip daddr 198.18.0.3 tcp dport 8888 return\ndrop\n"},
	} {
		t.Run(given.claim, func(t *testing.T) {
			if got := chain(t, Ruleset(podRange, world(given.spec)), given.chain+"_198_18_0_2"); got != given.want {
				t.Errorf("want:\n%sgot:\n%s", given.want, got)
			}
		})
	}
}

func TestPoliciesAddUp(t *testing.T) {
	allow := networking.NetworkPolicySpec{Ingress: []networking.NetworkPolicyIngressRule{{}}}
	if got := chain(t, Ruleset(podRange, world(networking.NetworkPolicySpec{}, allow)), "to_198_18_0_2"); got != "return\ndrop\n" {
		t.Error(got)
	}
}

func TestPodsWithoutAnAddressOfTheirOwnHaveNoRules(t *testing.T) {
	waiting, host, over := pod("labs", "waiting", ""), pod("labs", "host", "198.19.255.2"), pod("labs", "over", "198.18.0.9")
	host.Spec.HostNetwork, over.Status.Phase = true, core.PodSucceeded
	rules := Ruleset(podRange, World{Pods: []*core.Pod{waiting, host, over}})
	if strings.Contains(rules, "elements") {
		t.Error(rules)
	}
}

func TestAnAddressBelongsToTheYoungerPod(t *testing.T) {
	w := world(networking.NetworkPolicySpec{})
	heir := pod("data", "heir", "198.18.0.2")
	heir.CreationTimestamp = meta.NewTime(time.Unix(1, 0))
	w.Pods = append(w.Pods, heir)
	if rules := Ruleset(podRange, w); strings.Contains(rules, "chain to_198_18_0_2") {
		t.Errorf("the heir is under the older pod's policy:\n%s", rules)
	}
}
