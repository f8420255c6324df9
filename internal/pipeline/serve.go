// Package pipeline takes one request from its first rule to its answer.
package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/compress"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// Config is what a Pipeline decides by. It is not changed once a Pipeline has it.
type Config struct {
	// Table holds the routes, Go's and scripts' alike. Their patterns have no
	// base path.
	Table *route.Table[*Route]

	// Clients tells who asks, and for which host. It must not be nil.
	Clients *edge.Clients
	// CORS and CSRF are the rules for requests from other sites; nil is none.
	CORS *edge.CORS
	CSRF *edge.CSRF

	// RateLimits are those of the configuration, in order; Limiter counts, and must
	// not be nil where there are some.
	RateLimits []*RateLimit
	Limiter    limit.Limiter

	// BasePath, TrailingSlash and SkipTrailingSlashRedirect are Next.js's
	// settings of these names.
	BasePath                  string
	TrailingSlash             bool
	SkipTrailingSlashRedirect bool
	// Headers, Redirects and the rewrites are those of the configuration.
	Headers                           []*route.HeaderRule
	Redirects                         []*route.Redirect
	BeforeFiles, AfterFiles, Fallback []*route.Rewrite

	// Middleware wraps everything from the script's middleware on; nil is none.
	Middleware func(http.Handler) http.Handler
	// Script is the project's middleware file; nil is none. It runs for the
	// requests that one of Matchers matches; no matchers match all.
	Script   Middleware
	Matchers []*route.Matcher

	// Limits are those of single rewrites to other servers.
	Limits map[*route.Rewrite]proxy.Limits
	// Proxy answers what is rewritten to another server. It must not be nil
	// where that can happen.
	Proxy *proxy.Proxy

	// Public has the files that are served before routes are asked; nil is none.
	Public Files
	// Frontend answers what nothing else has answered; nil is none.
	// FrontendServer is the origin of a server that does so in its place, for
	// development.
	Frontend       Frontend
	FrontendServer string

	// BodyLimit bounds a body that a handler reads whole, in bytes; negative is
	// no bound.
	BodyLimit int64
	// Concurrency bounds the requests that one route handles at a time; 0 is no
	// bound.
	Concurrency int
	// Cache keeps the answers of static routes; nil is that none are kept, as in
	// development. Now is its clock; nil is time.Now.
	Cache *cache.Cache
	Now   func() time.Time
	// NoETags is generateEtags: false.
	NoETags bool
	// Draft tells whether the token of draft mode's cookie is ours, for a
	// request that has the cookie; nil is that there is no draft mode. What else
	// is to be told to a client with a wrong one is on the header.
	Draft func(token string, h http.Header) bool
	// Compress encodes answers for clients that can decode them.
	Compress bool
	// HealthPath answers whether the server is ready; empty is nowhere. Ready
	// tells it; nil is always.
	HealthPath string
	Ready      func() bool
	// CacheHealth says there what is wrong with the cache, in words for everybody;
	// "" and nil are nothing. The server is no less ready for it.
	CacheHealth func() string

	// Logger receives errors, and one line a request when AccessLog is set. It
	// must not be nil.
	Logger    *slog.Logger
	AccessLog bool
	// Dev shows errors to the client, with the lines of Source where they
	// happened; Source has the project's files, and may be nil.
	Dev    bool
	Source fs.FS
}

// Pipeline is an http.Handler; see New for the order.
type Pipeline struct {
	c             Config
	before, after []step
	inner         http.Handler // what Go middleware wraps, wrapped
	packed        *compress.Packed[packedAnswer]
	origins       map[string]*url.URL // of rewrites to other servers, by their text
}

// step is a part of the way of a request. It reports whether it has answered.
type step func(*Exchange) bool

// New makes a pipeline. This is the order in which a request is asked, and the
// only place that has it.
func New(c Config) *Pipeline {
	p := &Pipeline{c: c}
	if c.Compress && c.Cache != nil {
		p.packed = compress.NewPacked[packedAnswer](maxPacked)
	}
	p.before = []step{
		p.admit,       // who asks, from where, for which host; internal headers are dropped
		p.cleanPath,   // the one path of all that follows, or 400; slashes are mended by a 308
		p.health,      // is the server ready?
		p.crossOrigin, // CORS, preflights with it, and CSRF
		p.rateLimit,   // how often the client may ask
		p.redirect,    // redirects of the configuration
		p.headers,     // headers of the configuration, for whatever answers from here on
	}
	// Here Go middleware stands; what follows is inside of it.
	p.after = []step{
		p.middleware,  // the project's middleware file
		p.beforeFiles, // rewrites that come first
		p.draft,       // is somebody in draft mode?
		p.files,       // files of public/
		p.exact,       // routes without parameters
		p.afterFiles,  // rewrites, and after each of them files, exact and dynamic routes
		p.dynamic,     // routes with parameters
		p.fallback,    // rewrites of what is left, and after each of them the same
		p.frontend,    // the built frontend, or its development server
		p.notFound,
	}
	p.origin(c.FrontendServer)
	for _, rules := range [][]*route.Rewrite{c.BeforeFiles, c.AfterFiles, c.Fallback} {
		for _, rule := range rules {
			if origin, external := rule.External(); external {
				p.origin(origin)
			}
		}
	}
	if c.Middleware != nil {
		p.inner = c.Middleware(http.HandlerFunc(p.inside))
	}
	return p
}

// origin notes another server; its text has been checked.
func (p *Pipeline) origin(text string) {
	if u, err := url.Parse(text); err == nil && text != "" {
		if p.origins == nil {
			p.origins = map[string]*url.URL{}
		}
		p.origins[text] = u
	}
}

// ServeHTTP answers a request.
func (p *Pipeline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := p.exchange(w, r)
	if p.c.AccessLog {
		defer p.log(x)
	}
	switch {
	case answered(p.before, x):
	case p.inner == nil:
		p.serve(x)
	default:
		p.inner.ServeHTTP(x.W, x.Told())
	}
	if p.c.Compress {
		// Not deferred: the end of an answer that broke off must be missing.
		if err := x.pack.Close(); err != nil && x.R.Context().Err() == nil {
			p.c.Logger.Warn("the end of an encoded answer could not be written", "id", x.ID, "error", err)
		}
	}
}

type exchangeKey struct{}

// exchangeContext is a context that has its exchange, and part of it, so that
// it costs no allocation.
type exchangeContext struct {
	context.Context
	x *Exchange
}

func (c *exchangeContext) Value(key any) any {
	if key == (exchangeKey{}) {
		return c.x
	}
	return c.Context.Value(key)
}

var errForeignRequest = errors.New("middleware has passed on a request of its own, which is not the one that came in\nhint: derive it with r.WithContext or r.Clone, so that it keeps its context")

// inside goes on below Go middleware, which may have changed the request and
// set headers on the answer.
func (p *Pipeline) inside(w http.ResponseWriter, r *http.Request) {
	x, ok := r.Context().Value(exchangeKey{}).(*Exchange)
	if !ok {
		x = p.exchange(w, r)
		p.failed(x, &StatusError{Status: http.StatusInternalServerError, Err: errForeignRequest}, false)
		return
	}
	x.W, x.R = w, r
	path, _, err := route.Clean(route.RequestPath(r.URL))
	if err != nil {
		p.fail(x, &StatusError{Status: http.StatusBadRequest, Err: err})
		return
	}
	x.Path = path
	x.moveTo(path, r.URL.RawQuery)
	p.serve(x)
}

func (p *Pipeline) serve(x *Exchange) {
	defer x.close()
	answered(p.after, x)
}

func answered(steps []step, x *Exchange) bool {
	for _, ask := range steps {
		if ask(x) {
			return true
		}
	}
	return false
}
