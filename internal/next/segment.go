package next

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
)

// Segment is the route segment configuration of a route file: its exports
// dynamic, revalidate and so on. The zero Segment is that of a file with none
// of them.
type Segment struct {
	// Dynamic is "auto", "error", "force-static" or "force-dynamic"; "" is auto.
	Dynamic string
	// Revalidate is how long an answer is fresh: 0 is not at all, Forever for
	// `false`. It counts when HasRevalidate is set.
	Revalidate    time.Duration
	HasRevalidate bool
	// ListedParams is `dynamicParams = false`: only the parameters that
	// generateStaticParams gives are served.
	ListedParams bool
	// StaticParams is true when generateStaticParams is exported.
	StaticParams bool
	// FetchCache is what fetch does that says nothing itself; "" is nothing
	// special.
	FetchCache string
	// Metadata is that of a file that generates metadata: its answers are kept if
	// nothing speaks against it.
	Metadata bool
	// Edge is `runtime = 'edge'`: Next.js keeps no answers of such routes.
	Edge bool
}

// Static reports whether the answers of GET are made to be kept. Dynamic routes
// are those with parameters. As in Next.js, that is for a handler to ask for,
// and a lifetime alone does not ask for it where there are parameters that
// nobody lists.
func (s *Segment) Static(dynamic bool) bool {
	switch {
	case s.Edge, s.Dynamic == "force-dynamic", s.HasRevalidate && s.Revalidate == 0:
		return false
	case s.Dynamic == "force-static", s.Dynamic == "error", s.StaticParams:
		return true
	}
	return (s.HasRevalidate || s.Metadata) && !dynamic
}

// Lifetime is how long an answer holds that nothing shortens. Expire is the
// configuration's expireTime.
func (s *Segment) Lifetime(expire time.Duration) cache.Lifetime {
	if !s.HasRevalidate || s.Revalidate == cache.Forever {
		return cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}
	}
	return cache.Lifetime{Revalidate: s.Revalidate, Expire: max(expire, s.Revalidate)}
}

func (s *Segment) kind() makingKind {
	switch s.Dynamic {
	case "force-static":
		return forceStatic
	case "error":
		return onlyStatic
	}
	return autoStatic
}

// segmentOf reads the segment configuration of a module.
func (m *Modules) segmentOf(path string, ns *goja.Object, e *entry) {
	s := &e.module.Segment
	bad := func(name, text, hint string) {
		if e.bad == nil {
			e.bad = &ExportError{Entry: path, Name: name, Text: text, Hint: hint}
		}
	}
	exported := func(name string) (any, bool) {
		v := ns.Get(name)
		if v == nil || goja.IsUndefined(v) {
			return nil, false
		}
		return v.Export(), true
	}
	enum := func(name string, to *string, values ...string) {
		v, ok := exported(name)
		if !ok {
			return
		}
		text, _ := v.(string)
		if !slices.Contains(values, text) {
			list := "'" + strings.Join(values, "' | '") + "'"
			bad(name, "invalid "+name+": expected "+list+", received "+literal(v), "export const "+name+" = '"+values[0]+"'")
			return
		}
		*to = text
	}
	enum("dynamic", &s.Dynamic, "auto", "error", "force-static", "force-dynamic")
	enum("fetchCache", &s.FetchCache, "auto", "default-cache", "only-cache", "force-cache", "force-no-store", "default-no-store", "only-no-store")
	var runtime string
	enum("runtime", &runtime, "nodejs", "edge", "experimental-edge")
	s.Edge = strings.HasSuffix(runtime, "edge")
	if v, ok := exported("revalidate"); ok {
		s.HasRevalidate = true
		if s.Revalidate, ok = lifetimeOf(v); !ok {
			bad("revalidate", "invalid revalidate value "+literal(v)+", must be a non-negative number or false", "export const revalidate = 60 is a minute")
		}
	}
	if v, ok := exported("dynamicParams"); ok {
		on, isBool := v.(bool)
		if !isBool {
			bad("dynamicParams", "invalid dynamicParams: expected true or false, received "+literal(v), "export const dynamicParams = false")
		}
		s.ListedParams = !on
	}
	if v, ok := exported("maxDuration"); ok {
		if n, isNumber := number(v); !isNumber || n < 1 {
			bad("maxDuration", "invalid maxDuration: expected a number of seconds, received "+literal(v), "export const maxDuration = 5")
		}
	}
	if v, ok := exported("preferredRegion"); ok {
		switch v.(type) {
		case string, []any:
		default:
			bad("preferredRegion", "invalid preferredRegion: expected a string or a list of strings, received "+literal(v), "export const preferredRegion = 'auto'")
		}
	}
	if v := ns.Get("generateStaticParams"); v != nil && !goja.IsUndefined(v) {
		var ok bool
		if e.staticParams, ok = goja.AssertFunction(v); !ok {
			bad("generateStaticParams", "export generateStaticParams is not a function but "+article(kind(v)), "export function generateStaticParams() { return [{ id: '1' }] }")
		}
		s.StaticParams = true
	}
}

// lifetimeOf reads a `revalidate`: seconds, or false for ever.
func lifetimeOf(v any) (time.Duration, bool) {
	if v == false {
		return cache.Forever, true
	}
	n, ok := number(v)
	switch {
	case !ok || n < 0 || math.IsNaN(n):
		return 0, false
	case n >= float64(cache.Forever/time.Second):
		return cache.Forever, true
	}
	return time.Duration(n * float64(time.Second)), true
}

func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}

// literal is a value as an error message shows it.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return `"` + v + `"`
	case nil:
		return "null"
	case bool, int64, float64:
		return fmt.Sprint(v)
	}
	return "an object"
}
