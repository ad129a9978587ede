package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func notebook(image string) string {
	return fmt.Sprintf(`{"apiVersion": "nearside.dev/v1alpha1", "kind": "Environment", "metadata": {"name": "notebook"},
		"spec": {"displayName": "Notebook", "image": %q, "python": "/opt/lab/bin/python", "defaultSize": "small",
		         "sizes": [{"name": "small", "cpu": "1", "memory": "1Gi", "disk": "256Mi"}]}}`, image)
}

// TestAPersonWorksInALabThroughTheGateway tells one story, each part going on from the one before.
func TestAPersonWorksInALabThroughTheGateway(t *testing.T) {
	p := installed(t)
	for _, program := range []string{"gateway", "flight-server", "vo-server"} {
		kubectl(t, "--namespace", platformSpace, "rollout", "status", "deployment/nearside-"+program, "--timeout=4m")
	}
	p.create("environments", notebook(os.Getenv("NEARSIDE_NOTEBOOK_IMAGE")))
	before := p.objects()
	v := p.visits()
	kernel := ""
	for _, part := range []struct {
		claim string
		holds func(visitor)
	}{
		{"she signs in, waits for her lab, and draws the Pleiades from the catalogue", func(v visitor) { v.browses("draw") }},
		{"another of her browsers finds the lab", visitor.findsLab},
		{"a cell runs in her lab", func(v visitor) { kernel = v.startsKernel(); v.writesHome(kernel) }},
		{"every gateway serves her", visitor.asksEveryGateway},
		{"gateways are killed and her kernel knows nothing of it", func(v visitor) { v.killsGateways(kernel) }},
		{"a lab in which nothing happens is stopped", visitor.leavesLabIdle},
		{"it starts again with its home", visitor.opensLabAgain},
		{"her browser finds the Pleiades as she left them", func(v visitor) { v.browses("find") }},
		{"her lab goes with all that it had, but for the home", func(v visitor) { v.losesLab(before) }},
	} {
		if !t.Run(part.claim, func(t *testing.T) { v.platform = p.of(t); part.holds(v) }) {
			p.logController()
			p.logGateways()
			t.FailNow()
		}
	}
}

func (v visitor) findsLab() {
	v.signsIn()
	if status, said := v.asks("GET", "/user/maria/api/kernels", nil); status != http.StatusOK {
		v.Fatalf("the lab was answered by %d: %s", status, said)
	}
}

func (v visitor) writesHome(kernel string) {
	if printed := v.runs(kernel, "orbit = 6 * 7\nopen('/home/lab/notes', 'w').write('parallax')\nprint(orbit)"); printed != "42\n" {
		v.Fatalf("the cell printed %q", printed)
	}
}

func (v visitor) asksEveryGateway() {
	service := *v.at
	defer func() { *v.at = service }()
	gateways := v.gateways()
	if len(gateways) != 2 {
		v.Fatalf("there are %d gateways", len(gateways))
	}
	for _, gateway := range gateways {
		*v.at = gateway.Status.PodIP + ":8000"
		v.await(gateway.Name+" serves her", func(context.Context) (bool, error) {
			status, _ := v.asks("GET", "/user/maria/api/kernels", nil)
			return status == http.StatusOK, nil
		})
	}
}

func (v visitor) killsGateways(kernel string) {
	pod := v.ready(v.lab()).UID
	atOnce := int64(0)
	need(v.T, v.client.CoreV1().Pods(platformSpace).DeleteCollection(v.Context(), meta.DeleteOptions{GracePeriodSeconds: &atOnce}, ofGateways))
	v.await("two gateways serve again", func(context.Context) (bool, error) { return len(v.gateways()) == 2, nil })
	v.await("one of them has found her lab", func(context.Context) (bool, error) {
		status, _ := v.asks("GET", "/user/maria/api/kernels", nil)
		return status == http.StatusOK, nil
	})
	if printed := v.runs(kernel, "print(orbit)"); printed != "42\n" {
		v.Fatalf("the kernel printed %q", printed)
	}
	if now := v.ready(v.lab()).UID; now != pod {
		v.Fatalf("the pod is %s, it was %s", now, pod)
	}
}

// leavesLabIdle shortens the patience of the operator, which asks the lab's agent what happens in it.
func (v visitor) leavesLabIdle() {
	lab := v.account()
	patch := []byte(`{"spec": {"idle": {"cullAfterSeconds": 3}}}`)
	_, err := v.resources("labs").Patch(v.Context(), lab, types.MergePatchType, patch, meta.PatchOptions{})
	need(v.T, err)
	v.comesTo(lab, "Stopped")
	v.hasEvent(lab, "Culled", "nothing happened for")
	v.hasEvent(lab, "Started", "the lab answers")
	v.await("the gateway knows that it does not run", func(context.Context) (bool, error) {
		status, said := v.asks("GET", "/user/maria/api/kernels", nil)
		return status == http.StatusServiceUnavailable && strings.Contains(string(said), "lab-stopped"), nil
	})
}

func (v visitor) opensLabAgain() {
	began := time.Now()
	told := v.opensLab()
	v.Logf("the lab was ready after %.1f s: %q", time.Since(began).Seconds(), told)
	if !slices.Contains(told, "the node fetches the image and starts the lab") {
		v.Errorf("she was told %q", told)
	}
	if printed := v.runs(v.startsKernel(), "print(open('/home/lab/notes').read())"); printed != "parallax\n" {
		v.Fatalf("the home has %q", printed)
	}
}

func (v visitor) losesLab(before map[string]bool) {
	account := v.account()
	v.deleted(account)
	need(v.T, v.client.CoreV1().PersistentVolumeClaims(v.name).Delete(v.Context(), "home-"+account, meta.DeleteOptions{}))
	v.await("the namespace is as it was", func(context.Context) (bool, error) {
		after := v.objects()
		maps.DeleteFunc(after, func(name string, _ bool) bool { return before[name] })
		return len(after) == 0, nil
	})
}

// hasEvent waits until the operator has told this of a lab.
func (v visitor) hasEvent(lab, reason, words string) {
	v.Helper()
	v.await("the event "+reason, func(ctx context.Context) (bool, error) {
		events, err := v.client.CoreV1().Events(v.name).List(ctx, meta.ListOptions{FieldSelector: "involvedObject.kind=Lab,involvedObject.name=" + lab})
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(events.Items, func(event core.Event) bool {
			return event.Reason == reason && strings.Contains(event.Message, words)
		}), nil
	})
}

// account is the name of the only lab, which is that of its owner's account.
func (v visitor) account() string {
	v.Helper()
	labs, err := v.resources("labs").List(v.Context(), meta.ListOptions{LabelSelector: "app.kubernetes.io/managed-by=nearside-gateway"})
	need(v.T, err)
	if len(labs.Items) != 1 {
		v.Fatalf("there are %d labs", len(labs.Items))
	}
	lab := labs.Items[0]
	account, _, _ := unstructured.NestedString(lab.Object, "spec", "owner", "account")
	if lab.GetName() != account {
		v.Fatalf("the lab of account %s is called %s", account, lab.GetName())
	}
	return account
}

func (v visitor) lab() string { return "lab-" + v.account() }

// logGateways tells what the gateways said last.
func (p platform) logGateways() {
	pods, err := p.client.CoreV1().Pods(platformSpace).List(context.Background(), ofGateways)
	if err != nil {
		return
	}
	for _, pod := range pods.Items {
		said, _ := p.client.CoreV1().Pods(platformSpace).GetLogs(pod.Name, logTail).DoRaw(context.Background())
		p.Logf("%s: %v\n%s", pod.Name, pod.Status.ContainerStatuses, said)
	}
}
