package next

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
)

// cache fills next/cache, as of Next.js 16; unstable_expireTag and
// unstable_expirePath are of 15, noStore of 14.
func (m *Modules) cache(o *goja.Object) {
	m.fn(o, "unstable_cache", 2, m.unstableCache)
	m.fn(o, "revalidateTag", 2, func(c goja.FunctionCall) goja.Value {
		tag := c.Argument(0).String()
		k, err := m.markOf(c.Argument(1))
		if err != nil {
			panic(m.iso.Thrown(err))
		}
		m.revalidate("revalidateTag("+m.quote(c.Argument(0))+")", k, tag)
		return goja.Undefined()
	})
	m.fn(o, "updateTag", 1, func(c goja.FunctionCall) goja.Value {
		m.revalidate("updateTag("+m.quote(c.Argument(0))+")", cache.Mark{}, c.Argument(0).String())
		return goja.Undefined()
	})
	m.fn(o, "unstable_expireTag", 0, func(c goja.FunctionCall) goja.Value {
		for _, v := range c.Arguments {
			m.revalidate("unstable_expireTag("+m.quote(v)+")", cache.Mark{}, v.String())
		}
		return goja.Undefined()
	})
	for _, name := range []string{"revalidatePath", "unstable_expirePath"} {
		m.fn(o, name, 2, func(c goja.FunctionCall) goja.Value {
			m.revalidatePath(name, c.Argument(0), c.Argument(1))
			return goja.Undefined()
		})
	}
	m.fn(o, "refresh", 0, func(goja.FunctionCall) goja.Value {
		// It has a browser's router ask again, which a handler has none of.
		if m.exchange() == nil {
			panic(m.iso.NewError("Error", "refresh can only be called from within a Server Action. See more info here: https://nextjs.org/docs/app/api-reference/functions/refresh"))
		}
		return goja.Undefined()
	})
	for _, name := range []string{"unstable_noStore", "noStore"} {
		m.fn(o, name, 0, func(goja.FunctionCall) goja.Value { m.noStore(); return goja.Undefined() })
	}
	for _, name := range []string{"cacheLife", "unstable_cacheLife"} {
		m.fn(o, name, 1, func(c goja.FunctionCall) goja.Value { m.cacheLife(c.Argument(0)); return goja.Undefined() })
	}
	for _, name := range []string{"cacheTag", "unstable_cacheTag"} {
		m.fn(o, name, 0, func(c goja.FunctionCall) goja.Value { m.cacheTag(c.Arguments); return goja.Undefined() })
	}
	// io() marks what follows as I/O for the prerendering of pages; elsewhere it
	// is a promise that has resolved. navigation() and prefetch() are of pages.
	m.fn(o, "io", 0, func(goja.FunctionCall) goja.Value { return m.iso.Resolved(goja.Undefined()) })
	for _, name := range []string{"navigation", "prefetch"} {
		m.fn(o, name, 0, func(goja.FunctionCall) goja.Value {
			if m.exchange() == nil && m.function() == nil {
				panic(m.outside(name))
			}
			panic(m.iso.NewError("Error", "Route "+m.route()+" used `"+name+"()`, which is for pages: a route handler has no shell to prefetch"))
		})
	}
}

// noStore is unstable_noStore(): it makes a static answer dynamic, and does
// nothing elsewhere.
func (m *Modules) noStore() {
	const what = "unstable_noStore()"
	switch k := m.making(); {
	case k == nil:
	case k.kind == autoStatic:
		m.bail(k, what, what)
	case k.kind == onlyStatic:
		m.touch(what)
	}
}

// warn logs a warning about what a script does.
func (m *Modules) warn(text string) {
	var attrs []any
	if x := m.exchange(); x != nil {
		attrs = []any{slog.String("route", x.call.Pattern), slog.String("id", x.call.ID)}
	}
	m.app.opts.Web.Logger.Warn(text, attrs...)
}

// quote is JSON.stringify.
func (m *Modules) quote(v goja.Value) string {
	b, ok, err := m.iso.AppendJSON(nil, v)
	if err != nil || !ok {
		return v.String()
	}
	return string(b)
}

// numberOf is a script's number; ok is false for any other value.
func numberOf(v goja.Value) (n float64, ok bool) {
	if v == nil || !isNumber(v) {
		return 0, false
	}
	return v.ToFloat(), true
}

// secondsOf is a number of seconds of a script. What no Duration can hold is
// forever.
func secondsOf(n float64) time.Duration {
	switch {
	case n >= math.MaxInt64/float64(time.Second):
		return cache.Forever
	case n <= 0:
		return 0
	}
	return time.Duration(n * float64(time.Second))
}

// revalidateOption is the option of that name of fetch and unstable_cache().
// Where is what the error names.
func (m *Modules) revalidateOption(v goja.Value, where string) time.Duration {
	n, ok := numberOf(v)
	switch {
	case v == nil || goja.IsUndefined(v), ok && math.IsInf(n, 1):
		return cache.Forever
	case ok && n > -1: // as Next.js compares
		return secondsOf(n)
	}
	if b, isBool := v.Export().(bool); isBool && !b {
		return cache.Forever
	}
	text := v.String()
	panic(m.iso.NewError("Error", `Invalid revalidate value "`+text+`" on "`+where+`", must be a non-negative number or false`))
}

// tagList is the tags that a script gives. Those that cannot be are left out
// with a warning. Where is what the warning names.
func (m *Modules) tagList(v goja.Value, where string) []string {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var values []goja.Value
	n := orUndefined(o.Get("length")).ToInteger()
	for i := range min(n, 10*cache.MaxTags) {
		values = append(values, orUndefined(o.Get(fmt.Sprint(i))))
	}
	return m.tags(values, where)
}

func (m *Modules) tags(values []goja.Value, where string) []string {
	var tags []string
	for _, v := range values {
		s, ok := v.(goja.String)
		if !ok {
			m.warn(fmt.Sprintf("Warning: invalid tags passed to %s: tag: %q invalid type, must be a string", where, describe(v)))
			continue
		}
		tags = append(tags, s.String())
	}
	kept, dropped := cache.CleanTags(tags)
	if len(dropped) > 0 {
		m.warn(fmt.Sprintf("Warning: invalid tags passed to %s, dropped: %s (at most %d tags of at most %d characters)", where, strings.Join(dropped[:min(len(dropped), 5)], ", "), cache.MaxTags, cache.MaxTagLength))
	}
	return kept
}

// markOf is what the second argument of revalidateTag() does: nothing has the
// entries expire at once, a profile has them given once more.
func (m *Modules) markOf(profile goja.Value) (cache.Mark, error) {
	if !profile.ToBoolean() {
		return cache.Mark{}, nil
	}
	var life CacheLife
	if o, ok := profile.(*goja.Object); ok {
		var err error
		if life, err = m.lifeOf(o); err != nil {
			return cache.Mark{}, err
		}
	} else {
		name := profile.String()
		if life, ok = m.app.profile(name); !ok {
			return cache.Mark{}, fmt.Errorf("Invalid profile provided %q must be configured under cacheLife in next.config or be \"max\"", name) //nolint:staticcheck // Next.js's text
		}
	}
	switch {
	case life.Expire == nil:
		return cache.Mark{Stale: true}, nil
	case *life.Expire <= 0:
		return cache.Mark{}, nil
	}
	return cache.Mark{Stale: true, Expire: *life.Expire}, nil
}

// revalidatePath marks the tags of a path.
func (m *Modules) revalidatePath(name string, path, kind goja.Value) {
	text, k := path.String(), ""
	if kind.ToBoolean() {
		k = kind.String()
	}
	expression := name + "(" + m.quote(path) + ")"
	tag, err := cache.RevalidatedPath(text, k)
	if err != nil {
		if n := len([]rune(text)); n > cache.MaxPath/2 {
			text = text[:min(len(text), 64)] + "…"
		}
		m.warn(fmt.Sprintf("Warning: %s received %q, which has no effect: %v. See more info here https://nextjs.org/docs/app/api-reference/functions/revalidatePath", name, text, err))
		return
	}
	if k == "" && strings.Contains(text, "[") {
		m.warn(fmt.Sprintf("Warning: a dynamic page path %q was passed to %q, but the \"type\" parameter is missing. This has no effect by default, see more info here https://nextjs.org/docs/app/api-reference/functions/revalidatePath", text, name))
	}
	m.revalidate(expression, cache.Mark{}, tag)
}

// maxTag is the longest tag that is worth marking: no entry has a longer one.
const maxTag = 4 << 10

// revalidate marks a tag for the request that runs here.
func (m *Modules) revalidate(expression string, mk cache.Mark, tag string) {
	if f := m.function(); f != nil {
		panic(m.iso.NewError("Error", f.prefix()+"`"+expression+"` can't be called inside a cached function. Call it from a Server Action or Route Handler instead.\nLearn more: https://nextjs.org/docs/messages/revalidate-in-use-cache"))
	}
	x := m.exchange()
	if x == nil {
		panic(m.iso.NewError("Error", "Invariant: static generation store missing in "+expression))
	}
	if k := x.making; k != nil && !x.settled {
		if k.kind == onlyStatic {
			m.touch(expression)
		}
		k.kind = autoStatic // also with force-static the handler is dynamic by this
		m.bail(k, expression, "`"+expression+"`")
	}
	// "" is cache.Everything, which no script means by an empty tag.
	if tag == "" || len(tag) > maxTag {
		return
	}
	k := mark{tag, mk}
	for _, old := range x.marks {
		if old == k && m.app.opts.Cache == nil {
			return
		}
	}
	x.marks = append(x.marks, k)
	if m.app.opts.Cache != nil {
		x.apply(k)
	}
}

// marking applies what a request revalidates, in its order: off the isolate, as
// the store may be another machine. What comes meanwhile goes together.
type marking struct {
	x *Exchange

	mu     sync.Mutex
	todo   []mark
	idle   chan struct{} // closed when all is done; nil when nothing was to do
	busy   bool
	failed bool
}

// markLimit is how long a store may take to mark tags.
const markLimit = 10 * time.Second

// apply has a mark applied. It must be called on the isolate.
func (x *Exchange) apply(k mark) {
	q := x.marking.Load()
	if q == nil {
		q = &marking{x: x}
		x.marking.Store(q)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.todo = append(q.todo, k)
	if !q.busy {
		q.busy, q.idle = true, make(chan struct{})
		x.app.work.Add(1)
		go q.run()
	}
}

func (q *marking) run() {
	a := q.x.app
	defer a.work.Done()
	for {
		q.mu.Lock()
		todo := q.todo
		q.todo = nil
		if len(todo) == 0 {
			q.busy = false
			close(q.idle)
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
		for len(todo) > 0 {
			n := 1
			for n < len(todo) && todo[n].Mark == todo[0].Mark {
				n++
			}
			tags := make([]string, n)
			for i := range tags {
				tags[i] = todo[i].tag
			}
			if err := q.mark(tags, todo[0].Mark); err != nil {
				// No request fails by it.
				a.report(q.x, "revalidating tags failed", fmt.Errorf("%s: %w", strings.Join(tags[:min(n, 5)], ", "), err))
				q.mu.Lock()
				q.failed = true
				q.mu.Unlock()
			}
			todo = todo[n:]
		}
	}
}

func (q *marking) mark(tags []string, k cache.Mark) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(q.x.req.Context()), markLimit)
	defer cancel()
	return q.x.app.opts.Cache.Revalidate(ctx, tags, k)
}

// applied waits until all that the request has revalidated is, and tells whether
// the store knows of it.
func (x *Exchange) applied(ctx context.Context) bool {
	q := x.marking.Load()
	if q == nil {
		return x.app.opts.Cache != nil
	}
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	select {
	case <-idle:
	case <-ctx.Done():
		return false
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.failed
}

// CacheLife is a profile of cacheLife(): how long what has it holds. A nil field
// was not set. math.MaxInt64 is Infinity.
type CacheLife struct {
	// Stale is for how long a browser does not ask, Revalidate for how long an
	// entry is fresh, Expire until when it is given at all.
	Stale, Revalidate, Expire *time.Duration
}

// over is a lifetime with what the profile sets in its place.
func (l CacheLife) over(used cache.Lifetime) cache.Lifetime {
	if l.Revalidate != nil {
		used.Revalidate = *l.Revalidate
	}
	if l.Expire != nil {
		used.Expire = *l.Expire
	}
	return used
}

// shorter is the profile with what another sets, where that is shorter.
func (l CacheLife) shorter(m CacheLife) CacheLife {
	short := func(a, b *time.Duration) *time.Duration {
		if a == nil || b != nil && *b < *a {
			return b
		}
		return a
	}
	return CacheLife{short(l.Stale, m.Stale), short(l.Revalidate, m.Revalidate), short(l.Expire, m.Expire)}
}

// profile is a profile of cacheLife(): of the configuration, or Next.js 16's.
func (a *App) profile(name string) (CacheLife, bool) {
	builtin := func() (CacheLife, bool) {
		const minute, hour, day = time.Minute, time.Hour, 24 * time.Hour
		l := func(stale, revalidate, expire time.Duration) (CacheLife, bool) {
			return CacheLife{&stale, &revalidate, &expire}, true
		}
		switch name {
		case "default":
			revalidate, expire := 15*minute, cache.Forever
			return CacheLife{nil, &revalidate, &expire}, true
		case "seconds":
			return l(30*time.Second, time.Second, minute)
		case "minutes":
			return l(5*minute, minute, hour)
		case "hours":
			return l(5*minute, hour, day)
		case "days":
			return l(5*minute, day, 7*day)
		case "weeks":
			return l(5*minute, 7*day, 30*day)
		case "max":
			return l(5*minute, 30*day, 365*day)
		}
		return CacheLife{}, false
	}
	own, ok := a.opts.CacheLife[name]
	if !ok {
		return builtin()
	}
	if name == "default" { // what it leaves out is as it was
		old, _ := builtin()
		if own.Revalidate == nil {
			own.Revalidate = old.Revalidate
		}
		if own.Expire == nil {
			own.Expire = old.Expire
		}
	}
	return own, true
}

// lifeOf is a profile that a script writes down.
func (m *Modules) lifeOf(o *goja.Object) (CacheLife, error) {
	var l CacheLife
	for _, f := range []struct {
		name  string
		to    **time.Duration
		never string // what false would mean
	}{
		{"stale", &l.Stale, "want to cache on the client forever without checking with the server."},
		{"revalidate", &l.Revalidate, "do not want to revalidate by time."},
		{"expire", &l.Expire, "want to cache on the server forever without checking with the origin."},
	} {
		v := orUndefined(o.Get(f.name))
		if goja.IsUndefined(v) {
			continue
		}
		if b, ok := v.Export().(bool); ok && !b {
			return l, fmt.Errorf("Pass `Infinity` instead of `false` if you %s", f.never) //nolint:staticcheck // Next.js's text
		}
		n, ok := numberOf(v)
		switch {
		case !ok:
			return l, fmt.Errorf("The %s option must be a number of seconds.", f.name) //nolint:staticcheck // Next.js's text
		case math.IsNaN(n) || math.IsInf(n, -1):
			return l, fmt.Errorf("Invalid `cacheLife()` option \"%s\" provided, expected a finite number of seconds or Infinity, received %s.", f.name, v.String()) //nolint:staticcheck // Next.js's text
		}
		d := secondsOf(n)
		*f.to = &d
	}
	if l.Revalidate != nil && l.Expire != nil && *l.Revalidate > *l.Expire {
		return l, fmt.Errorf("If providing both the revalidate and expire options, the expire option must be greater than the revalidate option. The expire option indicates how many seconds from the start until it can no longer be used.") //nolint:staticcheck // Next.js's text
	}
	return l, nil
}

// cacheLife is cacheLife(profile): the shortest of all that a function says
// counts, whatever else it uses.
func (m *Modules) cacheLife(v goja.Value) {
	f := m.inUseCache("cacheLife", "https://nextjs.org/docs/messages/cache-life-outside-use-cache")
	var life CacheLife
	switch o := v.(type) {
	case goja.String:
		var ok bool
		name := o.String()
		if life, ok = m.app.profile(name); ok {
			break
		}
		text := "Unknown `cacheLife()` profile \"" + name + "\" is not configured in next.config.js\n"
		if trimmed := strings.TrimSpace(name); trimmed != name {
			if _, ok := m.app.profile(trimmed); ok {
				panic(m.iso.NewError("Error", text+"Did you mean \""+trimmed+"\" without the spaces?"))
			}
		}
		panic(m.iso.NewError("Error", text+"module.exports = {\n  cacheLife: {\n    \""+name+"\": ...\n  }\n}"))
	case *goja.Object:
		if o.ClassName() == "Object" {
			var err error
			if life, err = m.lifeOf(o); err != nil {
				panic(m.iso.Thrown(err))
			}
			break
		}
		panic(m.iso.NewError("Error", "Invalid `cacheLife()` option. Either pass a profile name or object."))
	default:
		panic(m.iso.NewError("Error", "Invalid `cacheLife()` option. Either pass a profile name or object."))
	}
	f.explicit = f.explicit.shorter(life)
}

// cacheTag is cacheTag(...tags).
func (m *Modules) cacheTag(values []goja.Value) {
	f := m.inUseCache("cacheTag", "https://nextjs.org/docs/messages/cache-tag-outside-use-cache")
	f.add(cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}, m.tags(values, "`cacheTag()`"))
}

// inUseCache is the function with 'use cache' that runs here.
func (m *Modules) inUseCache(name, more string) *function {
	f := m.function()
	if f == nil || f.kind != useCache {
		k := making{route: m.route()}
		panic(m.iso.NewError("Error", k.prefix()+"`"+name+"()` can only be called inside a `\"use cache\"` or `\"use cache: private\"` function.\nLearn more: "+more))
	}
	return f
}
