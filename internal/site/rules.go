package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// middleware is the project's middleware file, if there is one.
type middleware struct {
	file     string
	export   string
	app      *next.App
	matchers []*route.Matcher
	basePath string
	slash    bool
}

// matchLimit is how long a pattern that needs backtracking may take for one
// path. It is time that a request costs: short, and far more than is needed.
const matchLimit = 50 * time.Millisecond

// backtrack compiles the patterns that cannot be matched in linear time.
func backtrack(expr string, ignoreCase bool) (route.Backtracker, error) {
	return js.NewPattern(expr, ignoreCase, matchLimit)
}

// middlewareOf finds the middleware file and compiles its matchers.
func (l *Loader) middlewareOf(fsys fs.FS, s *Site) (*middleware, error) {
	file, err := route.FindMiddleware(fsys, s.Settings.PageExtensions)
	m := &middleware{file: file, basePath: s.Settings.BasePath, slash: s.Settings.TrailingSlash}
	if err != nil || file == "" {
		return m, err
	}
	src, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, &route.Error{File: file, Text: "the file cannot be read: " + err.Error()}
	}
	value, found, err := bundle.StaticExport(file, src, "config", js.Literal)
	if err != nil || !found {
		return m, err
	}
	var problems []error
	specs, err := config.ParseMatcher(value, file, string(src))
	if err != nil {
		problems = append(problems, err) // and those of the patterns
	}
	for _, spec := range specs {
		matcher, err := route.NewMatcher(spec, route.RuleOptions{BasePath: s.Settings.BasePath, Backtrack: backtrack})
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if matcher.Backtracks() {
			s.Warnings = append(s.Warnings, fmt.Sprintf("%s: the matcher %s cannot be matched in linear time; a path that takes longer than %v counts as matched", file, matcher.Source(), matchLimit))
		}
		m.matchers = append(m.matchers, matcher)
	}
	return m, errors.Join(problems...)
}

// Source is the file's name.
func (m *middleware) Source() string { return m.file }

// Run asks the middleware about a request.
func (m *middleware) Run(x *pipeline.Exchange) (*pipeline.Verdict, error) {
	c := call(x)
	c.Export, c.Pattern, c.URL = m.export, m.file, x.FullURL(web.NormaliseQuery)
	c.BasePath, c.TrailingSlash = m.basePath, m.slash
	v, err := m.app.Middleware(x.R, c)
	switch {
	case err == nil:
	case errors.Is(err, next.ErrClientGone), errors.Is(err, js.ErrClosed):
		return nil, scriptError(err)
	default: // whatever it was, the middleware has not let the request pass
		return nil, err
	}
	out := &pipeline.Verdict{Header: v.Header, Request: v.Request, Rewrite: v.Rewrite, Close: v.Close}
	if v.Answered {
		out.Answer = v.Write
	}
	return out, nil
}

// defaultBodyLimit bounds what a handler reads whole.
const defaultBodyLimit = 10 << 20

// pipeline makes the pipeline's configuration of the settings.
func (l *Loader) pipeline(s *Site, guard *middleware) (pipeline.Config, error) {
	set := s.Settings
	c := pipeline.Config{
		BasePath: set.BasePath, TrailingSlash: set.TrailingSlash, SkipTrailingSlashRedirect: set.SkipTrailingSlashRedirect,
		Headers: set.Headers, Redirects: set.Redirects,
		BeforeFiles: set.Rewrites.BeforeFiles, AfterFiles: set.Rewrites.AfterFiles, Fallback: set.Rewrites.Fallback,
		Middleware: l.o.Middleware, BodyLimit: set.BodyLimit, Concurrency: set.MaxConcurrency,
		HealthPath: set.Server.Health, Ready: l.o.Ready, CacheHealth: s.shared.Health, Limiter: s.shared.Limiter,
		Logger: l.o.Logger, AccessLog: set.AccessLog != nil && *set.AccessLog, Dev: l.o.Dev, Source: l.project(),
	}
	if c.BodyLimit == 0 {
		c.BodyLimit = defaultBodyLimit
	}
	c.Compress = !set.NoCompress
	if !l.o.Dev { // as in Next.js: a developer sees what the handler does
		c.Cache, c.Now, c.NoETags = s.shared.Cache, l.o.Now, set.NoETags
	}
	switch c.HealthPath {
	case "":
		c.HealthPath = "/healthz"
	case "-":
		c.HealthPath = ""
	}
	if s.draft != nil {
		c.Draft = s.draft.Check
	}
	if guard.file != "" {
		c.Script, c.Matchers = guard, guard.matchers
	}
	var problems []error
	note := func(err error) {
		if err != nil {
			problems = append(problems, l.placed(set.File, err))
		}
	}
	hosts := set.AllowedHosts
	if l.o.Dev && len(hosts) == 0 {
		hosts = edge.DevelopmentHosts(l.o.Hostname)
	}
	var err error
	c.Clients, err = edge.NewClients(edge.ClientsConfig{TrustedProxies: set.TrustedProxies, Forwarding: forwarding(set.Forwarding), PublicOrigin: set.PublicOrigin, AllowedHosts: hosts})
	note(err)
	var cors []edge.CORSRule
	for _, r := range set.CORS {
		rule := edge.CORSRule{Origins: r.Origins, Methods: r.Methods, Headers: r.Headers, ExposedHeaders: r.ExposedHeaders, Credentials: r.Credentials, MaxAge: max(r.MaxAge, 0), Place: r.Place}
		if r.Source != "" {
			source, err := route.CompileSource(r.Source, route.SourceOptions{BasePath: set.BasePath, Backtrack: backtrack})
			var wrong *route.Error
			if errors.As(err, &wrong) {
				err = &route.Error{File: r.Place, Text: wrong.Text, Hint: wrong.Hint}
			}
			if err != nil {
				note(err)
				continue
			}
			rule.Match = func(path string) bool {
				_, ok, err := source.Match(path)
				return ok && err == nil
			}
		}
		cors = append(cors, rule)
	}
	c.CORS, err = edge.NewCORS(cors)
	note(err)
	c.CSRF, err = edge.NewCSRF(edge.CSRFConfig{Off: set.CSRF.Off, TrustedOrigins: set.CSRF.TrustedOrigins, Exempt: set.CSRF.Exempt, CORS: c.CORS})
	note(err)
	s.clients = c.Clients
	c.RateLimits, err = rateLimits(set)
	note(err)
	upstreams := map[string]proxy.Options{}
	for origin, u := range set.Proxy.Upstreams {
		upstreams[origin] = upstream(u)
	}
	allow := set.Proxy.Allow
	if err := checkFrontend(set.Frontend); err != nil {
		problems = append(problems, err)
	} else if l.o.Dev && set.Frontend != nil && set.Frontend.Dev != "" {
		allow = frontendUpstream(set, upstreams, allow)
	}
	s.proxy, err = proxy.New(proxy.Config{Default: upstream(set.Proxy.Default), Upstreams: upstreams, Allow: allow, Logger: l.o.Logger})
	note(err)
	if s.proxy != nil {
		for _, w := range slices.Concat(set.Rewrites.BeforeFiles, set.Rewrites.AfterFiles, set.Rewrites.Fallback) {
			if origin, ok := w.External(); ok && !s.proxy.Allows(origin) {
				note(&proxy.SettingError{Setting: "proxy.allow", Text: fmt.Sprintf("proxy.allow does not have the host of %s, where the rewrite %s leads to", origin, w.Source()), Hint: "add the host to the list, or leave the list out"})
			}
		}
	}
	c.Proxy = s.proxy
	for w, l := range set.Rewrites.Limits {
		if c.Limits == nil {
			c.Limits = map[*route.Rewrite]proxy.Limits{}
		}
		c.Limits[w] = proxy.Limits(l)
	}
	return c, errors.Join(problems...)
}

// forwarding is the edge's word for a setting that has been checked.
func forwarding(kind string) edge.Forwarding {
	switch kind {
	case "x-forwarded":
		return edge.XForwarded
	case "forwarded":
		return edge.Standard
	}
	return edge.AnyForwarding
}

func upstream(u config.Upstream) proxy.Options {
	o := proxy.Options{
		Limits:        proxy.Limits{ConnectTimeout: u.ConnectTimeout, ResponseTimeout: u.ResponseTimeout, IdleTimeout: u.IdleTimeout, TotalTimeout: u.TotalTimeout},
		FlushInterval: u.FlushInterval, MaxResponseHeaderBytes: u.MaxResponseHeaderSize,
		MaxConcurrent: u.MaxConcurrent, BreakerFailures: u.Breaker.Failures, BreakerTime: u.Breaker.Cooldown, Addresses: u.Addresses,
	}
	if u.Breaker.Off {
		o.BreakerFailures = -1
	}
	return o
}

// placed gives errors of the settings the place that they come from, if they do
// not name one, and their hints the form that all errors have.
func (l *Loader) placed(file string, err error) error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, e := range many.Unwrap() {
			all = append(all, l.placed(file, e))
		}
		return errors.Join(all...)
	}
	var known *route.Error
	var refused *edge.Error
	var upstream *proxy.SettingError
	switch {
	case errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		return &route.Error{File: cmp.Or(refused.Place, l.place(file, refused.Setting, refused.Entry)), Text: refused.Text, Hint: refused.Hint}
	case errors.As(err, &upstream):
		return &route.Error{File: l.place(file, upstream.Setting, upstream.Entry), Text: upstream.Text, Hint: upstream.Hint}
	}
	return &route.Error{File: file, Text: err.Error()}
}

// place is where the configuration has an entry of a setting.
func (l *Loader) place(file, setting, entry string) string {
	if file == "" || setting == "" {
		return file
	}
	return config.Locate(file, l.configText, setting, entry)
}

// RuleInfo is a rule in the listing of a project.
type RuleInfo struct {
	// Kind is "rateLimit", "redirect", "headers", "middleware", "beforeFiles", "afterFiles", "fallback" or "frontend".
	Kind   string `json:"kind"`
	Source string `json:"source"`
	// Destination is where a redirect or a rewrite leads, or the frontend is.
	Destination string `json:"destination,omitempty"`
	// Status is a redirect's.
	Status int `json:"status,omitempty"`
	// Rate is how often requests may come: "100/1m by ip".
	Rate string `json:"rate,omitempty"`
	// File is where the rule stands.
	File string `json:"file"`
	// Backtracks says that the pattern is not matched in linear time.
	Backtracks bool `json:"backtracks,omitempty"`
}

// rules lists the rules in the order in which they are asked.
func rules(c pipeline.Config, set *config.Settings, guard *middleware) []RuleInfo {
	var list []RuleInfo
	for i, r := range c.RateLimits {
		of := set.RateLimits[i]
		info := RuleInfo{Kind: "rateLimit", Source: cmp.Or(of.Source, "every path"), Rate: describe(of), File: set.File}
		if strings.HasPrefix(of.Place, "Config.") { // the program's own
			info.File = of.Place
		}
		if r.Match != nil {
			info.Backtracks = r.Match.Backtracks()
		}
		list = append(list, info)
	}
	for _, r := range c.Redirects {
		list = append(list, RuleInfo{Kind: "redirect", Source: r.Source(), Destination: r.Destination(), Status: r.Status(), File: set.File, Backtracks: r.Backtracks()})
	}
	for _, r := range c.Headers {
		list = append(list, RuleInfo{Kind: "headers", Source: r.Source(), File: set.File, Backtracks: r.Backtracks()})
	}
	switch {
	case guard.file == "":
	case len(guard.matchers) == 0:
		list = append(list, RuleInfo{Kind: "middleware", Source: "every path", File: guard.file})
	default:
		for _, m := range guard.matchers {
			list = append(list, RuleInfo{Kind: "middleware", Source: m.Source(), File: guard.file, Backtracks: m.Backtracks()})
		}
	}
	rewrites := func(kind string, rs []*route.Rewrite) {
		for _, r := range rs {
			list = append(list, RuleInfo{Kind: kind, Source: r.Source(), Destination: r.Destination(), File: set.File, Backtracks: r.Backtracks()})
		}
	}
	rewrites("beforeFiles", c.BeforeFiles)
	rewrites("afterFiles", c.AfterFiles)
	rewrites("fallback", c.Fallback)
	return list
}
