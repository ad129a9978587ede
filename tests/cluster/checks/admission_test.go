package checks

import (
	"strings"
	"testing"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

const someImage = "registry.example.org/lab@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// TestResourcesAreRefusedBySentences asks the API server, which acts on nothing: every wrong field is named, with its rule.
func TestResourcesAreRefusedBySentences(t *testing.T) {
	p := defined(t)
	environment, lab := object(t, science(someImage)), object(t, mariasLab)
	for _, wrong := range []struct {
		good  *unstructured.Unstructured
		path  string
		value any
		field string
		rule  string
	}{
		{environment, "spec.image", "registry.example.org/lab:latest", "spec.image", "image must name a digest"},
		{environment, "spec.image", "", "spec.image", "image must name a digest"},
		{environment, "spec.python", "python3", "spec.python", "python must be an absolute path"},
		{environment, "spec.defaultSize", "huge", "spec", "defaultSize names none of the sizes"},
		{environment, "spec.sizes", []any{}, "spec.sizes", "should have at least 1 items"},
		{environment, "spec.displayName", strings.Repeat("x", 81), "spec.displayName", "Too long"},
		{environment, "spec.sises", []any{}, "spec.sises", "unknown field"},
		{environment, "metadata.name", strings.Repeat("x", 41), "", "the name of an environment has at most 40 characters"},
		{lab, "metadata.name", strings.Repeat("x", 49), "", "the name of a lab has at most 48 characters"},
		{lab, "metadata.name", "a.b", "", "the name of a lab has no dots"},
		{lab, "spec.owner.name", "Maria", "spec.owner.name", "a user name has lower-case letters"},
		{lab, "spec.owner.name", "маша", "spec.owner.name", "a user name has lower-case letters"},
		{lab, "spec.owner.account", "../acc", "spec.owner.account", "an account identifier has lower-case letters"},
		{lab, "spec.baseUrl", "user/maria", "spec.baseUrl", "baseUrl starts and ends with a slash"},
		{lab, "spec.home.size", "-1Gi", "spec.home.size", "should match"},
		{lab, "spec.running", "yes", "spec.running", "must be of type boolean"},
		{lab, "spec.idle", map[string]any{"cullAfterSeconds": int64(-1)}, "spec.idle.cullAfterSeconds", "should be greater than or equal to 0"},
		{lab, "spec.network", map[string]any{"allow": []any{map[string]any{"cidr": "everywhere", "port": int64(443)}}},
			"spec.network.allow[0].cidr", "cidr must be a range of addresses"},
		{lab, "spec.network", map[string]any{"allow": []any{map[string]any{"cidr": "192.0.2.0/24", "port": int64(0)}}}, "spec.network.allow[0].port", "should be greater than or equal to 1"},
		{lab, "spec.owner", nil, "spec", "only a lab with an owner has a home on a volume"},
		{lab, "spec.claim", map[string]any{"lab": "x", "uid": "y"}, "spec", "a lab with an owner cannot be claimed as a warm one"},
	} {
		t.Run(strings.TrimSpace(wrong.field+" "+wrong.rule), func(t *testing.T) {
			bad := wrong.good.DeepCopy()
			path := strings.Split(wrong.path, ".")
			if wrong.value == nil {
				unstructured.RemoveNestedField(bad.Object, path...)
			} else {
				need(t, unstructured.SetNestedField(bad.Object, wrong.value, path...))
			}
			if said := p.refusalOf(t, bad); !strings.Contains(said, wrong.field) || !strings.Contains(said, wrong.rule) {
				t.Error(said)
			}
		})
	}
}

func (p platform) refusalOf(t *testing.T, bad *unstructured.Unstructured) string {
	plural := strings.ToLower(bad.GetKind()) + "s"
	_, err := p.resources(plural).Create(t.Context(), bad, meta.CreateOptions{DryRun: []string{meta.DryRunAll}, FieldValidation: meta.FieldValidationStrict})
	return refusal(t, err)
}

func (p platform) refusalOfPatch(t *testing.T, lab, patch string) string {
	_, err := p.resources("labs").Patch(t.Context(), lab, types.MergePatchType, []byte(patch), meta.PatchOptions{DryRun: []string{meta.DryRunAll}})
	return refusal(t, err)
}

func TestAChangeThatALabCannotFollowIsRefused(t *testing.T) {
	p := defined(t)
	p.create("labs", mariasLab)
	for said, patch := range map[string]string{
		"the environment of a lab cannot be changed":          `{"spec": {"environment": "other"}}`,
		"the size of a running lab cannot be changed":         `{"spec": {"size": "large"}}`,
		"a lab keeps its owner for ever":                      `{"spec": {"owner": {"account": "acc-9"}}}`,
		"the home of a lab cannot be changed":                 `{"spec": {"home": {"size": "32Mi"}}}`,
		"a lab runs in a pod of its own or in that of a warm": `{"spec": {"ownPod": true, "warm": "science-warm-1"}}`,
	} {
		t.Run(said, func(t *testing.T) {
			if refused := p.refusalOfPatch(t, "maria", patch); !strings.Contains(refused, said) {
				t.Error(refused)
			}
		})
	}
}
