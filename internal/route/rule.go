package route

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Field is a header field of a header rule.
type Field struct{ Name, Value string }

// RuleSpec is a rule as the configuration has it; nothing in it is validated.
type RuleSpec struct {
	Source       string
	Has, Missing []Condition
	// BasePath is nil, or false: the rule is outside of basePath.
	BasePath *bool
	// Locale is nil, or false; there are no locales, so it means nothing.
	Locale      *bool
	Destination string  // of a redirect or rewrite
	Permanent   *bool   // of a redirect: 308 or 307
	StatusCode  int     // of a redirect, instead of Permanent; 0 is not set
	Headers     []Field // of a header rule
	// Place is where the rule stands, for errors: next.config.ts: redirects[2].
	Place string
}

// RuleOptions are the settings that rules and matchers are compiled under.
type RuleOptions struct {
	// BasePath is "" or begins with a slash. It is put before the sources, so
	// that requests are matched with it, and before internal destinations.
	BasePath string
	// CaseSensitive is experimental.caseSensitiveRoutes; matchers always are.
	CaseSensitive bool
	// Backtrack compiles what cannot be matched in linear time; nil refuses it.
	Backtrack BacktrackFunc
}

// LimitError says that a value of the request is too long to be matched. Its
// answer is 431 Request Header Fields Too Large.
type LimitError struct {
	What string // `header "Cookie"`
}

// Error says what is too long.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%s is longer than the %d bytes that a rule matches", e.What, maxText)
}

// rule is what all rules have.
type rule struct {
	source     *Source
	conditions conditions
	place      string
}

// Source returns the pattern as the configuration has it.
func (r *rule) Source() string { return r.source.text }

// Backtracks reports that the rule is not matched in linear time, which is to be
// said when it is loaded.
func (r *rule) Backtracks() bool { return r.source.Backtracks() || r.conditions.backtrack() }

// Conditional reports whether the rule has conditions beside its source.
func (r *rule) Conditional() bool { return len(r.conditions.has)+len(r.conditions.missing) > 0 }

// match returns the values of the source and of has.
func (r *rule) match(req *Request) (Values, bool, error) {
	m, err := r.source.match(req.Path)
	if m == nil {
		return nil, false, r.locate(err)
	}
	defer m.release()
	more, ok, err := r.conditions.hold(req)
	if !ok || err != nil {
		return nil, false, r.locate(err)
	}
	v := r.source.values(m)
	for _, value := range more {
		v = v.set(value)
	}
	return v, true, nil
}

// locate adds the rule's place to an error that is not the client's.
func (r *rule) locate(err error) error {
	if err == nil {
		return nil
	}
	var problem *Error
	var path *PathError
	var limit *LimitError
	switch {
	case errors.As(err, &path) || errors.As(err, &limit):
		return err
	case errors.As(err, &problem):
		return &Error{File: r.place, Text: problem.Text + " for route " + quoted(r.source.text), Hint: problem.Hint}
	}
	return fmt.Errorf("%s: route %s: %w", r.place, quoted(r.source.text), err)
}

func quoted(s string) string { return fmt.Sprintf("%q", short(s)) }

// specCheck gathers the problems of a rule.
type specCheck struct {
	spec     RuleSpec
	problems []error
}

func (c *specCheck) add(problem *Error) {
	text := problem.Text
	if c.spec.Source != "" && !strings.HasPrefix(text, "`source`") {
		text += " for route " + quoted(c.spec.Source)
	}
	c.problems = append(c.problems, &Error{File: c.spec.Place, Text: text, Hint: problem.Hint})
}

func (c *specCheck) addf(hint, format string, args ...any) {
	c.add(&Error{Text: fmt.Sprintf(format, args...), Hint: hint})
}

// common checks and compiles what all rules and matchers have.
func (c *specCheck) common(o SourceOptions) rule {
	r := rule{place: c.spec.Place}
	if c.spec.BasePath != nil && *c.spec.BasePath {
		c.addf("leave it out; a rule is below basePath anyway", "`basePath` must be undefined or false")
	}
	if c.spec.Locale != nil && *c.spec.Locale {
		c.addf("leave it out; there are no locales", "`locale` must be undefined or false")
	}
	var problems []*Error
	r.conditions.has, problems = newConditions(c.spec.Has, "has", o.Backtrack)
	for _, p := range problems {
		c.add(p)
	}
	r.conditions.missing, problems = newConditions(c.spec.Missing, "missing", o.Backtrack)
	for _, p := range problems {
		c.add(p)
	}
	if c.spec.Source == "" {
		c.addf("write the path that the rule is for, such as source: '/old/:path*'", "`source` is missing")
		return r
	}
	source, err := CompileSource(c.spec.Source, o)
	var problem *Error
	switch {
	case errors.As(err, &problem):
		c.add(problem)
	case err != nil:
		c.add(&Error{Text: err.Error()})
	}
	r.source = source
	return r
}

func (c *specCheck) options(o RuleOptions) SourceOptions {
	so := SourceOptions{CaseSensitive: o.CaseSensitive, BasePath: o.BasePath, Backtrack: o.Backtrack}
	if c.outside() {
		so.BasePath = ""
	}
	return so
}

// outside reports whether the rule is outside of basePath.
func (c *specCheck) outside() bool { return c.spec.BasePath != nil && !*c.spec.BasePath }

// params returns the names that the rule's match may set, and whether they are
// lists.
func (r *rule) params() map[string]bool {
	list := map[string]bool{}
	if r.source != nil {
		for _, k := range r.source.keys {
			if !k.unnamed {
				list[k.name] = k.repeats
			}
		}
	}
	for _, name := range r.conditions.names() {
		list[name] = false
	}
	return list
}

func (c *specCheck) destination(r *rule, o RuleOptions) *destination {
	switch text := c.spec.Destination; {
	case text == "":
		c.addf("write where the rule leads to", "`destination` is missing")
	case r.source != nil:
		base := o.BasePath
		if c.outside() {
			base = ""
		}
		d, problem := newDestination(text, base, r.params())
		if problem != nil {
			c.add(problem)
		}
		return d
	}
	return nil
}

// Redirect is a compiled rule of redirects().
type Redirect struct {
	rule
	status int
	dest   *destination
}

// redirectStatuses are those that Next.js allows.
var redirectStatuses = []int{301, 302, 303, 307, 308}

// NewRedirect validates and compiles a redirect. The error joins an [*Error] for
// each problem.
func NewRedirect(spec RuleSpec, o RuleOptions) (*Redirect, error) {
	c := &specCheck{spec: spec}
	so := c.options(o)
	so.SkipInternal = true
	d := &Redirect{rule: c.common(so)}
	if spec.Destination != "" && spec.Destination[0] != '/' && !schemed(spec.Destination) {
		c.addf("write a path such as /new, or a whole URL such as https://example.com/new", "`destination` does not start with `/`, `http://`, or `https://`")
	} else {
		d.dest = c.destination(&d.rule, o)
	}
	switch {
	case spec.StatusCode != 0 && !slices.Contains(redirectStatuses, spec.StatusCode):
		c.addf("valid redirect statusCode values are 301, 302, 303, 307, 308", "`statusCode` is not undefined or valid statusCode")
	case spec.StatusCode != 0:
		d.status = spec.StatusCode
	case spec.Permanent == nil:
		c.addf("true is status 308, false is 307", "`permanent` is not set to `true` or `false`")
	case *spec.Permanent:
		d.status = 308
	default:
		d.status = 307
	}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	return d, nil
}

// Apply returns the Location and the status if the rule matches r. A Location
// on our own origin is a path with one slash at its start.
//
// An error never means that the rule does not match. A [*PathError] is the
// client's (400), and so is a [*LimitError] (431); any other is a 500.
func (d *Redirect) Apply(r *Request) (location string, status int, ok bool, err error) {
	v, ok, err := d.match(r)
	if !ok || err != nil {
		return "", 0, false, err
	}
	path, query, hash, err := d.dest.target(v, r.RawQuery, false)
	if err != nil {
		return "", 0, false, d.locate(err)
	}
	// A value that brings slashes of its own does not become the //host of
	// another origin.
	if path, err = settled(joinSlashes(path)); err != nil {
		return "", 0, false, err
	}
	location = d.dest.origin + path
	if query != "" {
		location += "?" + encodeLiteral(query, queryByte)
	}
	return location + hash, d.status, true, nil
}

// joinSlashes makes one slash of several.
func joinSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

// settled returns the path if it has one reading and is it: no value has made
// it climb out of the destination's part of the tree.
func settled(path string) (string, error) {
	clean, redirect, err := Clean(path)
	if err != nil {
		return "", err
	}
	if redirect || clean != path {
		return "", &PathError{path, "leads out of the destination of its rule"}
	}
	return path, nil
}

// Destination returns the destination as the configuration has it.
func (d *Redirect) Destination() string { return d.dest.text }

// Status returns the redirect's status.
func (d *Redirect) Status() int { return d.status }

// Rewrite is a compiled rule of rewrites().
type Rewrite struct {
	rule
	dest *destination
}

// NewRewrite validates and compiles a rewrite. The error joins an [*Error] for
// each problem.
func NewRewrite(spec RuleSpec, o RuleOptions) (*Rewrite, error) {
	c := &specCheck{spec: spec}
	w := &Rewrite{rule: c.common(c.options(o))}
	external := strings.HasPrefix(spec.Destination, "http://") || strings.HasPrefix(spec.Destination, "https://")
	switch {
	case spec.Destination != "" && !external && spec.Destination[0] != '/':
		c.addf("write a path such as /new, or a whole URL such as https://api.example.com/new", "`destination` does not start with `/`, `http://`, or `https://`")
	case c.outside() && !external && spec.Destination != "":
		c.addf("please use a destination that starts with `http://` or `https://`", "the rule rewrites urls outside of the basePath")
	default:
		w.dest = c.destination(&w.rule, o)
	}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	return w, nil
}

// Target is where a rewrite leads.
type Target struct {
	// External says that it is another origin, which is to be proxied to.
	External bool
	// Origin is that of an external target: https://api.example.com.
	Origin string
	// Path is escaped, such as [Clean] returns it, and has basePath if the rule
	// is below it.
	Path string
	// RawQuery is the request's own with that of the destination merged in. What
	// the rule does not change in it stays byte for byte.
	RawQuery string
	// Params are those of the source and of has.
	Params Values
}

// Apply returns the target if the rule matches r. Errors are as for
// [Redirect.Apply].
func (w *Rewrite) Apply(r *Request) (Target, bool, error) {
	v, ok, err := w.match(r)
	if !ok || err != nil {
		return Target{}, false, err
	}
	t := Target{External: w.dest.origin != "", Origin: w.dest.origin, Params: v}
	if t.Path, t.RawQuery, _, err = w.dest.target(v, r.RawQuery, true); err != nil {
		return Target{}, false, w.locate(err)
	}
	if t.Path, err = settled(t.Path); err != nil {
		return Target{}, false, err
	}
	return t, true, nil
}

// Destination returns the destination as the configuration has it.
func (w *Rewrite) Destination() string { return w.dest.text }

// External reports whether the destination is another origin, and which:
// https://api.example.com.
func (w *Rewrite) External() (origin string, ok bool) { return w.dest.origin, w.dest.origin != "" }

// HeaderRule is a compiled rule of headers().
type HeaderRule struct {
	rule
	fields []fieldTemplate
	plain  []Field // what it gives without values
	fixed  bool    // its fields have no parameters
}

type fieldTemplate struct{ name, value template }

// NewHeaderRule validates and compiles a header rule. The error joins an
// [*Error] for each problem.
func NewHeaderRule(spec RuleSpec, o RuleOptions) (*HeaderRule, error) {
	c := &specCheck{spec: spec}
	h := &HeaderRule{rule: c.common(c.options(o)), fixed: true}
	if len(spec.Headers) == 0 {
		c.addf("write one or more of { key: 'x-name', value: 'text' }", "`headers` field cannot be empty")
	}
	list := h.params()
	for i, f := range spec.Headers {
		t := fieldTemplate{newTemplate(f.Name), newTemplate(f.Value)}
		for _, part := range []*template{&t.name, &t.value} {
			if problem := part.check(list); problem != nil {
				problem.Text += fmt.Sprintf(" at headers[%d]", i)
				c.add(problem)
			}
			h.fixed = h.fixed && part.fixed(list)
		}
		if t.name.fixed(list) && !isToken(f.Name) {
			c.addf("a name is letters, digits and hyphens", "`key` in header item is not a header's name: %q at headers[%d]", f.Name, i)
		}
		if at := notInValue(f.Value); at >= 0 {
			c.addf("write it percent-encoded", "`value` in header item holds %q at headers[%d]", f.Value[at], i)
		}
		h.fields = append(h.fields, t)
		h.plain = append(h.plain, Field{f.Name, f.Value})
	}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	if h.fixed = h.fixed && !h.escaped(); h.fixed && !h.Backtracks() {
		// Most header rules are so, and match every request: no value is read.
		so := c.options(o)
		so.test = true
		source, err := CompileSource(spec.Source, so)
		if err != nil {
			return nil, h.locate(err)
		}
		h.source = source
	}
	return h, nil
}

// Apply returns the header fields if the rule matches r. The slice may be
// shared, and must not be changed. Of all rules that match, a later one replaces
// a field of the same name, but for Set-Cookie, which is added.
//
// Errors are as for [Redirect.Apply]. A value that would break out of its line
// is one, and no header.
func (h *HeaderRule) Apply(r *Request) ([]Field, bool, error) {
	v, ok, err := h.match(r)
	if !ok || err != nil {
		return nil, false, err
	}
	if len(v) == 0 || h.fixed {
		if !h.fixed && slices.ContainsFunc(h.plain, func(f Field) bool { return !isToken(f.Name) }) {
			return nil, false, h.locate(&Error{Text: "the request has no value for a header's name", Hint: "use a parameter in it that every match has"})
		}
		return h.plain, true, nil
	}
	asIs := func(_ *Value, s string) string { return s }
	out := make([]Field, len(h.fields))
	for i := range h.fields {
		f := &h.fields[i]
		if out[i].Name, err = f.name.build(v, asIs); err != nil {
			return nil, false, h.locate(err)
		}
		if out[i].Value, err = f.value.build(v, asIs); err != nil {
			return nil, false, h.locate(err)
		}
		if !isToken(out[i].Name) {
			return nil, false, h.locate(&Error{Text: fmt.Sprintf("the request makes %q of the header name %q", short(out[i].Name), h.plain[i].Name)})
		}
		if at := notInValue(out[i].Value); at >= 0 {
			return nil, false, h.locate(&Error{Text: fmt.Sprintf("the request puts %q into the value of the header %q", out[i].Value[at], out[i].Name)})
		}
	}
	return out, true, nil
}

// escaped reports whether a field holds a backslash that a match with values
// takes away.
func (h *HeaderRule) escaped() bool {
	return slices.ContainsFunc(h.fields, func(f fieldTemplate) bool {
		return len(f.name.parts) > 0 && strings.Contains(f.name.text, `\`) || len(f.value.parts) > 0 && strings.Contains(f.value.text, `\`)
	})
}

// Fields returns the fields as the configuration has them.
func (h *HeaderRule) Fields() []Field { return slices.Clone(h.plain) }

// isToken reports whether s may be the name of a header field (RFC 9110 §5.6.2).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && strings.IndexByte("!#$%&'*+-.^_`|~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

// notInValue returns the place of a byte that a header's value cannot hold
// (RFC 9110 §5.5), or -1.
func notInValue(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return i
		}
	}
	return -1
}
