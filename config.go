package portico

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/portico-dev/portico/internal/config"
)

// Config is what an App is made from. The zero value is a server of Go routes
// alone on port 3000.
type Config struct {
	// Dir is the project: the folder that holds app/ or src/app/, package.json,
	// tsconfig.json and .env files. Empty means that there are Go routes only,
	// unless FS is set.
	Dir string
	// FS holds the project in place of Dir, for programs that embed theirs:
	//
	//	//go:embed all:app tsconfig.json
	//	var project embed.FS
	FS fs.FS
	// Dev is development: Run watches the project and swaps it in when it
	// changes, and errors are shown to the client.
	Dev bool
	// Environ is what scripts see as process.env, below what .env files add, in
	// the form of os.Environ. Nil is os.Environ().
	Environ []string
	// Addr is where Run listens: host:port, "unix:/run/app.sock", or "systemd"
	// for the sockets that systemd passes. Empty is what the project's
	// configuration says, or else ":3000".
	Addr string
	// Hostname is the name under which a development server is opened, beside
	// those of the machine itself.
	Hostname string

	// What follows, as far as it is not zero, overrides the project's
	// configuration file.

	// PublicOrigin is the origin under which clients reach the server, such as
	// "https://example.com": that of request.url. Empty takes the request's
	// Host header.
	PublicOrigin string
	// AllowedHosts are the hosts that are answered: example.com with any port,
	// example.com:8080, *.example.com, and "ip" for any address; others get 421.
	// Nil is any host in production, and in development those that only lead to
	// this machine.
	AllowedHosts []string
	// TrustedProxies are the addresses and CIDR blocks whose forwarded headers
	// count, and the names "loopback", "private" and "unix". Nil trusts nobody:
	// forwarded headers are removed.
	TrustedProxies []string
	// CORS are rules for pages of other origins; the first one whose Source
	// matches counts.
	CORS []CORS
	// RateLimits are rules of how often requests may come; each that matches
	// counts.
	RateLimits []RateRule
	// TrustedOrigins are the origins whose pages may send unsafe requests with
	// the user's cookies, such as "https://app.example.com".
	TrustedOrigins []string
	// BodyLimit bounds the body of a request that a script reads whole, in
	// bytes; more is a 413. 0 is 10 MiB, negative is no limit. What streams has
	// none.
	BodyLimit int64
	// MaxConcurrency bounds the requests that one route handles at a time; more
	// get a 503. 0 is no limit.
	MaxConcurrency int
	// TLS is spoken on all addresses but unix sockets. Nil is plain HTTP.
	TLS *TLS
	// AccessLog writes a line for each request: method, route, status, bytes,
	// duration, id and client, never a path, a query or a header.
	AccessLog bool
	// Frontend is a built single-page application, which answers what no route
	// and no rule does. Nil is what the project's configuration says.
	Frontend *Frontend
	// HandlerTimeout is how long a script may take until it returns a Response;
	// then the client gets a 504. Streaming the body may take longer. 0 is one minute.
	HandlerTimeout time.Duration
	// JobLimit is how long a script may compute without an await; then it is
	// stopped and its client gets a 503. 0 is ten seconds.
	JobLimit time.Duration
	// MemoryLimit is how much of the process's heap may live, in bytes, until the
	// script that seems to grow it is stopped: its client gets a 503, and its
	// isolate is replaced. 0 is five eighths of GOMEMLIMIT, which portico serve
	// takes from its container, and no limit without that; a negative one is none.
	MemoryLimit int64
	// DrainTimeout is how long Run waits for requests under way when it is told
	// to stop. 0 is 30 seconds, unless the project's configuration has another.
	DrainTimeout time.Duration
	// Cache is where answers are kept: "memory"; "disk", which is memory with a
	// file behind it; the URL of a Redis or Valkey server that nodes share, such
	// as "redis://user:password@host:6379/0"; or "off". Empty is what the
	// project's configuration says, or else "disk" for a Dir, and "memory" in
	// development, for an FS and for Go routes alone.
	Cache string
	// CacheDir is the folder of the file, from Dir. Empty is ".portico/cache".
	CacheDir string
	// Admin is the unix socket on which Run answers the command portico cache,
	// for the user of the process alone: "unix:/run/app/admin.sock". A relative
	// path is one from Dir. Empty is what the project's configuration says, or
	// else none.
	Admin string
	// Isolates is how many script engines run side by side. 0 is GOMAXPROCS.
	// Module scope exists once in each.
	Isolates int
	// Logger receives errors and the scripts' console. Nil is slog.Default().
	Logger *slog.Logger
	// Now is the clock of what is kept for a while: cached entries, and the
	// allowances of rate limits in memory. Nil is time.Now. Timeouts, timers and
	// scripts' own Date go by the machine's clock all the same.
	Now func() time.Time

	// Wrap wraps the whole server of Run and Serve, around redirects and refusals
	// too, which middleware given to Use does not see: for metrics and logs. Nil
	// is nothing. A program that uses the App as an http.Handler wraps it itself.
	Wrap func(http.Handler) http.Handler

	// OnListen is called by Run when the server accepts connections.
	OnListen func(net.Addr)
	// OnLoad is called after each load, with its outcome.
	OnLoad func(Loaded)
	// OnPrerender is called while a project loads, each time when one of the
	// static answers that are made ahead is done; one call at a time.
	OnPrerender func(done, all int)
}

// TLS says where certificates come from: files, which are read again when they
// change, or an authority that issues them by ACME.
type TLS struct {
	// CertFile and KeyFile are PEM, named from Config.Dir.
	CertFile, KeyFile string
	// ACME is used in place of files when it is not nil.
	ACME *ACME
	// Redirect are addresses where plain HTTP is sent on to https, such as ":80".
	Redirect []string
}

// Frontend is a built single-page application: a folder of files, and a page for
// every path that its script knows. Routes, files of public/ and rules come
// first, in development too.
type Frontend struct {
	// Dir is the folder of the build, such as "dist", named from Config.Dir.
	Dir string
	// FS has the build in place of Dir, for programs that embed it; see io/fs.Sub.
	FS fs.FS
	// Fallback is the file that answers navigations to what is no file. Empty is
	// "index.html", "-" is none.
	Fallback string
	// Dev is the origin of the frontend's own server, such as
	// "http://localhost:5173", which is asked in development, its WebSocket
	// included. Empty serves the build there too.
	Dev string
	// Immutable are folders of the build, such as "assets", whose files never
	// change under their names and are kept for a year. Names with a hash, as
	// bundlers write them, are seen without.
	Immutable []string
}

// ACME is an account with a certificate authority. The domains are proved on
// port 443 (TLS-ALPN-01), or on port 80 when TLS.Redirect has it (HTTP-01).
type ACME struct {
	// Domains are the names on the certificates.
	Domains []string
	// Email is where the authority writes about problems.
	Email string
	// CA is the URL of its directory. Empty is Let's Encrypt.
	CA string
	// Storage is the folder for keys and certificates, which must outlive the
	// process. Empty is a folder of the user's own.
	Storage string
}

// CORS says which other origins' pages may read the answers of some paths.
type CORS struct {
	// Source is a path pattern, as next.config.js has it in its rules:
	// "/api/:path*". Empty is every path.
	Source string
	// Origins are exact, such as "https://app.example.com"; or the one "*",
	// without Credentials.
	Origins []string
	// Methods beside GET, HEAD and POST; nil is PUT, PATCH and DELETE.
	Methods []string
	// Headers that pages may set; nil is Content-Type and Authorization.
	Headers []string
	// ExposedHeaders that pages may read, beside those they always may.
	ExposedHeaders []string
	// Credentials lets pages send cookies.
	Credentials bool
	// MaxAge is how long a browser remembers a preflight. 0 is its own default.
	MaxAge time.Duration
}

// RateRule is how often requests may come: more are 429.
type RateRule struct {
	// Source is a path pattern, as in CORS. Empty is every path.
	Source string
	// Methods are those that are counted, HEAD where GET is. Nil is any.
	Methods []string
	// Limit and Window are as in Rate.
	Limit  int
	Window time.Duration
	// By says whose requests are counted together: "ip", which is the client's
	// address, "header:NAME", "cookie:NAME" or "session". Empty is "ip", and so is
	// a request without that header or cookie.
	By string
	// Name is what clients are told. Empty is Source.
	Name string
}

// apply puts what the program says on top of the configuration file's settings.
func (c *Config) apply(s *config.Settings) {
	set(&s.PublicOrigin, c.PublicOrigin)
	set(&s.BodyLimit, c.BodyLimit)
	set(&s.MaxConcurrency, c.MaxConcurrency)
	set(&s.Server.HandlerTimeout, c.HandlerTimeout)
	set(&s.Server.JobLimit, c.JobLimit)
	set(&s.Server.MemoryLimit, c.MemoryLimit)
	set(&s.Server.Isolates, c.Isolates)
	set(&s.Server.DrainTimeout, c.DrainTimeout)
	set(&s.Cache.Store, c.Cache)
	set(&s.Cache.Dir, c.CacheDir)
	set(&s.Server.Admin, c.Admin)
	if c.Addr != "" {
		s.Server.Listen = []string{c.Addr}
	}
	if t := c.TLS; t != nil {
		s.Server.TLS = &config.TLS{Cert: t.CertFile, Key: t.KeyFile, Redirect: t.Redirect}
		if t.ACME != nil {
			s.Server.TLS.ACME = &config.ACME{Domains: t.ACME.Domains, Email: t.ACME.Email, CA: t.ACME.CA, Storage: t.ACME.Storage}
		}
	}
	if f := c.Frontend; f != nil {
		s.Frontend = &config.Frontend{Dir: f.Dir, FS: f.FS, Fallback: f.Fallback, Dev: f.Dev, Immutable: f.Immutable}
	}
	if c.AllowedHosts != nil {
		s.AllowedHosts = c.AllowedHosts
	}
	if c.TrustedProxies != nil {
		s.TrustedProxies = c.TrustedProxies
	}
	if c.TrustedOrigins != nil {
		s.CSRF.TrustedOrigins = c.TrustedOrigins
	}
	if c.AccessLog {
		s.AccessLog = &c.AccessLog
	}
	if c.RateLimits != nil {
		s.RateLimits = nil
		for i, r := range c.RateLimits {
			s.RateLimits = append(s.RateLimits, config.RateLimit{Source: r.Source, Methods: r.Methods, Limit: r.Limit, Window: r.Window,
				By: r.By, Name: r.Name, Place: fmt.Sprintf("Config.RateLimits[%d]", i)})
		}
	}
	if c.CORS != nil {
		s.CORS = nil
		for i, r := range c.CORS {
			s.CORS = append(s.CORS, config.CORS{Source: r.Source, Origins: r.Origins, Methods: r.Methods, Headers: r.Headers,
				ExposedHeaders: r.ExposedHeaders, Credentials: r.Credentials, MaxAge: r.MaxAge, Place: fmt.Sprintf("Config.CORS[%d]", i)})
		}
	}
}

// set overrides a setting by a value that is not zero.
func set[T comparable](setting *T, value T) {
	var zero T
	if value != zero {
		*setting = value
	}
}

// Loaded is the outcome of a load.
type Loaded struct {
	// Took is how long it took.
	Took time.Duration
	// Err is why the project was not loaded, nil when it was.
	Err error
	// Routes are in the order in which they are tried.
	Routes []RouteInfo
	// Rules are those of the configuration and the middleware's matchers, in the
	// order in which they are asked.
	Rules []RuleInfo
	// TLS says that the server speaks it, by Config or the project's configuration.
	TLS bool
	// Admin is where portico cache asks the server, as "unix:" and a whole path;
	// empty is nowhere.
	Admin string
	// Warnings explain what is in the project and does nothing.
	Warnings []string
	// EnvFiles are the .env files that were read.
	EnvFiles []string
}

// RuleInfo describes a rule that is asked before or after the routes.
type RuleInfo struct {
	// Kind is "rateLimit", "redirect", "headers", "middleware", "beforeFiles", "afterFiles",
	// "fallback" or "frontend". Files of public/ and then exact routes stand
	// between beforeFiles and afterFiles, dynamic ones between afterFiles and
	// fallback.
	Kind string `json:"kind"`
	// Source is the pattern.
	Source string `json:"source"`
	// Destination is where a redirect or a rewrite leads; the frontend's folder, or
	// its development server.
	Destination string `json:"destination,omitempty"`
	// Status is a redirect's.
	Status int `json:"status,omitempty"`
	// Rate is how often requests may come: "POST 5/15m by ip".
	Rate string `json:"rate,omitempty"`
	// File is where the rule stands.
	File string `json:"file"`
	// Backtracks says that the pattern is not matched in linear time.
	Backtracks bool `json:"backtracks,omitempty"`
}

// RouteInfo describes a route of the table.
type RouteInfo struct {
	Pattern string `json:"pattern"`
	// Source is the route's file, or the Go file and line of its registration.
	Source string `json:"source"`
	// Methods are in alphabetical order; empty means any.
	Methods []string `json:"methods"`
	// Dynamic routes have parameters, and are asked after all others.
	Dynamic bool `json:"dynamic,omitempty"`
	// Kept is how long the answers of GET are kept: "60s", "forever"; "" where
	// each request runs the handler.
	Kept string `json:"kept,omitempty"`
}
