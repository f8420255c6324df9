//go:build unix

package cluster

import (
	"syscall"
	"testing"
)

// A node is stopped while it makes something, and loses its lease by that. What
// it has when it goes on does not take the place of what others have made
// meanwhile.
func TestStoppedMaking(t *testing.T) {
	c := newCluster(t, startRedis(t), 3, "LEASE=1s")
	for round, kind := range []string{"kept", "value", "used"} {
		path := "/" + kind + "/late"
		late, others := c.nodes[round], []*node{c.nodes[(round+1)%3], c.nodes[(round+2)%3]}
		asked, release := c.held(path)
		old := make(chan int, 1)
		go func() {
			a, err := late.do("GET", path)
			n := -1
			if err == nil {
				n, err = a.number()
			}
			if err != nil {
				t.Errorf("%s: who asked the stopped node: %v", path, err)
			}
			old <- n
		}()
		if name := who(t, asked); name != late.name {
			t.Fatalf("%s: node %s asks", path, name)
		}
		c.pass(path)
		if err := late.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		if got := others[0].number(t, path); got != 2 {
			t.Errorf("%s: %d, want 2", path, got)
		}
		others[1].revalidate(t, "tag", "t-late")
		if got := others[1].number(t, path); got != 3 {
			t.Errorf("%s: %d, want 3", path, got)
		}
		release() // the old answer is there when the node goes on
		if err := late.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		if n := <-old; n != 1 && n != 3 {
			t.Errorf("%s: the stopped node's own answer is that of call %d", path, n)
		}
		// To itself it was the server that was away.
		eventually(t, "the node has found the server", func() bool { return late.health(t) == "" })
		for _, n := range c.nodes {
			if got := n.number(t, path); got != 3 {
				t.Errorf("%s: node %s answers with call %d, want 3", path, n.name, got)
			}
		}
		if n := c.count(path); n != 3 {
			t.Errorf("%s: the upstream was asked %d times", path, n)
		}
	}
}
