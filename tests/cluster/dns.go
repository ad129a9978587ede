package main

import (
	"github.com/coredns/coredns/coremain"

	// What a cluster's DNS needs, and nothing else of CoreDNS.
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func dns() { coremain.Run() }
