package checks

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// platform is a namespace in which Labs can be declared.
type platform struct {
	space
	custom dynamic.Interface
}

// of is the platform in a part of a test.
func (p platform) of(t *testing.T) platform {
	p.T = t
	return p
}

func (p platform) resources(plural string) dynamic.ResourceInterface {
	kind := schema.GroupVersionResource{Group: "nearside.dev", Version: "v1alpha1", Resource: plural}
	return p.custom.Resource(kind).Namespace(p.name)
}

// object reads an object from JSON.
func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	made := &unstructured.Unstructured{}
	need(t, json.Unmarshal([]byte(text), &made.Object))
	return made
}

func (p platform) create(plural, text string) {
	p.Helper()
	_, err := p.resources(plural).Create(p.Context(), object(p.T, text), meta.CreateOptions{})
	need(p.T, err)
}

// switched tells a lab whether it should run, and waits until it is in this phase.
func (p platform) switched(lab string, running bool, phase string) {
	p.Helper()
	patch, _ := json.Marshal(map[string]any{"spec": map[string]any{"running": running}})
	_, err := p.resources("labs").Patch(p.Context(), lab, types.MergePatchType, patch, meta.PatchOptions{})
	need(p.T, err)
	p.comesTo(lab, phase)
}

// comesTo waits until a lab is in a phase, and gives its status.
func (p platform) comesTo(lab, phase string) (status map[string]any) {
	p.Helper()
	defer func() {
		if p.Failed() {
			p.Logf("lab %s: %v", lab, status)
		}
	}()
	p.await(lab+" is "+phase, func(ctx context.Context) (bool, error) {
		found, err := p.resources("labs").Get(ctx, lab, meta.GetOptions{})
		if err != nil {
			return false, err
		}
		status, _, _ = unstructured.NestedMap(found.Object, "status")
		return status["phase"] == phase, nil
	})
	return status
}

// deleted deletes a lab and waits until it is gone.
func (p platform) deleted(lab string) {
	p.Helper()
	need(p.T, p.resources("labs").Delete(p.Context(), lab, meta.DeleteOptions{}))
	p.await(lab+" is gone", func(ctx context.Context) (bool, error) {
		_, err := p.resources("labs").Get(ctx, lab, meta.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	})
}

// logTail is as much of a program's log as a failed test shows.
var logTail = &core.PodLogOptions{TailLines: func() *int64 { lines := int64(40); return &lines }()}

// logController tells what the controllers said last, and what they made.
func (p platform) logController() {
	p.describePods()
	pods, err := p.controllers().List(context.Background(), ofControllers)
	if err != nil {
		return
	}
	for _, pod := range pods.Items {
		said, _ := p.controllers().GetLogs(pod.Name, logTail).DoRaw(context.Background())
		p.Logf("%s: %v\n%s", pod.Name, pod.Status.ContainerStatuses, said)
	}
}

// objects names everything that is in the namespace now, but for events and what the cluster itself keeps there.
func (p platform) objects() map[string]bool {
	p.Helper()
	lists, err := p.client.Discovery().ServerPreferredNamespacedResources()
	need(p.T, err)
	found := map[string]bool{}
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		need(p.T, err)
		for _, kind := range list.APIResources {
			if kind.Name == "events" || group.Group == "metrics.k8s.io" || !slices.Contains(kind.Verbs, "list") {
				continue
			}
			items, err := p.custom.Resource(group.WithResource(kind.Name)).Namespace(p.name).List(p.Context(), meta.ListOptions{})
			need(p.T, err)
			for _, item := range items.Items {
				found[kind.Name+"/"+item.GetName()] = true
			}
		}
	}
	return found
}
