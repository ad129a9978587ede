package checks

import (
	"context"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const second = time.Second

// tenant is a namespace with a server in it, from which probes are made.
type tenant struct {
	space
	pod *core.Pod
}

func newTenant(t *testing.T) tenant {
	s := newSpace(t, nil)
	return tenant{s, s.run(probe("server", "serve", ":8080"))}
}

// isolate lets a tenant's pods be reached from their own namespace and from the gateway's, on port 8080, and lets them
// reach their own namespace and DNS.
func (t tenant) isolate(gateway tenant) {
	own := networking.NetworkPolicyPeer{PodSelector: &meta.LabelSelector{}}
	http, dns := intstr.FromInt32(8080), intstr.FromInt32(53)
	udp := core.ProtocolUDP
	_, err := t.client.NetworkingV1().NetworkPolicies(t.name).Create(t.Context(), &networking.NetworkPolicy{
		ObjectMeta: meta.ObjectMeta{Name: "isolate"},
		Spec: networking.NetworkPolicySpec{
			PolicyTypes: []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress},
			Ingress: []networking.NetworkPolicyIngressRule{
				{From: []networking.NetworkPolicyPeer{own}},
				{From: []networking.NetworkPolicyPeer{namespaced(gateway.name, nil)}, Ports: []networking.NetworkPolicyPort{{Port: &http}}},
			},
			Egress: []networking.NetworkPolicyEgressRule{
				{To: []networking.NetworkPolicyPeer{own}},
				{
					To:    []networking.NetworkPolicyPeer{namespaced("kube-system", map[string]string{"k8s-app": "kube-dns"})},
					Ports: []networking.NetworkPolicyPort{{Port: &dns, Protocol: &udp}},
				},
			},
		},
	}, meta.CreateOptions{})
	need(t.T, err)
}

func namespaced(namespace string, labels map[string]string) networking.NetworkPolicyPeer {
	return networking.NetworkPolicyPeer{
		NamespaceSelector: &meta.LabelSelector{MatchLabels: map[string]string{"kubernetes.io/metadata.name": namespace}},
		PodSelector:       &meta.LabelSelector{MatchLabels: labels},
	}
}

// expose gives the tenant's server a name.
func (t tenant) expose() string {
	_, err := t.client.CoreV1().Services(t.name).Create(t.Context(), &core.Service{
		ObjectMeta: meta.ObjectMeta{Name: "server"},
		Spec:       core.ServiceSpec{Selector: t.pod.Labels, Ports: []core.ServicePort{{Port: 8080}}},
	}, meta.CreateOptions{})
	need(t.T, err)
	return "server." + t.name + ":8080"
}

func TestPoliciesPartTenants(t *testing.T) {
	alice, bob, gateway := newTenant(t), newTenant(t), newTenant(t)
	bobsName, alicesName := bob.expose(), alice.expose()
	alice.await("without policies alice reaches bob by name", func(context.Context) (bool, error) {
		return alice.reaches("server", bobsName, second), nil
	})
	alice.isolate(gateway)
	bob.isolate(gateway)
	alice.await("the policies are in force", func(context.Context) (bool, error) {
		return !alice.reaches("server", address(bob.pod), second), nil
	})
	for _, probed := range []struct {
		claim   string
		from    tenant
		to      string
		allowed bool
	}{
		{"alice reaches herself by name", alice, alicesName, true},
		{"the gateway reaches alice", gateway, address(alice.pod), true},
		{"the gateway reaches bob by name", gateway, bobsName, true},
		{"alice does not reach bob", alice, address(bob.pod), false},
		{"alice does not reach bob by name", alice, bobsName, false},
		{"bob does not reach alice", bob, address(alice.pod), false},
		{"alice does not reach the gateway", alice, address(gateway.pod), false},
		{"alice does not reach the API by its service", alice, "198.19.0.1:443", false},
		{"alice does not reach the API on the node", alice, "198.19.255.2:6443", false},
		{"alice does not reach the kubelet", alice, "198.19.255.2:10250", false},
		{"alice does not reach the kubelet by her own gateway", alice, "198.18.0.1:10250", false},
		{"the gateway reaches the API", gateway, "198.19.0.1:443", true},
		{"the gateway reaches the kubelet", gateway, "198.19.255.2:10250", true},
	} {
		t.Run(probed.claim, func(t *testing.T) {
			if reached := probed.from.reaches("server", probed.to, second); reached != probed.allowed {
				t.Errorf("reached %s: %t, allowed: %t", probed.to, reached, probed.allowed)
			}
		})
	}
	t.Run("a new pod of alice never reaches bob", func(t *testing.T) { neverReaches(t, alice, address(bob.pod)) })
}

// neverReaches starts a pod that tries from its first moment, more often than the rules could be late.
func neverReaches(t *testing.T, from tenant, to string) {
	pod := probe("hasty", "tries", to, "20")
	pod.Spec.RestartPolicy = core.RestartPolicyNever
	_, err := from.client.CoreV1().Pods(from.name).Create(t.Context(), pod, meta.CreateOptions{})
	need(t, err)
	from.await("it has tried", func(ctx context.Context) (bool, error) {
		pod, err := from.client.CoreV1().Pods(from.name).Get(ctx, "hasty", meta.GetOptions{})
		return err == nil && pod.Status.Phase == core.PodSucceeded, err
	})
	if said := from.said("hasty"); said != "0 of 20\n" {
		t.Errorf("connections that opened: %s", said)
	}
}
