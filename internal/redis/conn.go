// Package redis is what nodes share on a Redis or Valkey server: the cache's
// entries, tags and leases, and the allowances of rate limits.
//
// # After a revalidation no node answers from before it
//
// Entries are read through the client's own cache, which the server tells of
// changes a moment late. The states of tags never are: each Get reads them from
// the server, in one round trip that concurrent requests share.
//
//  1. Mark returns after the server has run its script. A Get that begins after
//     that, on whichever node, has the server read the states after the script.
//  2. The server gives all stamps, each later than those before. An entry that
//     began before the mark has an earlier stamp than it: it is dropped,
//     wherever its bytes came from and whenever they were stored.
//  3. An entry with a later stamp began after the mark and was made from what
//     was true then.
//
// So the client's cache may be late by what it likes: it costs a second read,
// never a wrong answer. A miss or anything not fresh from it is read again from
// the server itself, so that nobody makes what another node has just made.
//
// This holds where one primary has the data. A failover to a replica that has
// not had a mark yet forgets it, and so does an eviction of the mark: a server
// with a memory limit ought to have the policy volatile-ttl.
//
// # When the server is away
//
// Nothing waits for it then: reads and writes are met by a store in memory,
// and a goroutine tries to reach the server. Marks that were made meanwhile are
// made there before anything else. Entries that were begun meanwhile are stamped
// by another clock and stay in memory.
package redis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// Options are how to reach a server.
type Options struct {
	// URL is `redis://[user:password@]host:port[/database]`, `rediss://` for
	// TLS, or `unix://`. `valkey://` and `valkeys://` are the same.
	URL string
	// Prefix begins all names on the server; "" is "portico". Nodes with one
	// prefix share everything.
	Prefix string
	// Timeout is how long one exchange with the server may take; 0 is half a
	// second. A server that takes longer is away.
	Timeout time.Duration
	// Retry is how often a server that is away is tried; 0 is a second.
	Retry time.Duration
	// OnState is told when the server is away and when it is back; one call at
	// a time. Nil is nobody.
	OnState func(State)
}

// State is whether a server can be reached.
type State struct {
	Up  bool
	Err error // why not
}

// Conn is the way to a server, for a Store and a Limiter.
type Conn struct {
	options Options
	client  rueidis.ClientOption

	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu      sync.Mutex
	current rueidis.Client // nil until the server was reached
	state   State
	rejoin  func(context.Context, rueidis.Client) (done bool, err error)
}

// errAway is told to a Store and a Limiter; nobody else sees it.
var errAway = errors.New("the server is away")

// Dial reads the options and tries to reach the server. That it is away is no
// error.
func Dial(o Options) (*Conn, error) {
	url := o.URL
	if rest, ok := strings.CutPrefix(url, "valkey"); ok {
		url = "redis" + rest
	}
	client, err := rueidis.ParseURL(url)
	if err != nil {
		return nil, errors.New("the server's URL is not of the form redis://[user:password@]host:port[/database]")
	}
	if o.Prefix == "" {
		o.Prefix = "portico"
	}
	if strings.ContainsAny(o.Prefix, "{}*?[]\\") {
		return nil, fmt.Errorf("the prefix %q has one of the characters {}*?[]\\", o.Prefix)
	}
	if o.Timeout == 0 {
		o.Timeout = time.Second / 2
	}
	if o.Retry == 0 {
		o.Retry = time.Second
	}
	if o.OnState == nil {
		o.OnState = func(State) {}
	}
	client.Dialer.Timeout = o.Timeout
	client.ConnWriteTimeout = o.Timeout
	client.DisableRetry = true // whoever waits is answered from memory instead
	c := &Conn{options: o, client: client}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if err := c.reach(); err != nil {
		c.lost(nil, err)
	} else {
		c.state.Up = true
	}
	return c, nil
}

// State is whether the server can be reached, as far as is known.
func (c *Conn) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Close ends all. A Store and a Limiter on it go on in memory.
func (c *Conn) Close() {
	c.cancel()
	c.running.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = State{Err: errors.New("closed")}
	if c.current != nil {
		c.current.Close()
		c.current = nil
	}
}

// reach makes sure that the server answers.
func (c *Conn) reach() error {
	c.mu.Lock()
	client := c.current
	c.mu.Unlock()
	if client == nil {
		var err error
		client, err = rueidis.NewClient(c.client)
		if errors.Is(err, rueidis.ErrNoCache) {
			// A server that cannot tell of changes: every entry is read from it.
			plain := c.client
			plain.DisableCache = true
			client, err = rueidis.NewClient(plain)
		}
		if err != nil {
			return err
		}
		c.mu.Lock()
		c.current = client
		c.mu.Unlock()
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.options.Timeout)
	defer cancel()
	return client.Do(ctx, client.B().Ping().Build()).Error()
}

// lost says that the server is away, and has it looked for. The client goes: it
// has several connections, and each would fail once more. A failure of a client
// that is gone says nothing of the one after it.
func (c *Conn) lost(client rueidis.Client, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil || c.state.Err != nil || client != nil && client != c.current {
		return
	}
	c.state = State{Err: err}
	old := c.current
	c.current = nil
	c.running.Go(func() {
		if old != nil {
			old.Close()
		}
		c.options.OnState(State{Err: err})
		c.search()
	})
}

func (c *Conn) search() {
	tick := time.NewTicker(c.options.Retry)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-c.ctx.Done():
			return
		}
		if c.reach() == nil && c.back() {
			c.options.OnState(State{Up: true})
			return
		}
	}
}

// back has the store tell the server what it has missed.
func (c *Conn) back() bool {
	for {
		c.mu.Lock()
		rejoin, client := c.rejoin, c.current
		if rejoin == nil {
			c.state = State{Up: true}
		}
		c.mu.Unlock()
		if rejoin == nil {
			return true
		}
		ctx, cancel := context.WithTimeout(c.ctx, c.options.Timeout)
		done, err := rejoin(ctx, client)
		cancel()
		if done || err != nil {
			return err == nil
		}
	}
}

// up marks the server as back. The store calls it when nothing is left to tell.
func (c *Conn) up() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = State{Up: true}
}

// do has one exchange with the server. Its error is errAway where that failed,
// the context's where the caller left, and else the server's answer.
func (c *Conn) do(ctx context.Context, f func(context.Context, rueidis.Client) error) error {
	c.mu.Lock()
	client, up := c.current, c.state.Up
	c.mu.Unlock()
	if !up {
		return errAway
	}
	within, cancel := context.WithTimeout(ctx, c.options.Timeout)
	defer cancel()
	err := f(within, client)
	switch {
	case err == nil || rueidis.IsRedisNil(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	if reply, ok := rueidis.IsRedisErr(err); ok && !unable(reply.Error()) {
		return err
	}
	c.lost(client, err)
	return errAway
}

// unable are a server's answers that say that it does not serve.
func unable(reply string) bool {
	for _, word := range []string{"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "NOAUTH", "WRONGPASS", "NOPERM", "MISCONF", "TRYAGAIN"} {
		if strings.HasPrefix(reply, word) {
			return true
		}
	}
	return false
}
