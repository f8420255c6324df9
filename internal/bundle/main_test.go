package bundle

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a goroutine of ours or esbuild's outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if leaked := leakedGoroutines(time.Now().Add(5 * time.Second)); leaked != "" {
		fmt.Fprintln(os.Stderr, "leaked goroutines:\n"+leaked)
		code = max(code, 1)
	}
	os.Exit(code)
}

// leakedGoroutines gives those that are on their way out until the deadline.
func leakedGoroutines(deadline time.Time) string {
	for {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		var leaked []string
		for i, stack := range strings.Split(string(stacks), "\n\n") {
			// The first is this one.
			if i > 0 && (strings.Contains(stack, "esbuild") || strings.Contains(stack, "internal/bundle")) {
				leaked = append(leaked, stack)
			}
		}
		if len(leaked) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return strings.Join(leaked, "\n\n")
		}
		runtime.Gosched()
	}
}
