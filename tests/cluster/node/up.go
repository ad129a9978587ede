package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// up makes the node and waits until it runs pods. A node that fails to come up is left standing for whoever asks why.
func up(ctx context.Context, l Layout, archives []string) error {
	if holder(l) != 0 {
		return errors.New("the node is up already: end it first with `cargo xtask cluster down`")
	}
	if err := down(l); err != nil {
		return fmt.Errorf("failed to remove what an earlier node left: %w", err)
	}
	began := time.Now()
	say := func(what string) { fmt.Fprintf(os.Stderr, "%5.1f s  %s\n", time.Since(began).Seconds(), what) }
	for _, step := range []func(Layout) error{prepare, makeKeys, writeFiles, makeGroups, start, connect} {
		if err := step(l); err != nil {
			return err
		}
	}
	say("started")
	if err := await(ctx, l, "containerd", containerdAnswers(l)); err != nil {
		return err
	}
	if err := load(ctx, l, archives); err != nil {
		return err
	}
	say("images loaded")
	if err := await(ctx, l, "kube-apiserver", apiAnswers(l)); err != nil {
		return err
	}
	say("the API answers")
	if err := kubectlApply(ctx, l, l.Path("files", "addons.yaml")); err != nil {
		return err
	}
	if err := await(ctx, l, "kubelet", nodeIsReady(l)); err != nil {
		return err
	}
	say("the node is ready")
	if err := await(ctx, l, "kube-controller-manager", namesAreServed(l)); err != nil {
		return err
	}
	say("names are served")
	return nil
}

func prepare(l Layout) error {
	for _, dir := range machineDirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return l.make(programNames())
}

// start makes the namespaces, with process 1 in them.
func start(l Layout) error {
	log, err := os.Create(l.Log("node"))
	if err != nil {
		return err
	}
	defer log.Close()
	binary, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.Command(binary, "node", "run", "--state", string(l))
	process.Stdout, process.Stderr = log, log
	process.SysProcAttr = &syscall.SysProcAttr{
		Setsid:     true,
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
	}
	if err := process.Start(); err != nil {
		return fmt.Errorf("failed to make the node's namespaces (this needs root): %w", err)
	}
	return os.WriteFile(l.Path("pid"), []byte(strconv.Itoa(process.Process.Pid)), 0o600)
}

// load imports archives of images into containerd.
func load(ctx context.Context, l Layout, archives []string) error {
	for _, archive := range archives {
		command := exec.CommandContext(ctx, "ctr", "--address", l.Socket(), "--namespace", "k8s.io", "images", "import", archive)
		if said, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("failed to import %s: %w\n%s", archive, err, said)
		}
	}
	return nil
}

func kubectlApply(ctx context.Context, l Layout, file string) error {
	command := exec.CommandContext(ctx, l.Program("kubectl"), "--kubeconfig", l.Kubeconfig(), "apply", "--filename", file)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("failed to apply %s: %w\n%s", file, err, said)
	}
	return nil
}

func containerdAnswers(l Layout) condition {
	return func(ctx context.Context) error {
		return exec.CommandContext(ctx, "ctr", "--address", l.Socket(), "version").Run()
	}
}

func apiAnswers(l Layout) condition {
	return withClient(l, func(ctx context.Context, client *kubernetes.Clientset) error {
		_, err := client.RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

func nodeIsReady(l Layout) condition {
	return withClient(l, func(ctx context.Context, client *kubernetes.Clientset) error {
		node, err := client.CoreV1().Nodes().Get(ctx, nodeName, meta.GetOptions{})
		if err != nil {
			return err
		}
		why := "it has not said a word yet"
		for _, is := range node.Status.Conditions {
			if is.Type == "Ready" && is.Status == "True" {
				return nil
			} else if is.Type == "Ready" {
				why = is.Message
			}
		}
		return fmt.Errorf("the node is not ready: %s", why)
	})
}

// namesAreServed is the last thing to come: a pod scheduled, started, on the network, with an account of its own.
func namesAreServed(l Layout) condition {
	return withClient(l, func(ctx context.Context, client *kubernetes.Clientset) error {
		if _, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", meta.GetOptions{}); err != nil {
			return err
		}
		dns, err := client.AppsV1().Deployments("kube-system").Get(ctx, "coredns", meta.GetOptions{})
		if err == nil && dns.Status.AvailableReplicas == 0 {
			err = errors.New("CoreDNS is not available yet")
		}
		return err
	})
}

func withClient(l Layout, check func(context.Context, *kubernetes.Clientset) error) condition {
	return func(ctx context.Context) error {
		config, err := clientcmd.BuildConfigFromFlags("", l.Kubeconfig())
		if err != nil {
			return err
		}
		client, err := kubernetes.NewForConfig(config)
		if err != nil {
			return err
		}
		return check(ctx, client)
	}
}
