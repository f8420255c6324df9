package js

import (
	"slices"
	"strings"

	"github.com/dop251/goja/token"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// scope is a part of the text in which names are declared. A function's
// parameters and body are one scope: a body's variable that hides a parameter
// is not told from it.
type scope struct {
	parent   *scope
	names    map[string]*binding
	function *outlined // whose parameters and body it is
	vars     bool      // var declarations go here
	once     bool      // it exists once in a module's life
}

type binding struct {
	function *outlined // what it always is, if that is known
}

// declared is how a name is declared.
type declared int

const (
	byVar declared = iota // by var: for the whole function
	byLet                 // by let or as a parameter
	byConst
)

func lexical(d *ast.LexicalDeclaration) declared {
	if d.Token == token.CONST {
		return byConst
	}
	return byLet
}

// capture is a variable and the properties of it that are read.
type capture struct {
	name string
	path []string
	to   *binding
}

// reference is the use of a name.
type reference struct {
	capture
	from     *scope
	function *outlined
	at       int
}

// resolve finds what the names mean, and so what the functions capture.
func (o *outliner) resolve() {
	for _, r := range o.references {
		s := r.from
		for s != nil && s.names[r.name] == nil {
			s = s.parent
		}
		if s == nil {
			if r.name == "arguments" {
				o.usesArguments(r)
			}
			continue // a global
		}
		r.to = s.names[r.name]
		if s.once {
			continue
		}
		for at := r.from; at != s; at = at.parent {
			if f := at.function; f != nil {
				f.captured = append(f.captured, r.capture)
			}
		}
	}
	for _, f := range o.functions {
		if !o.wanted(f) {
			continue
		}
		var all []capture
		for _, c := range f.captured {
			o.expand(f, c, c, &all, map[*outlined]bool{f: true})
		}
		for i, c := range all {
			if !slices.ContainsFunc(all, func(other capture) bool { return c.within(other) }) &&
				!slices.ContainsFunc(all[:i], func(other capture) bool { return c.same(other) }) {
				f.Captured = append(f.Captured, c.expression())
			}
		}
	}
}

// expand lists what f's use of c makes it depend on. c is what a function uses
// that f reaches by the name via, which it captures itself.
func (o *outliner) expand(f *outlined, c, via capture, all *[]capture, seen map[*outlined]bool) {
	g := c.to.function
	switch {
	case f.scope.parent.lookup(c.name) != c.to:
		// Another variable hides it where f stands. So f has the function in
		// its place, which is refused at run time.
		*all = append(*all, capture{name: via.name, to: via.to})
	case g == nil || !o.wanted(g):
		*all = append(*all, c)
	case !seen[g]:
		seen[g] = true
		for _, c := range g.captured {
			o.expand(f, c, via, all, seen)
		}
	}
}

func (s *scope) lookup(name string) *binding {
	for ; s != nil; s = s.parent {
		if b := s.names[name]; b != nil {
			return b
		}
	}
	return nil
}

func (c capture) same(other capture) bool {
	return c.to == other.to && slices.Equal(c.path, other.path)
}

// within reports whether other's value has c's in it.
func (c capture) within(other capture) bool {
	return c.to == other.to && len(other.path) < len(c.path) && slices.Equal(other.path, c.path[:len(other.path)])
}

func (c capture) expression() string {
	return strings.Join(append([]string{c.name}, c.path...), "?.")
}

func (o *outliner) usesArguments(r reference) {
	for f := r.function; f != nil && !f.barrier; f = f.parent {
		if !f.arrow {
			f.Arguments = true
			return
		}
		if f.Outer == 0 {
			f.Outer = r.at
		}
	}
}

// receiver notes a use of this or super.
func (o *outliner) receiver(at int, super bool) {
	for f := o.function; f != nil && !f.barrier; f = f.parent {
		if super && f.Super == 0 {
			f.Super = at
		} else if !super && f.This == 0 {
			f.This = at
		}
		if !f.arrow {
			return
		}
	}
}

func (o *outliner) refer(name string, path []string, at file.Idx) {
	o.references = append(o.references, reference{capture{name: name, path: path}, o.scope, o.function, o.offset(at)})
}

// within reads something in a scope of its own.
func (o *outliner) within(s *scope, read func()) {
	s.parent, o.scope = o.scope, s
	if s.names == nil {
		s.names = map[string]*binding{}
	}
	read()
	o.scope = s.parent
}

func (o *outliner) declare(name string, isVar bool) *binding {
	s := o.scope
	for isVar && !s.vars {
		s = s.parent
	}
	b := s.names[name]
	if b == nil {
		b = &binding{}
		s.names[name] = b
	}
	return b
}
