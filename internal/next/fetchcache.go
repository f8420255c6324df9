package next

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/js/web"
)

// maxFetched is the largest answer of a fetch that is kept, and the largest
// request body that can be part of a key.
const maxFetched = 2 << 20

// fetchOptions is what a fetch says about being kept: itself and for the route
// that it is in.
type fetchOptions struct {
	// mode is the route's fetchCache; "" is none.
	mode string
	// cache is the fetch's own mode; "" is none.
	cache string
	// revalidate is next.revalidate where hasRevalidate: 0 is not kept, Forever
	// is `false`.
	revalidate    time.Duration
	hasRevalidate bool
}

// fetchPlan is what is done with a fetch.
type fetchPlan struct {
	// life is how long the answer is fresh; 0 is that it is not kept.
	life time.Duration
	// asked is that the fetch itself asks for being kept. What carries
	// credentials is not kept because of where the fetch is.
	asked bool
	// dynamic is what makes a static route dynamic: the fetch or the route says
	// that the answer is to be new each time. It is "" where nothing is said at
	// all, although nothing is kept then, either.
	dynamic string
}

// conflicting reports that the fetch says both that it is kept and that it is
// not: then neither counts.
func (o *fetchOptions) conflicting() bool {
	return o.hasRevalidate && (o.cache == "force-cache" && o.revalidate == 0 || o.cache == "no-store" && o.revalidate > 0)
}

// plan decides as Next.js 16 does. The error is for the script.
func (o fetchOptions) plan(url string) (fetchPlan, error) {
	p := fetchPlan{}
	const never = "revalidate: 0 fetch"
	switch {
	case o.cache == "no-store":
		p.dynamic = "no-store fetch"
	case o.hasRevalidate && o.revalidate == 0:
		p.dynamic = never
	}
	if o.conflicting() {
		o.cache, o.hasRevalidate = "", false
	}
	p.asked = o.cache == "force-cache" || o.hasRevalidate && o.revalidate > 0
	switch {
	case o.cache == "force-cache" && !o.hasRevalidate:
		o.revalidate, o.hasRevalidate = cache.Forever, true
	case o.cache == "no-store", o.cache == "no-cache", o.mode == "force-no-store", o.mode == "only-no-store":
		o.revalidate, o.hasRevalidate = 0, true
	}
	switch {
	case o.mode == "only-no-store" && (o.cache == "force-cache" || o.hasRevalidate && o.revalidate > 0):
		return p, errors.New("cache: 'force-cache' used on fetch for " + url + " with 'export const fetchCache = 'only-no-store'")
	case o.mode == "only-cache" && o.cache == "no-store":
		return p, errors.New("cache: 'no-store' used on fetch for " + url + " with 'export const fetchCache = 'only-cache'")
	case o.mode == "force-cache" && (!o.hasRevalidate || o.revalidate == 0):
		o.revalidate, o.hasRevalidate = cache.Forever, true
	}
	switch plain := o.mode == "" && (o.cache == "" || o.cache == "default"); {
	case o.hasRevalidate:
		p.life = o.revalidate
	case !plain && o.mode != "default-no-store":
		p.life = cache.Forever
	}
	if p.life == 0 && p.dynamic == "" && (o.hasRevalidate || o.mode == "default-no-store") {
		p.dynamic = never
	}
	return p, nil
}

// fetchSource decides on the isolate where a fetch is answered from. It is nil
// for the network.
func (m *Modules) fetchSource(r *web.Request, input, init goja.Value) web.Source {
	s := m.iso.Scope()
	if s == nil {
		return nil
	}
	var (
		o fetchOptions
		k *making
	)
	x, _ := s.Value.(*Exchange)
	f, _ := s.Value.(*function)
	switch {
	case x != nil:
		if x.middleware {
			return nil // Next.js has no data cache there
		}
		k = x.making
		if x.call.Segment != nil {
			o.mode = x.call.Segment.FetchCache
		}
	case f != nil:
		k = &f.making
		if f.kind == cachedFunction {
			o.mode = "force-no-store" // what is kept is the function's value
		}
	default:
		return nil
	}
	o.cache = r.Cache()
	next := m.nextOptions(input, init)
	if next == nil && o.cache == "" && o.mode == "" {
		return nil // most fetches
	}
	var tags []string
	if next != nil {
		if !goja.IsUndefined(next.revalidate) {
			o.revalidate, o.hasRevalidate = m.revalidateOption(next.revalidate, m.route()), true
		}
		if next.tags.ToBoolean() {
			tags = m.tagList(next.tags, "fetch "+r.URL())
		}
	}
	if m.app.opts.Web.Dev && o.conflicting() {
		m.warn("fetch for " + r.URL() + " on " + m.route() + " has cache: '" + o.cache + "' and a revalidate that contradicts it, only one should be specified")
	}
	p, err := o.plan(r.URL())
	if err != nil {
		panic(m.iso.NewError("Error", err.Error()))
	}
	if k != nil && p.dynamic != "" {
		what := p.dynamic + " " + r.URL() + " " + k.route
		switch k.kind {
		case autoStatic:
			m.bail(k, what, what)
		case onlyStatic:
			m.touch(what)
		}
	}
	if p.life == 0 {
		k.add(cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}, tags)
		return nil
	}
	life := cache.Lifetime{Revalidate: p.life, Expire: cache.Forever}
	k.add(life, tags)
	if m.draft() || !p.asked && credentials(r.Headers()) {
		return nil
	}
	place := m.placeTags()
	if m.revalidated(tags) || m.revalidated(place) {
		return nil
	}
	q := &keptFetch{m: m, plan: p, life: life, own: tags, route: m.route()}
	q.request = cache.Request{Kind: cache.Fetch, Name: r.Method + " " + r.URL(), Tags: slices.Concat(tags, place), Revalidate: p.life, NoStale: k != nil}
	if x != nil && m.app.opts.Web.Dev && strings.Contains(x.req.Header.Get("Cache-Control"), "no-cache") {
		q.request.Anew = true // a developer reloads and wants to see it all anew
	}
	return q
}

// credentials reports whether a request tells whose it is.
func credentials(h *web.Headers) bool { return h.Has("authorization") || h.Has("cookie") }

// fetchNext is the `next` of a fetch's options: values of scripts.
type fetchNext struct{ revalidate, tags goja.Value }

// nextOptions reads `next` of the options, and where it says nothing that of a
// Request that was given. It is nil where there is none.
func (m *Modules) nextOptions(input, init goja.Value) *fetchNext {
	n := nextOf(nil, init)
	if _, ok := m.env.RequestOf(input); ok {
		n = nextOf(n, input)
	}
	return n
}

func nextOf(n *fetchNext, v goja.Value) *fetchNext {
	o, ok := v.(*goja.Object)
	if !ok {
		return n
	}
	next, ok := o.Get("next").(*goja.Object)
	if !ok {
		return n
	}
	if n == nil {
		n = &fetchNext{goja.Undefined(), goja.Undefined()}
	}
	if goja.IsUndefined(n.revalidate) {
		n.revalidate = orUndefined(next.Get("revalidate"))
	}
	if goja.IsUndefined(n.tags) {
		n.tags = orUndefined(next.Get("tags"))
	}
	return n
}

// keptFetch answers one fetch from the cache.
type keptFetch struct {
	m       *Modules
	plan    fetchPlan
	life    cache.Lifetime
	own     []string // tags
	route   string
	request cache.Request
	keyed   bool
}

// key is set from all that makes a difference to the answer. As in Next.js,
// headers that trace a request make none.
func (q *keptFetch) key(o *web.Outgoing) {
	if q.keyed {
		return
	}
	q.keyed = true
	q.request.Key = cache.NewKey("fetch").Text(o.Request.URL()).Text(o.Request.Method).Header(o.Header, "traceparent", "tracestate").
		Bytes(o.Body()).List(o.Request.Traits()).Key()
}

// Ready answers from memory without leaving the isolate.
func (q *keptFetch) Ready(o *web.Outgoing) *web.Reply {
	q.key(o)
	q.request.Fill = q.fill(o, &capture{abandoned: true})
	res, ok := q.m.app.opts.Cache.Peek(q.m.app.ctx, q.request)
	if !ok {
		return nil
	}
	return replyOf(o, res.Entry)
}

// Answer answers from the cache, or from the network by way of the cache.
func (q *keptFetch) Answer(ctx context.Context, o *web.Outgoing) (*web.Reply, error) {
	whole, err := o.Hold(ctx, maxFetched)
	if err != nil || !whole {
		return nil, err
	}
	q.key(o)
	own := &capture{}
	defer own.abandon()
	q.request.Fill = q.fill(o, own)
	res, err := q.m.app.opts.Cache.Do(ctx, q.request)
	switch {
	case errors.Is(err, cache.ErrClosed):
		return nil, nil
	case err != nil:
		return nil, err
	case res.Made:
		// The answer is this fetch's own: with its status text, and whole,
		// whether it was kept or not.
		if reply := own.take(); reply != nil {
			return reply, nil
		}
	}
	if res.Entry == nil {
		return nil, nil
	}
	return replyOf(o, res.Entry), nil
}

// replyOf is a kept answer. As in Next.js it has no status text.
func replyOf(o *web.Outgoing, e *cache.Entry) *web.Reply {
	asked, _, _ := strings.Cut(o.Request.URL(), "#")
	return &web.Reply{Status: e.Status, Header: e.Header, URL: e.URL, Redirected: e.URL != asked, Data: e.Body}
}

// fill fetches an answer to keep. It touches nothing of the isolate, and goes on
// when the request that has asked is over.
func (q *keptFetch) fill(o *web.Outgoing, own *capture) func(context.Context) (*cache.Entry, error) {
	app, plan, life, tags, name := q.m.app, q.plan, q.life, q.own, q.request.Name
	warn := func(why string) {
		app.opts.Web.Logger.Warn(why, "route", q.route)
	}
	return func(ctx context.Context) (*cache.Entry, error) {
		// Everybody who asks waits for this one, and nobody longer than that.
		ctx, cancel := context.WithTimeoutCause(ctx, app.opts.HandlerTimeout, fmt.Errorf("%s: no answer within %v", name, app.opts.HandlerTimeout))
		defer cancel()
		reply, err := o.Send(ctx)
		if err != nil {
			return nil, err
		}
		if reply.Status != http.StatusOK {
			own.offer(reply)
			return nil, fmt.Errorf("the answer's status is %d: %w", reply.Status, cache.ErrUnkept)
		}
		if why := unkept(reply.Header, plan.asked); why != "" {
			if plan.asked && app.opts.Web.Dev {
				warn("the answer of " + name + " is not kept: " + why)
			}
			own.offer(reply)
			return nil, nil
		}
		if reply.Body != nil {
			data, err := io.ReadAll(io.LimitReader(reply.Body, maxFetched+1))
			if err != nil {
				_ = reply.Body.Close()
				if ctx.Err() != nil {
					err = context.Cause(ctx)
				}
				return nil, err
			}
			if len(data) > maxFetched {
				size := "more than " + fmt.Sprint(maxFetched)
				if reply.Length > 0 {
					size = fmt.Sprint(reply.Length)
				}
				warn(fmt.Sprintf("Failed to set Next.js data cache for %s, items over 2MB can not be cached (%s bytes)", o.Request.URL(), size))
				reply.Unread(data)
				own.offer(reply)
				return nil, nil
			}
			_ = reply.Body.Close() // it has been read to its end
			reply.Body, reply.Data = nil, data
		}
		own.offer(reply)
		return &cache.Entry{Kind: cache.Fetch, Name: name, URL: reply.URL, Status: reply.Status, Header: reply.Header, Body: reply.Data, Tags: tags, Lifetime: life}, nil
	}
}

// unkept says why an answer is not for everybody who sends the same request, ""
// where it is. Asked is that the fetch asks for keeping it.
func unkept(h http.Header, asked bool) string {
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	switch {
	case h["Set-Cookie"] != nil:
		return "it sets a cookie"
	case slices.ContainsFunc(h["Vary"], func(v string) bool { return strings.Contains(v, "*") }):
		return "its Vary is *"
	case strings.EqualFold(strings.TrimSpace(mediaType), "text/event-stream"):
		return "it is a stream of events"
	case !asked && Private(h):
		return "its Cache-Control says so"
	}
	return ""
}

// capture is the answer that a fetch's own filling has seen, on its way to that
// fetch: it may be one that is not kept, and is still arriving.
type capture struct {
	mu        sync.Mutex
	reply     *web.Reply
	abandoned bool
}

// offer hands over an answer, or ends it where nobody takes it.
func (c *capture) offer(r *web.Reply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case r.Body == nil && c.abandoned:
	case c.abandoned:
		_ = r.Body.Close()
	default:
		r.Detach()
		c.reply = r
	}
}

// take is the answer; it is the caller's then.
func (c *capture) take() *web.Reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.reply
	c.reply = nil
	return r
}

// abandon ends an answer that was not taken, also one that is yet to come.
func (c *capture) abandon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.abandoned = true
	if c.reply != nil && c.reply.Body != nil {
		_ = c.reply.Body.Close()
	}
	c.reply = nil
}
