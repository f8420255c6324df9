package next

import (
	"strconv"
	"strings"

	"github.com/dop251/goja"
)

// redirect(), notFound() and their kin end a handler by throwing an error with
// a digest, as in Next.js: libraries recognise and rethrow it.
const (
	redirectDigest = "NEXT_REDIRECT"
	errorDigest    = "NEXT_HTTP_ERROR_FALLBACK"
)

// navigation fills next/navigation.
func (m *Modules) navigation(o *goja.Object) {
	redirect := func(status int) func(goja.FunctionCall) goja.Value {
		return func(c goja.FunctionCall) goja.Value {
			kind := "replace"
			if v := c.Argument(1); !goja.IsUndefined(v) && v.String() == "push" {
				kind = "push"
			}
			panic(m.signalError(redirectDigest, redirectDigest+";"+kind+";"+c.Argument(0).String()+";"+strconv.Itoa(status)+";"))
		}
	}
	m.fn(o, "redirect", 2, redirect(307))
	m.fn(o, "permanentRedirect", 2, redirect(308))
	fallback := func(name string, status int) {
		digest := errorDigest + ";" + strconv.Itoa(status)
		m.fn(o, name, 0, func(goja.FunctionCall) goja.Value { panic(m.signalError(digest, digest)) })
	}
	fallback("notFound", 404)
	// Next.js wants experimental.authInterrupts for these two, and answers 500
	// without: there is nothing to be careful about in a handler.
	fallback("forbidden", 403)
	fallback("unauthorized", 401)
	kinds := m.rt.NewObject()
	put(kinds, "push", m.rt.ToValue("push"))
	put(kinds, "replace", m.rt.ToValue("replace"))
	put(o, "RedirectType", kinds)
	m.fn(o, "unstable_rethrow", 1, func(c goja.FunctionCall) goja.Value {
		for v := c.Argument(0); ; {
			if _, ok := m.outcomeOf(v); ok {
				panic(v)
			}
			o, ok := v.(*goja.Object)
			if !ok {
				return goja.Undefined()
			}
			if v = o.Get("cause"); v == nil || v == goja.Value(o) {
				return goja.Undefined()
			}
		}
	})
	for _, name := range []string{"useRouter", "usePathname", "useParams", "useSearchParams", "useSelectedLayoutSegment", "useSelectedLayoutSegments"} {
		m.fn(o, name, 0, func(goja.FunctionCall) goja.Value {
			panic(m.iso.NewError("Error", name+"() is a React hook and does not exist in a route handler"))
		})
	}
}

func (m *Modules) signalError(message, digest string) *goja.Object {
	e := m.iso.NewError("Error", message)
	put(e, "digest", m.rt.ToValue(digest))
	return e
}

// outcome is how redirect() and its kin want a request to end.
type outcome struct {
	status   int
	location string // for redirects, exactly as given
}

// outcomeOf reads the digest of a thrown value.
func (m *Modules) outcomeOf(v goja.Value) (outcome, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return outcome{}, false
	}
	d, ok := o.Get("digest").(goja.String)
	if !ok {
		return outcome{}, false
	}
	digest := d.String()
	if rest, ok := strings.CutPrefix(digest, redirectDigest+";"); ok {
		// kind;url;status; and the URL may hold semicolons itself
		_, rest, ok1 := strings.Cut(rest, ";")
		rest = strings.TrimSuffix(rest, ";")
		i := strings.LastIndexByte(rest, ';')
		if !ok1 || i < 0 {
			return outcome{}, false
		}
		status, err := strconv.Atoi(rest[i+1:])
		if err != nil || (status != 303 && status != 307 && status != 308) {
			return outcome{}, false
		}
		return outcome{status, rest[:i]}, true
	}
	if rest, ok := strings.CutPrefix(digest, errorDigest+";"); ok {
		switch rest {
		case "404":
			return outcome{status: 404}, true
		case "403":
			return outcome{status: 403}, true
		case "401":
			return outcome{status: 401}, true
		}
	}
	return outcome{}, false
}
