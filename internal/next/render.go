package next

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/route"
)

// Rendered is the outcome of Render: an entry, or what made the handler dynamic.
type Rendered struct {
	Entry *cache.Entry
	// Dynamic is what of its request the handler has used; "" is nothing.
	Dynamic string
	// Unkept says why the entry is for one client alone; "" is that it is for all.
	Unkept string
}

// maxRendered is the largest static answer: it is held in memory whole.
const maxRendered = 32 << 20

// Render runs GET of a static handler for nobody's request, to have its answer
// kept: it sees the path and nothing else. life is the longest that the answer
// may hold.
func (a *App) Render(ctx context.Context, c Call, life cache.Lifetime) (*Rendered, error) {
	ctx, cancel := context.WithTimeout(ctx, a.opts.HandlerTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return nil, err
	}
	x := a.exchange(r, c, nil)
	x.making = &making{kind: c.Segment.kind(), life: life, route: c.Pattern}
	if x.making.kind != forceStatic {
		x.request.Guard = func(name string) {
			if !strings.HasPrefix(name, "nextUrl.") {
				name = "request." + name
			}
			of(x.iso).touch(name)
		}
	}
	if err := x.run(); err != nil {
		if errors.Is(err, ErrClientGone) && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, ErrTimeout
		}
		return nil, err
	}
	defer x.close()
	e := &cache.Entry{Kind: cache.Route, Name: "GET " + r.URL.EscapedPath()}
	if x.err == nil {
		if err := x.record(ctx, e); err != nil {
			return nil, err
		}
	}
	// What was used, also behind the answer's back: only the isolate can tell.
	k := making{dynamic: "its isolate"}
	done := make(chan struct{})
	if !x.post(func() { k = *x.making; k.tags = slices.Clone(k.tags); close(done) }) {
		return nil, js.ErrClosed
	}
	select {
	case <-done:
	case <-x.iso.Done():
		return nil, js.ErrClosed
	}
	switch {
	case k.dynamic != "" && k.kind == onlyStatic:
		if x.err == nil {
			x.err = fmt.Errorf("route %s with `dynamic = \"error\"` couldn't be rendered statically because it used `%s`", k.route, k.dynamic)
		}
		return nil, &OnlyStaticError{What: k.dynamic, Err: x.err}
	case k.dynamic != "" && k.kind == autoStatic:
		return &Rendered{Dynamic: k.dynamic}, nil
	case x.err != nil:
		return nil, x.err
	case !k.life.Keeps() && k.kind == autoStatic:
		return &Rendered{Dynamic: "revalidate: 0"}, nil
	}
	out := &Rendered{Entry: e}
	e.Lifetime = k.life
	e.Tags = append(cache.PathTags(c.place(), r.URL.Path), k.tags...)
	switch {
	case e.Header["Set-Cookie"] != nil:
		out.Unkept = "it sets a cookie"
	case Private(e.Header):
		out.Unkept = "its Cache-Control says so"
	}
	if out.Unkept != "" {
		e.Lifetime = cache.Lifetime{}
	}
	return out, nil
}

// OnlyStaticError is that a handler with dynamic = 'error' has used its request.
type OnlyStaticError struct {
	What string // the expression
	Err  error
}

func (e *OnlyStaticError) Error() string { return e.Err.Error() }
func (e *OnlyStaticError) Unwrap() error { return e.Err }

// Private reports whether a Cache-Control keeps an answer from being shared
// (RFC 9111 §5.2.2).
func Private(h http.Header) bool {
	for _, line := range h["Cache-Control"] {
		for d := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(d), "=")
			if strings.EqualFold(name, "private") || strings.EqualFold(name, "no-store") {
				return true
			}
		}
	}
	return false
}

// place is where a route file is in the app directory, as tags of paths have it.
func (c *Call) place() string {
	if c.Place != "" {
		return c.Place + "/route"
	}
	entry := strings.TrimPrefix(c.Entry, "src/")
	entry = strings.TrimPrefix(entry, "app")
	if i := strings.LastIndexByte(entry, '/'); i >= 0 {
		return entry[:i] + "/route"
	}
	return entry
}

// record takes the answer as an entry.
func (x *Exchange) record(ctx context.Context, e *cache.Entry) error {
	res := &x.result
	e.Status, e.Header = res.status, http.Header{}
	res.header.Each(func(name, value string) {
		if ownBusiness(name) {
			return
		}
		k := http.CanonicalHeaderKey(name)
		e.Header[k] = append(e.Header[k], value)
	})
	e.Body = res.data
	if res.body != nil {
		defer res.body.Close()
		if a, ok := res.body.(interface{ Abort(error) }); ok {
			stop := context.AfterFunc(ctx, func() { a.Abort(ErrTimeout) })
			defer stop()
		}
		var err error
		if e.Body, err = io.ReadAll(io.LimitReader(res.body, maxRendered+1)); err != nil {
			return fmt.Errorf("%s: the body of its static answer failed: %w", x.call.Entry, err)
		}
	}
	if len(e.Body) > maxRendered {
		return fmt.Errorf("%s: its static answer is larger than %d MiB, which is held in memory whole\nhint: remove dynamic and revalidate, so that the answer streams", x.call.Entry, maxRendered>>20)
	}
	checkEncoding(e.Header, e.Body)
	return nil
}

// StaticParams runs generateStaticParams of a route file: a list of objects. Of
// one that makes many metadata files (see [Module]) it is their ids, and an error
// may be a *ShapeError.
func (a *App) StaticParams(ctx context.Context, path string, many bool) ([]map[string]any, error) {
	ctx, cancel := context.WithTimeout(ctx, a.opts.HandlerTimeout)
	defer cancel()
	type result struct {
		list []map[string]any
		err  error
	}
	name := "generateStaticParams"
	if many {
		name = lists(a.opts.Metadata[path])
	}
	c := make(chan result, 1)
	s := &js.Scope{OnKill: func(err error) { c <- result{nil, err} }}
	iso, err := a.pool.Begin(s)
	if err != nil {
		return nil, err
	}
	defer a.pool.End(iso, s)
	settle := func(m *Modules, v goja.Value, err error) {
		if err != nil {
			select {
			case c <- result{nil, m.iso.ErrorOf(err)}:
			default: // it was killed
			}
			return
		}
		list, err := paramsOf(v)
		if many {
			list, err = m.metadataParams(path, m.entries[path].metadata, v)
		}
		select {
		case c <- result{list, err}:
		default:
		}
	}
	ok := iso.Post(js.NewFrame(s), func() {
		m := of(iso)
		m.load(path, func(e *entry, err error) {
			if err != nil {
				settle(m, nil, err)
				return
			}
			var args []goja.Value
			if !many || e.metadata.kind != route.Sitemap { // generateSitemaps has no arguments
				arg := m.rt.NewObject()
				put(arg, "params", m.rt.NewObject())
				args = append(args, arg)
			}
			v, err := m.iso.Call(e.staticParams, goja.Undefined(), args...)
			if err != nil {
				settle(m, nil, err)
				return
			}
			m.iso.Await(v, func(v goja.Value, err error) { settle(m, v, err) })
		})
	})
	if !ok {
		return nil, js.ErrClosed
	}
	select {
	case r := <-c:
		var bad *ShapeError
		if errors.As(r.err, &bad) {
			return nil, bad
		}
		if r.err != nil {
			return nil, fmt.Errorf("%s: %w", name, r.err)
		}
		return r.list, nil
	case <-ctx.Done():
		iso.Kill(s, ErrTimeout)
		return nil, fmt.Errorf("%s did not settle in %v", name, a.opts.HandlerTimeout.Round(time.Second))
	}
}

func paramsOf(v goja.Value) ([]map[string]any, error) {
	list, ok := v.Export().([]any)
	if !ok {
		return nil, errors.New("generateStaticParams returned " + article(kind(v)) + ", want an array of objects")
	}
	out := make([]map[string]any, 0, len(list))
	for i, item := range list {
		o, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("generateStaticParams returned an array whose element %d is no object", i)
		}
		out = append(out, o)
	}
	return out, nil
}
