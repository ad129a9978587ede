package node

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
)

// connect lays the cable between the machine and the node, and routes pods and services through it.
func connect(l Layout) error {
	pid := holder(l)
	cable := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: hostLink}, PeerName: "eth0", PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(cable); err != nil {
		return fmt.Errorf("failed to lay the cable %s: %w", hostLink, err)
	}
	if err := raise(hostLink, hostAddress); err != nil {
		return err
	}
	for _, destination := range []string{podRange, serviceRange} {
		if err := route(hostLink, destination, nodeAddress); err != nil {
			return err
		}
	}
	return nil
}

// join is the node's side of connect, in the node's own network. It waits for the cable.
func join() error {
	if err := raise("lo", ""); err != nil {
		return err
	}
	if err := awaitLink("eth0"); err != nil {
		return err
	}
	if err := raise("eth0", nodeAddress); err != nil {
		return err
	}
	if err := route("eth0", "0.0.0.0/0", hostAddress); err != nil {
		return err
	}
	for name, value := range map[string]string{"net.ipv4.ip_forward": "1", "net.ipv4.conf.all.route_localnet": "1"} {
		if err := os.WriteFile("/proc/sys/"+strings.ReplaceAll(name, ".", "/"), []byte(value), 0o644); err != nil {
			return fmt.Errorf("failed to set %s: %w", name, err)
		}
	}
	return nil
}

// awaitLink waits until this network has the link.
func awaitLink(name string) error {
	updates, done := make(chan netlink.LinkUpdate), make(chan struct{})
	defer close(done)
	if err := netlink.LinkSubscribe(updates, done); err != nil {
		return err
	}
	for {
		if _, err := netlink.LinkByName(name); err == nil {
			return nil
		}
		<-updates
	}
}

// raise gives a link its address, in a network of the two ends of the cable, and sets it up.
func raise(name, address string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if address != "" {
		network := &net.IPNet{IP: net.ParseIP(address).To4(), Mask: net.CIDRMask(30, 32)}
		if err := netlink.AddrReplace(link, &netlink.Addr{IPNet: network}); err != nil {
			return fmt.Errorf("failed to give %s the address %s: %w", name, address, err)
		}
	}
	return netlink.LinkSetUp(link)
}

func route(name, destination, gateway string) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	_, network, err := net.ParseCIDR(destination)
	if err != nil {
		return err
	}
	way := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: network, Gw: net.ParseIP(gateway)}
	if err := netlink.RouteReplace(way); err != nil {
		return fmt.Errorf("failed to route %s through %s: %w", destination, name, err)
	}
	return nil
}
