package next

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/js"
)

// function is the value of the scope that a cached function runs in. It has no
// request, so that what it returns is for everybody.
type function struct {
	making
	// draft is whether draft mode is on for the request that asks.
	draft bool

	scope js.Scope
	name  string
	// place is the tags of who asks by its place: they drop for it what the
	// function uses.
	place []string
	// deadline is when the function is ended. What it calls ends no later.
	deadline time.Time
	// flight is what everybody waits for while the function runs: its own key, or
	// that of the function around it, where it runs for that alone.
	flight *cache.Key
	depth  int // of functions that run for the one around them alone

	explicit CacheLife // what cacheLife() said
}

// cachedCall is one call of a cached function: what is asked for, and how it is
// made when nobody has it.
type cachedCall struct {
	m    *Modules
	kind makingKind
	name string // in messages
	key  cache.Key
	tags []string       // its own
	life cache.Lifetime // the longest

	// invoke calls the function, in its scope.
	invoke func() (goja.Value, error)
	// encode makes the bytes that are kept, ok is false for a value that is not to
	// be kept. decode makes a value of them, on any isolate.
	encode func(v goja.Value) (b []byte, ok bool, err error)
	decode func(b []byte) (goja.Value, error)

	// of the making for this very call, on the isolate
	value  goja.Value // what the function has returned
	thrown error
	made   *function
}

// maxDepth is how deep cached functions may call one another where each runs for
// the one around it: a function that calls itself without an end does not end
// otherwise.
const maxDepth = 1000

// function is the cached function that runs here, or nil.
func (m *Modules) function() *function {
	if s := m.iso.Scope(); s != nil {
		f, _ := s.Value.(*function)
		return f
	}
	return nil
}

// draft is whether draft mode is on here.
func (m *Modules) draft() bool {
	if x := m.exchange(); x != nil {
		return x.call.Draft
	}
	f := m.function()
	return f != nil && f.draft
}

// route is the pattern of the handler that runs here, for messages.
func (m *Modules) route() string {
	if x := m.exchange(); x != nil {
		return x.call.Pattern
	}
	if f := m.function(); f != nil {
		return f.making.route
	}
	return ""
}

// placeTags are the tags of who asks here by its place.
func (m *Modules) placeTags() []string {
	if x := m.exchange(); x != nil {
		return x.pathTags()
	}
	if f := m.function(); f != nil {
		return f.place
	}
	return nil
}

// ask gives the promise of what a call of a cached function gives.
func (m *Modules) ask(c *cachedCall) goja.Value {
	outer := m.function()
	store := m.app.opts.Cache
	if store == nil || m.draft() {
		return m.askInline(c)
	}
	// As in Next.js, unstable_cache() in unstable_cache() is made each time, and kept.
	anew := outer != nil && outer.kind == cachedFunction && c.kind == cachedFunction
	place := m.placeTags()
	x := m.exchange()
	m.guardRequest(x)
	marked := x != nil && len(x.marks) > 0
	outdated := marked && (m.revalidated(c.tags) || m.revalidated(place))
	ctx := m.app.ctx // nothing of who asks
	fresh := m.newFunction(c)
	r := cache.Request{
		Key: c.key, Kind: cache.Value, Name: c.name, Tags: place, Anew: anew, NoStale: outdated || m.making() != nil,
		Fill: func(ctx context.Context) (*cache.Entry, error) { return m.fill(ctx, c, fresh()) },
	}
	if !marked {
		if res, ok := store.Peek(ctx, r); ok { // the usual case does not leave the isolate
			return m.iso.Attempt(func() (goja.Value, error) { return m.given(c, res, nil) })
		}
	}
	if outer != nil && outer.flight != nil && !m.app.waits.add(*outer.flight, c.key) {
		return m.askInline(c) // it would wait for itself
	}
	p := m.iso.NewPromise()
	frame := m.iso.Current()
	go func() {
		if outer != nil && outer.flight != nil {
			defer m.app.waits.remove(*outer.flight, c.key)
		}
		// What this request has revalidated is gone for it once the store knows.
		if marked && !x.applied(ctx) && outdated {
			m.iso.Post(frame, func() { m.inline(c, p) })
			return
		}
		res, err := store.Do(ctx, r)
		if err == nil && res.Entry == nil && !res.Made {
			// It was made for somebody else and is not for sharing, or nobody knows
			// what came of it.
			res, err = store.Do(ctx, r)
		}
		if err == nil && res.Entry == nil && !res.Made {
			m.iso.Post(frame, func() { m.inline(c, p) })
			return
		}
		p.Settle(func() (goja.Value, error) { return m.given(c, res, err) })
	}()
	return p.Value()
}

// given gives whoever asked its value. It runs on the isolate, in the asker's
// context.
func (m *Modules) given(c *cachedCall, res cache.Result, err error) (goja.Value, error) {
	if err != nil {
		if c.thrown != nil {
			return nil, c.thrown
		}
		return nil, m.failure(c, err)
	}
	if res.Entry == nil { // it is not kept, and this call has made it
		if c.made == nil {
			return nil, js.ErrClosed
		}
		m.enclose(c.kind, c.made.life, c.made.tags)
		return c.value, nil
	}
	m.enclose(c.kind, res.Entry.Lifetime, res.Entry.Tags)
	if res.Made && c.kind == cachedFunction {
		return c.value, nil // the first gets what the function has returned, as in Next.js
	}
	v, err := c.decode(res.Entry.Body)
	if err != nil {
		return nil, fmt.Errorf("what is kept of %s cannot be read: %w", c.name, err)
	}
	return v, nil
}

// minPrerenderable is the shortest end of a 'use cache' that a static answer may
// be made from, as in Next.js: what ends before is made for each request.
const minPrerenderable = 5 * time.Minute

// enclose adds what was used to what is being made here.
func (m *Modules) enclose(kind makingKind, life cache.Lifetime, tags []string) {
	k := m.making()
	if k == nil {
		return
	}
	if short := kind == useCache && (life.Revalidate <= 0 || life.Expire < minPrerenderable); short && k.kind <= onlyStatic {
		const what = "\"use cache\" with a short life"
		switch k.kind {
		case autoStatic:
			m.bail(k, what, what)
		case onlyStatic:
			m.touch(what)
		case forceStatic: // it is as it is, like a fetch that is not cached
			life = cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}
		}
	}
	k.add(life, tags)
}

// newFunction prepares runs of a function for a call from here.
func (m *Modules) newFunction(c *cachedCall) func() *function {
	route, draft, place := m.route(), m.draft(), m.placeTags()
	var end time.Time
	if outer := m.function(); outer != nil {
		end = outer.deadline
	}
	return func() *function {
		f := &function{
			making: making{kind: c.kind, life: c.life, tags: slices.Clone(c.tags), route: route},
			draft:  draft, name: c.name, place: place, flight: &c.key,
			deadline: time.Now().Add(m.app.opts.HandlerTimeout),
		}
		if !end.IsZero() && end.Before(f.deadline) {
			f.deadline = end
		}
		return f
	}
}

// run runs a cached function in its scope and tells then of its outcome, once
// and on the isolate; not at all where the isolate ends first. What run returns
// ends the bounds of the scope. It may be called from any goroutine.
func (m *Modules) run(f *function, call func() (goja.Value, error), then func(goja.Value, error)) (stop func(), ok bool) {
	settled := false // on the isolate
	finish := func(v goja.Value, err error) {
		if !settled {
			settled = true
			then(v, err)
		}
	}
	f.scope.Value = f
	f.scope.OnKill = func(err error) {
		if errors.Is(err, ErrTimeout) {
			finish(nil, errors.New(f.name+" did not settle in time"))
			return
		}
		finish(nil, fmt.Errorf("%s: %w", f.name, err))
	}
	m.app.pool.Join(m.iso, &f.scope)
	limit := time.AfterFunc(time.Until(f.deadline), func() { m.iso.Kill(&f.scope, ErrTimeout) })
	stop = sync.OnceFunc(func() {
		limit.Stop()
		m.app.pool.End(m.iso, &f.scope)
	})
	// A task of its own, with the time that one may compute; no async context.
	if !m.iso.Post(js.NewFrame(&f.scope), func() {
		v, err := m.attempt(call)
		if err != nil {
			finish(nil, err)
			return
		}
		m.iso.Await(v, finish)
	}) {
		stop()
		return nil, false
	}
	return stop, true
}

// attempt calls f, and gives what it throws as an error.
func (m *Modules) attempt(f func() (goja.Value, error)) (v goja.Value, err error) {
	p := m.iso.Attempt(func() (goja.Value, error) {
		var err error
		v, err = f()
		return goja.Undefined(), err
	})
	_, err, _ = m.iso.Settled(p)
	return v, err
}

// fill makes the entry of a call. It does not run on the isolate.
func (m *Modules) fill(ctx context.Context, c *cachedCall, f *function) (*cache.Entry, error) {
	m.app.work.Add(1)
	defer m.app.work.Done()
	type outcome struct {
		entry *cache.Entry
		err   error
	}
	out := make(chan outcome, 1)
	stop, ok := m.run(f, c.invoke, func(v goja.Value, err error) {
		e, err := m.keep(c, f, v, err)
		out <- outcome{e, err}
	})
	// Those who wait on other isolates make it themselves when this one ends.
	closed := fmt.Errorf("%s: %w (%w)", c.name, js.ErrClosed, cache.ErrUnkept)
	if !ok {
		return nil, closed
	}
	defer stop()
	select {
	case o := <-out:
		return o.entry, o.err
	case <-m.iso.Done():
		select {
		case o := <-out:
			return o.entry, o.err
		default:
			return nil, closed
		}
	case <-ctx.Done():
		m.iso.Kill(&f.scope, ctx.Err())
		return nil, ctx.Err()
	}
}

// keep makes the entry of what a function has returned. It runs on the isolate,
// in the function's scope.
func (m *Modules) keep(c *cachedCall, f *function, v goja.Value, err error) (*cache.Entry, error) {
	c.made, c.value = f, v
	var b []byte
	ok := false
	if err == nil {
		b, ok, err = c.encode(v)
	}
	if err != nil {
		c.thrown = err
		return nil, m.describe(err)
	}
	f.life = f.explicit.over(f.life)
	if !ok {
		return nil, nil
	}
	return &cache.Entry{Kind: cache.Value, Name: c.name, Body: b, Tags: slices.Clone(f.tags), Lifetime: f.life}, nil
}

// guardRequest has the request of who asks throw within cached functions, which
// may see it as a variable: what they return is for everybody.
func (m *Modules) guardRequest(x *Exchange) {
	if x == nil || x.request.Guard != nil {
		return
	}
	x.request.Guard = func(name string) {
		if m.function() == nil {
			return
		}
		if !strings.HasPrefix(name, "nextUrl.") {
			name = "request." + name
		}
		m.touch(name)
	}
}

// askInline runs the function for this call alone: nothing is kept.
func (m *Modules) askInline(c *cachedCall) goja.Value {
	p := m.iso.NewPromise()
	m.inline(c, p)
	return p.Value()
}

func (m *Modules) inline(c *cachedCall, p *js.Promise) {
	f := m.newFunction(c)()
	f.flight = nil
	if outer := m.function(); outer != nil {
		f.flight, f.depth = outer.flight, outer.depth+1
	}
	if f.depth > maxDepth {
		p.Settle(func() (goja.Value, error) {
			return nil, errors.New(c.name + " calls itself without an end")
		})
		return
	}
	var stop func()
	stop, _ = m.run(f, c.invoke, func(v goja.Value, err error) {
		var b []byte
		ok := false
		if err == nil && c.kind == useCache { // the copy is the caller's, as of a hit
			if b, ok, err = c.encode(v); ok {
				v, err = c.decode(b)
			}
		}
		f.life = f.explicit.over(f.life)
		tags := slices.Clone(f.tags)
		life := f.life
		p.Settle(func() (goja.Value, error) {
			if err != nil {
				return nil, err
			}
			m.enclose(c.kind, life, tags)
			return v, nil
		})
		stop()
	})
}

// failed is an error of a script, for those on other isolates who waited.
type failed struct {
	err                   error
	name, message, digest string
}

func (f *failed) Error() string { return f.err.Error() }
func (f *failed) Unwrap() error { return f.err }

// describe takes from a script's error what can leave the isolate.
func (m *Modules) describe(err error) error {
	thrown := m.iso.Thrown(err)
	err = m.iso.ErrorOf(err)
	var s *js.ScriptError
	if !errors.As(err, &s) {
		return err
	}
	f := &failed{err: err, name: s.Name, message: s.Message}
	if o, ok := thrown.(*goja.Object); ok { // redirect() and its kin
		if d, ok := o.Get("digest").(goja.String); ok {
			f.digest = d.String()
		}
	}
	return f
}

// failure is the error of a making for somebody else, for this isolate's
// scripts.
func (m *Modules) failure(c *cachedCall, err error) error {
	var f *failed
	if !errors.As(err, &f) {
		return err
	}
	class := "Error"
	switch f.name {
	case "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError":
		class = f.name
	}
	o := m.iso.NewError(class, f.message)
	if f.name != class && f.name != "" {
		put(o, "name", m.rt.ToValue(f.name))
	}
	if f.digest != "" {
		put(o, "digest", m.rt.ToValue(f.digest))
	}
	return js.Throw(o)
}

// waits is which makings wait for which others, by their keys: one that would
// wait for itself is made inline. The zero waits is ready for use.
type waits struct {
	mu sync.Mutex
	on map[cache.Key][]cache.Key
}

// add has one wait for another, or returns false where the other waits for it.
func (w *waits) add(from, to cache.Key) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.leads(to, from, map[cache.Key]bool{}) {
		return false
	}
	if w.on == nil {
		w.on = map[cache.Key][]cache.Key{}
	}
	w.on[from] = append(w.on[from], to)
	return true
}

func (w *waits) leads(from, to cache.Key, seen map[cache.Key]bool) bool {
	if from == to {
		return true
	}
	seen[from] = true
	for _, next := range w.on[from] {
		if !seen[next] && w.leads(next, to, seen) {
			return true
		}
	}
	return false
}

func (w *waits) remove(from, to cache.Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.on[from]
	if i := slices.Index(list, to); i >= 0 {
		list = slices.Delete(list, i, i+1)
	}
	if len(list) == 0 {
		delete(w.on, from)
	} else {
		w.on[from] = list
	}
}

// maxValue is the most that unstable_cache() keeps, as Next.js has it: larger
// values are given and not kept.
const maxValue = 2 << 20

// unstableCache is unstable_cache(fn, keyParts, { revalidate, tags }).
func (m *Modules) unstableCache(c goja.FunctionCall) goja.Value {
	fn, ok := goja.AssertFunction(c.Argument(0))
	if !ok {
		panic(m.iso.TypeError("unstable_cache: the first argument is not a function"))
	}
	source := c.Argument(0).String()
	name := optional(c.Argument(0).(*goja.Object).Get("name"))
	called := name
	if called == "" {
		called = source
	}
	life := cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}
	var tags []string
	if o, ok := c.Argument(2).(*goja.Object); ok {
		revalidate := orUndefined(o.Get("revalidate"))
		if n, ok := numberOf(revalidate); ok && n == 0 {
			panic(m.iso.NewError("Error", `Invariant revalidate: 0 can not be passed to unstable_cache(), must be "false" or "> 0" `+source))
		}
		if v := o.Get("tags"); v != nil && v.ToBoolean() {
			tags = m.tagList(v, "unstable_cache "+source)
		}
		life.Revalidate = m.revalidateOption(revalidate, "unstable_cache "+called)
	}
	keyParts := "false"
	var each []string // ['a', 'b'] is not ['a,b'], which it is in Next.js
	if o, ok := c.Argument(1).(*goja.Object); ok && o.ClassName() == "Array" {
		join, _ := goja.AssertFunction(o.Get("join"))
		v, err := m.iso.Call(join, o, m.rt.ToValue(","))
		if err != nil {
			panic(err)
		}
		keyParts = v.String()
		for i := range o.Get("length").ToInteger() {
			each = append(each, orUndefined(o.Get(strconv.FormatInt(i, 10))).String())
		}
	}
	fixed := cache.NewKey("unstable_cache").Text(source).Text(keyParts).List(each).Key()
	display := "unstable_cache"
	if name != "" {
		display += " " + name
	}
	return m.iso.Func("", 0, func(c goja.FunctionCall) goja.Value {
		args := slices.Clone(c.Arguments)
		return m.iso.Attempt(func() (goja.Value, error) {
			text, _, err := m.iso.AppendJSON(nil, m.array(args))
			if err != nil {
				return nil, err
			}
			return m.ask(&cachedCall{
				m: m, kind: cachedFunction, name: display, tags: tags, life: life,
				key:    cache.NewKey("unstable_cache").Bytes(fixed[:]).Bytes(text).Key(),
				invoke: func() (goja.Value, error) { return m.iso.Call(fn, goja.Undefined(), args...) },
				encode: func(v goja.Value) ([]byte, bool, error) { return m.encodeJSON(display, v) },
				decode: m.decodeJSON,
			}), nil
		})
	})
}

// encodeJSON writes a value of unstable_cache(): no bytes are undefined.
func (m *Modules) encodeJSON(name string, v goja.Value) ([]byte, bool, error) {
	b, _, err := m.iso.AppendJSON([]byte{}, v)
	switch {
	case err != nil: // the caller has its value all the same
		m.warn("the value of " + name + " is not kept: " + m.iso.ErrorOf(err).Error())
		return nil, false, nil
	case len(b) > maxValue:
		m.warn(fmt.Sprintf("Failed to set Next.js data cache for %s, items over 2MB can not be cached (%d bytes)", name, len(b)))
		return nil, false, nil
	}
	return b, true, nil
}

func (m *Modules) decodeJSON(b []byte) (goja.Value, error) {
	if len(b) == 0 {
		return goja.Undefined(), nil
	}
	return m.iso.ParseJSON(b)
}
