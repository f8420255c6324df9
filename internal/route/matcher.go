package route

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// MatcherSpec is an item of a middleware's config.matcher; nothing in it is
// validated. A matcher that is only a string has no more than its Source.
type MatcherSpec struct {
	Source       string
	Has, Missing []Condition
	// Locale is nil, or false; there are no locales, so it means nothing.
	Locale *bool
	// Place is where the matcher stands, for errors: middleware.ts:12:3: matcher[0].
	Place string
}

// Matcher is a compiled matcher of a middleware.
type Matcher struct{ rule }

// NewMatcher validates and compiles a matcher. The error joins an [*Error] for
// each problem.
func NewMatcher(spec MatcherSpec, o RuleOptions) (*Matcher, error) {
	return newMatcher(spec, o, false)
}

// NewGuard is NewMatcher for rules of ours that guard paths: without regard to
// case, as other rules, unless o has it. A rewrite that leads to a route takes
// any case too, and must not be a way around.
func NewGuard(spec MatcherSpec, o RuleOptions) (*Matcher, error) {
	return newMatcher(spec, o, !o.CaseSensitive)
}

func newMatcher(spec MatcherSpec, o RuleOptions, fold bool) (*Matcher, error) {
	c := &specCheck{spec: RuleSpec{Source: spec.Source, Has: spec.Has, Missing: spec.Missing, Locale: spec.Locale, Place: spec.Place}}
	m := &Matcher{c.common(SourceOptions{Matcher: true, BasePath: o.BasePath, Backtrack: o.Backtrack, fold: fold})}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	return m, nil
}

// Match reports whether the middleware runs for r.
//
// The path is tried as it was sent, and in every form in which a reader could
// take its escapes: a matcher may be written plainly or percent-encoded.
//
// An error never means that the middleware does not run. A [*PathError] is the
// client's (400), and so is a [*LimitError] (431); any other is a 500.
func (m *Matcher) Match(r *Request) (bool, error) {
	ok, err := m.source.expr.matches(r.Path, utf8Text)
	if err == nil && !ok && strings.IndexByte(r.Path, '%') >= 0 {
		ok, err = m.matchDecoded(r.Path)
	}
	if err != nil {
		return false, m.locate(tooLong(err, "the path"))
	}
	if !ok || !m.Conditional() {
		return ok, nil
	}
	_, ok, err = m.conditions.hold(r)
	return ok, m.locate(err)
}

// matchDecoded tries the other forms of a path that holds escapes: decoded, as
// Next.js does; decoded but for slashes, which do not part segments for the
// router either; and with capitals in its escapes, as the router compares them.
func (m *Matcher) matchDecoded(path string) (bool, error) {
	forms := [3]string{path, path, upperEscapes(path)}
	if text, err := url.PathUnescape(path); err == nil && utf8.ValidString(text) {
		forms[0] = text
	}
	if kept := strings.NewReplacer("%2F", "%252F", "%2f", "%252f").Replace(path); kept != path {
		if text, err := url.PathUnescape(kept); err == nil && utf8.ValidString(text) {
			forms[1] = text
		}
	}
	for i, form := range forms {
		if form == path || i == 1 && form == forms[0] {
			continue
		}
		if ok, err := m.source.expr.matches(form, utf8Text); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}
