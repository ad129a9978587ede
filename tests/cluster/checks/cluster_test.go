// Package checks shows that the test cluster is a real one: what the product's tests rely on, asked of the cluster of KUBECONFIG.
// `cargo xtask test --only cluster` brings one up and runs them.
package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/util/exec"
)

const (
	image       = "nearside.test/probe:1"
	longestWait = 2 * time.Minute // on a machine that compiles at the same time
	checkEvery  = 50 * time.Millisecond
)

// space is a namespace of one test, gone with it.
type space struct {
	*testing.T
	name   string
	config *rest.Config
	client *kubernetes.Clientset
}

// connected is the cluster of KUBECONFIG, with no namespace chosen yet.
func connected(t *testing.T) space {
	t.Helper()
	if os.Getenv("KUBECONFIG") == "" {
		t.Skip("no cluster: set KUBECONFIG, or run `cargo xtask test --only cluster`")
	}
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	need(t, err)
	config.QPS = -1
	client, err := kubernetes.NewForConfig(config)
	need(t, err)
	return space{T: t, config: config, client: client}
}

// newSpace makes a namespace with a name of its own and these labels.
func newSpace(t *testing.T, labels map[string]string) space {
	t.Helper()
	s := connected(t)
	made, err := s.client.CoreV1().Namespaces().Create(t.Context(),
		&core.Namespace{ObjectMeta: meta.ObjectMeta{GenerateName: "check-", Labels: labels}}, meta.CreateOptions{})
	need(t, err)
	s.name = made.Name
	t.Cleanup(func() { // t.Context is over by then
		need(t, s.client.CoreV1().Namespaces().Delete(context.Background(), s.name, meta.DeleteOptions{}))
	})
	s.await("the namespace has an account", func(ctx context.Context) (bool, error) {
		_, err := s.client.CoreV1().ServiceAccounts(s.name).Get(ctx, "default", meta.GetOptions{})
		return err == nil, ignore(err, apierrors.IsNotFound)
	})
	return s
}

// await waits for a condition, and fails the test when it does not come.
func (s space) await(what string, holds wait.ConditionWithContextFunc) {
	s.Helper()
	if err := wait.PollUntilContextTimeout(s.Context(), checkEvery, longestWait, true, holds); err != nil {
		s.describePods()
		s.Fatalf("%s: %v", what, err)
	}
}

// describePods says why pods may not have come to anything.
func (s space) describePods() {
	pods, err := s.client.CoreV1().Pods(s.name).List(context.Background(), meta.ListOptions{})
	if err != nil {
		return
	}
	for _, pod := range pods.Items {
		s.Logf("pod %s: %s %s %v", pod.Name, pod.Status.Phase, pod.Status.Message, pod.Status.ContainerStatuses)
	}
	events, _ := s.client.CoreV1().Events(s.name).List(context.Background(), meta.ListOptions{})
	for _, event := range events.Items {
		s.Logf("event %s: %s", event.InvolvedObject.Name, event.Message)
	}
}

// probe is a pod that runs the probe with these arguments.
func probe(name string, arguments ...string) *core.Pod {
	return &core.Pod{
		ObjectMeta: meta.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec:       probeSpec(arguments...),
	}
}

func probeSpec(arguments ...string) core.PodSpec {
	atOnce := int64(0)
	return core.PodSpec{
		TerminationGracePeriodSeconds: &atOnce,
		Containers:                    []core.Container{{Name: "probe", Image: image, ImagePullPolicy: core.PullNever, Args: arguments}},
	}
}

// run creates a pod and waits until it is ready.
func (s space) run(pod *core.Pod) *core.Pod {
	s.Helper()
	_, err := s.client.CoreV1().Pods(s.name).Create(s.Context(), pod, meta.CreateOptions{})
	need(s.T, err)
	return s.ready(pod.Name)
}

func (s space) ready(name string) (pod *core.Pod) {
	s.Helper()
	s.await("pod "+name+" is ready", func(ctx context.Context) (bool, error) {
		var err error
		pod, err = s.client.CoreV1().Pods(s.name).Get(ctx, name, meta.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range pod.Status.Conditions {
			if condition.Type == core.PodReady {
				return condition.Status == core.ConditionTrue, nil
			}
		}
		return false, nil
	})
	return pod
}

// said is what a pod has printed, as soon as it has printed something.
func (s space) said(pod string) (text string) {
	s.Helper()
	s.await(pod+" says something", func(ctx context.Context) (bool, error) {
		log, err := s.client.CoreV1().Pods(s.name).GetLogs(pod, &core.PodLogOptions{}).DoRaw(ctx)
		text = string(log)
		return text != "", err
	})
	return text
}

// no is the probe's exit status for an answer that is no failure.
const no = 3

// reaches tells whether a pod can open a connection within the wait.
func (s space) reaches(pod, address string, within time.Duration) bool {
	s.Helper()
	return s.asks(pod, "connect", address, within.String())
}

// asks runs the probe in a pod until it ends, and tells whether its answer was yes. What a program says as it ends may get lost on the
// way, and then it is asked again: yes is words, and no is an exit status.
func (s space) asks(pod string, words ...string) (yes bool) {
	s.Helper()
	s.await("the probe answers", func(ctx context.Context) (answered bool, err error) {
		said, err := s.executed(ctx, pod, words...)
		if exit, failed := errors.AsType[exec.CodeExitError](err); failed && exit.Code == no {
			return true, nil
		}
		yes = said != ""
		return yes, err
	})
	return yes
}

// executed runs the probe in a pod until it ends, and gives what came of what it said.
func (s space) executed(ctx context.Context, pod string, words ...string) (string, error) {
	request := s.client.CoreV1().RESTClient().Post().Resource("pods").Namespace(s.name).Name(pod).SubResource("exec").VersionedParams(
		&core.PodExecOptions{Command: append([]string{"/probe"}, words...), Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewSPDYExecutor(s.config, "POST", request.URL())
	need(s.T, err)
	var said bytes.Buffer
	if err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &said, Stderr: &said}); err != nil {
		return "", fmt.Errorf("the probe in %s said %q: %w", pod, said.String(), err)
	}
	return said.String(), nil
}

func address(pod *core.Pod) string { return fmt.Sprintf("%s:8080", pod.Status.PodIP) }

func ignore(err error, kind func(error) bool) error {
	if err != nil && kind(err) {
		return nil
	}
	return err
}

func need(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refusal is the part of an API error that a person reads; the test fails when there is no error.
func refusal(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		t.Fatal("it was not refused")
	}
	return strings.TrimSpace(err.Error())
}
