package web

import (
	"io"
	"slices"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// Response is a Response of the Fetch standard. Its script object carries a
// pointer to it.
type Response struct {
	Status     int
	StatusText string
	Body       *Body

	headers    *Headers
	headersObj *goja.Object
	typ        string // "default", "error", "basic", "opaqueredirect"
	url        string
	redirected bool

	// Ext is what a subclass written in Go keeps: NextResponse.
	Ext any

	// Room for headers and body, so that a response is one allocation.
	ownHeaders Headers
	ownBody    Body
}

// NewResponse returns a response without a body.
func NewResponse(status int) *Response {
	r := &Response{Status: status, typ: "default"}
	r.headers = &r.ownHeaders
	return r
}

func (r *Response) theBody() *Body { return r.Body }

func (r *Response) contentType() string { v, _ := r.headers.Get("content-type"); return v }

// Headers is the response's header list.
func (r *Response) Headers() *Headers { return r.headers }

// IsError reports a network error, what Response.error() returns.
func (r *Response) IsError() bool { return r.typ == "error" }

func nullBodyStatus(n int) bool { return n == 101 || n == 103 || n == 204 || n == 205 || n == 304 }

var redirectStatus = []int{301, 302, 303, 307, 308}

// ResponseClass is the Response class, for subclasses written in Go.
func (e *Env) ResponseClass() *js.Class { return e.responseClass() }

// ResponseOf returns the response that a script object carries.
func (e *Env) ResponseOf(v goja.Value) (*Response, bool) { return js.Host[Response](e.iso, v) }

// JSONResponse is "Response.json": body is data as JSON, with init applied.
func (e *Env) JSONResponse(data, init goja.Value) *Response {
	b, ok, err := e.iso.AppendJSON(make([]byte, 0, 128), data)
	if err != nil {
		panic(e.iso.Thrown(err))
	}
	if !ok {
		panic(e.iso.TypeError("Value is not JSON serializable"))
	}
	r := NewResponse(200)
	if init == nil || goja.IsUndefined(init) || goja.IsNull(init) {
		r.ownBody = Body{data: b, length: int64(len(b))}
		r.Body = &r.ownBody
		r.headers.list, r.headers.shared = jsonHeader, true
		return r
	}
	e.initResponse(r, init, &extracted{BytesBody(b), "application/json"})
	return r
}

var jsonHeader = []field{{"content-type", "application/json"}}

// MakeResponse is the Response constructor.
func (e *Env) MakeResponse(bodyv, init goja.Value) *Response {
	r := NewResponse(200)
	var x *extracted
	if !goja.IsUndefined(bodyv) && !goja.IsNull(bodyv) {
		v := e.extract(bodyv)
		x = &v
	}
	e.initResponse(r, init, x)
	return r
}

// initResponse is "initialize a response" (Fetch §5.5).
func (e *Env) initResponse(r *Response, initv goja.Value, x *extracted) {
	if initv != nil && !goja.IsUndefined(initv) && !goja.IsNull(initv) {
		init, ok := initv.(*goja.Object)
		if !ok {
			panic(e.iso.TypeError("Response constructor: Expected %s to be one of: Null, Undefined, Object.", initv.String()))
		}
		headers, hasHeaders := member(init, "headers")
		if v, ok := member(init, "status"); ok {
			n := v.ToFloat()
			if !(n >= 200 && n < 600) {
				panic(e.iso.RangeError(`init["status"] must be in the range of 200 to 599, inclusive.`))
			}
			r.Status = int(n)
		}
		if v, ok := member(init, "statusText"); ok {
			s := e.byteString(v)
			if !reasonPhrase(s) {
				panic(e.iso.TypeError("Invalid statusText"))
			}
			r.StatusText = s
		}
		if hasHeaders {
			e.fillHeaders(r.headers, headers)
		}
	}
	if x == nil {
		return
	}
	if nullBodyStatus(r.Status) {
		panic(e.iso.TypeError("Response constructor: Invalid response status code %d", r.Status))
	}
	r.Body = x.body
	if x.typ != "" && !r.headers.Has("content-type") {
		r.headers.Append("content-type", x.typ)
	}
}

// reasonPhrase checks RFC 9112's reason-phrase: tab, space, visible and opaque bytes.
func reasonPhrase(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '\t' && (c < 0x20 || c == 0x7f) {
			return false
		}
	}
	return true
}

// RedirectResponse is "Response.redirect": url must be absolute.
func (e *Env) RedirectResponse(url goja.Value, status int) *Response {
	u, err := ParseURL(url.String(), nil)
	if err != nil {
		o := e.iso.TypeError("Failed to parse URL from %s", url.String())
		set(o, "cause", e.invalidURL(url.String(), nil))
		panic(o)
	}
	if !slices.Contains(redirectStatus, status) {
		panic(e.iso.NewError("RangeError", "Invalid status code "+e.rt.ToValue(status).String()))
	}
	r := NewResponse(status)
	r.headers.Append("location", u.Href())
	r.headers.guard = guardImmutable
	return r
}

func (e *Env) responseClass() *js.Class {
	return class(&e.fetches.response, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("Response", 0, nil, func(c goja.ConstructorCall) any {
			return e.MakeResponse(argument(c.Arguments, 0), argument(c.Arguments, 1))
		})
		self := func(v goja.Value) *Response {
			r, ok := js.Host[Response](e.iso, v)
			if !ok {
				panic(e.iso.TypeError("Illegal invocation"))
			}
			return r
		}
		get := func(name string, f func(*Response) any) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value { return rt.ToValue(f(self(c.This))) })
		}
		get("type", func(r *Response) any { return r.typ })
		get("url", func(r *Response) any { return r.url })
		get("redirected", func(r *Response) any { return r.redirected })
		get("status", func(r *Response) any { return r.Status })
		get("ok", func(r *Response) any { return r.Status >= 200 && r.Status <= 299 })
		c.Getter("statusText", func(c goja.FunctionCall) goja.Value { return e.fromBytes(self(c.This).StatusText) })
		c.Getter("headers", func(c goja.FunctionCall) goja.Value {
			r := self(c.This)
			if r.headersObj == nil {
				r.headersObj = e.NewHeaders(r.headers)
			}
			return r.headersObj
		})
		e.bodyMixin(c)
		c.Method("clone", 0, func(c goja.FunctionCall) goja.Value {
			return e.responseClass().New(e.CloneResponse(self(c.This)))
		})
		c.Static("error", 0, func(goja.FunctionCall) goja.Value {
			r := NewResponse(0)
			r.typ = "error"
			r.headers.guard = guardImmutable
			return e.responseClass().New(r)
		})
		c.Static("json", 1, func(call goja.FunctionCall) goja.Value {
			if len(call.Arguments) == 0 {
				panic(e.iso.TypeError("Response.json: 1 argument required, but 0 found."))
			}
			return e.responseClass().New(e.JSONResponse(call.Arguments[0], call.Argument(1)))
		})
		c.Static("redirect", 1, func(call goja.FunctionCall) goja.Value {
			if len(call.Arguments) == 0 {
				panic(e.iso.TypeError("Response.redirect: 1 argument required, but 0 found."))
			}
			status := 302
			if v := call.Argument(1); !goja.IsUndefined(v) {
				status = int(uint16(v.ToInteger()))
			}
			return e.responseClass().New(e.RedirectResponse(call.Arguments[0], status))
		})
		return c
	})
}

// CloneResponse is the clone method (Fetch §5.5).
func (e *Env) CloneResponse(r *Response) *Response {
	if e.unusable(r.Body) {
		panic(e.iso.TypeError("Response.clone: Body has already been consumed."))
	}
	n := *r
	n.Ext, n.headersObj = nil, nil
	n.headers = r.headers.Clone()
	n.headers.guard = r.headers.guard
	n.Body = e.cloneBody(r.Body)
	return &n
}

// Take gives up a response's body to Go, for sending: bytes, or a reader that
// is read off the isolate and must be closed. It must be called on the isolate.
func (e *Env) Take(r *Response) (data []byte, body io.ReadCloser, err error) {
	return e.take(r.Body)
}

// NewResponseObject makes the script object of a response.
func (e *Env) NewResponseObject(r *Response) *goja.Object { return e.responseClass().New(r) }
