package route

import "errors"

// MatcherSpec is an item of a middleware's config.matcher; nothing in it is validated.
type MatcherSpec struct {
	Source       string
	Has, Missing []Condition
	Locale       *bool
	Place        string // for errors: middleware.ts:12:3: matcher[0]
}

// Matcher is a compiled matcher of a middleware.
type Matcher struct{ source *Source }

// NewMatcher validates and compiles a matcher. The error joins one *Error for each problem.
func NewMatcher(spec MatcherSpec, o RuleOptions) (*Matcher, error) {
	return nil, errors.New("not built yet")
}

// Match reports whether the middleware runs for r. An error never means that it
// does not: answer 500, or 400 and 431 for a *PathError and a *LimitError.
func (m *Matcher) Match(r *Request) (bool, error) { return true, nil }

// Source returns the pattern as it was written.
func (m *Matcher) Source() string { return m.source.text }

// Backtracks reports that the matcher is not matched in linear time.
func (m *Matcher) Backtracks() bool { return m.source.Backtracks() }
