package node

import (
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// restartDelay keeps a program that ends at once from filling its log.
const restartDelay = time.Second

// children are the processes below process 1: the programs it started, and all whose parents have ended.
type children struct {
	mutex sync.Mutex
	kept  map[int]chan syscall.WaitStatus
}

func newChildren() *children {
	return &children{kept: map[int]chan syscall.WaitStatus{}}
}

// keep starts a program, and starts it again whenever it ends, as a service manager would.
func (c *children) keep(l Layout, program program) {
	for {
		ended, err := c.start(l, program)
		if err != nil {
			fmt.Printf("%s: failed to start: %v\n", program.name, err)
		} else {
			status := <-ended
			fmt.Printf("%s: ended with status %d, signal %d\n", program.name, status.ExitStatus(), status.Signal())
		}
		time.Sleep(restartDelay)
	}
}

func (c *children) start(l Layout, program program) (<-chan syscall.WaitStatus, error) {
	log, err := os.OpenFile(l.Log(program.name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	// Held until the process is known: else it could be reaped as a stranger.
	c.mutex.Lock()
	defer c.mutex.Unlock()
	process, err := os.StartProcess(program.path, append([]string{program.name}, program.arguments...), &os.ProcAttr{
		Env:   []string{"PATH=" + l.Path("bin") + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + string(l)},
		Files: []*os.File{null, log, log},
	})
	if err != nil {
		return nil, err
	}
	ended := make(chan syscall.WaitStatus, 1)
	c.kept[process.Pid] = ended
	return ended, process.Release()
}

// reap collects every process that ends, for ever.
func (c *children) reap() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch err {
		case nil:
			c.tell(pid, status)
		case syscall.ECHILD:
			<-died
		}
	}
}

func (c *children) tell(pid int, status syscall.WaitStatus) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if ended, ours := c.kept[pid]; ours {
		ended <- status
		delete(c.kept, pid)
	}
}
