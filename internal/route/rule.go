package route

import (
	"errors"
	"net/http"
)

// Condition is an item of a rule's has or missing.
type Condition struct {
	Type  string // header, cookie, query or host
	Key   string // absent for host
	Value string // an ECMAScript regular expression; "" is any value
}

// Request is what rules and matchers ask of a request. Path and RawQuery may be
// changed between rules, as rewrites do. It is not safe for concurrent use.
type Request struct {
	Path     string // with basePath, such as Clean returns it
	RawQuery string // as sent, without the question mark
	Host     string // with or without port
	Header   http.Header
}

// Field is a header field of a header rule.
type Field struct{ Name, Value string }

// RuleSpec is a rule as the configuration has it; nothing in it is validated.
type RuleSpec struct {
	Source       string
	Has, Missing []Condition
	BasePath     *bool // nil or false
	Locale       *bool // nil or false
	Destination  string
	Permanent    *bool   // redirects
	StatusCode   int     // redirects; 0 is not set
	Headers      []Field // header rules
	Place        string  // for errors: next.config.ts: redirects[2]
}

// RuleOptions are the settings that rules are compiled under.
type RuleOptions struct {
	BasePath      string // "" or /docs
	CaseSensitive bool
	Backtrack     BacktrackFunc
}

// Redirect is a compiled rule of redirects().
type Redirect struct {
	source *Source
	status int
	dest   string
}

// Rewrite is a compiled rule of rewrites().
type Rewrite struct {
	source *Source
	dest   string
}

// HeaderRule is a compiled rule of headers().
type HeaderRule struct{ source *Source }

// NewRedirect validates and compiles a redirect. The error joins one *Error for each problem.
func NewRedirect(spec RuleSpec, o RuleOptions) (*Redirect, error) {
	return nil, errors.New("not built yet")
}

// NewRewrite validates and compiles a rewrite. The error joins one *Error for each problem.
func NewRewrite(spec RuleSpec, o RuleOptions) (*Rewrite, error) {
	return nil, errors.New("not built yet")
}

// NewHeaderRule validates and compiles a header rule. The error joins one *Error for each problem.
func NewHeaderRule(spec RuleSpec, o RuleOptions) (*HeaderRule, error) {
	return nil, errors.New("not built yet")
}

// Apply returns the Location and status if the rule matches r. A *PathError is
// the client's fault (400), a *LimitError too (431); any other error is a 500.
func (d *Redirect) Apply(r *Request) (location string, status int, ok bool, err error) {
	return "", 0, false, nil
}

// Target is where a rewrite leads.
type Target struct {
	External bool
	Origin   string // of an external target: https://api.example.com
	Path     string // escaped; of an internal target with basePath
	RawQuery string // as it must be sent, the request's own query merged in
	Params   Values // of the source and of has
}

// Apply returns the target if the rule matches r. Errors are as for [Redirect.Apply].
func (w *Rewrite) Apply(r *Request) (Target, bool, error) { return Target{}, false, nil }

// Apply returns the header fields if the rule matches r. Errors are as for
// [Redirect.Apply]. The slice may be shared and must not be changed.
func (h *HeaderRule) Apply(r *Request) ([]Field, bool, error) { return nil, false, nil }

// Source returns the pattern as the configuration has it.
func (d *Redirect) Source() string { return d.source.text }

// Destination returns the destination as the configuration has it.
func (d *Redirect) Destination() string { return d.dest }

// Status returns the redirect's status.
func (d *Redirect) Status() int { return d.status }

// Backtracks reports that the rule is not matched in linear time.
func (d *Redirect) Backtracks() bool { return d.source.Backtracks() }

// Source returns the pattern as the configuration has it.
func (w *Rewrite) Source() string { return w.source.text }

// Destination returns the destination as the configuration has it.
func (w *Rewrite) Destination() string { return w.dest }

// External reports whether the destination is another origin, and which:
// https://api.example.com.
func (w *Rewrite) External() (origin string, ok bool) { return "", false }

// Backtracks reports that the rule is not matched in linear time.
func (w *Rewrite) Backtracks() bool { return w.source.Backtracks() }

// Source returns the pattern as the configuration has it.
func (h *HeaderRule) Source() string { return h.source.text }

// Backtracks reports that the rule is not matched in linear time.
func (h *HeaderRule) Backtracks() bool { return h.source.Backtracks() }

// LimitError says that a value of the request is too long to be matched.
// Its answer is 431 Request Header Fields Too Large, or 414 for the path.
type LimitError struct {
	What string // `header "cookie"`
}

// Error says what is too long.
func (e *LimitError) Error() string { return e.What + " is too long to be matched" }
