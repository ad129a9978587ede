package checks

import (
	"context"
	"fmt"
	"strings"
	"testing"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// startWeb makes a Deployment of two servers, and a Service in front of them.
func startWeb(s space) *core.Service {
	labels := map[string]string{"app": "web"}
	template := core.PodTemplateSpec{ObjectMeta: meta.ObjectMeta{Labels: labels}, Spec: probeSpec("serve", ":8080")}
	template.Spec.Containers[0].ReadinessProbe = &core.Probe{
		ProbeHandler:  core.ProbeHandler{HTTPGet: &core.HTTPGetAction{Path: "/", Port: intstr.FromInt32(8080)}},
		PeriodSeconds: 1,
	}
	replicas := int32(2)
	_, err := s.client.AppsV1().Deployments(s.name).Create(s.Context(), &apps.Deployment{
		ObjectMeta: meta.ObjectMeta{Name: "web"},
		Spec:       apps.DeploymentSpec{Replicas: &replicas, Selector: &meta.LabelSelector{MatchLabels: labels}, Template: template},
	}, meta.CreateOptions{})
	need(s.T, err)
	service, err := s.client.CoreV1().Services(s.name).Create(s.Context(), &core.Service{
		ObjectMeta: meta.ObjectMeta{Name: "web"},
		Spec:       core.ServiceSpec{Selector: labels, Ports: []core.ServicePort{{Port: 80, TargetPort: intstr.FromInt32(8080)}}},
	}, meta.CreateOptions{})
	need(s.T, err)
	s.await("both servers are available", func(ctx context.Context) (bool, error) {
		web, err := s.client.AppsV1().Deployments(s.name).Get(ctx, "web", meta.GetOptions{})
		return err == nil && web.Status.AvailableReplicas == replicas, err
	})
	return service
}

func TestAServiceIsReachedFromPodsByAddressAndByName(t *testing.T) {
	s := newSpace(t, nil)
	service := startWeb(s)
	s.run(probe("client", "pause"))
	for _, address := range []string{service.Spec.ClusterIP + ":80", "web:80", "web." + s.name + ".svc.cluster.local:80", "kubernetes.default.svc:443"} {
		t.Run(address, func(*testing.T) {
			s.await("it is reached", func(context.Context) (bool, error) { return s.reaches("client", address, second), nil })
		})
	}
}

func TestABackendReachesItsOwnService(t *testing.T) {
	s := newSpace(t, nil)
	pod := probe("alone", "serve", ":8080")
	s.run(pod)
	_, err := s.client.CoreV1().Services(s.name).Create(t.Context(), &core.Service{
		ObjectMeta: meta.ObjectMeta{Name: "alone"},
		Spec:       core.ServiceSpec{Selector: pod.Labels, Ports: []core.ServicePort{{Port: 8080}}},
	}, meta.CreateOptions{})
	need(t, err)
	s.await("it reaches itself through its service", func(context.Context) (bool, error) { return s.reaches("alone", "alone:8080", second), nil })
}

func TestADeploymentTakesItsPodsAlong(t *testing.T) {
	s := newSpace(t, nil)
	startWeb(s)
	need(t, s.client.AppsV1().Deployments(s.name).Delete(t.Context(), "web", meta.DeleteOptions{}))
	s.await("no pod is left", func(ctx context.Context) (bool, error) {
		pods, err := s.client.CoreV1().Pods(s.name).List(ctx, meta.ListOptions{})
		return err == nil && len(pods.Items) == 0, err
	})
}

// claim makes a claim of the default class, and a pod of user 1000 that writes into it.
func claim(s space) *core.PersistentVolumeClaim {
	made, err := s.client.CoreV1().PersistentVolumeClaims(s.name).Create(s.Context(), &core.PersistentVolumeClaim{
		ObjectMeta: meta.ObjectMeta{Name: "home"},
		Spec: core.PersistentVolumeClaimSpec{
			AccessModes: []core.PersistentVolumeAccessMode{core.ReadWriteOnce},
			Resources:   core.VolumeResourceRequirements{Requests: core.ResourceList{core.ResourceStorage: resource.MustParse("1Gi")}},
		},
	}, meta.CreateOptions{})
	need(s.T, err)
	return made
}

func withHome(pod *core.Pod) *core.Pod {
	user := int64(1000)
	pod.Spec.SecurityContext = &core.PodSecurityContext{RunAsUser: &user, FSGroup: &user}
	pod.Spec.Volumes = []core.Volume{{Name: "home", VolumeSource: core.VolumeSource{
		PersistentVolumeClaim: &core.PersistentVolumeClaimVolumeSource{ClaimName: "home"}}}}
	pod.Spec.Containers[0].VolumeMounts = []core.VolumeMount{{Name: "home", MountPath: "/home"}}
	return pod
}

func TestAClaimOutlivesItsPodAndGoesWithItsVolume(t *testing.T) {
	s := newSpace(t, nil)
	claim(s)
	s.run(withHome(probe("first", "write", "/home/file", "kept")))
	s.said("first")
	need(t, s.client.CoreV1().Pods(s.name).Delete(t.Context(), "first", meta.DeleteOptions{}))
	s.run(withHome(probe("second", "show", "/home/file")))
	if said := s.said("second"); said != "kept\n" {
		t.Fatalf("the second pod read %q", said)
	}
	bound, err := s.client.CoreV1().PersistentVolumeClaims(s.name).Get(t.Context(), "home", meta.GetOptions{})
	need(t, err)
	need(t, s.client.CoreV1().Pods(s.name).Delete(t.Context(), "second", meta.DeleteOptions{}))
	need(t, s.client.CoreV1().PersistentVolumeClaims(s.name).Delete(t.Context(), "home", meta.DeleteOptions{}))
	s.await("the volume is gone", func(ctx context.Context) (bool, error) {
		_, err := s.client.CoreV1().PersistentVolumes().Get(ctx, bound.Spec.VolumeName, meta.GetOptions{})
		return apierrors.IsNotFound(err), ignore(err, apierrors.IsNotFound)
	})
}

func TestAPodOverItsMemoryIsEndedAndSaysWhy(t *testing.T) {
	s := newSpace(t, nil)
	pod := probe("hungry", "eat", "200")
	pod.Spec.RestartPolicy = core.RestartPolicyNever
	pod.Spec.Containers[0].Resources.Limits = core.ResourceList{core.ResourceMemory: resource.MustParse("32Mi")}
	_, err := s.client.CoreV1().Pods(s.name).Create(t.Context(), pod, meta.CreateOptions{})
	need(t, err)
	s.await("it is ended for its memory", func(ctx context.Context) (bool, error) {
		pod, err := s.client.CoreV1().Pods(s.name).Get(ctx, "hungry", meta.GetOptions{})
		if err != nil || len(pod.Status.ContainerStatuses) == 0 || pod.Status.ContainerStatuses[0].State.Terminated == nil {
			return false, err
		}
		if reason := pod.Status.ContainerStatuses[0].State.Terminated.Reason; reason != "OOMKilled" {
			return false, fmt.Errorf("it ended for another reason: %s", reason)
		}
		return true, nil
	})
}

func TestAQuotaRefusesWhatSaysNothingOfItsSize(t *testing.T) {
	s := newSpace(t, nil)
	_, err := s.client.CoreV1().ResourceQuotas(s.name).Create(t.Context(), &core.ResourceQuota{
		ObjectMeta: meta.ObjectMeta{Name: "small"},
		Spec:       core.ResourceQuotaSpec{Hard: core.ResourceList{core.ResourceLimitsMemory: resource.MustParse("1Gi")}},
	}, meta.CreateOptions{})
	need(t, err)
	s.await("the quota is counted", func(ctx context.Context) (bool, error) {
		quota, err := s.client.CoreV1().ResourceQuotas(s.name).Get(ctx, "small", meta.GetOptions{})
		return err == nil && len(quota.Status.Hard) > 0, err
	})
	_, err = s.client.CoreV1().Pods(s.name).Create(t.Context(), probe("sizeless", "pause"), meta.CreateOptions{})
	if said := refusal(t, err); !strings.Contains(said, "must specify limits.memory") {
		t.Fatal(said)
	}
}
