package route

import "errors"

// SourceOptions says how a source is compiled. The zero value is a config
// rule's: case-insensitive, with an optional slash at the end.
type SourceOptions struct {
	// CaseSensitive compares letters as they are written: matchers, and config
	// rules under experimental.caseSensitiveRoutes.
	CaseSensitive bool
	// Matcher compiles the source as a middleware matcher.
	Matcher bool
	// BasePath is put before the source; "" is none.
	BasePath string
	// SkipInternal never matches what starts with /_next, as redirects do not.
	SkipInternal bool
	// Backtrack compiles what cannot be matched in linear time; nil refuses it.
	Backtrack BacktrackFunc
}

// BacktrackFunc compiles an ECMAScript regular expression on an engine that
// backtracks.
type BacktrackFunc func(expr string, ignoreCase bool) (Backtracker, error)

// Backtracker is a compiled expression of an engine that backtracks.
type Backtracker interface {
	// Find returns what regexp.FindStringSubmatchIndex does: byte offsets of the
	// leftmost match and its groups, nil for no match. The error says that the
	// engine's time limit was hit.
	Find(s string) (loc []int, err error)
}

// Source is a compiled path pattern.
type Source struct {
	text       string
	backtracks bool
}

// Value is a parameter of a rule's match.
type Value struct {
	Name string
	// Text is the value as it was sent: percent-encoded if it comes from the
	// path.
	Text string
	// List has the segments of a parameter with * or +.
	List []string
}

// Values are the parameters of a match, in order.
type Values []Value

// CompileSource compiles a pattern.
func CompileSource(source string, o SourceOptions) (*Source, error) {
	return nil, errors.New("not built yet")
}

// String returns the pattern as it was written.
func (s *Source) String() string { return s.text }

// Backtracks reports that the source is not matched in linear time.
func (s *Source) Backtracks() bool { return s.backtracks }

// Match matches a raw (percent-encoded) path. The values are as sent.
func (s *Source) Match(path string) (Values, bool, error) { return nil, false, nil }
