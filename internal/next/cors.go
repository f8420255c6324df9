package next

import (
	"net/http"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/edge"
	"github.com/portico-dev/portico/internal/js/web"
)

// corsModule fills portico/cors: CORS for single handlers, by the same rules as
// the configuration's cors.
//
//	const allow = cors({ origins: ['https://app.example.com'], credentials: true })
//	export const GET = allow((request) => Response.json(…))
//	export const OPTIONS = allow()
func (m *Modules) corsModule(o *goja.Object) {
	m.fn(o, "cors", 1, func(c goja.FunctionCall) goja.Value {
		rules, err := edge.NewCORS([]edge.CORSRule{m.corsRule(c.Argument(0))})
		if err != nil { // when the module is loaded: nobody serves with it
			panic(m.iso.TypeError("%s", strings.ReplaceAll(err.Error(), "\nhint: ", "; ")))
		}
		return m.iso.Func("allow", 1, func(c goja.FunctionCall) goja.Value { return m.allow(rules, c.Argument(0)) })
	})
}

func (m *Modules) corsRule(v goja.Value) edge.CORSRule {
	r := edge.CORSRule{Place: "cors()"}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(m.iso.TypeError("cors() wants an object such as { origins: ['https://app.example.com'] }"))
	}
	texts := func(name string) []string {
		v := o.Get(name)
		if v == nil || goja.IsUndefined(v) {
			return nil
		}
		list := []string{}
		if s, ok := v.(goja.String); ok {
			return append(list, s.String())
		}
		if err := m.rt.ExportTo(v, &list); err != nil {
			panic(m.iso.TypeError("cors(): %s is no list of strings", name))
		}
		return list
	}
	for _, k := range o.Keys() {
		switch k {
		case "origins":
			r.Origins = texts(k)
		case "methods":
			r.Methods = texts(k)
		case "headers":
			r.Headers = texts(k)
		case "exposedHeaders":
			r.ExposedHeaders = texts(k)
		case "credentials":
			r.Credentials = o.Get(k).ToBoolean()
		case "maxAge": // seconds, as in the header
			r.MaxAge = time.Duration(o.Get(k).ToFloat() * float64(time.Second))
		default:
			panic(m.iso.TypeError("cors(): there is no option %q; the options are origins, methods, headers, exposedHeaders, credentials, maxAge", k))
		}
	}
	return r
}

// allow makes the handler that answers preflights and marks the answers of
// another one. Without another it is for OPTIONS alone.
func (m *Modules) allow(rules *edge.CORS, inner goja.Value) goja.Value {
	handler, ok := goja.AssertFunction(inner)
	if !ok && !goja.IsUndefined(inner) {
		panic(m.iso.TypeError("the function that cors() returns takes a handler"))
	}
	return m.iso.Func("handler", 2, func(c goja.FunctionCall) goja.Value {
		req, isRequest := m.env.RequestOf(c.Argument(0))
		if !isRequest {
			panic(m.iso.TypeError("a handler with CORS wants the request as its first argument"))
		}
		origin, _ := req.Headers().Get("origin")
		method, _ := req.Headers().Get("access-control-request-method")
		answer := rules.Decide(edge.CORSAsk{Method: req.Method, Origin: origin, RequestMethod: method})
		mark := func(res *web.Response) {
			h := res.Headers()
			for _, f := range answer.Fields {
				h.Set(strings.ToLower(f.Name), f.Value)
			}
			if vary, _ := h.Get("vary"); answer.VaryOrigin && !strings.Contains(strings.ToLower(vary), "origin") {
				h.Append("vary", "Origin")
			}
		}
		if answer.Preflight || handler == nil {
			res := web.NewResponse(http.StatusNoContent)
			mark(res)
			return m.env.NewResponseObject(res)
		}
		v, err := m.iso.Call(handler, c.This, c.Arguments...)
		if err != nil {
			panic(err)
		}
		p := m.iso.NewPromise()
		m.iso.Await(v, func(v goja.Value, err error) {
			p.Settle(func() (goja.Value, error) {
				if err == nil {
					if res, ok := m.env.ResponseOf(v); ok {
						mark(res)
					}
				}
				return v, err
			})
		})
		return p.Value()
	})
}
