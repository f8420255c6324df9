package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/compress"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/route"
)

// Static is a route whose GET answers are kept and given to everybody.
type Static struct {
	// Space is what all keys of the route begin with: entries that another
	// version of the program has made are not this one's.
	Space string
	// Render makes an answer. The handler's request is nobody's: it has the path
	// and nothing else. An entry whose lifetime does not keep is for the one who
	// asks alone. No entry means that the handler wants its request after all.
	Render func(ctx context.Context, r Rendering) (*cache.Entry, error)
	// Lifetime is how long the answers hold at most.
	Lifetime cache.Lifetime
	// Blank handlers get such a request always, also where nothing is kept.
	Blank bool
	// Listed are the paths that are served at all; nil is any.
	Listed map[string]bool

	key     cache.Key   // of a route without parameters
	control []string    // the Cache-Control of an entry that holds as long as it may
	unkept  atomic.Bool // no answer of the route is for keeping
	private privatePaths
}

// privatePaths are paths whose answers were not for keeping, some of many: one
// that sets a cookie does not cost the others their cache. There are few, or the
// route as a whole is not for keeping.
type privatePaths struct {
	some  atomic.Bool
	mu    sync.Mutex
	paths map[string]bool
}

const maxPrivatePaths = 1000

func (p *privatePaths) has(path string) bool {
	if !p.some.Load() {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.paths[path]
}

// add reports whether the path could be remembered.
func (p *privatePaths) add(path string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.paths) >= maxPrivatePaths {
		return false
	}
	if p.paths == nil {
		p.paths = map[string]bool{}
	}
	p.paths[path] = true
	p.some.Store(true)
	return true
}

// Rendering asks for a static answer.
type Rendering struct {
	Path   string // canonical: see CanonicalPath
	Params route.Params
	Draft  bool // for somebody in draft mode: nothing is kept
	// Export is for a file: a handler that looks at its request fails, also one
	// that would get a blank one.
	Export bool
}

// Keep has the GET answers of a route kept. It comes before the route is used.
func (rt *Route) Keep(s *Static) {
	if s.key = s.keyOf(rt.Pattern); strings.Contains(rt.Pattern, "[") {
		s.key = cache.Key{}
	}
	s.control = []string{s.Lifetime.CacheControl()}
	rt.static = s
}

// Kept is how long the route's GET answers are kept, for people: "60s" or
// "forever"; "" where they are not.
func (rt *Route) Kept() string {
	switch {
	case rt.static == nil:
		return ""
	case rt.static.Lifetime.Revalidate == cache.Forever:
		return "forever"
	}
	return strconv.FormatInt(int64(rt.static.Lifetime.Revalidate/time.Second), 10) + "s"
}

func (s *Static) keyOf(path string) cache.Key {
	return cache.NewKey("route").Text(s.Space).Text(path).Key()
}

// serves reports whether the route is there for a path at all. In draft mode
// it always is, as in Next.js.
func (rt *Route) serves(x *Exchange, path string) bool {
	s := rt.static
	return s == nil || s.Listed == nil || s.Listed[CanonicalPath(path)] || x.Draft
}

// CanonicalPath is the one writing of a path below the base path: each segment
// as encodeURIComponent writes it.
func CanonicalPath(path string) string {
	plain := true
	for i := 0; i < len(path) && plain; i++ {
		plain = path[i] == '/' || unescaped(path[i])
	}
	if plain {
		return path
	}
	var b strings.Builder
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == '%' && i+2 < len(path) {
			if v, err := strconv.ParseUint(path[i+1:i+3], 16, 8); err == nil {
				c = byte(v)
				i += 2
				if c == '/' {
					b.WriteString("%2F")
					continue
				}
			}
		}
		if c == '/' || unescaped(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// unescaped are the characters that encodeURIComponent leaves (ECMAScript
// §19.2.6.5).
func unescaped(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0
}

// draftControl is the Cache-Control of a static route's answer in draft mode, as
// Next.js has it.
const draftControl = "private, no-cache, no-store, max-age=0, must-revalidate"

// failedAnswer is an answer that says that making it failed: the last good one
// stays, and where there is none this is what those who wait get.
type failedAnswer struct{ entry *cache.Entry }

func (e *failedAnswer) Error() string {
	return "the handler answered " + strconv.Itoa(e.entry.Status)
}

// kept answers from the cache, or has the answer made for it. It reports
// whether it has answered: a handler that wants its request runs for each.
func (p *Pipeline) kept(x *Exchange, rt *Route) bool {
	s := rt.static
	path, _ := underBase(x.to, p.c.BasePath)
	path = CanonicalPath(path)
	rendering := Rendering{Path: path, Params: x.Params, Draft: x.Draft}
	unkept := s.unkept.Load() || s.private.has(path)
	if p.c.Cache == nil || x.Draft || unkept {
		if s.Blank {
			return p.rendered(x, rt, rendering)
		}
		if h := x.W.Header(); x.Draft && !unkept && h["Cache-Control"] == nil {
			h["Cache-Control"] = []string{draftControl} // the handler's own comes in its place
		}
		return false
	}
	key, own, r, err := p.keep(x.R.Context(), rt, rendering)
	var failed *failedAnswer
	switch {
	case errors.As(err, &failed):
		p.send(x, failed.entry, nil)
	case err != nil:
		p.failed(x, x.because(statusOf(err)), true)
	case r.Entry != nil:
		p.send(x, r.Entry, &keptAnswer{r, key})
	case own != nil:
		p.send(x, own, nil)
	case !s.Blank:
		return false
	default: // it was made for another
		return p.rendered(x, rt, rendering)
	}
	return true
}

// Render makes a static answer of the route that nobody keeps.
func (rt *Route) Render(ctx context.Context, r Rendering) (*cache.Entry, error) {
	return rt.static.Render(ctx, r)
}

// render makes an answer, as one of those that the route makes at a time.
func (p *Pipeline) render(ctx context.Context, rt *Route, r Rendering) (*cache.Entry, error) {
	if most := int64(p.c.Concurrency); most > 0 {
		defer rt.running.Add(-1)
		if rt.running.Add(1) > most {
			return nil, &StatusError{Status: http.StatusServiceUnavailable, Err: errBusy}
		}
	}
	return rt.static.Render(ctx, r)
}

// rendered answers with what is kept by nobody.
func (p *Pipeline) rendered(x *Exchange, rt *Route, r Rendering) bool {
	e, err := p.render(x.R.Context(), rt, r)
	switch {
	case err != nil:
		p.failed(x, x.because(statusOf(err)), true)
		return true
	case e == nil:
		return false
	}
	p.send(x, e, nil)
	return true
}

// keep is the kept answer of a route, made now if there is none. Own is what
// was made but is not to be kept; it is for this caller alone.
func (p *Pipeline) keep(ctx context.Context, rt *Route, r Rendering) (key cache.Key, own *cache.Entry, res cache.Result, err error) {
	s := rt.static
	key = s.key
	if key == (cache.Key{}) {
		key = s.keyOf(r.Path)
	}
	// What is fresh and at hand needs nothing that could make it.
	if res, ok := p.c.Cache.Peek(ctx, cache.Request{Key: key, Kind: cache.Route, NoStale: true}); ok {
		return key, nil, res, nil
	}
	return p.make(ctx, rt, r, key)
}

// make is keep for an answer that is not at hand.
func (p *Pipeline) make(ctx context.Context, rt *Route, r Rendering, key cache.Key) (_ cache.Key, own *cache.Entry, res cache.Result, err error) {
	s := rt.static
	res, err = p.c.Cache.Do(ctx, cache.Request{Key: key, Kind: cache.Route, Fill: func(ctx context.Context) (*cache.Entry, error) {
		e, err := p.render(ctx, rt, r)
		switch {
		case err != nil:
			return nil, err
		case e == nil:
			s.unkept.Store(true)
			return nil, nil
		case e.Status >= 500:
			return nil, &failedAnswer{e}
		case !e.Lifetime.Keeps():
			if !s.private.add(r.Path) {
				s.unkept.Store(true)
			}
			own = e
			return nil, nil
		}
		return p.finished(e), nil
	}})
	if !res.Made {
		own = nil
	}
	return key, own, res, err
}

// Prerender makes the answer of a static route ahead, unless it is there.
func (p *Pipeline) Prerender(ctx context.Context, rt *Route, path string, params route.Params) error {
	_, _, _, err := p.keep(ctx, rt, Rendering{Path: CanonicalPath(path), Params: params})
	return err
}

// finished is an entry as it is kept, with a validator of its own where the
// handler has given none.
func (p *Pipeline) finished(e *cache.Entry) *cache.Entry {
	if !bodyless(e.Status) {
		e.Header["Content-Length"] = []string{strconv.Itoa(len(e.Body))}
	}
	if p.c.NoETags || e.Status != http.StatusOK || e.Header["Etag"] != nil || len(e.Body) == 0 {
		return e
	}
	sum := sha256.Sum256(e.Body)
	e.Header["Etag"] = []string{`"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`}
	return e
}

// keptAnswer is an answer of the cache, and the key that it has there.
type keptAnswer struct {
	cache.Result
	key cache.Key
}

// packedAnswer names the body of an entry: no two makings of a key have one.
type packedAnswer struct {
	key  cache.Key
	made cache.Stamp
}

// maxPacked bounds the encoded bodies of kept answers, in bytes.
const maxPacked = 16 << 20

// pack gives the body of a kept answer in the coding that the client likes best.
func (p *Pipeline) pack(x *Exchange, e *cache.Entry, kept *keptAnswer, h http.Header) []byte {
	if p.packed == nil || kept == nil {
		return e.Body // and Writer sees to it
	}
	x.pack.Pass() // it is decided here
	if !compress.Eligible(e.Status, h) {
		return e.Body
	}
	compress.Vary(h)
	coding := compress.Negotiate(x.R.Header["Accept-Encoding"])
	if coding == "" || x.R.Method == http.MethodHead {
		return e.Body
	}
	body, ok, err := p.packed.Body(packedAnswer{kept.key, e.Made}, coding, e.Body)
	switch {
	case err != nil:
		p.c.Logger.Warn("a kept answer could not be encoded", "id", x.ID, "error", err)
	case ok:
		compress.Encoded(h, coding, len(body))
		return body
	}
	return e.Body
}

// send answers with an entry. Kept says how it was come by; nil is that it is
// this request's own.
func (p *Pipeline) send(x *Exchange, e *cache.Entry, kept *keptAnswer) {
	h := x.W.Header()
	for name, values := range e.Header {
		if old := h[name]; old != nil && edge.Additive(name) {
			h[name] = append(slices.Clip(old), values...)
			continue
		}
		h[name] = slices.Clip(values) // what appends to it must not write into the entry
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // none, where net/http would guess one
	}
	if kept != nil {
		s := x.Route.static
		_, life := e.Current()
		if h["Cache-Control"] == nil {
			line := s.control
			if life != s.Lifetime {
				line = []string{life.CacheControl()}
			}
			h["Cache-Control"] = slices.Clip(line)
		}
		h["X-Nextjs-Cache"] = outcomes[kept.Outcome]
		status := freshForEver
		if kept.Outcome != cache.HitFresh || life.Revalidate != cache.Forever {
			status = []string{cacheStatus(&kept.Result, p.now())}
		}
		if old := h["Cache-Status"]; old != nil { // RFC 9211 §2: the caches in the order of the answer's way
			status = append(slices.Clip(old), status...)
		}
		h["Cache-Status"] = slices.Clip(status)
	} else if x.Draft && h["Cache-Control"] == nil {
		h["Cache-Control"] = []string{draftControl}
	}
	if !bodyless(e.Status) && h["Content-Length"] == nil {
		h["Content-Length"] = []string{strconv.Itoa(len(e.Body))}
	}
	body := p.pack(x, e, kept, h)
	if notModified(x.R, e, h) {
		delete(h, "Content-Type")
		delete(h, "Content-Length")
		delete(h, "Content-Encoding")
		x.W.WriteHeader(http.StatusNotModified)
		return
	}
	x.W.WriteHeader(e.Status)
	if !bodyless(e.Status) && x.R.Method != http.MethodHead {
		_, _ = x.W.Write(body) // the client has gone: nobody to tell
	}
}

// bodyless are the statuses whose answers have no body (RFC 9110 §6.4.1).
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusResetContent || status == http.StatusNotModified
}

func (p *Pipeline) now() time.Time {
	if p.c.Now == nil {
		return time.Now()
	}
	return p.c.Now()
}

// Lines that most kept answers have; nobody changes them.
var (
	outcomes     = map[cache.Outcome][]string{cache.Miss: {"MISS"}, cache.HitStale: {"STALE"}, cache.HitFresh: {"HIT"}}
	freshForEver = []string{"Portico; hit"}
)

// cacheStatus says how an answer was come by, as RFC 9211 has it. A stale
// answer is one whose ttl is negative (§2.4).
func cacheStatus(r *cache.Result, now time.Time) string {
	switch r.Outcome {
	case cache.HitFresh, cache.HitStale:
		ttl := r.Entry.TTL(now)
		if ttl == cache.Forever && r.Outcome == cache.HitFresh {
			return freshForEver[0]
		}
		n := int64(ttl / time.Second)
		if r.Outcome == cache.HitStale && n >= 0 { // its tag was revalidated
			n = -1
		}
		return "Portico; hit; ttl=" + strconv.FormatInt(n, 10)
	}
	status := "Portico; fwd=uri-miss"
	if r.Entry.Lifetime.Keeps() {
		status += "; stored"
	}
	if !r.Made {
		status += "; collapsed"
	}
	return status
}

// notModified reports whether the client has what the entry is already
// (RFC 9110 §13.2.2).
func notModified(r *http.Request, e *cache.Entry, h http.Header) bool {
	if e.Status != http.StatusOK {
		return false
	}
	if lines := r.Header["If-None-Match"]; len(lines) > 0 {
		tag := h.Get("Etag")
		for _, line := range lines {
			if matches(line, tag) {
				return true
			}
		}
		return false
	}
	since, modified := r.Header.Get("If-Modified-Since"), h.Get("Last-Modified")
	if since == "" || modified == "" {
		return false
	}
	s, err := http.ParseTime(since)
	m, err2 := http.ParseTime(modified)
	return err == nil && err2 == nil && !m.After(s)
}

// matches compares weakly: an entity tag with a line of If-None-Match (RFC 9110
// §8.8.3.2, §13.1.2).
func matches(line, tag string) bool {
	line = strings.TrimSpace(line)
	if line == "*" {
		return true
	}
	tag = strings.TrimPrefix(tag, "W/")
	if tag == "" {
		return false
	}
	for line != "" {
		line = strings.TrimPrefix(strings.TrimLeft(line, " \t,"), "W/")
		if line == "" || line[0] != '"' {
			return false
		}
		end := strings.IndexByte(line[1:], '"')
		if end < 0 {
			return false
		}
		if line[:end+2] == tag {
			return true
		}
		line = line[end+2:]
	}
	return false
}
