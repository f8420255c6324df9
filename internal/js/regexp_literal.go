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
	file *file.File
	err  error
}

// disguiseLiterals checks and disguises the literals of a script. The error is
// of the kind that the engine gives for a syntax error.
func disguiseLiterals(p *ast.Program) error {
	l := &literals{file: p.File}
	l.statements(p.Body)
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

func (l *literals) statements(list []ast.Statement) {
	for _, s := range list {
		l.statement(s)
	}
}

func (l *literals) expressions(list []ast.Expression) {
	for _, e := range list {
		l.expression(e)
	}
}

func (l *literals) bindings(list []*ast.Binding) {
	for _, b := range list {
		l.binding(b)
	}
}

func (l *literals) binding(b *ast.Binding) {
	if b != nil {
		l.expression(b.Target)
		l.expression(b.Initializer)
	}
}

func (l *literals) parameters(p *ast.ParameterList) {
	if p != nil {
		l.bindings(p.List)
		l.expression(p.Rest)
	}
}

func (l *literals) block(b *ast.BlockStatement) {
	if b != nil {
		l.statements(b.List)
	}
}

func (l *literals) function(f *ast.FunctionLiteral) {
	if f != nil {
		l.parameters(f.ParameterList)
		l.block(f.Body)
	}
}

func (l *literals) class(c *ast.ClassLiteral) {
	if c == nil {
		return
	}
	l.expression(c.SuperClass)
	for _, e := range c.Body {
		switch e := e.(type) {
		case *ast.FieldDefinition:
			l.expression(e.Key)
			l.expression(e.Initializer)
		case *ast.MethodDefinition:
			l.expression(e.Key)
			l.function(e.Body)
		case *ast.ClassStaticBlock:
			l.block(e.Block)
		}
	}
}

func (l *literals) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.ExpressionStatement:
		l.expression(s.Expression)
	case *ast.VariableStatement:
		l.bindings(s.List)
	case *ast.LexicalDeclaration:
		l.bindings(s.List)
	case *ast.ReturnStatement:
		l.expression(s.Argument)
	case *ast.BlockStatement:
		l.block(s)
	case *ast.IfStatement:
		l.expression(s.Test)
		l.statement(s.Consequent)
		l.statement(s.Alternate)
	case *ast.FunctionDeclaration:
		l.function(s.Function)
	case *ast.ClassDeclaration:
		l.class(s.Class)
	case *ast.ForStatement:
		switch i := s.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			l.expression(i.Expression)
		case *ast.ForLoopInitializerVarDeclList:
			l.bindings(i.List)
		case *ast.ForLoopInitializerLexicalDecl:
			l.bindings(i.LexicalDeclaration.List)
		}
		l.expression(s.Test)
		l.expression(s.Update)
		l.statement(s.Body)
	case *ast.ForInStatement:
		l.into(s.Into)
		l.expression(s.Source)
		l.statement(s.Body)
	case *ast.ForOfStatement:
		l.into(s.Into)
		l.expression(s.Source)
		l.statement(s.Body)
	case *ast.WhileStatement:
		l.expression(s.Test)
		l.statement(s.Body)
	case *ast.DoWhileStatement:
		l.statement(s.Body)
		l.expression(s.Test)
	case *ast.SwitchStatement:
		l.expression(s.Discriminant)
		for _, c := range s.Body {
			l.expression(c.Test)
			l.statements(c.Consequent)
		}
	case *ast.TryStatement:
		l.block(s.Body)
		if s.Catch != nil {
			l.expression(s.Catch.Parameter)
			l.block(s.Catch.Body)
		}
		l.block(s.Finally)
	case *ast.ThrowStatement:
		l.expression(s.Argument)
	case *ast.LabelledStatement:
		l.statement(s.Statement)
	case *ast.WithStatement:
		l.expression(s.Object)
		l.statement(s.Body)
	}
}

func (l *literals) into(i ast.ForInto) {
	switch i := i.(type) {
	case *ast.ForIntoVar:
		l.binding(i.Binding)
	case *ast.ForDeclaration:
		l.expression(i.Target)
	case *ast.ForIntoExpression:
		l.expression(i.Expression)
	}
}

func (l *literals) expression(e ast.Expression) {
	switch e := e.(type) {
	case *ast.RegExpLiteral:
		l.literal(e)
	case *ast.DotExpression:
		l.expression(e.Left)
	case *ast.CallExpression:
		l.expression(e.Callee)
		l.expressions(e.ArgumentList)
	case *ast.BinaryExpression:
		l.expression(e.Left)
		l.expression(e.Right)
	case *ast.AssignExpression:
		l.expression(e.Left)
		l.expression(e.Right)
	case *ast.FunctionLiteral:
		l.function(e)
	case *ast.ArrowFunctionLiteral:
		l.parameters(e.ParameterList)
		switch b := e.Body.(type) {
		case *ast.ExpressionBody:
			l.expression(b.Expression)
		case *ast.BlockStatement:
			l.block(b)
		}
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			l.expression(p)
		}
	case *ast.PropertyKeyed:
		l.expression(e.Key)
		l.expression(e.Value)
	case *ast.PropertyShort:
		l.expression(e.Initializer)
	case *ast.ArrayLiteral:
		l.expressions(e.Value)
	case *ast.ConditionalExpression:
		l.expression(e.Test)
		l.expression(e.Consequent)
		l.expression(e.Alternate)
	case *ast.BracketExpression:
		l.expression(e.Left)
		l.expression(e.Member)
	case *ast.UnaryExpression:
		l.expression(e.Operand)
	case *ast.NewExpression:
		l.expression(e.Callee)
		l.expressions(e.ArgumentList)
	case *ast.SequenceExpression:
		l.expressions(e.Sequence)
	case *ast.TemplateLiteral:
		l.expression(e.Tag)
		l.expressions(e.Expressions)
	case *ast.SpreadElement:
		l.expression(e.Expression)
	case *ast.AwaitExpression:
		l.expression(e.Argument)
	case *ast.YieldExpression:
		l.expression(e.Argument)
	case *ast.ClassLiteral:
		l.class(e)
	case *ast.PrivateDotExpression:
		l.expression(e.Left)
	case *ast.OptionalChain:
		l.expression(e.Expression)
	case *ast.Optional:
		l.expression(e.Expression)
	case *ast.ObjectPattern:
		for _, p := range e.Properties {
			l.expression(p)
		}
		l.expression(e.Rest)
	case *ast.ArrayPattern:
		l.expressions(e.Elements)
		l.expression(e.Rest)
	case *ast.Binding:
		l.binding(e)
	}
}
