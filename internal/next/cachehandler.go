package next

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// CacheHandlerOptions are what a CacheHandler works with.
type CacheHandlerOptions struct {
	// Entry is the script among the program's entries.
	Entry string
	// HandlerTimeout is how long a call of the script may take, and how long a
	// script that did not answer is left alone; 0 is 5 s.
	HandlerTimeout time.Duration
	// MaxMemory and ServerDir are what the script's constructor is told as
	// maxMemoryCacheSize, in bytes, and serverDistDir.
	MaxMemory int64
	ServerDir string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Web are the options of the Web platform, as for an App.
	Web web.Options
	// Pool are the options of the script's isolate, as for an App.
	Pool js.Options
	// Modules registers further host modules, as for an App; nil is none.
	Modules func(*js.Isolate)
}

// CacheHandler is a cache.Store whose entries a script keeps: the class that
// Next.js's configuration names as cacheHandler. It has one isolate of its own
// and one instance of the class, where Next.js makes an instance for every
// request, so that what the module keeps in variables is there once.
//
// No method fails by what the script does: an entry that it does not give is
// one that is not kept.
type CacheHandler struct {
	o      CacheHandlerOptions
	app    *App
	tags   *cache.TagTable
	leases cache.Leases
	known  known
	keys   keyLocks
	closed chan struct{}
	once   sync.Once

	// Reads and writes have each their gate: a script may hang in one of them.
	reads, writes gate

	mu       sync.Mutex
	failures map[string]*failure
}

const handlerTimeout = 5 * time.Second

// NewCacheHandler starts a script and makes an instance of its class. The error
// is an *[ExportError] where there is no such class, what the script threw, or
// the context's.
func NewCacheHandler(ctx context.Context, p *js.Program, o CacheHandlerOptions) (*CacheHandler, error) {
	if o.HandlerTimeout <= 0 {
		o.HandlerTimeout = handlerTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	// Whoever finds the isolate idle runs the script on its own goroutine: it
	// must not compute for longer than others would wait for it.
	if o.Pool.JobLimit <= 0 || o.Pool.JobLimit > o.HandlerTimeout {
		o.Pool.JobLimit = o.HandlerTimeout
	}
	app, err := New(p, Options{Isolates: 1, Pool: o.Pool, Web: o.Web, Modules: o.Modules})
	if err != nil {
		return nil, err
	}
	h := &CacheHandler{o: o, app: app, tags: cache.NewTagTable(o.Now, 0), closed: make(chan struct{}), failures: map[string]*failure{}}
	if err := h.run(ctx, &handlerCall{}); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Close ends the script. Nothing that it does is waited for.
func (h *CacheHandler) Close() error {
	var err error
	h.once.Do(func() {
		close(h.closed)
		ended, cancel := context.WithCancel(context.Background())
		cancel()
		if err = h.app.Close(ended); errors.Is(err, context.Canceled) {
			err = nil
		}
	})
	return err
}

// Err is why the script is not asked just now; nil where it is.
func (h *CacheHandler) Err() error {
	now := time.Now()
	for _, g := range []*gate{&h.reads, &h.writes} {
		if g.shut(now) {
			return fmt.Errorf("%s: the cache handler %w", h.o.Entry, errHandlerSlow)
		}
	}
	return nil
}

// Get is a cache.Store's.
func (h *CacheHandler) Get(ctx context.Context, key cache.Key, further []string) (cache.Hit, error) {
	return h.Ask(ctx, key, 0, "", further)
}

// Ask is a cache.Asker's. Its only error is the context's.
func (h *CacheHandler) Ask(ctx context.Context, key cache.Key, kind cache.Kind, name string, further []string) (cache.Hit, error) {
	k := h.known.get(key)
	q := question{key: key, kind: cmp.Or(kind, k.kind), name: cmp.Or(name, k.name), tags: k.tags, further: further, known: k}
	e, err := h.read(ctx, q)
	switch {
	case err != nil && ctx.Err() != nil:
		return cache.Hit{}, ctx.Err()
	case err != nil, e == nil, e.Made <= k.gone:
		if err == nil {
			h.known.forget(key, k.turn)
		}
		return cache.Hit{Tags: h.tags.State(further)}, nil
	}
	h.tags.Seen(max(e.Made, e.Checked))
	h.known.see(key, e)
	return cache.Hit{Entry: e, Tags: h.tags.State(e.Tags, further)}, nil
}

// Set is a cache.Store's. That no later entry is replaced holds for those of
// this process: the script cannot be asked to compare.
func (h *CacheHandler) Set(ctx context.Context, key cache.Key, e *cache.Entry) error {
	release, err := h.keys.take(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	if k := h.known.get(key); k.made != 0 && !e.NotBefore(&cache.Entry{Made: k.made, Checked: k.checked}) {
		return nil
	}
	began := time.Now()
	if err := h.write(ctx, key, e); err != nil {
		return ctx.Err()
	}
	h.known.put(key, knownOf(e, began, time.Now()))
	return nil
}

// Delete is a cache.Store's. Next.js's interface has no deletion; what it does
// have is setting null.
func (h *CacheHandler) Delete(ctx context.Context, key cache.Key) error {
	release, err := h.keys.take(ctx, key)
	if err != nil {
		return err
	}
	defer release()
	if err := h.write(ctx, key, nil); err != nil {
		// The script still has it: it is passed over from now on.
		h.known.put(key, knownEntry{gone: h.tags.Stamp()})
		return ctx.Err()
	}
	h.known.put(key, knownEntry{})
	return nil
}

// Mark is a cache.Store's. This process holds to the marks whatever the script
// makes of them; others know of them by what the script does.
func (h *CacheHandler) Mark(ctx context.Context, tags []string, m cache.Mark) error {
	h.tags.Mark(tags, m)
	named := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return tag == cache.Everything })
	if len(named) < len(tags) && !m.Stale {
		if err := h.purge(ctx); err != nil {
			return err
		}
	}
	if len(named) == 0 {
		return nil
	}
	err := h.run(ctx, &handlerCall{method: "revalidateTag", optional: true, args: func(in *handlerInstance) []goja.Value {
		rt := in.m.rt
		args := []goja.Value{in.list(named)}
		if m.Stale {
			durations := rt.NewObject()
			if m.Expire > 0 && m.Expire != cache.Forever {
				put(durations, "expire", in.seconds(m.Expire))
			}
			args = append(args, durations)
		}
		return args
	}})
	if err != nil && ctx.Err() == nil {
		h.report("revalidateTag", err)
	}
	return ctx.Err()
}

// purge has the script drop all that is known to be there: no tag of it stands
// for everything.
func (h *CacheHandler) purge(ctx context.Context) error {
	for _, key := range h.known.all() {
		if err := h.Delete(ctx, key); err != nil {
			return err
		}
		if h.writes.shut(time.Now()) {
			break // the mark holds in this process
		}
	}
	return nil
}

// Lease is a cache.Store's: within this process.
func (h *CacheHandler) Lease(_ context.Context, key cache.Key) (cache.Lease, error) {
	return h.leases.Take(key, h.tags.Stamp), nil
}

// Each is a cache.Lister's: of what this process has written or read. The
// script cannot be asked what it has.
func (h *CacheHandler) Each(ctx context.Context, f func(cache.Key, *cache.Entry) bool) error {
	for _, key := range h.known.all() {
		hit, err := h.Get(ctx, key, nil)
		if err != nil {
			return err
		}
		if err := h.Err(); err != nil {
			return err
		}
		if hit.Entry != nil && !f(key, hit.Entry) {
			return nil
		}
	}
	return nil
}

// question is what is asked of the script's get.
type question struct {
	key           cache.Key
	kind          cache.Kind
	name          string
	tags, further []string
	known         knownEntry
}

// read calls get. The error was reported.
func (h *CacheHandler) read(ctx context.Context, q question) (e *cache.Entry, err error) {
	if !h.reads.pass(time.Now(), h.o.HandlerTimeout) {
		return nil, errHandlerSlow
	}
	c := &handlerCall{method: "get", reset: true,
		args: func(in *handlerInstance) []goja.Value {
			return []goja.Value{in.m.rt.ToValue(q.key.String()), in.getContext(q)}
		},
	}
	var got *cache.Entry // the isolate's until c has ended
	c.take = func(in *handlerInstance, v goja.Value) (err error) {
		got, err = in.entryOf(v, q, h.o.Now())
		return err
	}
	if err = h.passed(ctx, &h.reads, "get", c); err != nil {
		return nil, err
	}
	return got, nil
}

// write calls set; a nil entry is null. The error was reported.
func (h *CacheHandler) write(ctx context.Context, key cache.Key, e *cache.Entry) error {
	if !h.writes.pass(time.Now(), h.o.HandlerTimeout) {
		return errHandlerSlow
	}
	return h.passed(ctx, &h.writes, "set", &handlerCall{method: "set", args: func(in *handlerInstance) []goja.Value {
		if e == nil {
			none := in.m.rt.NewObject()
			put(none, "tags", in.list(nil))
			return []goja.Value{in.m.rt.ToValue(key.String()), goja.Null(), none}
		}
		return []goja.Value{in.m.rt.ToValue(key.String()), in.data(e), in.setContext(e)}
	}})
}

// passed makes a call that its gate has let pass.
func (h *CacheHandler) passed(ctx context.Context, g *gate, method string, c *handlerCall) error {
	err := h.run(ctx, c)
	switch {
	case err == nil:
		g.open()
	case errors.Is(err, errHandlerSlow), errors.Is(err, js.ErrCompute):
		g.close(time.Now(), h.o.HandlerTimeout)
	}
	if err != nil && ctx.Err() == nil {
		h.report(method, err)
	}
	return err
}

var errHandlerSlow = errors.New("did not answer in time")

// handlerCall is one call of a method of the script's instance. Its functions
// run on the isolate.
type handlerCall struct {
	h      *CacheHandler
	method string // "" calls nothing: there is an instance then
	// optional methods need not be there; reset calls resetRequestCache before.
	optional, reset bool
	args            func(*handlerInstance) []goja.Value
	take            func(*handlerInstance, goja.Value) error // the result; nil drops it
	iso             *js.Isolate
	scope           js.Scope
	ended           bool
	done            chan error
}

// run makes a call and waits for its outcome, for the time limit at most. The
// script goes on after that, as it would in Node.
func (h *CacheHandler) run(ctx context.Context, c *handlerCall) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.h, c.done = h, make(chan error, 1)
	c.scope.OnKill = c.end
	iso, err := h.app.pool.Begin(&c.scope)
	if err != nil {
		return err
	}
	defer h.app.pool.End(iso, &c.scope)
	c.iso = iso
	if !iso.Post(js.NewFrame(&c.scope), c.start) {
		return js.ErrClosed
	}
	select {
	case err := <-c.done:
		return err
	default: // most need no timer: the script has run on this goroutine
	}
	limit := time.NewTimer(h.o.HandlerTimeout)
	defer limit.Stop()
	select {
	case err := <-c.done:
		return err
	case <-limit.C:
		return errHandlerSlow
	case <-ctx.Done():
		return ctx.Err()
	case <-h.closed:
		return js.ErrClosed
	}
}

// end reports the outcome; the first one counts.
func (c *handlerCall) end(err error) {
	if c.ended {
		return
	}
	c.ended = true
	if err != nil {
		err = c.iso.ErrorOf(err)
	}
	c.done <- err
}

// guard ends the call with what fn throws.
func (c *handlerCall) guard(fn func()) {
	if err := c.iso.Runtime().Try(fn); err != nil {
		c.end(err)
	}
}

func (c *handlerCall) start() {
	c.guard(func() {
		c.h.instance(c.iso, func(in *handlerInstance, err error) {
			if err != nil {
				c.end(err)
				return
			}
			c.guard(func() { c.call(in) })
		})
	})
}

func (c *handlerCall) call(in *handlerInstance) {
	if c.method == "" {
		c.end(nil)
		return
	}
	if c.reset {
		if f, ok := goja.AssertFunction(in.object.Get("resetRequestCache")); ok {
			if _, err := c.iso.Call(f, in.object); err != nil {
				c.h.report("resetRequestCache", c.iso.ErrorOf(err))
			}
		}
	}
	f, ok := goja.AssertFunction(in.object.Get(c.method))
	if !ok {
		if c.optional {
			c.end(nil)
			return
		}
		panic(c.iso.TypeError("%s of the cache handler is no function any more", c.method))
	}
	v, err := c.iso.Call(f, in.object, c.args(in)...)
	if err != nil {
		c.end(err)
		return
	}
	c.iso.Await(v, func(v goja.Value, err error) {
		if err != nil || c.take == nil {
			c.end(err)
			return
		}
		c.guard(func() { c.end(c.take(in, v)) })
	})
}

// handlerInstance is the instance of the script's class on an isolate.
type handlerInstance struct {
	m      *Modules
	object *goja.Object
	buffer *goja.Object // the class Buffer
	from   goja.Callable
}

type handlerInstanceKey struct{}

// instance is the instance on an isolate, made when the first asks for it: an
// isolate that broke down is replaced by an empty one.
func (h *CacheHandler) instance(iso *js.Isolate, then func(*handlerInstance, error)) {
	in := js.State(iso, handlerInstanceKey{}, func() *handlerInstance { return &handlerInstance{m: of(iso)} })
	if in.object != nil {
		then(in, nil)
		return
	}
	iso.Load(h.o.Entry, func(ns *goja.Object, err error) {
		if err != nil {
			then(nil, err)
			return
		}
		if in.object == nil { // a top-level await may have kept several waiting
			if e := iso.Runtime().Try(func() { err = h.construct(in, ns) }); e != nil {
				err = e
			}
			if err != nil {
				then(nil, err)
				return
			}
		}
		then(in, nil)
	})
}

// construct makes the instance of what a module exports: its default export, or
// module.exports, which a compiler may have given a default of its own.
func (h *CacheHandler) construct(in *handlerInstance, ns *goja.Object) error {
	const hint = "write module.exports = class CacheHandler { async get(key) { … } async set(key, data, ctx) { … } async revalidateTag(tags) { … } }"
	bad := func(text string) error {
		return &ExportError{Entry: h.o.Entry, Name: "default", Text: text, Hint: hint}
	}
	v := orUndefined(ns.Get("default"))
	if o, ok := v.(*goja.Object); ok && truthy(o.Get("__esModule")) {
		v = orUndefined(o.Get("default"))
	}
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return bad("there is no default export, want the cache handler's class")
	}
	class, ok := v.(*goja.Object)
	if _, callable := goja.AssertFunction(v); !ok || !callable {
		return bad("the default export is " + article(kind(v)) + ", want the cache handler's class")
	}
	iso := in.m.iso
	o, err := in.m.rt.New(class, h.options(in))
	if err != nil {
		if _, ok := err.(*goja.Exception); !ok {
			panic(err) // an interrupt
		}
		return iso.ErrorOf(err)
	}
	for _, name := range []string{"get", "set"} {
		if _, ok := goja.AssertFunction(o.Get(name)); !ok {
			return bad("the cache handler has no method " + name + "()")
		}
	}
	buffer, err := iso.Import("buffer")
	if err != nil {
		return err
	}
	in.buffer = buffer.Get("Buffer").(*goja.Object)
	in.from, _ = goja.AssertFunction(in.buffer.Get("from"))
	in.object = o
	return nil
}

// options are what Next.js 16 gives the constructor, but for fs, its own way to
// the disk.
func (h *CacheHandler) options(in *handlerInstance) *goja.Object {
	rt := in.m.rt
	o := rt.NewObject()
	put(o, "dev", rt.ToValue(h.o.Web.Dev))
	put(o, "flushToDisk", rt.ToValue(true))
	put(o, "serverDistDir", rt.ToValue(h.o.ServerDir))
	put(o, "revalidatedTags", rt.NewArray())
	put(o, "maxMemoryCacheSize", rt.ToValue(h.o.MaxMemory))
	put(o, "_requestHeaders", rt.NewObject())
	put(o, "fetchCacheKeyPrefix", rt.ToValue(""))
	return o
}

// failure counts what went wrong since it was said last.
type failure struct {
	said  time.Time
	times int
}

// sayAgain is how often the same failure is said.
const sayAgain = time.Minute

// report says what went wrong with a call, each kind once a minute at most.
func (h *CacheHandler) report(method string, err error) {
	if errors.Is(err, js.ErrClosed) {
		return // the server ends
	}
	place, what := h.o.Entry, "failed"
	var thrown *js.ScriptError
	var answer *handlerAnswerError
	switch {
	case errors.As(err, &thrown):
		place, what = cmp.Or(thrown.Place(), place), "threw"
	case errors.As(err, &answer):
		what = "returned what is no entry"
	case errors.Is(err, errHandlerSlow):
		what = fmt.Sprintf("did not answer within %s", h.o.HandlerTimeout)
	}
	now := time.Now()
	h.mu.Lock()
	f := h.failures[method+" "+what]
	if f == nil {
		f = &failure{}
		h.failures[method+" "+what] = f
	}
	f.times++
	times := f.times
	again := f.said.IsZero() || now.Sub(f.said) >= sayAgain
	if again {
		f.said, f.times = now, 0
	}
	h.mu.Unlock()
	if !again {
		return
	}
	attrs := []any{slog.Any("error", err)}
	if times > 1 {
		attrs = append(attrs, slog.Int("times", times))
	}
	h.o.Web.Logger.Error(place+": "+method+"() of the cache handler "+what+"; requests go on without it", attrs...)
}

// gate keeps requests from waiting, one after the other, for a script that does
// not answer: one tries again after a while, the others pass it by.
type gate struct {
	until atomic.Int64 // nanoseconds since the epoch; 0: open
}

// pass reports whether a call is to be made.
func (g *gate) pass(now time.Time, again time.Duration) bool {
	until := g.until.Load()
	if until == 0 {
		return true
	}
	return now.UnixNano() >= until && g.until.CompareAndSwap(until, now.Add(again).UnixNano())
}

func (g *gate) open() {
	if g.until.Load() != 0 {
		g.until.Store(0)
	}
}

func (g *gate) close(now time.Time, d time.Duration) { g.until.Store(now.Add(d).UnixNano()) }

// shut reports whether calls are passed by.
func (g *gate) shut(now time.Time) bool { return now.UnixNano() < g.until.Load() }

// keyLocks have the writes of one key come one after the other: a script may
// finish the first after the second.
type keyLocks struct {
	mu   sync.Mutex
	held map[cache.Key]chan struct{}
}

func (l *keyLocks) take(ctx context.Context, key cache.Key) (release func(), err error) {
	for {
		l.mu.Lock()
		if l.held == nil {
			l.held = map[cache.Key]chan struct{}{}
		}
		other := l.held[key]
		if other == nil {
			mine := make(chan struct{})
			l.held[key] = mine
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				delete(l.held, key)
				l.mu.Unlock()
				close(mine)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// knownEntry is what is known of an entry beside what the script gives: what a
// script loses that drops fields it does not know.
type knownEntry struct {
	kind          cache.Kind
	name          string
	made, checked cache.Stamp
	lifetime      cache.Lifetime
	tags          []string
	// from and to are when set ran here; zero: another node's entry.
	from, to time.Time
	// gone: entries that began no later are not there, whatever the script says.
	gone cache.Stamp
	turn uint64
}

func knownOf(e *cache.Entry, from, to time.Time) knownEntry {
	return knownEntry{kind: e.Kind, name: e.Name, made: e.Made, checked: e.Checked, lifetime: e.Lifetime, tags: e.Tags, from: from, to: to}
}

// known remembers entries: as many as two maps of knownMax hold, of which the
// older is dropped when the younger is full.
type known struct {
	mu         sync.Mutex
	young, old map[cache.Key]knownEntry
	turns      uint64
}

const knownMax = 20_000

// get is what is known; the zero value is nothing.
func (k *known) get(key cache.Key) knownEntry {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.find(key)
}

func (k *known) find(key cache.Key) knownEntry {
	if e, ok := k.young[key]; ok {
		return e
	}
	return k.old[key]
}

func (k *known) put(key cache.Key, e knownEntry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e.made == 0 && e.gone == 0 {
		delete(k.young, key)
		delete(k.old, key)
		return
	}
	k.turns++
	e.turn = k.turns
	k.insert(key, e)
}

func (k *known) insert(key cache.Key, e knownEntry) {
	if k.young == nil || len(k.young) >= knownMax {
		k.old, k.young = k.young, map[cache.Key]knownEntry{}
	}
	k.young[key] = e
	delete(k.old, key)
}

// see notes an entry that the script has given, which another node may have
// made.
func (k *known) see(key cache.Key, e *cache.Entry) {
	k.mu.Lock()
	defer k.mu.Unlock()
	have := k.find(key)
	if have.made == e.Made && have.checked >= e.Checked || have.made > e.Made {
		return
	}
	seen := knownOf(e, time.Time{}, time.Time{})
	k.turns++
	seen.turn, seen.gone = k.turns, have.gone
	k.insert(key, seen)
}

// forget drops what was known at a turn: the script has lost it. What was put
// since stays.
func (k *known) forget(key cache.Key, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.find(key); turn != 0 && e.turn == turn && e.gone == 0 {
		delete(k.young, key)
		delete(k.old, key)
	}
}

func (k *known) all() []cache.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	keys := make([]cache.Key, 0, len(k.young)+len(k.old))
	for _, m := range []map[cache.Key]knownEntry{k.young, k.old} {
		for key, e := range m {
			if e.made != 0 {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
