package next

import (
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
)

// responseExt is what a NextResponse adds to a Response.
type responseExt struct {
	cookies *goja.Object
}

func (m *Modules) responseClass() *js.Class {
	return lazyClass(&m.classes.response, func() *js.Class {
		base := m.env.ResponseClass()
		wrap := func(r *web.Response) *web.Response {
			r.Ext = &responseExt{}
			return r
		}
		c := m.iso.Class("NextResponse", 0, base, func(c goja.ConstructorCall) any {
			init := argument(c.Arguments, 1)
			r := wrap(m.env.MakeResponse(argument(c.Arguments, 0), init))
			if o, ok := init.(*goja.Object); ok {
				m.overrides(o, r.Headers())
			}
			return r
		})
		c.Hidden().NoTag()
		c.Getter("cookies", func(c goja.FunctionCall) goja.Value {
			r, ok := m.env.ResponseOf(c.This)
			if ok {
				if x, ok := r.Ext.(*responseExt); ok {
					if x.cookies == nil {
						x.cookies = m.responseCookies().New(m.responseJar(r.Headers()))
					}
					return x.cookies
				}
			}
			panic(m.iso.TypeError("Illegal invocation"))
		})
		c.Static("json", 1, func(call goja.FunctionCall) goja.Value {
			if len(call.Arguments) == 0 {
				panic(m.iso.TypeError("Value is not JSON serializable"))
			}
			return c.New(wrap(m.env.JSONResponse(call.Arguments[0], call.Argument(1))))
		})
		c.Static("redirect", 1, func(call goja.FunctionCall) goja.Value {
			status := 307
			var init *goja.Object
			switch v := call.Argument(1).(type) {
			case *goja.Object:
				init = v
				if s := init.Get("status"); s != nil && !goja.IsUndefined(s) && !goja.IsNull(s) {
					if !isNumber(s) {
						panic(m.badRedirect())
					}
					status = int(s.ToInteger())
				}
			default:
				if isNumber(v) {
					status = int(v.ToInteger())
				}
			}
			switch status {
			case 301, 302, 303, 307, 308:
			default:
				panic(m.badRedirect())
			}
			to := m.absolute(call.Argument(0)).Href()
			r := wrap(m.env.MakeResponse(goja.Null(), m.withStatus(init, status)))
			r.Headers().Set("location", to)
			return c.New(r)
		})
		c.Static("rewrite", 1, func(call goja.FunctionCall) goja.Value {
			to := m.absolute(call.Argument(0)).Href()
			return c.New(wrap(m.control(call.Argument(1), "x-middleware-rewrite", to)))
		})
		c.Static("next", 0, func(call goja.FunctionCall) goja.Value {
			return c.New(wrap(m.control(call.Argument(0), "x-middleware-next", "1")))
		})
		return c
	})
}

func (m *Modules) badRedirect() goja.Value {
	return m.iso.NewError("RangeError", `Failed to execute "redirect" on "response": Invalid status code`)
}

// withStatus copies init with another status.
func (m *Modules) withStatus(init *goja.Object, status int) *goja.Object {
	o := m.rt.NewObject()
	if init != nil {
		for _, k := range init.Keys() {
			put(o, k, init.Get(k))
		}
	}
	put(o, "status", m.rt.ToValue(status))
	return o
}

// control makes the response of next() and rewrite(): a message to the server,
// in a header that never leaves the process.
func (m *Modules) control(initv goja.Value, name, value string) *web.Response {
	r := m.env.MakeResponse(goja.Null(), initv)
	r.Headers().Set(name, value)
	if o, ok := initv.(*goja.Object); ok {
		m.overrides(o, r.Headers())
	}
	return r
}

// overrides writes { request: { headers } } as Next.js does: libraries read and
// write these headers themselves.
func (m *Modules) overrides(init *goja.Object, to *web.Headers) {
	req, ok := init.Get("request").(*goja.Object)
	if !ok {
		return
	}
	hv := req.Get("headers")
	if hv == nil || !hv.ToBoolean() {
		return
	}
	h, ok := m.env.HeadersOf(hv)
	if !ok {
		panic(m.iso.NewError("Error", "request.headers must be an instance of Headers"))
	}
	const prefix = "x-middleware-request-"
	again := false
	to.Each(func(name, _ string) { again = again || strings.HasPrefix(name, prefix) })
	if again { // given by the script itself, among the response's headers
		h.Combined(func(name, _ string) { to.Delete(prefix + name) })
	}
	to.Set("x-middleware-override-headers", to.AppendAll(prefix, h))
}
