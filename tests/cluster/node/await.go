package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	longestStep  = 3 * time.Minute // for one condition; a loaded machine of two cores needs about 20 s for all of them
	longestCheck = 5 * time.Second
	checkEvery   = 100 * time.Millisecond
	toldLines    = 25 // of the log of a program that did not do its part
)

// condition is nil once it holds, else why it does not.
type condition func(context.Context) error

// await waits until the condition holds. When it never does, the error ends with what the program said last.
func await(ctx context.Context, l Layout, program string, holds condition) error {
	ctx, cancel := context.WithTimeout(ctx, longestStep)
	defer cancel()
	for {
		check, done := context.WithTimeout(ctx, longestCheck)
		err := holds(check)
		done()
		if err == nil {
			return nil
		}
		if holder(l) == 0 {
			return fmt.Errorf("the node ended before %s was ready\n%s", program, lastLines(l.Log("node")))
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return errors.New("interrupted")
			}
			return fmt.Errorf("%s was not ready within %s: %w\n%s\n%s", program, longestStep, err, lastLines(l.Log("node")), lastLines(l.Log(program)))
		case <-time.After(checkEvery):
		}
	}
}

// lastLines is the end of a log, under its name.
func lastLines(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return fmt.Sprintf("--- end of %s\n%s", path, strings.Join(lines[max(0, len(lines)-toldLines):], "\n"))
}
