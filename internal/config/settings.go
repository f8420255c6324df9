// Package config makes validated settings of a project's configuration:
// next.config.* as it stands in a Next.js project, or portico.config.*, which
// takes the same keys and Portico's own. It reads plain data; running the file
// and calling redirects(), rewrites() and headers() is done before.
//
// Every problem is a [*route.Error] with its place in the file where that can
// be found, and all problems are reported, not only the first.
package config

import (
	"time"

	"github.com/portico-dev/portico/internal/route"
)

// Settings are what a configuration says. They are not changed after [Parse]
// has made them. The zero value is what a project without a configuration has:
// every field's zero value is its default, so that only what is set differs.
//
// For limits and times, a negative value says that there is none: the
// configuration has `false` there.
type Settings struct {
	// File is the configuration's name, such as "next.config.ts"; "" when there
	// is none.
	File string

	// Redirects, Rewrites and Headers are compiled rules, in order.
	Redirects []*route.Redirect
	Rewrites  Rewrites
	Headers   []*route.HeaderRule

	// BasePath is "" or a path that begins with / and does not end with one.
	BasePath string
	// TrailingSlash: paths end with a slash, and are redirected there.
	TrailingSlash bool
	// SkipTrailingSlashRedirect: both forms of a path are served.
	SkipTrailingSlashRedirect bool
	// SkipURLNormalize is skipMiddlewareUrlNormalize or skipProxyUrlNormalize:
	// middleware sees the URL as it came.
	SkipURLNormalize bool
	// CaseSensitive is experimental.caseSensitiveRoutes: sources of rules
	// compare with regard to case.
	CaseSensitive bool

	// NoCompress is compress: false.
	NoCompress bool
	// NoETags is generateEtags: false.
	NoETags bool
	// Env are literals for process.env.NAME in scripts, put in when they are
	// bundled.
	Env map[string]string
	// PageExtensions are the extensions of route and middleware files, without
	// a leading dot; nil is the default of [route.Scan].
	PageExtensions []string
	// Output is "", "standalone" or "export".
	Output string
	// DistDir is Next.js's folder for what it builds; "" is ".next".
	DistDir string
	// NoKeepAlive is httpAgentOptions.keepAlive: false: fetch uses a connection
	// once.
	NoKeepAlive bool
	// ExpireTime is how old an answer may be that is given while a new one is
	// made; 0 is a year, negative: none is.
	ExpireTime time.Duration
	// CacheMaxMemorySize bounds what the cache keeps in memory, in bytes; 0 is
	// 50 MB, negative: nothing is kept there.
	CacheMaxMemorySize int64
	// CacheHandler is the module that the project names as its cache; "" is
	// none.
	CacheHandler string
	// CacheLife are the profiles of cacheLife beside Next.js's own, by name.
	CacheLife map[string]CacheLife

	// Ignored are keys that Next.js has for React rendering or its build, in
	// the order in which they stand in the file.
	Ignored []string

	// PublicOrigin is the origin under which clients reach the server, such as
	// "https://example.com"; "" takes the request's.
	PublicOrigin string
	// AllowedHosts are the hosts that are answered; nil is any.
	AllowedHosts []string
	// TrustedProxies are addresses, CIDR blocks and names of these, as
	// internal/edge reads them; nil trusts nobody.
	TrustedProxies []string
	// Forwarding is the kind of headers that they write: "x-forwarded",
	// "forwarded", or "" for either.
	Forwarding string
	// CORS are asked in order; the first whose source matches counts.
	CORS []CORS
	// CSRF is on unless CSRF.Off.
	CSRF CSRF
	// RateLimits are asked in order, all that match; RateLimit holds for them and
	// for those of scripts and Go.
	RateLimits []RateLimit
	RateLimit  RateLimits
	// BodyLimit bounds the body of a request that is read whole, in bytes; 0 is
	// 10 MiB, negative: no limit.
	BodyLimit int64
	// AccessLog is nil when the configuration does not say.
	AccessLog *bool
	// MaxConcurrency bounds the requests that one route handles at a time; 0 is
	// no limit.
	MaxConcurrency int
	// Cache says where answers are kept.
	Cache Cache
	// Frontend is nil when there is none.
	Frontend *Frontend
	// Server is about sockets and isolates.
	Server Server
	// Proxy is about external rewrites.
	Proxy Proxy
}

// Rewrites are the rewrites by when they are asked. A plain list is AfterFiles.
type Rewrites struct {
	// BeforeFiles are applied to every request, each to what the last made of it.
	BeforeFiles []*route.Rewrite
	// AfterFiles are asked when no route without parameters matches.
	AfterFiles []*route.Rewrite
	// Fallback are asked when nothing matches.
	Fallback []*route.Rewrite
	// Limits are those of single rewrites to other servers.
	Limits map[*route.Rewrite]Limits
}

// Limits bound the time of a request that goes to another server; 0 is what
// the upstream has. See [Upstream].
type Limits struct {
	ConnectTimeout, ResponseTimeout, IdleTimeout, TotalTimeout time.Duration
}

// CORS is who may read answers from other origins.
type CORS struct {
	// Source is a path pattern such as "/api/:path*"; "" is every path.
	Source string
	// Origins are exact, such as "https://app.example.com", or the one "*".
	Origins []string
	// Methods, Headers and ExposedHeaders; nil is edge's default.
	Methods, Headers, ExposedHeaders []string
	// Credentials allows cookies; never with "*".
	Credentials bool
	// MaxAge is how long a preflight's answer holds; 0 is edge's default,
	// negative: not at all. A number in the configuration is in seconds, as in
	// the header.
	MaxAge time.Duration
	// Place is where the rule stands, for errors.
	Place string
}

// CSRF is the check of unsafe requests that carry cookies.
type CSRF struct {
	// Off is csrf: false.
	Off bool
	// TrustedOrigins are exact origins whose pages may send such requests.
	TrustedOrigins []string
	// Exempt are whole paths that are not checked; there are no patterns.
	Exempt []string
}

// Server has the limits on the wire; 0 is the server's default everywhere.
type Server struct {
	// Listen are addresses: host:port, unix:/path, systemd:.
	Listen []string
	// HeaderTimeout is for a request's header, BodyTimeout for a body that
	// makes no progress, WriteTimeout for a client that takes nothing,
	// IdleTimeout for a connection between requests.
	HeaderTimeout, BodyTimeout, WriteTimeout, IdleTimeout time.Duration
	// MaxHeaderSize and MaxURLSize are in bytes, and never negative.
	MaxHeaderSize, MaxURLSize int64
	// HandlerTimeout, JobLimit, DrainTimeout and Isolates as portico.Config has
	// them.
	HandlerTimeout, JobLimit, DrainTimeout time.Duration
	Isolates                               int
	// MemoryLimit is portico.Config's, in bytes.
	MemoryLimit int64
	// DrainDelay is how long requests are still taken when readiness has been
	// turned off; 0 is none.
	DrainDelay time.Duration
	// Health is the path that tells whether the server is ready; "" is
	// /healthz, "-" is none.
	Health string
	// Admin is where operators talk to the server: "unix:" and a path, a
	// relative one below the project; "" is nowhere.
	Admin string
	// TLS is nil when connections are plain.
	TLS *TLS
}

// TLS is where certificates come from: files, or an ACME authority.
type TLS struct {
	// Cert and Key are file names; relative ones are below the project.
	Cert, Key string
	// ACME is nil when there are files.
	ACME *ACME
	// Redirect are addresses for plain HTTP that send clients to https.
	Redirect []string
}

// ACME is an account with a certificate authority.
type ACME struct {
	Domains []string
	Email   string
	// CA is a directory's URL; "" is Let's Encrypt.
	CA string
	// Storage is a folder for certificates and keys; "" is the user's own.
	Storage string
}

// Proxy has the settings of external rewrites.
type Proxy struct {
	// Allow are the hosts that rewrites may name; nil is any.
	Allow []string
	// Default holds for every upstream that does not say otherwise.
	Default Upstream
	// Upstreams are by origin, such as "https://api.example.com". A field that
	// an entry does not set has Default's value already.
	Upstreams map[string]Upstream
}

// Upstream is how one origin is asked; 0 is the proxy's default everywhere.
type Upstream struct {
	// ConnectTimeout is for the connection, ResponseTimeout from the request's
	// end to the answer's header, IdleTimeout between two pieces of a body,
	// TotalTimeout for all of it.
	ConnectTimeout, ResponseTimeout, IdleTimeout, TotalTimeout time.Duration
	// FlushInterval is how long bytes of an answer of known length may wait for
	// more; negative is not at all.
	FlushInterval time.Duration
	// MaxResponseHeaderSize is in bytes, and never negative.
	MaxResponseHeaderSize int64
	// MaxConcurrent bounds the requests under way.
	MaxConcurrent int
	// Breaker stops asking an upstream that fails.
	Breaker Breaker
	// Addresses are host:port behind the origin; nil is the origin's own host.
	Addresses []string
}

// Breaker is a circuit breaker; 0 is the proxy's default everywhere.
type Breaker struct {
	// Off is breaker: false.
	Off bool
	// Failures in a row open it.
	Failures int
	// Cooldown is how long it stays open.
	Cooldown time.Duration
}
