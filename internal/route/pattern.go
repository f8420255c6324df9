// Package route knows Next.js's route patterns, the conventions of an app
// directory, the table that finds the route of a request path, and the rules of
// a configuration: redirects, rewrites, headers and middleware matchers. It is
// pure: it reads a file system that it is handed and computes; it serves nothing.
//
// # Patterns
//
//	/                    the root
//	/api/users           static segments
//	/api/users/[id]      [id] is one segment
//	/files/[...path]     [...path] is one or more segments, to the end
//	/docs/[[...path]]    [[...path]] is zero or more segments, to the end
//
// Only a whole segment is dynamic: [c]d, a[b] and [e are static text, as in
// Next.js.
//
// # Precedence
//
// At each position a static segment is tried before [id], [id] before
// [...path] and that before [[...path]]. The search backtracks: with the routes
// /x/[...a] and /[id], the path /x is [id], because [...a] needs a segment.
//
// # Rules
//
// The sources of rules and matchers have another grammar, that of path-to-regexp
// 6 (see [Source]). They and the conditions of rules are regular expressions of
// ECMAScript, which this package compiles itself, to be matched in time linear
// in the request; the few that cannot be are handed to a [Backtracker].
//
// # Paths
//
// One normalised path serves every reader: rules, middleware, files and this
// table. [Clean] makes it, or says why a request path has no single reading.
package route

import (
	"fmt"
	"slices"
	"strings"
)

// Error is one problem of a pattern, a file or a registration.
type Error struct {
	// File is the place: a slash path below the project's directory, or a Go
	// source position. It is empty where there is no place to name.
	File string
	// Text is the problem, in lower case and with no full stop.
	Text string
	// Hint says what to do about it; it may be empty.
	Hint string
}

// Error returns "file: text" and, when there is a hint, a second line with it.
func (e *Error) Error() string {
	s := e.Text
	if e.File != "" {
		s = e.File + ": " + s
	}
	if e.Hint != "" {
		s += "\nhint: " + e.Hint
	}
	return s
}

// Kind says what a segment of a pattern matches.
type Kind uint8

// The kinds, in their order of precedence.
const (
	Static   Kind = iota // exactly its text
	One                  // [name]: one segment
	CatchAll             // [...name]: one or more segments
	Optional             // [[...name]]: zero or more segments
)

// Segment is one segment of a pattern.
type Segment struct {
	Kind Kind
	// Text is a parameter's name, or a static segment as a request spells it:
	// percent-encoded where a URL needs that.
	Text string
}

// Params is the number of the pattern's parameters.
func (p Pattern) Params() int {
	n := 0
	for _, s := range p.segments {
		if s.Kind != Static {
			n++
		}
	}
	return n
}

// String returns the segment as a pattern spells it.
func (s Segment) String() string {
	switch s.Kind {
	case One:
		return "[" + s.Text + "]"
	case CatchAll:
		return "[..." + s.Text + "]"
	case Optional:
		return "[[..." + s.Text + "]]"
	}
	return s.Text
}

// Pattern is a parsed route pattern. The zero value is the root, "/".
type Pattern struct {
	segments []Segment
}

// Parse reads a pattern as Go code registers it. An error is an [*Error] whose
// File is empty.
//
// Static text may be written plainly or percent-encoded; /a b and /a%20b are
// the same pattern. The spellings of other routers ({id}, :id, "GET /x") are
// errors with a hint, since as static text they would never be meant.
func Parse(s string) (Pattern, error) {
	if !strings.HasPrefix(s, "/") {
		hint := "write /" + s
		if _, path, ok := strings.Cut(s, " "); ok {
			hint = "write " + strings.TrimSpace(path) + "; a handler's methods are not part of the pattern"
		}
		return Pattern{}, &Error{Text: fmt.Sprintf("pattern %q does not start with a slash", s), Hint: hint}
	}
	if s == "/" {
		return Pattern{}, nil
	}
	parts := strings.Split(s[1:], "/")
	if parts[len(parts)-1] == "" {
		return Pattern{}, &Error{
			Text: fmt.Sprintf("pattern %q ends in a slash", s),
			Hint: "write /" + strings.Trim(s, "/") + "; the trailingSlash setting decides what a request's last slash means",
		}
	}
	for _, part := range parts {
		if err := foreign(part, s); err != nil {
			return Pattern{}, err
		}
	}
	return parse(parts)
}

// foreign recognises what another router would call a parameter.
func foreign(part, pattern string) error {
	name, ok := strings.CutPrefix(part, ":")
	if !ok && strings.HasPrefix(part, "{") && strings.HasSuffix(part, "}") {
		name, ok = part[1:len(part)-1], true
	}
	if !ok {
		return nil
	}
	want := "[" + name + "]"
	if rest, many := strings.CutSuffix(name, "..."); many {
		want = "[..." + rest + "]"
	} else if rest, many := strings.CutSuffix(name, "*"); many {
		want = "[[..." + rest + "]]"
	}
	return &Error{
		Text: fmt.Sprintf("%q in pattern %q is not how a parameter is written", part, pattern),
		Hint: "write " + want,
	}
}

// parse reads the segments of a pattern and checks the rules that one pattern
// can break by itself. The texts are Next.js's own where it has one, so that a
// search for them finds its documentation.
func parse(parts []string) (Pattern, error) {
	whole := "/" + strings.Join(parts, "/")
	p := Pattern{segments: make([]Segment, 0, len(parts))}
	for i, part := range parts {
		seg, err := parseSegment(part, whole)
		if err != nil {
			return Pattern{}, err
		}
		if seg.Kind >= CatchAll && i < len(parts)-1 {
			return Pattern{}, &Error{
				Text: fmt.Sprintf("catch-all must be the last part of the URL in route %q", whole),
				Hint: fmt.Sprintf("move what is below %s beside it", part),
			}
		}
		if seg.Kind != Static {
			if err := distinct(p.segments, seg.Text, whole); err != nil {
				return Pattern{}, err
			}
		}
		p.segments = append(p.segments, seg)
	}
	return p, nil
}

// distinct refuses a parameter name that the pattern has already, or that
// differs from one only in punctuation: Next.js makes both the name of one
// group of a regular expression.
func distinct(before []Segment, name, whole string) error {
	for _, s := range before {
		switch {
		case s.Kind == Static:
		case s.Text == name:
			return &Error{
				Text: fmt.Sprintf("you cannot have the same slug name %q repeat within a single dynamic path in route %q", name, whole),
				Hint: "give each parameter of a route its own name",
			}
		case wordOnly(s.Text) == wordOnly(name):
			return &Error{
				Text: fmt.Sprintf("you cannot have the slug names %q and %q differ only by non-word symbols within a single dynamic path in route %q", s.Text, name, whole),
				Hint: "give each parameter of a route its own name",
			}
		}
	}
	return nil
}

// wordOnly drops ASCII punctuation and spaces from a parameter name.
func wordOnly(name string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && r != '_' && !alnum(byte(r)) {
			return -1
		}
		return r
	}, name)
}

func parseSegment(part, whole string) (Segment, error) {
	if !strings.HasPrefix(part, "[") || !strings.HasSuffix(part, "]") || len(part) == 1 {
		return parseStatic(part, whole)
	}
	name, kind := part[1:len(part)-1], One
	optional := strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]") && len(name) > 1
	if optional {
		name = name[1 : len(name)-1]
	}
	if strings.HasPrefix(name, "…") {
		return Segment{}, &Error{
			Text: fmt.Sprintf("detected a three-dot character ('…') at ('%s') in route %q", part, whole),
			Hint: "write three full stops: '...'",
		}
	}
	if rest, ok := strings.CutPrefix(name, "..."); ok {
		name, kind = rest, CatchAll
		if optional {
			kind = Optional
		}
	} else if optional {
		return Segment{}, &Error{
			Text: fmt.Sprintf("optional route parameters are not yet supported (%q) in route %q", part, whole),
			Hint: fmt.Sprintf("write [[...%s]], or make one route with the segment and one without", name),
		}
	}
	switch {
	case name == "":
		return Segment{}, &Error{
			Text: fmt.Sprintf("parameter names cannot be empty in route %q", whole),
			Hint: "write a name between the brackets, such as [id]",
		}
	case strings.HasPrefix(name, "."):
		return Segment{}, &Error{
			Text: fmt.Sprintf("segment names may not start with erroneous periods ('%s') in route %q", name, whole),
			Hint: "a catch-all has exactly three: [...name]",
		}
	case strings.ContainsAny(name, "[]"):
		return Segment{}, &Error{
			Text: fmt.Sprintf("segment names may not start or end with extra brackets, or hold any ('%s') in route %q", name, whole),
			Hint: "write [name], [...name] or [[...name]]",
		}
	}
	return Segment{Kind: kind, Text: name}, nil
}

// parseStatic puts static text into the form in which a request arrives, and
// refuses text that no request can arrive with.
//
// Next.js compares the raw request with the folder's plain name, so that a
// folder named "sp ace" or "tärget" is never found; here it is found by its
// percent-encoded form. An escape that is written in the text stays one, so the
// folder "sp%20ace", which is how people work around Next.js, is the same route.
func parseStatic(part, whole string) (Segment, error) {
	text := canonicalText(part)
	if part == "" {
		return Segment{}, &Error{Text: fmt.Sprintf("pattern %q has an empty segment", whole), Hint: "write one slash between segments"}
	}
	clean, redirect, err := Clean("/" + text)
	if err != nil || redirect || clean != "/"+text {
		return Segment{}, &Error{
			Text: fmt.Sprintf("no request can reach the segment %q of route %q", part, whole),
			Hint: "a segment is not '.' or '..', is valid UTF-8 and holds no backslash, control character or escape of one",
		}
	}
	return Segment{Text: text}, nil
}

// canonicalText percent-encodes what a URL's path cannot hold, writes escapes
// with capital letters (RFC 3986 §6.2.2.1), and undoes those of unreserved
// characters (§6.2.2.2), by which the folder %5Fname becomes the segment _name.
func canonicalText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			v := unhex(s[i+1])<<4 | unhex(s[i+2])
			if alnum(v) || strings.IndexByte("-._~", v) >= 0 {
				b.WriteByte(v)
			} else {
				writeEscape(&b, v)
			}
			i += 2
		case c == '%' || c == '?' || c == '#' || !pathByte[c]:
			if c == '\\' || c < 0x20 || c == 0x7f {
				b.WriteByte(c) // for Clean to refuse
				continue
			}
			writeEscape(&b, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// String returns the canonical text: two patterns that match the same paths and
// name their parameters alike have the same text.
func (p Pattern) String() string {
	if len(p.segments) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, s := range p.segments {
		b.WriteByte('/')
		b.WriteString(s.String())
	}
	return b.String()
}

// Segments returns the segments in order; the root has none. The slice is the
// caller's.
func (p Pattern) Segments() []Segment { return slices.Clone(p.segments) }

// Static reports whether the pattern has no parameters.
func (p Pattern) Static() bool {
	return !slices.ContainsFunc(p.segments, func(s Segment) bool { return s.Kind != Static })
}

// ParamNames returns the names of the parameters in order, nil if there are
// none.
func (p Pattern) ParamNames() []string {
	var names []string
	for _, s := range p.segments {
		if s.Kind != Static {
			names = append(names, s.Text)
		}
	}
	return names
}
