package route

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Entry is one route of a [Table].
type Entry[T any] struct {
	Pattern Pattern
	// Source is where the route is declared, for messages: a file such as
	// "app/api/route.ts", or a Go position such as "main.go:12".
	Source string
	Value  T
}

// Param is one parameter of a matched route, decoded exactly once.
type Param struct {
	Name string
	// Value is the segment, or, for a catch-all, its segments joined by slashes.
	Value string
	// Values holds the segments of a catch-all, at least one; it is nil for
	// any other parameter.
	Values []string
}

// Params are the parameters of a match in the pattern's order. An optional
// catch-all that matched nothing is absent.
type Params []Param

// Get returns the parameter of that name.
func (p Params) Get(name string) (Param, bool) {
	for _, param := range p {
		if param.Name == name {
			return param, true
		}
	}
	return Param{}, false
}

// Match is a dynamic route that a path matches, with its parameters.
type Match[T any] struct {
	Entry *Entry[T]
	// Params is not nil, but empty when an optional catch-all matched nothing.
	Params Params
}

// Table finds the route of a path. It is immutable and safe for concurrent use.
//
// The paths it is asked for are such as [Clean] returns. One slash at the end
// means nothing to it: when [TrailingSlash] left it there, both forms are
// served. A path that was not cleaned and holds an empty segment matches
// nothing.
type Table[T any] struct {
	static  map[string]*Entry[T]
	dynamic *node[T]
	all     []*Entry[T]
}

// NewTable makes a table. Every conflict between two entries is an [*Error]
// that names both sources; all of them are returned, joined.
func NewTable[T any](entries []Entry[T]) (*Table[T], error) {
	t := &Table[T]{static: map[string]*Entry[T]{}, dynamic: &node[T]{}}
	everything := &node[T]{}
	var problems []error
	for i := range entries {
		e := &entries[i]
		if err := everything.conflict(e); err != nil {
			problems = append(problems, err)
			continue
		}
		everything.insert(e)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	everything.each(func(e *Entry[T]) {
		own := &Entry[T]{e.Pattern, e.Source, e.Value}
		t.all = append(t.all, own)
		if own.Pattern.Static() {
			t.static[own.Pattern.String()] = own
			return
		}
		t.dynamic.insert(own)
	})
	// Exact routes are looked up before any dynamic one is tried.
	slices.SortStableFunc(t.all, func(a, b *Entry[T]) int {
		return cmp.Compare(order(a.Pattern), order(b.Pattern))
	})
	return t, nil
}

func order(p Pattern) int {
	if p.Static() {
		return 0
	}
	return 1
}

// All returns the routes in the order in which they are tried: the exact ones
// by path, then the dynamic ones by precedence. The slice is the caller's.
func (t *Table[T]) All() []*Entry[T] { return slices.Clone(t.all) }

// Static finds the exact route of a path. Percent-encoded letters are not
// letters here, as in Next.js: /%61 does not find /a.
func (t *Table[T]) Static(path string) (*Entry[T], bool) {
	path = noSlash(path)
	if e, ok := t.static[path]; ok {
		return e, true
	}
	// A route whose folder is named in other letters than ASCII is stored with
	// capital escapes; the request may use small ones.
	if strings.IndexByte(path, '%') < 0 {
		return nil, false
	}
	e, ok := t.static[upperEscapes(path)]
	return e, ok
}

// Dynamic yields every dynamic route that the path matches, in order of
// precedence: a route may turn a match down (dynamicParams = false), and the
// next is then tried.
//
// An escape that does not decode in a segment that a route would take is a
// [*PathError], yielded last and with no match. A path from Clean has none.
func (t *Table[T]) Dynamic(path string) iter.Seq2[Match[T], error] {
	return func(yield func(Match[T], error) bool) {
		path, ok := segments(path)
		if !ok {
			return
		}
		t.dynamic.walk(path, func(e *Entry[T]) bool {
			params, err := decode(e.Pattern, path)
			if err != nil {
				yield(Match[T]{}, err)
				return false
			}
			return yield(Match[T]{e, params}, nil)
		})
	}
}

// Lookup finds the exact route of a path, or else its first dynamic one. The
// parameters of an exact route are nil; those of a dynamic one are not. It
// returns nil, nil, nil when there is no route, and a [*PathError] as Dynamic
// does.
func (t *Table[T]) Lookup(path string) (*Entry[T], Params, error) {
	if e, ok := t.Static(path); ok {
		return e, nil, nil
	}
	for m, err := range t.Dynamic(path) {
		return m.Entry, m.Params, err
	}
	return nil, nil, nil
}

// segments returns the path as its segments, each with a slash before it, so
// that the root is empty. It reports false for a path with an empty segment.
func segments(path string) (string, bool) {
	path = noSlash(path)
	if path == "/" {
		return "", true
	}
	return path, strings.HasPrefix(path, "/") && !strings.Contains(path, "//")
}

// noSlash drops one slash from the end of a path; of a run of them, none.
func noSlash(path string) string {
	n := len(path) - 1
	if n > 0 && path[n] == '/' && path[n-1] != '/' {
		return path[:n]
	}
	return path
}

// cutSegment splits the first segment off a path that segments returned.
func cutSegment(path string) (seg, rest string) {
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[1 : 1+i], path[1+i:]
	}
	return path[1:], ""
}

// decode makes the parameters of a path that matches the pattern.
func decode(p Pattern, path string) (Params, error) {
	n := 0
	for _, s := range p.segments {
		if s.Kind != Static {
			n++
		}
	}
	params := make(Params, 0, n)
	for _, s := range p.segments {
		if s.Kind >= CatchAll {
			if path == "" {
				break
			}
			param, err := decodeRest(s.Text, path[1:])
			if err != nil {
				return nil, err
			}
			return append(params, param), nil
		}
		var seg string
		if seg, path = cutSegment(path); s.Kind == One {
			value, err := decodeSegment(seg)
			if err != nil {
				return nil, err
			}
			params = append(params, Param{Name: s.Text, Value: value})
		}
	}
	return params, nil
}

// decodeRest makes the parameter of a catch-all; each segment is decoded on its
// own, after the split.
func decodeRest(name, rest string) (Param, error) {
	param := Param{Name: name, Value: rest, Values: strings.Split(rest, "/")}
	if strings.IndexByte(rest, '%') < 0 {
		return param, nil
	}
	for i, seg := range param.Values {
		value, err := decodeSegment(seg)
		if err != nil {
			return Param{}, err
		}
		param.Values[i] = value
	}
	param.Value = strings.Join(param.Values, "/")
	return param, nil
}

func decodeSegment(raw string) (string, error) {
	if strings.IndexByte(raw, '%') < 0 {
		return raw, nil
	}
	return unescape(raw)
}

// node is a position in the tree of patterns.
type node[T any] struct {
	static   map[string]*node[T]
	one      *node[T] // below [name]
	name     string   // the name in [name], and its first source
	nameFrom string
	here     *Entry[T] // ends at this position
	rest     *Entry[T] // [...name]
	optional *Entry[T] // [[...name]]
}

// walk tries the routes below n in order of precedence and returns false when
// found has had enough. A tree has one way to each node, so that a path meets
// each node at most once, however the routes are arranged.
func (n *node[T]) walk(path string, found func(*Entry[T]) bool) bool {
	if path == "" {
		if n.here != nil && !found(n.here) {
			return false
		}
		return n.optional == nil || found(n.optional)
	}
	seg, rest := cutSegment(path)
	if len(n.static) > 0 {
		next := n.static[seg]
		if next == nil && strings.IndexByte(seg, '%') >= 0 {
			next = n.static[upperEscapes(seg)]
		}
		if next != nil && !next.walk(rest, found) {
			return false
		}
	}
	if n.one != nil && !n.one.walk(rest, found) {
		return false
	}
	if n.rest != nil && !found(n.rest) {
		return false
	}
	return n.optional == nil || found(n.optional)
}

// insert adds an entry that is known to have no conflict.
func (n *node[T]) insert(e *Entry[T]) {
	for _, s := range e.Pattern.segments {
		switch s.Kind {
		case Static:
			next := n.static[s.Text]
			if next == nil {
				next = &node[T]{}
				if n.static == nil {
					n.static = map[string]*node[T]{}
				}
				n.static[s.Text] = next
			}
			n = next
		case One:
			if n.one == nil {
				n.one, n.name, n.nameFrom = &node[T]{}, s.Text, e.Source
			}
			n = n.one
		case CatchAll:
			n.rest = e
			return
		case Optional:
			n.optional = e
			return
		}
	}
	n.here = e
}

// conflict checks an entry against those that are in the tree.
func (n *node[T]) conflict(e *Entry[T]) error {
	for _, s := range e.Pattern.segments {
		switch s.Kind {
		case Static:
			n = n.static[s.Text]
		case One:
			if n.one != nil && n.name != s.Text {
				return differentNames(e, s.Text, n.name, n.nameFrom)
			}
			n = n.one
		case CatchAll, Optional:
			return n.conflictAtEnd(e, s)
		}
		if n == nil {
			return nil
		}
	}
	if n.here != nil {
		return samePattern(e, n.here)
	}
	if n.optional != nil {
		return sameSpecificity(e, e.Pattern, n.optional)
	}
	return nil
}

func (n *node[T]) conflictAtEnd(e *Entry[T], s Segment) error {
	same, other := n.rest, n.optional
	if s.Kind == Optional {
		same, other = other, same
	}
	if same != nil {
		if before := last(same.Pattern); before.Text != s.Text {
			return differentNames(e, s.Text, before.Text, same.Source)
		}
		return samePattern(e, same)
	}
	if other != nil {
		kinds := "optional and required"
		if s.Kind == Optional {
			kinds = "required and optional"
		}
		return &Error{
			File: e.Source,
			Text: fmt.Sprintf("you cannot use both an %s catch-all route at the same level (%q and %q); the other is in %s",
				kinds, last(other.Pattern), s, other.Source),
			Hint: "keep [[...name]] alone: it matches whatever [...name] does, and its own base",
		}
	}
	if s.Kind == Optional && n.here != nil {
		return sameSpecificity(e, n.here.Pattern, n.here)
	}
	return nil
}

func last(p Pattern) Segment { return p.segments[len(p.segments)-1] }

func samePattern[T any](e, before *Entry[T]) error {
	return &Error{
		File: e.Source,
		Text: fmt.Sprintf("conflicting routes at %s: it is declared in %s too", e.Pattern, before.Source),
		Hint: "remove one of the two",
	}
}

func differentNames[T any](e *Entry[T], name, before, source string) error {
	return &Error{
		File: e.Source,
		Text: fmt.Sprintf("you cannot use different slug names for the same dynamic path ('%s' !== '%s'); the other is in %s", before, name, source),
		Hint: fmt.Sprintf("name the parameter [%s] in both", before),
	}
}

// sameSpecificity is for a route and the optional catch-all just below it: base
// is the path that both would answer.
func sameSpecificity[T any](e *Entry[T], base Pattern, other *Entry[T]) error {
	optional := other
	if !e.Pattern.Static() && last(e.Pattern).Kind == Optional {
		optional = e
	}
	return &Error{
		File: e.Source,
		Text: fmt.Sprintf("you cannot define a route with the same specificity as an optional catch-all route (%q and %q); the other is in %s",
			base, optional.Pattern, other.Source),
		Hint: fmt.Sprintf("write [...%s] if %s is a route of its own", last(optional.Pattern).Text, base),
	}
}

// each visits the entries in order of precedence, static siblings by name.
func (n *node[T]) each(visit func(*Entry[T])) {
	if n == nil {
		return
	}
	if n.here != nil {
		visit(n.here)
	}
	names := make([]string, 0, len(n.static))
	for name := range n.static {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		n.static[name].each(visit)
	}
	n.one.each(visit)
	for _, e := range []*Entry[T]{n.rest, n.optional} {
		if e != nil {
			visit(e)
		}
	}
}
