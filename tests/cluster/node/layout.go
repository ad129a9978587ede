package node

import (
	"os"
	"path/filepath"
)

// Where the node is. All addresses are from 198.18.0.0/15, the range that RFC 2544 sets aside for tests of networks.
const (
	nodeName     = "node1"
	podRange     = "198.18.0.0/16"
	serviceRange = "198.19.0.0/20"
	apiService   = "198.19.0.1"
	dnsService   = "198.19.0.10"
	hostAddress  = "198.19.255.1"
	nodeAddress  = "198.19.255.2"
	hostLink     = "nearside0" // the end of the cable that is in the machine's own network
	cgroup       = "/nearside" // parent of all pods' groups
	provisioner  = "nearside.test/directory"
)

// machineDirs are directories with fixed names that the node's programs write to. The node sees its own in their place.
var machineDirs = []string{"/var/lib/cni", "/var/log/containers"}

// Layout is the directory that holds everything a node keeps; without it nothing of the node is left.
type Layout string

// Path is a file or directory of the node.
func (l Layout) Path(names ...string) string {
	return filepath.Join(append([]string{string(l)}, names...)...)
}

// Kubeconfig is the administrator's, for programs on the machine.
func (l Layout) Kubeconfig() string { return l.Path("kubeconfig") }

// Key is a file of the node's keys: a certificate, a key, or the kubeconfig of a program.
func (l Layout) Key(file string) string { return l.Path("keys", file) }

// Log is what a program has said.
func (l Layout) Log(program string) string { return l.Path("log", program+".log") }

// Program is the link that makes this binary a program.
func (l Layout) Program(name string) string { return l.Path("bin", name) }

// Socket is containerd's.
func (l Layout) Socket() string { return l.Path("containerd.sock") }

// make creates the directories, and the links to this binary.
func (l Layout) make(programs []string) error {
	for _, dir := range []string{"keys", "log", "bin", "etcd", "kubelet", "volumes", "files"} {
		if err := os.MkdirAll(l.Path(dir), 0o700); err != nil {
			return err
		}
	}
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	for _, program := range programs {
		if err := os.Symlink(binary, l.Program(program)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}
