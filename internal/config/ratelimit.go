package config

import (
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/route"
)

// RateLimit is a rule of rateLimits: how often some requests may come.
type RateLimit struct {
	// Source is a path pattern such as "/api/:path*"; "" is every path.
	Source string
	// Has and Missing are conditions beside it.
	Has, Missing []route.Condition
	// Methods are in capitals; nil is any.
	Methods []string
	// Limit is how many requests a Window, all at once or one by one.
	Limit  int
	Window time.Duration
	// By is "ip", "header:NAME", "cookie:NAME" or "session", as internal/edge
	// reads it; "" is "ip".
	By string
	// Name is what clients are told; "" is the source.
	Name string
	// Place is where the rule stands, for errors.
	Place string
}

// RateLimits are the settings of all rate limits, those of scripts too.
type RateLimits struct {
	// Refuse is whenStoreIsAway: 'refuse': nothing gets through while the store
	// that nodes share cannot be reached. Otherwise each node counts by itself.
	Refuse bool
	// SessionCookies are the names behind by: 'session'; nil is a list of usual
	// ones.
	SessionCookies []string
}

// ParseWindow reads the window of a rate limit: text such as "10s" or "1h", or
// a number of seconds, in which clients are told of it. A script's value may
// come as int64 or float64. The error's text stands alone, as that of
// [ParseSize].
func ParseWindow(v any) (time.Duration, error) {
	d, err := parseDuration(v, time.Second)
	if err != nil || d < 0 {
		if n, ok := v.(int64); ok {
			v = float64(n)
		}
		return 0, fmt.Errorf("%s is not a window: write a text such as '10s', '1m' or '1h', or a number of seconds", describe(v))
	}
	return d, nil
}

// fieldName is a name of a header or a cookie (RFC 9110 §5.6.2, RFC 6265 §4.1.1).
var fieldName = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")

func (p *parser) rateLimit(v any, at place) {
	s := &p.s.RateLimit
	if _, ok := v.([]any); ok {
		p.fail(at, "write rateLimits: [ … ]", "this is a list, and rules are in rateLimits")
		return
	}
	p.object(v, at, fields{
		"whenStoreIsAway": func(v any, at place) {
			if v != "local" && v != "refuse" {
				p.fail(at, `it is "local", each node counts by itself, or "refuse"`, "this is %s", describe(v))
				return
			}
			s.Refuse = v == "refuse"
		},
		"sessionCookies": func(v any, at place) {
			names := p.texts(v, at, func(s string, at place) bool {
				ok := fieldName.MatchString(s)
				if !ok {
					p.fail(at, "write the cookie's name alone, such as session", "%s is no name of a cookie", quote(s))
				}
				return ok
			})
			if l, ok := v.([]any); ok && len(l) == 0 {
				p.fail(at, "leave the key out for the usual names", "there are no names")
			}
			s.SessionCookies = names
		},
	})
}

// rateLimits reads the rules. Sources and by are checked when they are compiled.
func (p *parser) rateLimits(v any, at place) {
	byAddress := false
	chosen := ""
	p.list(v, at, true, func(v any, at place) {
		r, ok := p.rateRule(v, at)
		if !ok {
			return
		}
		if r.By == "" || r.By == "ip" {
			byAddress = true
		} else if chosen == "" {
			chosen = r.Place
		}
		p.s.RateLimits = append(p.s.RateLimits, r)
	})
	if chosen != "" && !byAddress {
		p.warn("%s: a client that sends another value each time has another allowance each time; add a rule with by: 'ip' and a higher limit", chosen)
	}
}

func (p *parser) rateRule(v any, at place) (RateLimit, bool) {
	of := ""
	if o, ok := v.(*Object); ok {
		of, _ = o.Get("source").(string)
	}
	r := RateLimit{Place: p.src.place(at, of) + ": " + at.String()}
	sound := p.objectOf(v, at, of, fields{
		"source": func(v any, at place) {
			if s, ok := p.text(v, at); ok && p.pathSource(s, at) {
				r.Source = s
			}
		},
		"has":     func(v any, at place) { r.Has = p.conditions(v, at) },
		"missing": func(v any, at place) { r.Missing = p.conditions(v, at) },
		"methods": func(v any, at place) { r.Methods = p.texts(v, at, p.method) },
		"limit": func(v any, at place) {
			if n, ok := v.(float64); !ok || n < 1 || n != math.Trunc(n) || n > 1<<30 {
				p.fail(at, "it is how many requests may come in a window", "this is %s, want a whole number above 0", describe(v))
			} else {
				r.Limit = int(n)
			}
		},
		"window": func(v any, at place) {
			d, err := ParseWindow(v)
			if err != nil {
				p.failUnit(at, err)
			}
			r.Window = d
		},
		"by":   p.setText(&r.By),
		"name": p.setText(&r.Name),
	})
	switch {
	case !sound:
		return r, false
	case r.Limit == 0 || r.Window == 0:
		what := "limit"
		if r.Limit != 0 {
			what = "window"
		}
		p.failOf(at, of, "write { source: '/api/:path*', limit: 100, window: '1m' }", "there is no %s", what)
		return r, false
	case r.Methods != nil && len(r.Methods) == 0:
		p.failOf(at.then("methods"), of, "leave the key out for any method", "the list is empty, so that nothing would be counted")
		return r, false
	}
	return r, true
}

// method checks a method's name: they are compared as they are, and in capitals
// wherever a handler takes them.
func (p *parser) method(s string, at place) bool {
	known := []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}
	if slices.Contains(known, s) {
		return true
	}
	hint := "the methods are " + strings.Join(known, ", ")
	if up := strings.ToUpper(s); slices.Contains(known, up) {
		hint = "write " + quote(up)
	}
	p.fail(at, hint, "%s is no method that a handler takes", quote(s))
	return false
}
