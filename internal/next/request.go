package next

import (
	"fmt"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// requestExt is what a NextRequest adds to a Request.
type requestExt struct {
	basePath string
	slash    bool
	incoming bool // made for a request from the network, not by a script
	url      *goja.Object
	cookies  *goja.Object
}

const malformed = "URL is malformed %q. Please use only absolute URLs - https://nextjs.org/docs/messages/middleware-relative-urls"

// absolute is Next's validateURL: the text of an absolute URL.
func (m *Modules) absolute(v goja.Value) *web.URL {
	text := v.String()
	u, err := web.ParseURL(text, nil)
	if err != nil {
		o := m.iso.NewError("Error", fmt.Sprintf(malformed, text))
		put(o, "cause", m.env.URLError(text))
		panic(o)
	}
	return u
}

func (m *Modules) requestClass() *js.Class {
	return lazyClass(&m.classes.request, func() *js.Class {
		base := m.env.RequestClass()
		c := m.iso.Class("NextRequest", 1, base, func(c goja.ConstructorCall) any {
			input, init := argument(c.Arguments, 0), argument(c.Arguments, 1)
			_, isRequest := m.env.RequestOf(input)
			if o, ok := input.(*goja.Object); ok && !isRequest {
				if v := o.Get("url"); v != nil && !goja.IsUndefined(v) {
					input = v
				}
			}
			if !isRequest {
				m.absolute(input)
			}
			ext := &requestExt{}
			if o, ok := init.(*goja.Object); ok {
				ext.basePath, ext.slash = nextConfig(o)
				if b := o.Get("body"); b != nil && b.ToBoolean() && optional(o.Get("duplex")) != "half" {
					if _, host := m.env.RequestOf(o); !host {
						put(o, "duplex", m.rt.ToValue("half"))
					}
				}
			}
			r := m.env.MakeRequest(input, init)
			r.Ext = ext
			n, err := m.newURL(r.URL(), ext.basePath, ext.slash, true)
			if err != nil {
				panic(m.env.URLError(r.URL()))
			}
			ext.url = m.urlClass().New(n)
			r.SetURL(n.href())
			m.keepCookies(r, ext)
			return r
		})
		c.Hidden().NoTag()
		self := func(v goja.Value) (*web.Request, *requestExt) {
			r, ok := m.env.RequestOf(v)
			if ok {
				if x, ok := r.Ext.(*requestExt); ok {
					return r, x
				}
			}
			panic(m.iso.TypeError("Illegal invocation"))
		}
		c.Getter("nextUrl", func(c goja.FunctionCall) goja.Value {
			r, x := self(c.This)
			if x.url == nil {
				n, err := m.newURL(r.URL(), x.basePath, x.slash, !x.incoming)
				if err != nil {
					panic(m.env.URLError(r.URL()))
				}
				n.guard = r.Guard
				x.url = m.urlClass().New(n)
			}
			return x.url
		})
		c.Getter("cookies", func(c goja.FunctionCall) goja.Value {
			r, x := self(c.This)
			if r.Guard != nil {
				r.Guard("cookies")
			}
			if x.cookies == nil {
				x.cookies = m.requestCookies().New(m.requestJar(r.Headers()))
			}
			return x.cookies
		})
		c.Getter("page", func(c goja.FunctionCall) goja.Value {
			panic(m.iso.NewError("Error", "The request.page has been deprecated in favour of `URLPattern`.\n  Read more: https://nextjs.org/docs/messages/middleware-request-page\n  "))
		})
		c.Getter("ua", func(c goja.FunctionCall) goja.Value {
			panic(m.iso.NewError("Error", "The request.ua has been removed in favour of `userAgent` function.\n  Read more: https://nextjs.org/docs/messages/middleware-parse-user-agent\n  "))
		})
		return c
	})
}

// BeforeWrite keeps the cookies that came, as keepCookies does.
func (x *Exchange) BeforeWrite() {
	m := of(x.iso)
	if x.ext.cookies == nil {
		x.ext.cookies = m.requestCookies().New(m.requestJar(x.incoming))
	}
}

// keepCookies makes request.cookies those that came, also when a script changes
// the header before it first asks for them.
func (m *Modules) keepCookies(r *web.Request, ext *requestExt) {
	r.Headers().BeforeWrite = func() {
		if ext.cookies == nil {
			ext.cookies = m.requestCookies().New(m.requestJar(r.Headers()))
		}
	}
}
