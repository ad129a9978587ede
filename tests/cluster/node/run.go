package node

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// run is process 1 of the node. It never returns but for an error: the node ends by its being killed.
func run(l Layout) error {
	if err := ownMounts(l); err != nil {
		return err
	}
	if err := syscall.Sethostname([]byte(nodeName)); err != nil {
		return err
	}
	if err := join(); err != nil {
		return err
	}
	children := newChildren()
	for _, program := range programs(l) {
		go children.keep(l, program)
	}
	children.reap()
	return nil
}

// ownMounts hides the machine's processes, its /run, and the directories whose names programs do not let us choose.
func ownMounts(l Layout) error {
	// First nothing may reach the machine; then what pods mount must reach the programs, which share this namespace.
	for _, propagation := range []uintptr{syscall.MS_PRIVATE, syscall.MS_SHARED} {
		if err := syscall.Mount("", "/", "", syscall.MS_REC|propagation, ""); err != nil {
			return fmt.Errorf("failed to part from the machine's mounts: %w", err)
		}
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("failed to mount /proc: %w", err)
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("failed to mount /run: %w", err)
	}
	for _, dir := range machineDirs {
		own := l.Path("machine", filepath.Base(dir))
		if err := os.MkdirAll(own, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(own, dir, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("failed to mount %s: %w", dir, err)
		}
	}
	return os.MkdirAll("/run/lock", 0o755)
}
