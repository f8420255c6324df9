package next

import (
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// nextURL is a NextURL: a URL that keeps a base path apart from its pathname
// and remembers whether it came with a trailing slash.
type nextURL struct {
	u        *web.URL
	basePath string
	// config is the base path that the URL was made with; clone and href look
	// for it again.
	config        string
	trailingSlash bool
	slashDefault  bool
	buildID       string

	params    *goja.Object
	localhost bool
	guard     func(name string) // of the request that the URL is part of; see web.Request
}

// seen is told before a script sees what static answers cannot depend on.
func (n *nextURL) seen(name string) {
	if n.guard != nil {
		n.guard("nextUrl." + name)
	}
}

// newURL makes a NextURL of an absolute URL. localhost replaces a loopback host
// by that name, as Next.js does for URLs that scripts construct.
func (m *Modules) newURL(text string, basePath string, slash, localhost bool) (*nextURL, error) {
	n := &nextURL{config: basePath, slashDefault: slash, localhost: localhost}
	return n, n.parse(text)
}

func (n *nextURL) parse(text string) error {
	u, err := web.ParseURL(text, nil)
	if err != nil {
		return err
	}
	n.set(u)
	return nil
}

// set analyses a URL: the base path and the data prefix come off its pathname.
func (n *nextURL) set(u *web.URL) {
	if n.localhost && loopback(u.Hostname()) {
		u.SetHostname("localhost")
	}
	n.u, n.basePath, n.buildID = u, "", ""
	p := u.Pathname()
	n.trailingSlash = n.slashDefault
	if p != "/" {
		n.trailingSlash = strings.HasSuffix(p, "/")
	}
	if b := n.config; b != "" && (p == b || strings.HasPrefix(p, b+"/")) {
		n.basePath = b
		if p = p[len(b):]; p == "" {
			p = "/"
		}
		u.SetPathname(p)
	}
}

func loopback(host string) bool {
	return host == "[::1]" || strings.HasPrefix(host, "127.") && strings.Count(host, ".") == 3
}

// pathname is the path of href: with base path, the trailing slash as it came.
func (n *nextURL) pathname() string {
	p := strings.TrimSuffix(n.u.Pathname(), "/")
	p = n.basePath + p
	if n.trailingSlash || p == "" {
		p += "/"
	}
	return p
}

func (n *nextURL) href() string {
	return n.u.Protocol() + "//" + n.u.Host() + n.pathname() + n.u.Search() + n.u.Hash()
}

func (m *Modules) urlClass() *js.Class {
	return lazyClass(&m.classes.url, func() *js.Class {
		rt := m.rt
		c := m.iso.Class("NextURL", 1, nil, func(c goja.ConstructorCall) any {
			text := argument(c.Arguments, 0).String()
			opts, _ := argument(c.Arguments, 1).(*goja.Object)
			if s, ok := argument(c.Arguments, 1).(goja.String); ok {
				base, err := web.ParseURL(s.String(), nil)
				if err == nil {
					if u, err := web.ParseURL(text, base); err == nil {
						text = u.Href()
					}
				}
				opts, _ = argument(c.Arguments, 2).(*goja.Object)
			}
			base, slash := nextConfig(opts)
			n, err := m.newURL(text, base, slash, true)
			if err != nil {
				panic(m.env.URLError(text))
			}
			return n
		})
		c.Hidden()
		self := func(v goja.Value) *nextURL {
			n, ok := js.Host[nextURL](m.iso, v)
			if !ok {
				panic(m.iso.TypeError("Illegal invocation"))
			}
			return n
		}
		text := func(name string, get func(*nextURL) string, set func(n *nextURL, v string)) {
			var s func(goja.FunctionCall) goja.Value
			if set != nil {
				s = func(c goja.FunctionCall) goja.Value {
					set(self(c.This), c.Argument(0).String())
					return goja.Undefined()
				}
			}
			c.Accessor(name, func(c goja.FunctionCall) goja.Value { return rt.ToValue(get(self(c.This))) }, s)
		}
		text("href", func(n *nextURL) string {
			n.seen("href")
			return n.href()
		}, func(n *nextURL, v string) {
			if err := n.parse(v); err != nil {
				panic(m.env.URLError(v))
			}
			n.params = nil
		})
		text("origin", func(n *nextURL) string {
			n.seen("origin")
			return n.u.Origin()
		}, nil)
		text("protocol", func(n *nextURL) string { return n.u.Protocol() }, func(n *nextURL, v string) { n.u.SetProtocol(v) })
		text("host", func(n *nextURL) string { return n.u.Host() }, func(n *nextURL, v string) { n.u.SetHost(v) })
		text("hostname", func(n *nextURL) string { return n.u.Hostname() }, func(n *nextURL, v string) { n.u.SetHostname(v) })
		text("port", func(n *nextURL) string { return n.u.Port() }, func(n *nextURL, v string) { n.u.SetPort(v) })
		text("pathname", func(n *nextURL) string { return n.u.Pathname() }, func(n *nextURL, v string) { n.u.SetPathname(v) })
		text("search", func(n *nextURL) string {
			n.seen("search")
			return n.u.Search()
		}, func(n *nextURL, v string) { n.u.SetSearch(v) })
		text("hash", func(n *nextURL) string { return n.u.Hash() }, func(n *nextURL, v string) { n.u.SetHash(v) })
		text("username", func(n *nextURL) string { return n.u.Username() }, func(n *nextURL, v string) { n.u.SetUsername(v) })
		text("password", func(n *nextURL) string { return n.u.Password() }, func(n *nextURL, v string) { n.u.SetPassword(v) })
		text("basePath", func(n *nextURL) string { return n.basePath }, func(n *nextURL, v string) {
			if !strings.HasPrefix(v, "/") {
				v = "/" + v
			}
			n.basePath = v
		})
		c.Accessor("buildId", func(c goja.FunctionCall) goja.Value {
			if id := self(c.This).buildID; id != "" {
				return rt.ToValue(id)
			}
			return goja.Undefined()
		}, func(c goja.FunctionCall) goja.Value {
			self(c.This).buildID = optional(c.Argument(0))
			return goja.Undefined()
		})
		c.Accessor("locale", func(c goja.FunctionCall) goja.Value { self(c.This); return rt.ToValue("") }, func(c goja.FunctionCall) goja.Value {
			panic(m.iso.TypeError("The NextURL configuration includes no locale %q", c.Argument(0).String()))
		})
		c.Getter("defaultLocale", func(c goja.FunctionCall) goja.Value { self(c.This); return goja.Undefined() })
		c.Getter("domainLocale", func(c goja.FunctionCall) goja.Value { self(c.This); return goja.Undefined() })
		c.Getter("searchParams", func(c goja.FunctionCall) goja.Value {
			n := self(c.This)
			n.seen("searchParams")
			if n.params == nil {
				n.params = m.env.NewSearchParams(n.u.SearchParams())
			}
			return n.params
		})
		for _, name := range []string{"toString", "toJSON"} {
			c.Method(name, 0, func(c goja.FunctionCall) goja.Value {
				n := self(c.This)
				n.seen(name)
				return rt.ToValue(n.href())
			})
		}
		c.Method("clone", 0, func(c goja.FunctionCall) goja.Value {
			n := self(c.This)
			k, err := m.newURL(n.href(), n.config, n.slashDefault, n.localhost)
			if err != nil {
				panic(m.env.URLError(n.href()))
			}
			k.guard = n.guard
			return m.urlClass().New(k)
		})
		return c
	})
}

// nextConfig reads { nextConfig: { basePath, trailingSlash } }.
func nextConfig(o *goja.Object) (basePath string, slash bool) {
	if o == nil {
		return "", false
	}
	cfg, ok := o.Get("nextConfig").(*goja.Object)
	if !ok {
		return "", false
	}
	basePath = optional(cfg.Get("basePath"))
	if v := cfg.Get("trailingSlash"); v != nil {
		slash = v.ToBoolean()
	}
	return basePath, slash
}
