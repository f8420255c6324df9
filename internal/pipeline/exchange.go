package pipeline

import (
	"crypto/rand"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/portico-dev/portico/internal/route"
)

// Exchange is one request at its handler.
type Exchange struct {
	W http.ResponseWriter
	R *http.Request
	// ID names the request in the log and in an error's answer.
	ID string
	// Path is the normalised path, escaped.
	Path string
	// Proto and Host are the public origin: "http" or "https", and a host with
	// its port unless that is the scheme's own.
	Proto, Host string
	Params      route.Params
	Route       *Route
	// Export is the method whose handler runs: GET also for HEAD.
	Export string
}

// URL is the request's absolute URL with the public origin, as scripts see it:
// the path as it was sent, the query as Next.js 16 writes it.
func (x *Exchange) URL(normaliseQuery func(string) string) string {
	switch q := x.R.URL.RawQuery; {
	case q != "":
		return x.Proto + "://" + x.Host + x.Path + "?" + normaliseQuery(q)
	case x.R.URL.ForceQuery:
		return x.Proto + "://" + x.Host + x.Path + "?"
	}
	return x.Proto + "://" + x.Host + x.Path
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

	handlers map[string]Handler
	any      Handler
	allow    string
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

// internalPrefixes begin the names of headers that Next.js, its hosts or we
// use between the parts of a server. From outside they mean nothing and are
// dropped: no request header carries internal state.
var internalPrefixes = []string{"X-Middleware-", "X-Nextjs-", "X-Portico-", "X-Invoke-", "X-Now-Route-", "X-Next-"}

func dropInternal(h http.Header) {
	for name := range h {
		if strings.IndexByte(name, '_') >= 0 { // CGI's readers take X_User for X-User
			delete(h, name)
			continue
		}
		if len(name) > 2 && name[0] == 'X' && name[1] == '-' {
			for _, p := range internalPrefixes {
				if strings.HasPrefix(name, p) {
					delete(h, name)
					break
				}
			}
			if name == "X-Matched-Path" {
				delete(h, name)
			}
		} else if name == "Next-Resume" {
			delete(h, name)
		}
	}
}

// wellFormed refuses what has two readings besides the path: a request line
// with another host than Host says, and no Host at all.
func wellFormed(r *http.Request) bool {
	return validHost(r.Host) && (r.URL.Host == "" || r.URL.Host == r.Host)
}

// validHost accepts what the URL Standard's host parser would leave alone.
func validHost(h string) bool {
	if h == "" {
		return true // HTTP/1.0: the listener's own address stands in
	}
	for i := 0; i < len(h); i++ {
		c := h[i]
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == ':' || c == '_' || c == '[' || c == ']' {
			continue
		}
		return false
	}
	return true
}

// origin is the public origin of a request.
func (p *Pipeline) origin(r *http.Request) (proto, host string) {
	if p.c.PublicOrigin != "" {
		proto, host, _ = strings.Cut(p.c.PublicOrigin, "://")
		return proto, host
	}
	proto = "http"
	if r.TLS != nil {
		proto = "https"
	}
	if r.Host != "" {
		return proto, r.Host
	}
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return proto, a.String()
	}
	return proto, "localhost"
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

// permanently answers with a 308 to another path of ours, query kept, as
// Next.js's own redirects are written: the place in Refresh and in the body.
func permanently(w http.ResponseWriter, r *http.Request, path string) {
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	h := w.Header()
	h.Set("Location", path)
	h.Set("Refresh", "0;url="+path)
	h["Content-Type"] = nil
	w.WriteHeader(http.StatusPermanentRedirect)
	if r.Method != http.MethodHead {
		_, _ = w.Write([]byte(path))
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
