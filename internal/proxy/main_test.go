package proxy

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a goroutine outlives the tests: a request, a connection,
// a copy of one direction.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(time.Now().Add(10 * time.Second)); left != "" {
		fmt.Fprintln(os.Stderr, "leaked goroutines:\n"+left)
		code = max(code, 1)
	}
	os.Exit(code)
}

// leaked gives the goroutines of ours and of net/http's that do not go until
// the deadline.
func leaked(deadline time.Time) string {
	for {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		var left []string
		for i, stack := range strings.Split(string(stacks), "\n\n") {
			// The first is this one.
			if i > 0 && (strings.Contains(stack, "internal/proxy") || strings.Contains(stack, "net/http")) {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return strings.Join(left, "\n\n")
		}
		runtime.Gosched()
	}
}
