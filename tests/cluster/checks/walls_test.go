package checks

import (
	"context"
	"testing"

	core "k8s.io/api/core/v1"
)

// neighbour is a pod in the platform's namespace that has the label of one of its programs, and serves on the port 8080.
func (p platform) neighbour(program string) *core.Pod {
	p.Helper()
	home := p
	home.name = platformSpace
	pod := hardened(probe(program, "serve", ":8080"))
	pod.Labels["app.kubernetes.io/name"] = program
	return home.run(pod)
}

// probesTheWalls asks from inside a lab who can be reached, and from outside who reaches it.
func (p platform) probesTheWalls() {
	controllers, err := p.controllers().List(p.Context(), ofControllers)
	need(p.T, err)
	controller := controllers.Items[0].Status.PodIP + ":8080"
	gateway, flight, stranger := p.neighbour("nearside-gateway"), p.neighbour("nearside-flight-server"), p.neighbour("postgresql")
	lab := p.ready("lab-maria").Status.PodIP + ":8888"
	for _, probed := range []struct {
		claim   string
		from    *core.Pod
		to      string
		allowed bool
	}{
		{"the gateway reaches a lab", gateway, lab, true},
		{"the Flight server does not reach a lab", flight, lab, false},
		{"a database does not reach a lab", stranger, lab, false},
		{"a database does not reach the Flight server", stranger, "flight-server.nearside:8815", false},
		{"a lab reaches the gateway", nil, address(gateway), true},
		{"a lab reaches the Flight server by name", nil, "flight-server.nearside:8815", true},
		{"a lab reaches the VO services by name", nil, "vo-server.nearside:80", true},
		{"a lab reaches DNS by name", nil, "kube-dns.kube-system:53", true},
		{"a lab does not reach a database", nil, address(stranger), false},
		{"a lab does not reach the controller", nil, controller, false},
		{"a lab does not reach the API server by its service", nil, "198.19.0.1:443", false},
		{"a lab does not reach the API server on the node", nil, "198.19.255.2:6443", false},
		{"a lab does not reach the kubelet", nil, "198.19.255.2:10250", false},
		{"a lab does not reach the metadata of a cloud", nil, "169.254.169.254:80", false},
	} {
		p.Run(probed.claim, func(t *testing.T) { p.of(t).probes(probed.from, probed.to, probed.allowed) })
	}
}

// probes asks a pod, or Maria's lab, whether it can open a connection.
func (p platform) probes(from *core.Pod, to string, allowed bool) {
	name := "lab-maria"
	if from != nil {
		name, p.name = from.Name, from.Namespace
	}
	if allowed {
		p.await("it reaches "+to, func(context.Context) (bool, error) { return p.reaches(name, to, second), nil })
	} else if p.reaches(name, to, second) {
		p.Errorf("it reached %s", to)
	}
}
