package checks

import (
	"context"
	"fmt"
	"maps"
	"os"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func science(image string) string {
	return fmt.Sprintf(`{"apiVersion": "nearside.dev/v1alpha1", "kind": "Environment", "metadata": {"name": "science"},
		"spec": {"displayName": "Science", "image": %q, "defaultSize": "small",
		         "sizes": [{"name": "small", "cpu": "100m", "memory": "128Mi", "disk": "64Mi"}]}}`, image)
}

const mariasLab = `{"apiVersion": "nearside.dev/v1alpha1", "kind": "Lab", "metadata": {"name": "maria"},
	"spec": {"owner": {"name": "maria", "account": "acc-1"}, "environment": "science", "size": "small",
	         "baseUrl": "/user/maria/", "home": {"size": "16Mi"}}}`

const warmLab = `{"apiVersion": "nearside.dev/v1alpha1", "kind": "Lab", "metadata": {"name": "science-warm-1"},
	"spec": {"environment": "science", "size": "small", "baseUrl": "/lab/science-warm-1/"}}`

const carolinesLab = `{"apiVersion": "nearside.dev/v1alpha1", "kind": "Lab", "metadata": {"name": "caroline"},
	"spec": {"owner": {"name": "caroline", "account": "acc-2"}, "environment": "science", "size": "small", "baseUrl": "/user/caroline/"}}`

// TestTheControllerMakesLabsTrue tells one story, each part going on from the one before.
func TestTheControllerMakesLabsTrue(t *testing.T) {
	p := installed(t)
	p.create("environments", science(os.Getenv("NEARSIDE_LAB_IMAGE")))
	before := p.objects()
	for _, part := range []struct {
		claim string
		holds func(platform)
	}{
		{"a lab comes to answer at its pod's address", platform.startsALab},
		{"the walls around a lab let through what is listed and nothing else", platform.probesTheWalls},
		{"a lab has no token of a service account", platform.looksForATokenInALab},
		{"a stopped lab starts again with its home", platform.stopsAndStartsALab},
		{"a lab whose pod was deleted comes back, once", platform.deletesAPod},
		{"a person takes a warm lab, once, and it goes with its user", platform.takesAWarmLab},
		{"labs start while every controller is killed again and again", platform.killsControllers},
		{"a deleted lab leaves its home and nothing else", func(p platform) { p.deletesALab(before) }},
	} {
		if !t.Run(part.claim, func(t *testing.T) { part.holds(p.of(t)) }) {
			p.logController()
			t.FailNow()
		}
	}
}

func (p platform) startsALab() {
	p.create("labs", mariasLab)
	status := p.comesTo("maria", "Ready")
	pod := p.ready("lab-maria")
	if status["address"] != pod.Status.PodIP+":8888" || status["podUid"] != string(pod.UID) {
		p.Fatalf("the status names %v %v, the pod is %s %s", status["address"], status["podUid"], pod.Status.PodIP, pod.UID)
	}
}

func (p platform) looksForATokenInALab() {
	if p.asks("lab-maria", "exists", "/var/run/secrets/kubernetes.io/serviceaccount/token") {
		p.Fatal("there is one")
	}
}

func (p platform) stopsAndStartsALab() {
	p.asks("lab-maria", "put", "/home/lab/notes", "parallax")
	p.switched("maria", false, "Stopped")
	p.gone("lab-maria")
	p.switched("maria", true, "Ready")
	if !p.asks("lab-maria", "holds", "/home/lab/notes", "parallax") {
		p.Fatal("the home has something else")
	}
}

func (p platform) deletesAPod() {
	old := p.ready("lab-maria").UID
	need(p.T, p.client.CoreV1().Pods(p.name).Delete(p.Context(), "lab-maria", meta.DeleteOptions{}))
	p.await("another pod serves the lab", func(ctx context.Context) (bool, error) {
		lab, err := p.resources("labs").Get(ctx, "maria", meta.GetOptions{})
		if err != nil {
			return false, err
		}
		serving, _, _ := unstructured.NestedString(lab.Object, "status", "podUid")
		return serving != "" && serving != string(old), nil
	})
}

func (p platform) takesAWarmLab() {
	p.create("labs", warmLab)
	warm := p.comesTo("science-warm-1", "Ready")
	p.create("labs", carolinesLab)
	hers := p.comesTo("caroline", "Ready")
	if hers["podUid"] != warm["podUid"] {
		p.Fatalf("she got %v, the warm one was %v", hers["podUid"], warm["podUid"])
	}
	if address := hers["address"].(string); p.reaches("lab-maria", address, second) {
		p.Errorf("one lab reached another at %s", address)
	}
	p.deleted("caroline")
	p.gone("lab-science-warm-1")
}

func (p platform) killsControllers() {
	p.switched("maria", false, "Stopped")
	for range 3 {
		atOnce := int64(0)
		need(p.T, p.controllers().DeleteCollection(p.Context(), meta.DeleteOptions{GracePeriodSeconds: &atOnce}, ofControllers))
		p.switched("maria", true, "Ready")
		p.switched("maria", false, "Stopped")
	}
}

func (p platform) deletesALab(before map[string]bool) {
	p.deleted("maria")
	need(p.T, p.client.CoreV1().PersistentVolumeClaims(p.name).Delete(p.Context(), "home-acc-1", meta.DeleteOptions{}))
	p.await("the namespace is as it was", func(context.Context) (bool, error) {
		after := p.objects()
		maps.DeleteFunc(after, func(name string, _ bool) bool { return before[name] })
		return len(after) == 0, nil
	})
}

// gone waits until there is no pod of this name.
func (p platform) gone(pod string) {
	p.Helper()
	p.await(pod+" is gone", func(ctx context.Context) (bool, error) {
		_, err := p.client.CoreV1().Pods(p.name).Get(ctx, pod, meta.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	})
}
