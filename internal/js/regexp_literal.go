package js

import (
	"strings"
	"unicode/utf16"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// The engine compiles every literal when it compiles a script, with libraries
// whose work is thrown away here, and refuses flags and groups that it does not
// know. So a literal is disguised before the engine sees it: each character
// that means something in a pattern becomes one that means itself, and what the
// engine would refuse of the flags goes in front. When a literal is first used
// the disguise is taken off. Syntax errors are found while compiling, as is due.

const (
	disguiseMark = '\uf8ff' // what a disguised pattern begins with
	disguiseEnd  = '\uf8fe' // what ends the flags that the engine does not know
	disguiseBase = '\uf800' // the private characters that stand for ASCII
	meaningful   = `\^$.*+?()[]{}|/-&`
)

// disguise makes a pattern of literal characters from a literal's pattern.
func disguise(pattern string, flags rxFlags) string {
	var b strings.Builder
	b.WriteRune(disguiseMark)
	if flags.indices {
		b.WriteByte('d')
	}
	if flags.sets {
		b.WriteByte('v')
	}
	b.WriteRune(disguiseEnd)
	for _, c := range pattern {
		if c < 0x80 && strings.ContainsRune(meaningful, c) {
			c += disguiseBase
		}
		b.WriteRune(c)
	}
	return b.String()
}

// undisguise is disguise's inverse; ok is false for any other source. The units
// are those of a literal's source.
func undisguise(u []uint16, f rxFlags) (pattern []uint16, flags rxFlags, ok bool) {
	if len(u) < 2 || u[0] != disguiseMark {
		return nil, f, false
	}
	i := 1
	for ; i < len(u) && u[i] != disguiseEnd; i++ {
		f.indices = f.indices || u[i] == 'd'
		f.sets = f.sets || u[i] == 'v'
	}
	out := make([]uint16, 0, len(u))
	for _, c := range u[min(i+1, len(u)):] {
		if c >= disguiseBase && c < disguiseBase+0x80 {
			c -= disguiseBase
		}
		out = append(out, c)
	}
	return out, f, true
}

// literals visits the regular expression literals of a script.
type literals struct {
	file  *file.File
	parts parts
	err   error
}

// disguiseLiterals checks and disguises the literals of a script. The error is
// of the kind that the engine gives for a syntax error.
func disguiseLiterals(p *ast.Program) error {
	l := &literals{file: p.File}
	l.parts = parts{statement: func(s ast.Statement) { l.parts.ofStatement(s) }, expression: l.expression}
	l.parts.statements(p.Body)
	return l.err
}

func (l *literals) literal(n *ast.RegExpLiteral) {
	f, ok := parseFlags(n.Flags)
	msg := ""
	if !ok {
		msg = "Invalid regular expression flags"
	} else if _, _, _, err := parseRegExp(utf16.Encode([]rune(n.Pattern)), f); err != nil {
		msg = "Invalid regular expression: /" + n.Pattern + "/" + n.Flags + ": " + err.Error()
	}
	if msg != "" {
		if l.err == nil {
			l.err = &goja.CompilerSyntaxError{CompilerError: goja.CompilerError{File: l.file, Offset: int(n.Idx) - 1, Message: msg}}
		}
		return
	}
	for _, c := range n.Pattern {
		if c >= disguiseBase && c <= disguiseMark {
			return // it has such characters itself: it stays as it is
		}
	}
	n.Pattern = disguise(n.Pattern, f)
	f.indices, f.sets = false, false
	n.Flags = f.String()
}

func (l *literals) expression(e ast.Expression) {
	if n, ok := e.(*ast.RegExpLiteral); ok {
		l.literal(n)
		return
	}
	l.parts.ofExpression(e)
}
