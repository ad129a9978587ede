// Package node is one machine of a Kubernetes cluster, made of processes in namespaces of their own.
//
// `up` starts it and returns when it can run pods; `down` ends it and removes every trace. In between lies process 1 of the
// node's namespaces (`run`), which starts the programs, and starts again those that end. Nothing of the machine's own
// network, mounts or processes is changed but for one virtual cable and two routes.
package node

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: node up|down|load|run --state DIR [FILE ...]

  up    start the node and return when it runs pods; each FILE is an archive of images that it shall have
  load  give a running node more images
  down  end the node and remove DIR
  run   process 1 of the node; started by up
`

// Main is the program "node".
func Main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	flags := flag.NewFlagSet("node", flag.ExitOnError)
	flags.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	state := flags.String("state", "", "directory of the node")
	_ = flags.Parse(os.Args[2:])
	if *state == "" {
		flags.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command(ctx, os.Args[1], Layout(*state), flags.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, verb string, layout Layout, archives []string) error {
	switch verb {
	case "up":
		return up(ctx, layout, archives)
	case "load":
		return load(ctx, layout, archives)
	case "down":
		return down(layout)
	case "run":
		return run(layout)
	}
	return fmt.Errorf("unknown command %q\n%s", verb, usage)
}
