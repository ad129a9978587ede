package policy

import (
	"cmp"
	"slices"

	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// World is all that decides who may talk to whom.
type World struct {
	Pods       []*core.Pod
	Namespaces []*core.Namespace
	Policies   []*networking.NetworkPolicy
}

// connected are the pods that have an address of their own now, in order of address. Of two that say they have the same one, it
// belongs to the younger: the older is on its way out.
func (w World) connected() []*core.Pod {
	var pods []*core.Pod
	for _, pod := range w.Pods {
		over := pod.Status.Phase == core.PodSucceeded || pod.Status.Phase == core.PodFailed
		if pod.Status.PodIP != "" && !pod.Spec.HostNetwork && !over {
			pods = append(pods, pod)
		}
	}
	slices.SortFunc(pods, func(a, b *core.Pod) int {
		return cmp.Or(cmp.Compare(a.Status.PodIP, b.Status.PodIP), b.CreationTimestamp.Compare(a.CreationTimestamp.Time))
	})
	return slices.CompactFunc(pods, func(a, b *core.Pod) bool { return a.Status.PodIP == b.Status.PodIP })
}

// isolating are the policies that choose the pod for a direction, in order of name. With none the direction is open.
func (w World) isolating(pod *core.Pod, direction networking.PolicyType) []*networking.NetworkPolicy {
	var chosen []*networking.NetworkPolicy
	for _, policy := range w.Policies {
		if policy.Namespace == pod.Namespace && matches(&policy.Spec.PodSelector, pod.Labels) && slices.Contains(directions(policy), direction) {
			chosen = append(chosen, policy)
		}
	}
	slices.SortFunc(chosen, func(a, b *networking.NetworkPolicy) int { return cmp.Compare(a.Name, b.Name) })
	return chosen
}

// directions are those that a policy isolates. Unsaid, they are ingress, and egress where there are rules for it.
func directions(policy *networking.NetworkPolicy) []networking.PolicyType {
	if len(policy.Spec.PolicyTypes) > 0 {
		return policy.Spec.PolicyTypes
	}
	if len(policy.Spec.Egress) > 0 {
		return []networking.PolicyType{networking.PolicyTypeIngress, networking.PolicyTypeEgress}
	}
	return []networking.PolicyType{networking.PolicyTypeIngress}
}

// chosenBy are the connected pods that a peer means. A peer without a namespace selector means the policy's own namespace.
func (w World) chosenBy(peer networking.NetworkPolicyPeer, namespace string) []*core.Pod {
	var chosen []*core.Pod
	for _, pod := range w.connected() {
		inNamespace := pod.Namespace == namespace
		if peer.NamespaceSelector != nil {
			inNamespace = matches(peer.NamespaceSelector, w.labelsOf(pod.Namespace))
		}
		if inNamespace && (peer.PodSelector == nil || matches(peer.PodSelector, pod.Labels)) {
			chosen = append(chosen, pod)
		}
	}
	return chosen
}

func (w World) labelsOf(namespace string) map[string]string {
	for _, candidate := range w.Namespaces {
		if candidate.Name == namespace {
			return candidate.Labels
		}
	}
	return nil
}

// matches fails closed: a selector that cannot be read chooses nothing as a peer. The API server admits none such.
func matches(selector *meta.LabelSelector, of map[string]string) bool {
	parsed, err := meta.LabelSelectorAsSelector(selector)
	return err == nil && parsed.Matches(labels.Set(of))
}
