package server

import (
	"net"
	"sync"
	"time"
)

// readDeadline is a connection's deadline for reading. net/http moves it six
// times a request, nearly always to later, and each time the runtime's poller
// is asked under locks. So one that stands is left alone when a later one is
// wanted: when it fires, it is moved on, and the read goes on.
type readDeadline struct {
	mu    sync.Mutex
	want  time.Time // what was asked for; zero is none
	stood time.Time // what the connection has; zero is none
}

// set asks for a deadline. An earlier one than that which stands holds at once,
// also for a read under way.
func (d *readDeadline) set(c net.Conn, t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.want = t
	if d.stood.IsZero() && t.IsZero() || !d.stood.IsZero() && (t.IsZero() || !t.Before(d.stood)) {
		return nil
	}
	d.stood = t
	return c.SetReadDeadline(t)
}

// again reports whether a read that has timed out is to be tried again: the
// deadline that is wanted is not over, and stands now.
func (d *readDeadline) again(c net.Conn) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.want.IsZero() && !time.Now().Before(d.want) {
		return false
	}
	d.stood = d.want
	return c.SetReadDeadline(d.want) == nil
}
