package next

import (
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
)

// making is something that is being made to be kept: the answer of a static
// handler, or the value of a cached function. What goes into it shortens its
// life and adds to its tags. It belongs to the isolate.
type making struct {
	kind makingKind
	life cache.Lifetime
	tags []string
	// route is the pattern of the handler, for messages.
	route string
	// dynamic says what of the request the handler has used, so that its answer
	// is for that request alone; "" is nothing.
	dynamic string
}

// makingKind says what is made, and by that what of the request can be seen.
type makingKind uint8

const (
	// A handler that becomes dynamic by looking at its request.
	autoStatic makingKind = iota
	// force-static: the request is blank.
	forceStatic
	// dynamic = 'error': looking at the request is an error.
	onlyStatic
	// A function in unstable_cache() and one with 'use cache': there is no
	// request.
	cachedFunction
	useCache
)

// making is what is being made here to be kept; nil where nothing is.
func (m *Modules) making() *making {
	s := m.iso.Scope()
	if s == nil {
		return nil
	}
	switch v := s.Value.(type) {
	case *Exchange:
		return v.making
	case *function:
		return &v.making
	}
	return nil
}

// add has the making live no longer than something that goes into it, and die
// with it. A nil making keeps nothing.
func (k *making) add(life cache.Lifetime, tags []string) {
	if k == nil {
		return
	}
	if k.kind != cachedFunction || life.Keeps() { // unstable_cache() keeps what is new each time, too
		k.life = k.life.Min(life)
	}
	for _, tag := range tags {
		if !slices.Contains(k.tags, tag) {
			k.tags = append(k.tags, tag)
		}
	}
}

// touch is called before something of the request is seen, or something is done
// that answers of each request alone have. What is the expression, for messages:
// `cookies()`, `request.headers`. It panics with the script error where that
// ends the making; with force-static it returns, and what is seen is blank.
func (m *Modules) touch(what string) {
	k := m.making()
	if k == nil {
		return
	}
	switch k.kind {
	case autoStatic:
		short := what
		if name := strings.TrimSuffix(what, "()"); !strings.ContainsAny(name, ".( ") {
			short = name // as Next.js writes it here
		}
		m.bail(k, what, "`"+short+"`")
	case onlyStatic:
		if k.dynamic == "" {
			k.dynamic = what
		}
		panic(m.onlyStaticError(k, what))
	case cachedFunction, useCache:
		panic(m.insideError(k, what))
	}
}

// bail ends the making of a static answer: the handler is dynamic.
func (m *Modules) bail(k *making, what, quoted string) {
	if k.dynamic == "" {
		k.dynamic = what
	}
	panic(m.iso.NewError("Error", "Dynamic server usage: Route "+k.route+" couldn't be rendered statically because it used "+quoted+". See more info here: https://nextjs.org/docs/messages/dynamic-server-error"))
}

// insideError is the error of looking at a request in a cached function.
func (m *Modules) insideError(k *making, what string) goja.Value {
	in, more := "`unstable_cache()`", "https://nextjs.org/docs/app/api-reference/functions/unstable_cache"
	if k.kind == useCache {
		in, more = "`\"use cache\"`", "https://nextjs.org/docs/messages/next-request-in-use-cache"
	}
	text := "can't be read inside " + in + ". Read it outside the cached function and pass what you need as an argument."
	switch {
	case what == "connection()":
		text = "can't be called inside " + in + " because cached functions may run during prerendering, without an incoming request. Call it outside the cached function."
	case strings.HasPrefix(what, "draftMode()."):
		text = "can't be called inside " + in + ". Draft mode can be read inside a cached function, but enabling or disabling it must happen outside."
	}
	return m.iso.NewError("Error", k.prefix()+"`"+what+"` "+text+"\nLearn more: "+more)
}

// prefix begins a message about a route.
func (k *making) prefix() string {
	if k.route == "" {
		return ""
	}
	return "Route \"" + k.route + "\": "
}

func (m *Modules) onlyStaticError(k *making, what string) goja.Value {
	return m.iso.NewError("Error", "Route "+k.route+" with `dynamic = \"error\"` couldn't be rendered statically because it used `"+what+"`. See more info here: https://nextjs.org/docs/app/building-your-application/rendering/static-and-dynamic#dynamic-rendering")
}

// mark is a revalidation that a request asked for.
type mark struct {
	tag string
	cache.Mark
}

// revalidated reports whether the request has revalidated one of the tags
// itself: what is kept under them is as good as gone for it, also where the
// store has not heard of it yet.
func (m *Modules) revalidated(tags []string) bool {
	x := m.exchange()
	if x == nil {
		return false
	}
	for _, k := range x.marks {
		if slices.Contains(tags, k.tag) {
			return true
		}
	}
	return false
}

// pathTags are the tags of the request by its place. What it fetches is dropped
// for it by them, too: after revalidatePath('/x'), /x is made of what is new.
// The path is that of the URL which scripts see: without the base path.
func (x *Exchange) pathTags() []string {
	if x.places == nil && !x.middleware {
		x.places = cache.PathTags(x.call.place(), pathOf(x.call.URL))
	}
	return x.places
}

// pathOf is the path of an absolute URL, escaped.
func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	i := strings.IndexByte(rest, '/')
	if i < 0 {
		return "/"
	}
	path, _, _ := strings.Cut(rest[i:], "?")
	return path
}
