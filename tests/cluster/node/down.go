package node

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
)

// longestEnd is how long the kernel may take to end all processes of the node.
const longestEnd = 30 * time.Second

// down ends the node, if it runs, and removes what there is of it. To end process 1 is to end all processes of the node,
// and with the last one its mounts and its network go.
func down(l Layout) error {
	if pid := holder(l); pid != 0 {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return err
		}
		if err := awaitEnd(l); err != nil {
			return err
		}
	}
	if link, err := netlink.LinkByName(hostLink); err == nil {
		if err := netlink.LinkDel(link); err != nil {
			return fmt.Errorf("failed to remove the cable %s: %w", hostLink, err)
		}
	}
	if err := removeGroups(); err != nil {
		return err
	}
	for _, dir := range machineDirs {
		_ = os.Remove(dir) // only when empty: then it was ours
	}
	return os.RemoveAll(string(l))
}

// holder is process 1 of the node as the machine numbers it, or 0 when the node is not up.
func holder(l Layout) int {
	text, err := os.ReadFile(l.Path("pid"))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil || !bytes.Contains(command, []byte(l)) { // ended, or the number is another's now
		return 0
	}
	return pid
}

func awaitEnd(l Layout) error {
	for deadline := time.Now().Add(longestEnd); holder(l) != 0; time.Sleep(checkEvery) {
		if time.Now().After(deadline) {
			return fmt.Errorf("the node's process %d did not end within %s", holder(l), longestEnd)
		}
	}
	return nil
}
