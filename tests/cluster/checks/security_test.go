package checks

import (
	"strings"
	"testing"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var restricted = map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}

func TestARestrictedNamespaceRefusesAPodThatMayBecomeRoot(t *testing.T) {
	s := newSpace(t, restricted)
	_, err := s.client.CoreV1().Pods(s.name).Create(t.Context(), probe("loose", "pause"), meta.CreateOptions{})
	if said := refusal(t, err); !strings.Contains(said, `violates PodSecurity "restricted:latest"`) {
		t.Fatal(said)
	}
}

func TestARestrictedNamespaceRunsAHardenedPod(t *testing.T) {
	s := newSpace(t, restricted)
	s.run(hardened(probe("hardened", "show", "/proc/self/status")))
	said := s.said("hardened")
	for _, line := range []string{"Uid:\t1000\t1000\t1000\t1000", "CapEff:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"} {
		if !strings.Contains(said, line+"\n") {
			t.Errorf("no line %q in\n%s", line, said)
		}
	}
}

// hardened gives a pod everything that a restricted namespace asks for.
func hardened(pod *core.Pod) *core.Pod {
	yes, no, user := true, false, int64(1000)
	pod.Spec.AutomountServiceAccountToken = &no
	pod.Spec.SecurityContext = &core.PodSecurityContext{
		RunAsNonRoot: &yes, RunAsUser: &user, SeccompProfile: &core.SeccompProfile{Type: core.SeccompProfileTypeRuntimeDefault},
	}
	pod.Spec.Containers[0].SecurityContext = &core.SecurityContext{
		AllowPrivilegeEscalation: &no, ReadOnlyRootFilesystem: &yes, Capabilities: &core.Capabilities{Drop: []core.Capability{"ALL"}},
	}
	return pod
}
