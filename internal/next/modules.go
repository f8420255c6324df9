// Package next is the part of Next.js that handlers import: next/server,
// next/headers, next/navigation and their kin, and the way from an HTTP
// request to a handler's function and back.
package next

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// Modules are the next/* modules of one isolate.
type Modules struct {
	iso *js.Isolate
	rt  *goja.Runtime
	env *web.Env
	app *App

	classes struct {
		url, request, response, requestCookies, responseCookies, event, draft *js.Class
	}
	entries      map[string]*entry // evaluated route modules
	cachedSymbol *goja.Symbol      // see cachedID
	begun        int               // promises and callbacks that after() and waitUntil wait for
}

type modulesKey struct{}

func of(iso *js.Isolate) *Modules {
	return js.State(iso, modulesKey{}, func() *Modules { panic("next.Install has not run on this isolate") })
}

func lazyClass(slot **js.Class, make func() *js.Class) *js.Class {
	if *slot == nil {
		*slot = make()
	}
	return *slot
}

// Specifiers are the modules that Install serves.
var Specifiers = []string{"portico/cors", "portico/rate-limit", useCacheModule, "next/server", "next/headers", "next/navigation", "next/cache", "next/og", "next/constants"}

// install registers the modules on an isolate.
func (a *App) install(iso *js.Isolate) *Modules {
	return js.State(iso, modulesKey{}, func() *Modules {
		m := &Modules{iso: iso, rt: iso.Runtime(), env: web.Of(iso), app: a, entries: map[string]*entry{}}
		iso.OnBreakDown(func() {
			for m.begun > 0 {
				m.end()
			}
		})
		if a.opts.Cache != nil {
			m.env.SetSource(m.fetchSource)
		}
		if !a.opts.Web.Dev { // a developer looks at one request at a time
			m.env.SetLogAttrs(func() []slog.Attr {
				x := m.exchange()
				if x == nil {
					return nil
				}
				return []slog.Attr{slog.String("route", x.call.Pattern), slog.String("id", x.call.ID)}
			})
		}
		for name, fill := range map[string]func(o *goja.Object){
			"next/server":        m.server,
			"next/headers":       m.headers,
			"next/navigation":    m.navigation,
			"next/cache":         m.cache,
			"next/og":            m.og,
			"portico/cors":       m.corsModule,
			"portico/rate-limit": m.rateLimitModule,
			useCacheModule:       m.useCache,
			"next/constants":     m.constants,
		} {
			iso.Module(name, func() *goja.Object {
				o := m.rt.NewObject()
				put(o, "__esModule", m.rt.ToValue(true))
				fill(o)
				return o
			})
			// Next's packages carry the file name too: next/server.js.
			iso.Module(name+".js", func() *goja.Object {
				o, err := iso.Import(name)
				if err != nil {
					panic(iso.NewError("Error", err.Error()))
				}
				return o
			})
		}
		return m
	})
}

func (m *Modules) fn(o *goja.Object, name string, length int, f func(goja.FunctionCall) goja.Value) {
	put(o, name, m.iso.Func(name, length, f))
}

// server fills next/server.
func (m *Modules) server(o *goja.Object) {
	put(o, "NextRequest", m.requestClass().Ctor)
	put(o, "NextResponse", m.responseClass().Ctor)
	m.iso.LazyOn(o, "ImageResponse", m.imageResponse)
	m.iso.LazyOn(o, "URLPattern", func() goja.Value { return orUndefined(m.rt.Get("URLPattern")) })
	m.fn(o, "userAgent", 1, func(c goja.FunctionCall) goja.Value {
		in, ok := c.Argument(0).(*goja.Object)
		if !ok {
			panic(m.iso.TypeError("userAgent: the argument has no headers"))
		}
		ua := ""
		if h, ok := m.env.HeadersOf(orUndefined(in.Get("headers"))); ok {
			ua, _ = h.Get("user-agent")
		} else if ho, ok := in.Get("headers").(*goja.Object); ok {
			if get, ok := goja.AssertFunction(ho.Get("get")); ok {
				v, err := m.iso.Call(get, ho, m.rt.ToValue("user-agent"))
				if err != nil {
					panic(err)
				}
				ua = optional(v)
			}
		}
		return m.userAgent(ua)
	})
	m.fn(o, "userAgentFromString", 1, func(c goja.FunctionCall) goja.Value { return m.userAgent(optional(c.Argument(0))) })
	m.fn(o, "after", 1, m.after)
	m.fn(o, "connection", 0, func(goja.FunctionCall) goja.Value {
		m.touch("connection()")
		if m.exchange() == nil {
			panic(m.outside("connection"))
		}
		return m.iso.Resolved(goja.Undefined())
	})
}

// outside is the error of a request function that is called outside a request.
func (m *Modules) outside(name string) goja.Value {
	return m.iso.NewError("Error", "`"+name+"` was called outside a request scope. Read more: https://nextjs.org/docs/messages/next-dynamic-api-wrong-context")
}

// exchange is the request that is being handled, or nil.
func (m *Modules) exchange() *Exchange {
	if s := m.iso.Scope(); s != nil {
		x, _ := s.Value.(*Exchange)
		return x
	}
	return nil
}

// headers fills next/headers.
func (m *Modules) headers(o *goja.Object) {
	need := func(name string) *Exchange {
		x := m.exchange()
		if x == nil {
			panic(m.outside(name))
		}
		return x
	}
	m.fn(o, "cookies", 0, func(goja.FunctionCall) goja.Value {
		m.touch("cookies()")
		return m.iso.Resolved(m.cookies(need("cookies")))
	})
	m.fn(o, "headers", 0, func(goja.FunctionCall) goja.Value {
		m.touch("headers()")
		x := need("headers")
		if x.headersObj == nil {
			x.headersObj = m.env.NewHeaders(x.incoming.Sealed())
		}
		return m.iso.Resolved(x.headersObj)
	})
	m.fn(o, "draftMode", 0, m.draftMode)
}

// cookies is the jar behind cookies(): like a response's, filled from the
// request, with writes that end up on the response.
func (m *Modules) cookies(x *Exchange) *goja.Object {
	if x.cookiesObj == nil {
		j := &jar{cookies: m.requestJar(x.incoming).cookies, h: &web.Headers{}, response: true}
		for _, c := range j.cookies {
			c.root = true
		}
		for _, line := range x.call.Cookies { // what middleware has set counts already
			if name, o, ok := m.parseSetCookie(line); ok {
				m.normalise(o)
				j.put(cookie{name: name, object: o})
			}
		}
		j.changed = x.cookieChanged
		if x.finished || x.making != nil && x.making.kind == forceStatic {
			j.sealed = sealedCookies
		}
		x.jar = j
		x.cookiesObj = m.responseCookies().New(j)
	}
	return x.cookiesObj
}

// og fills next/og.
func (m *Modules) og(o *goja.Object) {
	m.iso.LazyOn(o, "ImageResponse", m.imageResponse)
}

func (m *Modules) imageResponse() goja.Value {
	c := m.iso.Class("ImageResponse", 1, nil, func(goja.ConstructorCall) any {
		panic(m.iso.NewError("Error", "ImageResponse is not available yet in this version of Portico; return the image's own bytes in a Response"))
	})
	return c.Ctor
}

// Serves reports whether the script host serves a module of that name.
func Serves(specifier string) bool {
	return slices.Contains(Specifiers, strings.TrimSuffix(specifier, ".js")) || web.Serves(specifier)
}
