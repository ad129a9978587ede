package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const groupRoot = "/sys/fs/cgroup"

// makeGroups makes the control group that pods live in: in every hierarchy of version 1, or in the one of version 2.
func makeGroups(Layout) error {
	for _, hierarchy := range hierarchies() {
		group := hierarchy + cgroup
		if err := os.MkdirAll(group, 0o755); err != nil {
			return fmt.Errorf("failed to make the control group %s: %w", group, err)
		}
		// A cpuset starts empty, and takes no process while it is.
		for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
			if all, err := os.ReadFile(filepath.Join(hierarchy, file)); err == nil {
				if err := os.WriteFile(filepath.Join(group, file), all, 0o644); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func hierarchies() []string {
	if _, err := os.Stat(groupRoot + "/cgroup.controllers"); err == nil {
		return []string{groupRoot}
	}
	entries, _ := os.ReadDir(groupRoot)
	var found []string
	for _, entry := range entries {
		if entry.IsDir() {
			found = append(found, filepath.Join(groupRoot, entry.Name()))
		}
	}
	return found
}

// removeGroups removes what pods have left, leaves first. The kernel lets go of a group shortly after its last process.
func removeGroups() error {
	deadline := time.Now().Add(longestEnd)
	for _, hierarchy := range hierarchies() {
		err := removeTree(hierarchy + cgroup)
		for ; errors.Is(err, syscall.EBUSY) && time.Now().Before(deadline); err = removeTree(hierarchy + cgroup) {
			time.Sleep(checkEvery)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func removeTree(root string) error {
	var groups []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			groups = append(groups, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(groups, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for _, group := range groups {
		if err := os.Remove(group); err != nil {
			return err
		}
	}
	return nil
}
