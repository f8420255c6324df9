package server

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// counted is a connection that counts how often its deadline is set.
type counted struct {
	net.Conn
	sets int
}

func (c *counted) SetReadDeadline(t time.Time) error {
	c.sets++
	return c.Conn.SetReadDeadline(t)
}

// A deadline that stands is left alone when a later one is wanted, and what is
// wanted holds nevertheless.
func TestReadDeadline(t *testing.T) {
	client, inner := net.Pipe()
	defer client.Close()
	defer inner.Close()
	c := &counted{Conn: inner}
	var d readDeadline
	must := func(at time.Time) {
		t.Helper()
		if err := d.set(c, at); err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		p := make([]byte, 1)
		for {
			n, err := c.Read(p)
			if n > 0 || err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !d.again(c) {
				return err
			}
		}
	}
	must(time.Now().Add(time.Hour))
	for i := range 100 {
		must(time.Now().Add(time.Hour + time.Duration(i)*time.Minute))
		must(time.Time{})
	}
	if c.sets != 1 {
		t.Errorf("the deadline was set %d times", c.sets)
	}

	// One that is over holds at once, for a read under way too.
	failed := make(chan error, 1)
	go func() { failed <- read() }()
	must(time.Unix(1, 0))
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v", err)
	}

	// It is taken back, and reading goes on.
	must(time.Time{})
	go func() { failed <- read() }()
	if _, err := io.WriteString(client, "x"); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Errorf("after the deadline was taken back: %v", err)
	}

	// One that fires too early is moved on to what is wanted, and that fires.
	must(time.Now().Add(5 * time.Millisecond))
	wanted := time.Now().Add(40 * time.Millisecond)
	must(wanted)
	if err := read(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Now().Before(wanted) {
		t.Errorf("got %v, %v before its time", err, time.Until(wanted))
	}
}
