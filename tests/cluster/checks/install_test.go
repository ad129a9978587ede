package checks

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
	typed "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	platformSpace = "nearside"
	labsSpace     = "nearside-labs"
)

// defined has the custom resources and a namespace of its own, and nobody who acts on what is declared there.
func defined(t *testing.T) platform {
	t.Helper()
	applied(t, filepath.Join(os.Getenv("NEARSIDE_MANIFESTS"), "crds"))
	return newPlatform(newSpace(t, nil))
}

// installed is Nearside as its guide installs it: the custom resources, then an overlay of the manifests. The test takes everything
// away again, the Labs while there is still a controller that can let them go.
func installed(t *testing.T) platform {
	t.Helper()
	applied(t, filepath.Join(os.Getenv("NEARSIDE_MANIFESTS"), "crds"))
	applied(t, os.Getenv("NEARSIDE_OVERLAY"))
	t.Cleanup(func() { kubectl(t, "--namespace", labsSpace, "delete", "labs", "--all", "--timeout=2m") })
	s := connected(t)
	s.name = labsSpace
	p := newPlatform(s)
	p.controllersAreThere()
	return p
}

func newPlatform(s space) platform {
	custom, err := dynamic.NewForConfig(s.config)
	need(s.T, err)
	return platform{s, custom}
}

// applied makes what a directory declares, until the test is over.
func applied(t *testing.T, directory string) {
	t.Helper()
	if os.Getenv("NEARSIDE_OVERLAY") == "" {
		t.Skip("no images of the platform: run `cargo xtask test --only cluster`")
	}
	t.Cleanup(func() { kubectl(t, "delete", "--ignore-not-found", "--timeout=2m", "--kustomize", directory) })
	kubectl(t, "apply", "--server-side", "--kustomize", directory)
	if strings.HasSuffix(directory, "crds") {
		kubectl(t, "wait", "--for=condition=Established", "--timeout=1m", "crd/labs.nearside.dev", "crd/environments.nearside.dev")
	}
}

// controllersAreThere waits until every controller that was asked for says that it is ready.
func (p platform) controllersAreThere() {
	p.Helper()
	kubectl(p.T, "--namespace", platformSpace, "rollout", "status", "deployment/nearside-controller", "--timeout=2m")
}

// controllers are the pods of the controllers.
func (p platform) controllers() typed.PodInterface { return p.client.CoreV1().Pods(platformSpace) }

var ofControllers = meta.ListOptions{LabelSelector: "app.kubernetes.io/name=nearside-controller"}

// kubectl runs the command of this name, which must succeed.
func kubectl(t *testing.T, words ...string) {
	t.Helper()
	program := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	if said, err := exec.Command(program, words...).CombinedOutput(); err != nil {
		t.Fatalf("kubectl %v: %v\n%s", words, err, said)
	}
}
