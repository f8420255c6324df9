package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/route"
)

// Options say how [Parse] reads a configuration.
type Options struct {
	// File is the configuration's name, such as "next.config.ts".
	File string
	// Text is the file's text, for the places of errors; it may be empty.
	Text string
	// Own says that Portico's own keys stand at the top, as in portico.config.*.
	// In next.config.*, where Next.js would report them, they are under the key
	// portico.
	Own bool
	// Backtrack compiles what Go's regexp cannot, as in [route.RuleOptions].
	Backtrack route.BacktrackFunc
}

// Parse makes settings of a configuration's data: see [ParseJSON] for its form.
// The values of redirects, rewrites and headers are what these functions
// return. Warnings are explanations of what does nothing. The error joins all
// problems; each is a [*route.Error].
func Parse(data any, o Options) (s *Settings, warnings []string, err error) {
	p := &parser{s: &Settings{File: o.File}, o: o, limits: map[string]Limits{}, src: source{file: o.File, text: o.Text}}
	top, ok := data.(*Object)
	if !ok {
		p.fail(nil, "export default { … }, or a function that returns such an object", "the configuration is %s, want an object", describe(data))
		return nil, nil, errors.Join(p.problems...)
	}
	fields := p.nextFields()
	own := p.ownFields()
	fields["portico"] = func(v any, at place) { p.object(v, at, own) }
	if o.Own {
		// The portico key of a next.config that was spread comes first: what
		// stands at the top wins.
		if v := top.Get("portico"); v != nil {
			fields["portico"](v, place{"portico"})
		}
		delete(fields, "portico")
		maps.Copy(fields, own)
	}
	for _, m := range top.Members {
		at := place{m.Name}
		field := fields[m.Name]
		switch {
		case field != nil:
			if m.Value != nil {
				field(m.Value, at)
			}
		case m.Name == "portico":
		case Ignores(m.Name):
			if m.Value != nil {
				p.s.Ignored = append(p.s.Ignored, m.Name)
			}
		default:
			p.unknownTop(m.Name, fields, own)
		}
	}
	p.compile()
	p.inherit()
	if len(p.s.Ignored) > 0 {
		p.warn("%s: ignored, being about React rendering or Next.js's own build: %s", o.File, strings.Join(p.s.Ignored, ", "))
	}
	if len(p.problems) > 0 {
		return nil, p.warnings, p.err()
	}
	return p.s, p.warnings, nil
}

// err joins the problems in the order of their places in the file; those
// without one stand behind.
func (p *parser) err() error {
	type located struct {
		line, column int
		err          error
	}
	var all []located
	var add func(err error)
	add = func(err error) {
		if many, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range many.Unwrap() {
				add(e)
			}
			return
		}
		l := located{line: math.MaxInt, err: err}
		if rest, ok := strings.CutPrefix(err.Error(), p.o.File+":"); ok {
			var line, column int
			if n, _ := fmt.Sscanf(rest, "%d:%d:", &line, &column); n == 2 { // or it has no place
				l.line, l.column = line, column
			}
		}
		all = append(all, l)
	}
	for _, e := range p.problems {
		add(e)
	}
	slices.SortStableFunc(all, func(a, b located) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	errs := make([]error, len(all))
	for i, l := range all {
		errs[i] = l.err
	}
	return errors.Join(errs...)
}

// parser is one run of Parse.
type parser struct {
	s        *Settings
	o        Options
	src      source
	problems []error
	warnings []string

	// Rules are compiled when all that they depend on has been read.
	rules struct {
		redirects, headers                []route.RuleSpec
		beforeFiles, afterFiles, fallback []route.RuleSpec
	}
	limits    map[string]Limits          // of rewrites, by their place
	upstreams map[string]func(*Upstream) // what each entry sets, over the default
}

func (p *parser) fail(at place, hint, format string, args ...any) {
	p.failOf(at, "", hint, format, args...)
}

// failOf is fail for something that has a string of its own, see source.place.
func (p *parser) failOf(at place, of, hint, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(at) > 0 {
		text = at.String() + ": " + text
	}
	p.problems = append(p.problems, &route.Error{File: p.src.place(at, of), Text: text, Hint: hint})
}

func (p *parser) warn(format string, args ...any) {
	p.warnings = append(p.warnings, fmt.Sprintf(format, args...))
}

// fields are the keys of an object, each with what reads its value.
type fields map[string]func(v any, at place)

// object reads an object. A null is as good as a key that is not there:
// Next.js's own defaults have them.
func (p *parser) object(v any, at place, f fields) {
	p.objectOf(v, at, "", f)
}

func (p *parser) objectOf(v any, at place, of string, f fields) bool {
	o, ok := v.(*Object)
	if !ok {
		p.failOf(at, of, "", "this is %s, want an object", describe(v))
		return false
	}
	sound := true
	for _, m := range o.Members {
		switch read := f[m.Name]; {
		case read == nil:
			p.unknown(at.then(m.Name), of, m.Name, slices.Sorted(maps.Keys(f)))
			sound = false
		case m.Value != nil:
			before := len(p.problems)
			read(m.Value, at.then(m.Name))
			sound = sound && len(p.problems) == before
		}
	}
	return sound
}

func (p *parser) unknown(at place, of, name string, known []string) {
	hint := "the keys here are " + strings.Join(known, ", ")
	if n := nearest(name, known); n != "" {
		hint = "did you mean " + n
	}
	p.failOf(at, of, hint, "unknown key")
}

// unknownTop words an unknown key of the configuration itself.
func (p *parser) unknownTop(name string, known, own fields) {
	at := place{name}
	switch {
	case own[name] != nil: // in next.config.*
		p.fail(at, fmt.Sprintf("write portico: { %s: … }: Next.js would not know it at the top", name), "this is a key of Portico")
		return
	case p.experimentalFields()[name] != nil:
		p.fail(at, fmt.Sprintf("write experimental: { %s: … }", name), "unknown key")
		return
	}
	names := append(slices.Sorted(maps.Keys(known)), ignored...)
	if n := nearest(name, names); n != "" {
		p.fail(at, "did you mean "+n, "unknown key")
	} else if n := nearest(name, slices.Sorted(maps.Keys(own))); n != "" {
		p.fail(at, fmt.Sprintf("did you mean portico: { %s: … }", n), "unknown key")
	} else {
		p.fail(at, "neither Next.js nor Portico has a key of this name; remove it", "unknown key")
	}
}

// The readers of plain values report what is wrong and give false for it.

func (p *parser) boolean(v any, at place) (b, ok bool) {
	if b, ok = v.(bool); !ok {
		p.fail(at, "", "this is %s, want true or false", describe(v))
	}
	return b, ok
}

func (p *parser) str(v any, at place) (string, bool) {
	s, ok := v.(string)
	if !ok {
		p.fail(at, "", "this is %s, want a string", describe(v))
	}
	return s, ok
}

// text reads a string that is not empty.
func (p *parser) text(v any, at place) (string, bool) {
	s, ok := p.str(v, at)
	if ok && s == "" {
		p.fail(at, "leave the key out, or give it a value", "this is an empty string")
		return "", false
	}
	return s, ok
}

// list reads a list; one item may stand without brackets where single is true.
func (p *parser) list(v any, at place, single bool, item func(v any, at place)) bool {
	l, ok := v.([]any)
	switch {
	case ok:
		for i, e := range l {
			item(e, at.then(i))
		}
	case single:
		item(v, at)
	default:
		p.fail(at, "", "this is %s, want a list", describe(v))
		return false
	}
	return true
}

// texts reads strings; one may stand without brackets.
func (p *parser) texts(v any, at place, check func(s string, at place) bool) []string {
	out := []string{}
	p.list(v, at, true, func(v any, at place) {
		if s, ok := p.text(v, at); ok && (check == nil || check(s, at)) {
			out = append(out, s)
		}
	})
	return out
}

func (p *parser) count(v any, at place) int {
	n, ok := v.(float64)
	if !ok || n < 1 || n != math.Trunc(n) || n > 1<<30 {
		p.fail(at, "leave the key out for the default", "this is %s, want a whole number above 0", describe(v))
		return 0
	}
	return int(n)
}

// limitCount is count, with false for no limit: -1.
func (p *parser) limitCount(v any, at place) int {
	if v == false {
		return unlimited
	}
	return p.count(v, at)
}

func (p *parser) size(v any, at place) int64 {
	n, err := ParseSize(v)
	if err != nil {
		p.failUnit(at, err)
	}
	return n
}

func (p *parser) duration(v any, at place) time.Duration {
	d, err := ParseDuration(v)
	if err != nil {
		p.failUnit(at, err)
	}
	return d
}

// failUnit makes a text and a hint of an error of units.go.
func (p *parser) failUnit(at place, err error) {
	text, hint, _ := strings.Cut(err.Error(), ": ")
	p.fail(at, hint, "%s", text)
}

// Setters of a field: what most keys come down to.

func (p *parser) setBool(to *bool) func(any, place) {
	return func(v any, at place) { *to, _ = p.boolean(v, at) }
}

// setNot is setBool for a field that says the contrary.
func (p *parser) setNot(to *bool) func(any, place) {
	return func(v any, at place) {
		if b, ok := p.boolean(v, at); ok {
			*to = !b
		}
	}
}

func (p *parser) setText(to *string) func(any, place) {
	return func(v any, at place) { *to, _ = p.text(v, at) }
}

func (p *parser) setTexts(to *[]string) func(any, place) {
	return func(v any, at place) { *to = p.texts(v, at, nil) }
}

func (p *parser) setSize(to *int64) func(any, place) {
	return func(v any, at place) { *to = p.size(v, at) }
}

// setBounded is setSize for what must have a limit.
func (p *parser) setBounded(to *int64) func(any, place) {
	return func(v any, at place) {
		if n := p.size(v, at); n >= 0 {
			*to = n
			return
		}
		p.fail(at, "it is held in memory; write a size such as '64kb'", "there must be a limit")
	}
}

func (p *parser) setDuration(to *time.Duration) func(any, place) {
	return func(v any, at place) { *to = p.duration(v, at) }
}

func (p *parser) setCount(to *int) func(any, place) {
	return func(v any, at place) { *to = p.count(v, at) }
}

// nextFields are the keys of Next.js that a backend has a use for.
func (p *parser) nextFields() fields {
	s := p.s
	return fields{
		"redirects": func(v any, at place) { p.rules.redirects = p.ruleList(v, at, redirectRule) },
		"rewrites":  p.rewrites,
		"headers":   func(v any, at place) { p.rules.headers = p.ruleList(v, at, headerRule) },

		"basePath":                   p.basePath,
		"trailingSlash":              p.setBool(&s.TrailingSlash),
		"skipTrailingSlashRedirect":  p.setBool(&s.SkipTrailingSlashRedirect),
		"skipMiddlewareUrlNormalize": p.skipNormalize,
		"skipProxyUrlNormalize":      p.skipNormalize,
		"poweredByHeader":            func(v any, at place) { p.boolean(v, at) }, // Portico never sends it
		"compress":                   p.setNot(&s.NoCompress),
		"generateEtags":              p.setNot(&s.NoETags),
		"env":                        p.env,
		"pageExtensions":             p.pageExtensions,
		"output":                     p.output,
		"distDir":                    p.setText(&s.DistDir),
		"httpAgentOptions": func(v any, at place) {
			p.object(v, at, fields{"keepAlive": p.setNot(&s.NoKeepAlive)})
		},
		"expireTime":         p.expireTime,
		"cacheMaxMemorySize": p.cacheSize,
		"cacheHandler":       p.setText(&s.CacheHandler),
		"cacheLife":          p.cacheLife,
		"experimental":       p.experimental,
		"i18n": func(v any, at place) {
			p.fail(at, "put the routes below app/[lang]/ and let middleware choose the language", "routing by locale is not supported: it belongs to the pages router, and Next.js ignores it for route handlers")
		},
	}
}

func (p *parser) skipNormalize(v any, at place) {
	b, _ := p.boolean(v, at)
	p.s.SkipURLNormalize = p.s.SkipURLNormalize || b
}

func (p *parser) basePath(v any, at place) {
	s, ok := p.str(v, at)
	switch {
	case !ok:
	case s == "/":
		p.fail(at, `leave it out, or write "" for none`, "/ is no prefix")
	case s != "" && s[0] != '/':
		p.fail(at, "write "+quote("/"+strings.TrimRight(s, "/")), "%s does not begin with a slash", quote(s))
	case strings.HasSuffix(s, "/"):
		p.fail(at, "write "+quote(strings.TrimRight(s, "/")), "%s ends with a slash", quote(s))
	case strings.ContainsAny(s, "?#\\ \t\r\n") || strings.Contains(s, "//"):
		p.fail(at, "it is a plain path such as /docs", "%s is not a path", quote(s))
	default:
		p.s.BasePath = s
	}
}

// reservedEnv are names that Next.js does not let a configuration set.
var reservedEnv = regexp.MustCompile(`^(?i:NODE_.+|__.+)$|^NEXT_RUNTIME$`)

func (p *parser) env(v any, at place) {
	o, ok := v.(*Object)
	if !ok {
		p.fail(at, "", "this is %s, want an object of strings", describe(v))
		return
	}
	p.s.Env = map[string]string{}
	for _, m := range o.Members {
		at := at.then(m.Name)
		switch {
		case m.Value == nil:
		case reservedEnv.MatchString(m.Name):
			p.fail(at, "see https://nextjs.org/docs/messages/env-key-not-allowed", "this name is not allowed here")
		case !identifier(m.Name):
			p.fail(at, "", "this is not a name that process.env.NAME could have")
		default:
			if s, ok := p.str(m.Value, at); ok {
				p.s.Env[m.Name] = s
			}
		}
	}
}

var extension = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func (p *parser) pageExtensions(v any, at place) {
	before := len(p.problems)
	list := []string{}
	p.list(v, at, false, func(v any, at place) {
		if s, ok := p.text(v, at); ok {
			if !extension.MatchString(s) {
				p.fail(at, "write it without the leading dot, such as ts or api.ts", "%s is not an extension", quote(s))
			}
			list = append(list, s)
		}
	})
	if len(p.problems) > before {
		return
	}
	if len(list) == 0 {
		p.fail(at, "leave the key out for tsx, ts, jsx and js", "the list is empty, so that no file would be a route")
		return
	}
	p.s.PageExtensions = list
}

func (p *parser) output(v any, at place) {
	if v != "standalone" && v != "export" {
		p.fail(at, `it is "standalone" or "export"`, "this is %s", describe(v))
		return
	}
	p.s.Output = v.(string)
}

func (p *parser) expireTime(v any, at place) {
	n, ok := v.(float64)
	switch {
	case v == false || ok && n == 0:
		p.s.ExpireTime = unlimited
	case !ok || !(n > 0) || n > math.MaxInt64/float64(time.Second)/2:
		p.fail(at, "", "this is %s, want a number of seconds", describe(v))
	default:
		p.s.ExpireTime = time.Duration(n * float64(time.Second))
	}
}

func (p *parser) cacheSize(v any, at place) {
	if v == 0.0 {
		p.s.CacheMaxMemorySize = -1 // off, as in Next.js
		return
	}
	p.s.CacheMaxMemorySize = p.size(v, at)
}

// experimentalFields are the experimental keys that are about a backend.
func (p *parser) experimentalFields() fields {
	return fields{
		"caseSensitiveRoutes": p.setBool(&p.s.CaseSensitive),
		"cacheLife":           p.cacheLife, // of Next.js 15
		// How long an upstream may be silent: 30 s in Next.js.
		"proxyTimeout": func(v any, at place) {
			if p.s.Proxy.Default.ResponseTimeout == 0 { // ours wins
				p.s.Proxy.Default.ResponseTimeout = p.duration(v, at)
			}
		},
		// Next.js cuts the body that middleware and handler see at this size.
		"middlewareClientMaxBodySize": p.wholeBodies,
		"proxyClientMaxBodySize":      p.wholeBodies,
	}
}

func (p *parser) wholeBodies(v any, at place) {
	if _, err := ParseSize(v); err != nil {
		p.failUnit(at, err)
		return
	}
	p.warn("%s: %s does nothing: a body that middleware reads is never cut short; bodyLimit bounds what handlers read", p.o.File, at)
}

// experimental passes over what it does not know: the names change with every
// release, and are of rendering and the build. What looks like a slip of one
// that is known here is one.
func (p *parser) experimental(v any, at place) {
	o, ok := v.(*Object)
	if !ok {
		p.fail(at, "", "this is %s, want an object", describe(v))
		return
	}
	known := p.experimentalFields()
	names := slices.Sorted(maps.Keys(known))
	for _, m := range o.Members {
		at := at.then(m.Name)
		read := known[m.Name]
		switch near := nearest(m.Name, names); {
		case m.Value == nil:
		case read != nil:
			read(m.Value, at)
		case near != "" && editDistance(strings.ToLower(m.Name), strings.ToLower(near)) <= 2:
			p.unknown(at, "", m.Name, names)
		default:
			p.s.Ignored = append(p.s.Ignored, at.String())
		}
	}
}

// ownFields are Portico's keys.
func (p *parser) ownFields() fields {
	s := p.s
	return fields{
		"publicOrigin": func(v any, at place) {
			if o, ok := p.text(v, at); ok && p.origin(o, at) {
				s.PublicOrigin = o
			}
		},
		"allowedHosts":   p.setTexts(&s.AllowedHosts),
		"trustedProxies": p.setTexts(&s.TrustedProxies),
		"forwarding": func(v any, at place) {
			if v != "x-forwarded" && v != "forwarded" {
				p.fail(at, `it is "x-forwarded" or "forwarded" (RFC 7239): what the trusted proxies write`, "this is %s", describe(v))
				return
			}
			s.Forwarding = v.(string)
		},
		"cors":      func(v any, at place) { p.list(v, at, true, p.cors) },
		"csrf":      p.csrf,
		"rateLimit": p.rateLimit,
		"bodyLimit": p.setSize(&s.BodyLimit),
		"accessLog": func(v any, at place) {
			if b, ok := p.boolean(v, at); ok {
				s.AccessLog = &b
			}
		},
		"rateLimits":     p.rateLimits,
		"maxConcurrency": p.setCount(&s.MaxConcurrency),
		"cache":          p.cache,
		"frontend":       p.frontend,
		"server":         p.server,
		"proxy":          p.proxy,
	}
}

func (p *parser) server(v any, at place) {
	s := &p.s.Server
	p.object(v, at, fields{
		"listen":         p.setTexts(&s.Listen),
		"headerTimeout":  p.setDuration(&s.HeaderTimeout),
		"bodyTimeout":    p.setDuration(&s.BodyTimeout),
		"idleTimeout":    p.setDuration(&s.IdleTimeout),
		"writeTimeout":   p.setDuration(&s.WriteTimeout),
		"maxHeaderSize":  p.setBounded(&s.MaxHeaderSize),
		"maxURLSize":     p.setBounded(&s.MaxURLSize),
		"handlerTimeout": p.setDuration(&s.HandlerTimeout),
		"jobLimit":       p.setDuration(&s.JobLimit),
		"memoryLimit":    p.setSize(&s.MemoryLimit),
		"drainTimeout":   p.setDuration(&s.DrainTimeout),
		"drainDelay":     p.setDuration(&s.DrainDelay),
		"health": func(v any, at place) {
			if v == false {
				s.Health = "-"
				return
			}
			if s.Health, _ = p.text(v, at); s.Health != "" && s.Health[0] != '/' {
				p.fail(at, "write \"/healthz\", or false", "%q does not begin with a slash", s.Health)
			}
		},
		"isolates": p.setCount(&s.Isolates),
		"admin":    p.admin,
		"tls":      p.tls,
	})
}

func (p *parser) tls(v any, at place) {
	if v == false {
		return
	}
	if _, ok := v.(*Object); !ok {
		p.fail(at, "write tls: { cert: 'cert.pem', key: 'key.pem' }, or tls: { acme: { domains: ['example.com'] } }", "this is %s, want an object", describe(v))
		return
	}
	t := &TLS{}
	sound := p.objectOf(v, at, "", fields{
		"cert": p.setText(&t.Cert),
		"key":  p.setText(&t.Key),

		"redirect": p.setTexts(&t.Redirect),
		"acme": func(v any, at place) {
			t.ACME = &ACME{}
			if p.objectOf(v, at, "", fields{
				"domains": p.setTexts(&t.ACME.Domains),
				"email":   p.setText(&t.ACME.Email),
				"ca":      p.setText(&t.ACME.CA),
				"storage": p.setText(&t.ACME.Storage),
			}) && len(t.ACME.Domains) == 0 {
				p.fail(at, "write acme: { domains: ['example.com'], email: 'you@example.com' }", "there are no domains")
			}
		},
	})
	files := t.Cert != "" || t.Key != ""
	switch {
	case !sound:
	case t.ACME != nil && files:
		p.fail(at, "keep one of them", "there are files and acme as well")
	case t.ACME == nil && (t.Cert == "" || t.Key == ""):
		p.fail(at, "write tls: { cert: 'cert.pem', key: 'key.pem' }, or tls: { acme: { domains: ['example.com'] } }", "cert and key are needed together")
	default:
		p.s.Server.TLS = t
	}
}

func (p *parser) csrf(v any, at place) {
	s := &p.s.CSRF
	if b, ok := v.(bool); ok {
		s.Off = !b
		return
	}
	p.object(v, at, fields{
		"trustedOrigins": func(v any, at place) { s.TrustedOrigins = p.texts(v, at, p.origin) },
		"exempt":         func(v any, at place) { s.Exempt = p.texts(v, at, p.pathSource) },
	})
}

// pathSource checks that a pattern can match a path at all; its grammar is that
// of the rules, which the one who compiles it checks.
func (p *parser) pathSource(s string, at place) bool {
	if s[0] != '/' {
		p.fail(at, "write "+quote("/"+s), "%s does not begin with a slash", quote(s))
		return false
	}
	return true
}

func (p *parser) cors(v any, at place) {
	c := CORS{Place: p.src.place(at, "") + ": " + at.String()}
	sound := p.objectOf(v, at, "", fields{
		"source": func(v any, at place) {
			if s, ok := p.text(v, at); ok && p.pathSource(s, at) {
				c.Source = s
			}
		},
		"origins": func(v any, at place) {
			c.Origins = p.texts(v, at, func(s string, at place) bool { return s == "*" || p.origin(s, at) })
		},
		"methods":        p.setTexts(&c.Methods),
		"headers":        p.setTexts(&c.Headers),
		"exposedHeaders": p.setTexts(&c.ExposedHeaders),
		"credentials":    p.setBool(&c.Credentials),
		"maxAge": func(v any, at place) {
			d, err := parseDuration(v, time.Second)
			if err != nil {
				p.failUnit(at, err)
			}
			c.MaxAge = d
		},
	})
	switch {
	case !sound:
	case len(c.Origins) == 0:
		p.fail(at, "write origins: ['https://app.example.com'], or '*' for answers without cookies", "there are no origins")
	case slices.Contains(c.Origins, "*") && len(c.Origins) > 1:
		p.fail(at.then("origins"), "write '*' alone, or leave it out", "'*' stands beside origins that it includes")
	case slices.Contains(c.Origins, "*") && c.Credentials:
		p.fail(at, "list the origins that may read answers with cookies", "credentials with '*' would give every site the answers that are meant for a signed-in user")
	default:
		p.s.CORS = append(p.s.CORS, c)
	}
}

// origin checks the text of an origin: scheme://host[:port] exactly, as
// browsers send it.
func (p *parser) origin(s string, at place) bool {
	if right, ok := exactOrigin(s); !ok {
		hint := "an origin is a scheme and a host, such as https://example.com"
		if right != "" {
			hint = "write " + right
		}
		p.fail(at, hint, "%s is not an origin", quote(s))
		return false
	}
	return true
}

// exactOrigin reports whether s is an origin, and gives the right form of what
// is nearly one, or "".
func exactOrigin(s string) (right string, ok bool) {
	full := s
	if !strings.Contains(s, "://") {
		full = "https://" + strings.TrimLeft(s, "/")
	}
	u, err := url.Parse(full)
	if err != nil || u.Hostname() == "" || u.Opaque != "" || strings.ContainsAny(u.Host, "*,%") {
		return "", false
	}
	scheme := strings.ToLower(u.Scheme)
	if scheme != "http" && scheme != "https" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	for _, r := range host {
		if r <= ' ' || r >= 0x7f {
			return "", false // browsers send the name in Punycode
		}
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if port == "" || scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		port = ""
	} else {
		port = ":" + port
	}
	right = scheme + "://" + host + port
	return right, s == right
}

func (p *parser) proxy(v any, at place) {
	s := &p.s.Proxy
	f := p.upstreamFields(&s.Default)
	delete(f, "addresses") // they are of one origin
	f["allow"] = p.setTexts(&s.Allow)
	f["upstreams"] = p.upstreamList
	p.object(v, at, f)
}

func (p *parser) upstreamList(v any, at place) {
	o, ok := v.(*Object)
	if !ok {
		p.fail(at, "write upstreams: { 'https://api.example.com': { … } }", "this is %s, want an object by origin", describe(v))
		return
	}
	p.upstreams = map[string]func(*Upstream){}
	for _, m := range o.Members {
		at := at.then(m.Name)
		if m.Value == nil || !p.origin(m.Name, at) {
			continue
		}
		p.object(m.Value, at, p.upstreamFields(&Upstream{}))
		p.upstreams[m.Name] = func(u *Upstream) {
			quiet := &parser{s: &Settings{}} // problems have been reported
			quiet.object(m.Value, nil, quiet.upstreamFields(u))
		}
	}
}

// inherit gives every upstream the default's values where it has none.
func (p *parser) inherit() {
	for origin, set := range p.upstreams {
		if p.s.Proxy.Upstreams == nil {
			p.s.Proxy.Upstreams = map[string]Upstream{}
		}
		u := p.s.Proxy.Default
		set(&u)
		p.s.Proxy.Upstreams[origin] = u
	}
}

func (p *parser) upstreamFields(u *Upstream) fields {
	return fields{
		"connectTimeout":  p.setDuration(&u.ConnectTimeout),
		"responseTimeout": p.setDuration(&u.ResponseTimeout),
		"idleTimeout":     p.setDuration(&u.IdleTimeout),
		"totalTimeout":    p.setDuration(&u.TotalTimeout),
		"flushInterval":   p.setDuration(&u.FlushInterval),
		"maxConcurrent":   func(v any, at place) { u.MaxConcurrent = p.limitCount(v, at) },
		"breaker": func(v any, at place) {
			if b, ok := v.(bool); ok {
				u.Breaker.Off = !b
				return
			}
			u.Breaker.Off = false
			p.object(v, at, fields{
				"failures": p.setCount(&u.Breaker.Failures),
				"cooldown": p.setDuration(&u.Breaker.Cooldown),
			})
		},
		"addresses": p.setTexts(&u.Addresses),

		"maxResponseHeaderSize": p.setBounded(&u.MaxResponseHeaderSize),
	}
}
