// Command cluster is every program of a one-node Kubernetes, in one binary: a link of a program's name to it is that program.
//
// One binary, because they share nearly all of their code, and linking is the slow part of building them. It holds no
// container runtime: containerd and runc come from Debian.
package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nearside.test/cluster/node"
	"nearside.test/cluster/policy"
	"nearside.test/cluster/volumes"
)

// programs are what the binary can be, by the name under which it was called.
var programs = map[string]func(){
	"kube-apiserver":          apiServer,
	"kube-controller-manager": controllerManager,
	"kube-scheduler":          scheduler,
	"kubelet":                 kubelet,
	"kube-proxy":              proxy,
	"kubectl":                 kubectl,
	"etcd":                    etcd,
	"coredns":                 dns,
	"kwok":                    fakeNodes,
	"volumes":                 volumes.Main,
	"policy":                  policy.Main,
	"node":                    node.Main,
}

func main() {
	name := filepath.Base(os.Args[0])
	if _, known := programs[name]; !known && len(os.Args) > 1 {
		name, os.Args = os.Args[1], os.Args[1:]
	}
	run, known := programs[name]
	if !known {
		names := slices.Sorted(maps.Keys(programs))
		fmt.Fprintf(os.Stderr, "usage: cluster PROGRAM [ARGUMENT ...], where PROGRAM is one of %s\n", strings.Join(names, ", "))
		os.Exit(2)
	}
	run()
}
