package config

import (
	"math"

	"github.com/portico-dev/portico/internal/route"
)

type ruleKind uint8

const (
	redirectRule ruleKind = iota
	rewriteRule
	headerRule
)

// ruleList reads what redirects(), a list of rewrites() or headers() returned.
// Types and keys are checked here, the rest by the one who compiles the rule.
func (p *parser) ruleList(v any, at place, kind ruleKind) []route.RuleSpec {
	if v == Opaque("a function") {
		p.fail(at, "write a list, or export the configuration from a script", "this is a function that was not called")
		return nil
	}
	var rules []route.RuleSpec
	p.list(v, at, false, func(v any, at place) {
		if spec, ok := p.rule(v, at, kind); ok {
			rules = append(rules, spec)
		}
	})
	return rules
}

// rewrites reads a list, which is afterFiles, or an object of lists.
func (p *parser) rewrites(v any, at place) {
	r := &p.rules
	if _, ok := v.(*Object); !ok {
		r.afterFiles = p.ruleList(v, at, rewriteRule)
		return
	}
	into := func(to *[]route.RuleSpec) func(any, place) {
		return func(v any, at place) { *to = p.ruleList(v, at, rewriteRule) }
	}
	p.object(v, at, fields{"beforeFiles": into(&r.beforeFiles), "afterFiles": into(&r.afterFiles), "fallback": into(&r.fallback)})
}

func (p *parser) rule(v any, at place, kind ruleKind) (route.RuleSpec, bool) {
	var spec route.RuleSpec
	of := "" // the source, which tells the rule in the text
	if o, ok := v.(*Object); ok {
		of, _ = o.Get("source").(string)
	}
	spec.Place = p.src.place(at, of) + ": " + at.String()
	f := fields{
		"source":  func(v any, at place) { spec.Source, _ = p.str(v, at) },
		"has":     func(v any, at place) { spec.Has = p.conditions(v, at) },
		"missing": func(v any, at place) { spec.Missing = p.conditions(v, at) },
		"locale":  func(v any, at place) { spec.Locale = p.onlyFalse(v, at) },

		"basePath": func(v any, at place) { spec.BasePath = p.onlyFalse(v, at) },
	}
	if kind == headerRule {
		f["headers"] = func(v any, at place) {
			spec.Headers = []route.Field{}
			p.list(v, at, false, func(v any, at place) {
				var h route.Field
				if p.objectOf(v, at, of, fields{
					"key":   func(v any, at place) { h.Name, _ = p.str(v, at) },
					"value": func(v any, at place) { h.Value, _ = p.str(v, at) },
				}) {
					// A null and no key at all are the same to the above.
					for _, name := range []string{"key", "value"} {
						if v.(*Object).Get(name) == nil {
							p.failOf(at, of, "write { key: 'X-Name', value: '…' }", "there is no %s", name)
						}
					}
				}
				spec.Headers = append(spec.Headers, h)
			})
		}
	} else {
		f["destination"] = func(v any, at place) { spec.Destination, _ = p.str(v, at) }
	}
	if kind == rewriteRule {
		// Ours: the limits of a rewrite to another server, before those of its origin.
		f["limits"] = func(v any, at place) {
			var l Limits
			if p.object(v, at, fields{
				"connectTimeout":  p.setDuration(&l.ConnectTimeout),
				"responseTimeout": p.setDuration(&l.ResponseTimeout),
				"idleTimeout":     p.setDuration(&l.IdleTimeout),
				"totalTimeout":    p.setDuration(&l.TotalTimeout),
			}); l != (Limits{}) {
				p.limits[spec.Place] = l
			}
		}
	}
	if kind == redirectRule {
		f["permanent"] = func(v any, at place) {
			if b, ok := p.boolean(v, at); ok {
				spec.Permanent = &b
			}
		}
		f["statusCode"] = func(v any, at place) {
			n, ok := v.(float64)
			if !ok || n != math.Trunc(n) || n < 100 || n > 999 {
				p.fail(at, "it is 301, 302, 303, 307 or 308", "this is %s, want a redirect's status", describe(v))
				return
			}
			spec.StatusCode = int(n)
		}
	}
	before := len(p.problems)
	ok := p.objectOf(v, at, of, f)
	return spec, ok && len(p.problems) == before
}

// onlyFalse reads a key that may be false or not there.
func (p *parser) onlyFalse(v any, at place) *bool {
	b, ok := v.(bool)
	if !ok || b {
		p.fail(at, "leave the key out", "this is %s, want false or nothing", describe(v))
		return nil
	}
	return &b
}

// conditions reads has or missing.
func (p *parser) conditions(v any, at place) []route.Condition {
	var out []route.Condition
	p.list(v, at, false, func(v any, at place) {
		var c route.Condition
		p.object(v, at, fields{
			"type":  func(v any, at place) { c.Type, _ = p.str(v, at) },
			"key":   func(v any, at place) { c.Key, _ = p.str(v, at) },
			"value": func(v any, at place) { c.Value, _ = p.str(v, at) },
		})
		out = append(out, c)
	})
	return out
}

// compile compiles the rules: basePath and the rest are known by now.
func (p *parser) compile() {
	s, r := p.s, &p.rules
	o := route.RuleOptions{BasePath: s.BasePath, CaseSensitive: s.CaseSensitive, Backtrack: p.o.Backtrack}
	s.Redirects = compileRules(p, r.redirects, o, route.NewRedirect)
	rewrite := func(spec route.RuleSpec, o route.RuleOptions) (*route.Rewrite, error) {
		w, err := route.NewRewrite(spec, o)
		if l, ok := p.limits[spec.Place]; ok && err == nil {
			if _, external := w.External(); !external {
				return nil, &route.Error{File: spec.Place, Text: "limits are for rewrites to another server, and this one leads to a path", Hint: "remove them; server.handlerTimeout bounds what handlers take"}
			}
			if s.Rewrites.Limits == nil {
				s.Rewrites.Limits = map[*route.Rewrite]Limits{}
			}
			s.Rewrites.Limits[w] = l
		}
		return w, err
	}
	s.Rewrites.BeforeFiles = compileRules(p, r.beforeFiles, o, rewrite)
	s.Rewrites.AfterFiles = compileRules(p, r.afterFiles, o, rewrite)
	s.Rewrites.Fallback = compileRules(p, r.fallback, o, rewrite)
	s.Headers = compileRules(p, r.headers, o, route.NewHeaderRule)
}

func compileRules[R interface{ Backtracks() bool }](p *parser, rules []route.RuleSpec, o route.RuleOptions, compile func(route.RuleSpec, route.RuleOptions) (R, error)) []R {
	var out []R
	for _, spec := range rules {
		c, err := compile(spec, o)
		if err != nil {
			p.problems = append(p.problems, err)
			continue
		}
		if c.Backtracks() {
			p.warn("%s: %s is matched by trying again and again, within a time limit: it has what linear matching cannot do", spec.Place, quote(spec.Source))
		}
		out = append(out, c)
	}
	return out
}
