// Package policy enforces NetworkPolicies on the test node, with nftables.
//
// It is a plain reading of the networking.k8s.io/v1 text: all rules are worked out anew from all pods, namespaces and
// policies on each change, and replaced in one transaction. What is not known yet may not talk at all, so a pod is never open before
// its policies are in force. It serves one node with a few hundred pods of IPv4, which is why it needs nothing incremental.
package policy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// retryDelay is the pause after rules that could not be put in force.
const retryDelay = time.Second

// Main enforces policies until it is ended.
func Main() {
	flags := flag.NewFlagSet("policy", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "how to reach the API server")
	pods := flags.String("pods", "", "range of the pods' addresses")
	_ = flags.Parse(os.Args[1:])
	if err := enforce(context.Background(), *kubeconfig, *pods); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func enforce(ctx context.Context, kubeconfig, pods string) error {
	// Before anything is known, nothing is allowed.
	if err := apply(ctx, Ruleset(pods, World{})); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	watched := informers.NewSharedInformerFactory(client, 0)
	world, changed := watch(watched)
	watched.Start(ctx.Done())
	for kind, synced := range watched.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("failed to list %s", kind)
		}
	}
	for range changed {
		for err := apply(ctx, Ruleset(pods, world())); err != nil; err = apply(ctx, Ruleset(pods, world())) {
			fmt.Fprintln(os.Stderr, "error:", err)
			time.Sleep(retryDelay)
		}
	}
	return nil
}

// watch tells what the world is like, and when it has changed. Changes that come while rules are replaced count as one.
func watch(factory informers.SharedInformerFactory) (world func() World, changed <-chan struct{}) {
	pods, namespaces, policies := factory.Core().V1().Pods(), factory.Core().V1().Namespaces(), factory.Networking().V1().NetworkPolicies()
	signal := make(chan struct{}, 1)
	notice := func(any) {
		select {
		case signal <- struct{}{}:
		default:
		}
	}
	handler := cache.ResourceEventHandlerFuncs{AddFunc: notice, UpdateFunc: func(_, now any) { notice(now) }, DeleteFunc: notice}
	for _, informer := range []cache.SharedIndexInformer{pods.Informer(), namespaces.Informer(), policies.Informer()} {
		_, _ = informer.AddEventHandler(handler)
	}
	everything := labels.Everything()
	return func() World {
		var world World
		world.Pods, _ = pods.Lister().List(everything)
		world.Namespaces, _ = namespaces.Lister().List(everything)
		world.Policies, _ = policies.Lister().List(everything)
		return world
	}, signal
}

// apply puts rules in force, all or none of them.
func apply(ctx context.Context, rules string) error {
	command := exec.CommandContext(ctx, "nft", "--file", "-")
	command.Stdin = strings.NewReader(rules)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("failed to put the rules in force: %w\n%s", err, said)
	}
	return nil
}
