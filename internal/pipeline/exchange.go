package pipeline

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/portico-dev/portico/internal/compress"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/route"
)

// Exchange is one request on its way to its answer.
type Exchange struct {
	W http.ResponseWriter
	R *http.Request
	// ID names the request in the log and in an error's answer.
	ID string
	// Path is the normalised path, escaped, with the base path.
	Path string
	// Peer is who asks, and the public origin under which.
	Peer edge.Peer
	// Params, Route and Export are there when a handler is: Export is the method
	// whose handler runs, GET also for HEAD.
	Params route.Params
	Route  *Route
	Export string
	// Cookies are the set-cookie lines of the middleware.
	Cookies []string
	// Overridden says that the middleware has replaced the request's headers.
	Overridden bool
	// Draft says that the request has draft mode's cookie.
	Draft bool

	to        string // where the request is after rewrites: a path, escaped, with the base path
	query     string // and its query
	asked     route.Request
	config    http.Header // headers of the configuration for the answer
	outer     http.Header // headers of the middleware for the answer
	told      http.Header // the request's headers for a handler; nil when they are R's
	verdict   *Verdict
	body      requestBody
	unchecked bool // CSRF's check is off for the route that the path names
	basePath  string
	began     time.Time
	logged    atomic.Pointer[Route] // Route for the log: a handler may go on when its answer was given up
	count     edge.Writer
	pack      compress.Writer
	within    exchangeContext // of Go's request
}

// URL is the request's absolute URL as handlers see it: of the public origin,
// the path as it was sent without the base path, the query as Next.js 16 writes
// it. Rewrites do not show.
func (x *Exchange) URL(normaliseQuery func(string) string) string {
	path := x.Path
	if bare, ok := underBase(path, x.basePath); ok {
		path = bare
	}
	return x.url(path, normaliseQuery)
}

// FullURL is URL with the base path, as middleware sees it.
func (x *Exchange) FullURL(normaliseQuery func(string) string) string {
	return x.url(x.Path, normaliseQuery)
}

func (x *Exchange) url(path string, normaliseQuery func(string) string) string {
	q := x.R.URL.RawQuery
	if q == "" {
		return x.Peer.Origin + path // a "?" without a query is not kept, as in Next.js
	}
	return x.Peer.Origin + path + "?" + normaliseQuery(q)
}

// underBase takes the base path off a path.
func underBase(path, base string) (bare string, ok bool) {
	if base == "" {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, base)
	switch {
	case !ok:
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, rest[0] == '/'
}

// exchange begins a request.
func (p *Pipeline) exchange(w http.ResponseWriter, r *http.Request) *Exchange {
	x := &Exchange{W: w, R: r, ID: newID(), basePath: p.c.BasePath}
	if p.c.AccessLog {
		x.began = time.Now()
		x.count.Init(w)
		x.W = &x.count
	}
	if p.c.Compress {
		x.pack.Init(x.W, r)
		x.W = &x.pack
	}
	if r.Body != nil && r.Body != http.NoBody {
		// On a copy: net/http looks at its own request's body to decide whether a
		// client that expects a 100 is still to be told to go on.
		x.within = exchangeContext{r.Context(), x}
		x.R = r.WithContext(&x.within)
		x.body.ReadCloser, x.body.whole = r.Body, p.c.BodyLimit
		x.R.Body = &x.body
	}
	return x
}

// moveTo sets where the request is.
func (x *Exchange) moveTo(path, query string) {
	x.to, x.query = path, query
	h := x.R.Header
	if x.told != nil {
		h = x.told
	}
	x.asked = route.Request{Path: path, RawQuery: query, Host: x.Peer.Host, Header: h}
}

// close ends what the middleware has begun.
func (x *Exchange) close() {
	if x.verdict != nil {
		x.verdict.Close()
	}
}

// Handler answers requests. An error means that nothing was written.
type Handler interface {
	Handle(x *Exchange) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(x *Exchange) error

// Handle calls f.
func (f HandlerFunc) Handle(x *Exchange) error { return f(x) }

// Route is what a pattern leads to: a handler a method, or one for all.
type Route struct {
	Pattern string
	Source  string
	// Methods are the methods that have a handler, in alphabetical order, with
	// those that are answered automatically. It is nil when any method is taken.
	Methods []string

	// BodyLimit bounds the body of a request, in bytes; 0 is the pipeline's own
	// bound for what is read whole.
	BodyLimit int64
	// NoCSRF takes requests from other sites that carry cookies.
	NoCSRF bool

	handlers map[string]Handler
	any      Handler
	static   *Static // nil: every request runs the handler
	allow    string
	running  atomic.Int64
}

// NewRoute makes a route. any, when not nil, takes the methods that handlers
// does not name.
func NewRoute(pattern, source string, handlers map[string]Handler, any Handler) *Route {
	rt := &Route{Pattern: pattern, Source: source, handlers: handlers, any: any}
	if any != nil {
		return rt
	}
	list := []string{http.MethodOptions}
	for m := range handlers {
		if m != http.MethodOptions {
			list = append(list, m)
		}
	}
	if handlers[http.MethodGet] != nil && handlers[http.MethodHead] == nil {
		list = append(list, http.MethodHead)
	}
	slices.Sort(list)
	rt.Methods, rt.allow = list, strings.Join(list, ", ")
	return rt
}

// pick finds the handler of a method; HEAD runs GET's when it has none itself.
func (rt *Route) pick(method string) (h Handler, export string) {
	if h = rt.handlers[method]; h != nil {
		return h, method
	}
	if method == http.MethodHead {
		if h = rt.handlers[http.MethodGet]; h != nil {
			return h, http.MethodGet
		}
	}
	return rt.any, method
}

// setPath makes the normalised path the request's, so that Go handlers and
// middleware read the same path as the table.
func setPath(r *http.Request, clean string) {
	if r.URL.RawPath == "" && r.URL.Path == clean && ownEscaping(clean) {
		return
	}
	plain, err := url.PathUnescape(clean)
	if err != nil { // Clean has seen every escape
		plain = clean
	}
	r.URL.Path, r.URL.RawPath = plain, clean
	if plain == clean && ownEscaping(clean) {
		r.URL.RawPath = ""
	}
}

// ownEscaping reports whether net/url would write the path as it is.
func ownEscaping(path string) bool {
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-_.~$&+,:=@;", c) >= 0 {
			continue
		}
		return false
	}
	return true
}

// permanently answers with a 308 to another path of ours, query kept.
func (x *Exchange) permanently(path string) {
	if x.R.URL.RawQuery != "" {
		path += "?" + x.R.URL.RawQuery
	}
	x.redirect(path, http.StatusPermanentRedirect)
}

// redirect answers as Next.js's router does: the place is the body too, and in
// Refresh with a 308.
func (x *Exchange) redirect(to string, status int) {
	h := x.W.Header()
	h.Set("Location", to)
	if status == http.StatusPermanentRedirect {
		h.Set("Refresh", "0;url="+to)
	}
	h["Content-Type"] = nil
	x.W.WriteHeader(status)
	if x.R.Method != http.MethodHead {
		_, _ = x.W.Write([]byte(to))
	}
}

var (
	idPrefix  = rand.Text()[:8]
	idCounter atomic.Uint64
)

// newID names a request: unlike any other of this process and, but for chance,
// of all others.
func newID() string {
	var b [32]byte
	s := append(b[:0], idPrefix...)
	s = append(s, '-')
	return string(strconv.AppendUint(s, idCounter.Add(1), 36))
}
