package config

import (
	"github.com/portico-dev/portico/internal/route"
)

// ParseMatcher reads the literal that a middleware file exports as config: an
// object of which matcher is a string, or a list of strings and of objects with
// source, has, missing and locale. Objects are map[string]any or [*Object].
// file is the middleware file, text its text for the places of errors, which
// may be empty.
//
// Without a matcher the specs are nil, and the middleware runs for every
// request; otherwise there is at least one. Next.js lets a list be empty, which
// would turn the middleware off; here that is an error. The specs' patterns are
// for [route.NewMatcher] to check. The error joins all problems, each a
// [*route.Error]; the specs that are sound come with it, so that the problems
// of their patterns can be told at once.
func ParseMatcher(config any, file, text string) ([]route.MatcherSpec, error) {
	p := &parser{s: &Settings{}, src: source{file: file, text: text}, o: Options{File: file}}
	var specs []route.MatcherSpec
	config = ordered(config)
	if config == nil {
		return nil, nil
	}
	at := place{"config"}
	p.object(config, at, fields{
		"matcher": func(v any, _ place) {
			// As Next.js words it: the place is matcher[0], not config.matcher[0].
			at := place{"matcher"}
			p.list(v, at, true, func(v any, at place) {
				before := len(p.problems)
				if spec := p.matcher(v, at); len(p.problems) == before {
					specs = append(specs, spec)
				}
			})
			if len(specs) == 0 && len(p.problems) == 0 {
				p.fail(at, "remove the matcher for middleware that runs for every request, or remove the middleware", "the list is empty, so that the middleware would never run")
			}
		},
		// Where and how the middleware runs on Vercel.
		"runtime":               func(any, place) {},
		"regions":               func(any, place) {},
		"preferredRegion":       func(any, place) {},
		"maxDuration":           func(any, place) {},
		"unstable_allowDynamic": func(any, place) {},
	})
	return specs, p.err()
}

func (p *parser) matcher(v any, at place) route.MatcherSpec {
	spec := route.MatcherSpec{}
	source, isText := v.(string)
	o, isObject := v.(*Object)
	switch {
	case isText:
		spec.Source = source
	case isObject:
		source, _ = o.Get("source").(string)
		sound := p.objectOf(v, at, source, fields{
			"source":  func(v any, at place) { spec.Source, _ = p.str(v, at) },
			"has":     func(v any, at place) { spec.Has = p.conditions(v, at) },
			"missing": func(v any, at place) { spec.Missing = p.conditions(v, at) },
			"locale":  func(v any, at place) { spec.Locale = p.onlyFalse(v, at) },
		})
		if sound && o.Get("source") == nil {
			p.failOf(at, "", "write { source: '/api/:path*' }", "source is required")
		}
	default:
		p.fail(at, "", "this is %s, want a string or an object with source", describe(v))
	}
	spec.Place = p.src.place(at, source) + ": " + at.String()
	return spec
}
