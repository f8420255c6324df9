package js

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// Outline is what a transformation of a module's text has to know of it.
// Offsets are bytes of the code that was read. It and what it is made of are
// literal types, so that the bundler can have the same without importing this
// package.
type Outline = struct {
	// Directives are the strings that the module begins with.
	Directives []Directive
	// Stray are strings that stand alone as a statement where they are no
	// directives, at the top of the module and in functions.
	Stray []Directive
	// Functions are all functions, in the order of their beginnings.
	Functions []Function
	// Declarations are the names that are declared at the top of the module.
	Declarations []Declaration
	// Statements are where the statements at the top of the module begin, and
	// Empty are those that are empty.
	Statements, Empty []int
}

// Directive is a string that stands alone as a statement (ECMA-262 §11.2.1).
type Directive = struct {
	Text   string
	At     int
	Module bool // it stands at the top of the module, and not in a function
}

// Function is a function in an Outline.
type Function = struct {
	// Kind is how it is written: "declaration", "expression", "arrow",
	// "method" (of an object), "static" or "instance" (of a class or what it
	// makes), or "accessor" (get and set, of either).
	Kind string
	// Name is the function's own, or the one that it gets from where it stands;
	// "" when there is none or it is not known without running the code.
	Name string
	// Own reports an expression whose name can be seen inside.
	Own              bool
	Async, Generator bool
	// Start and End are where its text begins and ends. End is 0 where it is
	// not known: behind an arrow function without a block.
	Start, End int
	// Parameters is where the list of parameters begins; 0 for an arrow
	// function.
	Parameters int
	// Arity is how many parameters there are, without a last one that takes all
	// further arguments; Rest whether there is one.
	Arity int
	Rest  bool
	// Directives are the strings that its body begins with.
	Directives []Directive
	// This and Super are where it uses them, and Outer where it uses the
	// arguments of the function around an arrow function; 0 when it does not.
	This, Super, Outer int
	// Arguments reports that it uses its own arguments.
	Arguments bool
	// Captured are the variables of functions and blocks around it that it
	// uses, in the order of their use: as an expression that does not throw for
	// a missing property, "request?.nextUrl?.pathname", where it uses no more
	// than that. In place of a function with the directive stand the variables
	// that this captures.
	Captured []string
}

// Declaration is a name declared at the top of a module.
type Declaration = struct {
	Name string
	At   int
	// Function is the index in Functions of what it is declared as, or -1.
	Function int
	Class    bool
	// Pattern reports that it is part of a destructuring pattern.
	Pattern bool
	// Literal reports a value that cannot be a function, by how it is written.
	Literal bool
	// Value and ValueEnd are the place of the value that it is declared with;
	// both are 0 without one, and ValueEnd when the end is not sure.
	Value, ValueEnd int
}

// ReadOutline reads a module's text, without import and export statements,
// which the engine's parser does not know. Captured is found for the functions
// whose first directives have one that directive accepts.
func ReadOutline(code string, directive func(text string) bool) (out *Outline, err error) {
	defer func() { // the engine's parser has been seen to panic
		if x := recover(); x != nil {
			out, err = nil, fmt.Errorf("the engine cannot read the script: %v", x)
		}
	}()
	// A module may await at its top, and only an async function may.
	const before, behind = "async () => {", "\n}"
	program, err := goja.Parse("", before+code+behind, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	o := &outliner{code: code, shift: program.File.Base() + len(before), accepts: directive}
	o.parts = parts{statement: o.statement, expression: o.expression}
	module := program.Body[0].(*ast.ExpressionStatement).Expression.(*ast.ArrowFunctionLiteral).Body.(*ast.BlockStatement)
	if len(program.Body) != 1 || o.offset(module.RightBrace) != len(code)+1 {
		return nil, fmt.Errorf("the braces of the script do not match")
	}
	o.scope = &scope{names: map[string]*binding{}, vars: true, once: true}
	o.module(module.List)
	o.resolve()
	o.finish()
	return &o.out, nil
}

// outlined is a function while the text is read.
type outlined struct {
	Function
	scope    *scope
	parent   *outlined // the function around it
	barrier  bool      // not a function: a class's field or static block, where this is another
	arrow    bool
	captured []capture
	index    int
}

type outliner struct {
	code       string
	shift      int
	accepts    func(string) bool
	scope      *scope
	function   *outlined
	functions  []*outlined
	references []reference
	out        Outline
	naming     string // the name that a function at the next expression gets
	parts      parts  // of what declares nothing and refers to nothing itself
}

func (o *outliner) offset(i file.Idx) int { return int(i) - o.shift }

// finish brings the functions into the order of their beginnings.
func (o *outliner) finish() {
	order := slices.Clone(o.functions)
	slices.SortStableFunc(order, func(a, b *outlined) int { return a.Start - b.Start })
	index := make([]int, len(order))
	for to, f := range order {
		index[f.index] = to
		o.out.Functions = append(o.out.Functions, f.Function)
	}
	for i, d := range o.out.Declarations {
		if d.Function >= 0 {
			o.out.Declarations[i].Function = index[d.Function]
		}
	}
}

// wanted reports whether f is one whose captured variables are wanted.
func (o *outliner) wanted(f *outlined) bool {
	return slices.ContainsFunc(f.Directives, func(d Directive) bool { return o.accepts(d.Text) })
}

func (o *outliner) module(list []ast.Statement) {
	o.prologue(list, nil)
	o.hoist(list)
	for _, s := range list {
		o.out.Statements = append(o.out.Statements, o.offset(s.Idx0()))
		switch s := s.(type) {
		case *ast.EmptyStatement:
			o.out.Empty = append(o.out.Empty, o.offset(s.Semicolon))
		case *ast.VariableStatement:
			o.variables(s.List, byVar)
			continue
		case *ast.LexicalDeclaration:
			o.variables(s.List, lexical(s))
			continue
		}
		before := len(o.functions)
		o.statement(s)
		switch s := s.(type) {
		case *ast.ExpressionStatement: // what is exported by default ends a statement
			list, ok := s.Expression.(*ast.SequenceExpression)
			if !ok {
				continue
			}
			last := list.Sequence[len(list.Sequence)-1]
			for _, f := range o.functions[before:] {
				if f.Start == o.offset(last.Idx0()) && f.End == 0 {
					f.End = o.end(last)
				}
			}
		case *ast.FunctionDeclaration:
			if f := o.scope.names[s.Function.Name.Name.String()].function; f != nil {
				o.out.Declarations = append(o.out.Declarations, Declaration{Name: f.Name, At: f.Start, Function: f.index})
			}
		case *ast.ClassDeclaration:
			o.out.Declarations = append(o.out.Declarations, Declaration{Name: s.Class.Name.Name.String(), At: o.offset(s.Class.Class), Function: -1, Class: true})
		}
	}
}

// variables reads declarations at the top of the module.
func (o *outliner) variables(list []*ast.Binding, how declared) {
	for _, b := range list {
		id, ok := b.Target.(*ast.Identifier)
		if !ok {
			o.patternNames(b.Target, func(id *ast.Identifier) {
				o.out.Declarations = append(o.out.Declarations, Declaration{Name: id.Name.String(), At: o.offset(id.Idx), Function: -1, Pattern: true})
			})
			o.binding(b, how)
			continue
		}
		d := Declaration{Name: id.Name.String(), At: o.offset(id.Idx), Function: -1}
		if b.Initializer != nil {
			d.Value, d.ValueEnd = o.offset(b.Initializer.Idx0()), o.end(b.Initializer)
			d.Literal = written(b.Initializer)
			_, d.Class = b.Initializer.(*ast.ClassLiteral)
			for at := d.Value - 1; at >= 0 && (o.code[at] == '(' || o.code[at] == ' '); at-- {
				if o.code[at] == '(' {
					d.Value = at
				}
			}
		}
		before := len(o.functions)
		o.binding(b, how)
		switch b.Initializer.(type) {
		case *ast.ArrowFunctionLiteral, *ast.FunctionLiteral:
			d.Function = o.functions[before].index
			if f := o.functions[before]; f.End == 0 {
				f.End = d.ValueEnd
			}
		}
		o.out.Declarations = append(o.out.Declarations, d)
	}
}

// end is where a value ends that stands before the end of a statement or a
// comma, or 0. The parser forgets parentheses and escapes, and says too early an
// end then; between that and the true one stand no more than those.
func (o *outliner) end(x ast.Expression) int {
	at := o.offset(x.Idx1())
	if at <= 0 || at > len(o.code) {
		return 0
	}
	for end := at; end < len(o.code); end++ {
		switch c := o.code[end]; {
		case c == ';' || c == ',':
			return at
		case c == '(' || c == ')' || c == '\\' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$':
			at = end + 1
		case c != ' ' && c != '\n':
			return 0
		}
	}
	return 0
}

// written reports whether a value is written out, and is no function.
func written(x ast.Expression) bool {
	switch x := x.(type) {
	case *ast.StringLiteral, *ast.NumberLiteral, *ast.BooleanLiteral, *ast.NullLiteral, *ast.RegExpLiteral,
		*ast.ArrayLiteral, *ast.ObjectLiteral, *ast.UnaryExpression, *ast.NewExpression:
		return true
	case *ast.TemplateLiteral:
		return x.Tag == nil
	case *ast.BinaryExpression:
		return x.Operator != token.LOGICAL_AND && x.Operator != token.LOGICAL_OR && x.Operator != token.COALESCE
	}
	return false
}

// prologue finds the directives of a body, and the strings that stand too late
// to be one.
func (o *outliner) prologue(list []ast.Statement, f *outlined) {
	first := true
	for _, s := range list {
		e, ok := s.(*ast.ExpressionStatement)
		var text *ast.StringLiteral
		if ok {
			text, ok = e.Expression.(*ast.StringLiteral)
		}
		if !ok {
			first = first && f == nil && o.isPreamble(s)
			continue
		}
		d := Directive{Text: text.Value.String(), At: o.offset(text.Idx), Module: f == nil}
		switch {
		case !first:
			o.out.Stray = append(o.out.Stray, d)
		case f == nil:
			o.out.Directives = append(o.out.Directives, d)
		default:
			f.Directives = append(f.Directives, d)
		}
	}
}

// isPreamble reports whether a statement may stand before a module's
// directives: an import, which is empty here, or a helper of esbuild's.
func (o *outliner) isPreamble(s ast.Statement) bool {
	switch s := s.(type) {
	case *ast.EmptyStatement:
		return true
	case *ast.VariableStatement:
		id, ok := s.List[0].Target.(*ast.Identifier)
		return ok && strings.HasPrefix(id.Name.String(), "__")
	}
	return false
}

// hoist declares what a list of statements declares for itself.
func (o *outliner) hoist(list []ast.Statement) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			for _, b := range s.List {
				o.patternNames(b.Target, func(id *ast.Identifier) { o.declare(id.Name.String(), false) })
			}
		case *ast.FunctionDeclaration:
			if s.Function.Name != nil {
				o.declare(s.Function.Name.Name.String(), false)
			}
		case *ast.ClassDeclaration:
			if s.Class.Name != nil {
				o.declare(s.Class.Name.Name.String(), false)
			}
		}
	}
}

// patternNames visits the names that a pattern binds.
func (o *outliner) patternNames(x ast.Expression, visit func(*ast.Identifier)) {
	switch x := x.(type) {
	case *ast.Identifier:
		visit(x)
	case *ast.Binding:
		o.patternNames(x.Target, visit)
	case *ast.AssignExpression:
		o.patternNames(x.Left, visit)
	case *ast.SpreadElement:
		o.patternNames(x.Expression, visit)
	case *ast.ArrayPattern:
		for _, e := range x.Elements {
			o.patternNames(e, visit)
		}
		o.patternNames(x.Rest, visit)
	case *ast.ObjectPattern:
		for _, p := range x.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				visit(&p.Name)
			case *ast.PropertyKeyed:
				o.patternNames(p.Value, visit)
			}
		}
		o.patternNames(x.Rest, visit)
	}
}

// patternValues reads the computed keys and defaults of a pattern that
// declares.
func (o *outliner) patternValues(x ast.Expression) {
	switch x := x.(type) {
	case *ast.Binding:
		o.patternValues(x.Target)
		o.expression(x.Initializer)
	case *ast.AssignExpression:
		o.patternValues(x.Left)
		o.expression(x.Right)
	case *ast.ArrayPattern:
		for _, e := range x.Elements {
			o.patternValues(e)
		}
		o.patternValues(x.Rest)
	case *ast.ObjectPattern:
		for _, p := range x.Properties {
			switch p := p.(type) {
			case *ast.PropertyShort:
				o.expression(p.Initializer)
			case *ast.PropertyKeyed:
				if p.Computed {
					o.expression(p.Key)
				}
				o.patternValues(p.Value)
			}
		}
		o.patternValues(x.Rest)
	}
}

// binding reads one declared variable or pattern with its value.
func (o *outliner) binding(b *ast.Binding, how declared) {
	if b == nil {
		return
	}
	o.patternNames(b.Target, func(id *ast.Identifier) { o.declare(id.Name.String(), how == byVar) })
	o.patternValues(b.Target)
	id, named := b.Target.(*ast.Identifier)
	if !named || b.Initializer == nil {
		o.expression(b.Initializer)
		return
	}
	before := len(o.functions)
	o.named(id.Name.String(), b.Initializer)
	switch b.Initializer.(type) {
	case *ast.ArrowFunctionLiteral, *ast.FunctionLiteral:
		if how == byConst {
			o.declare(id.Name.String(), false).function = o.functions[before]
		}
	}
}

// named reads an expression; a function in it gets the name.
func (o *outliner) named(name string, x ast.Expression) {
	o.naming = name
	o.expression(x)
	o.naming = ""
}

// begin starts a function; it takes the name that waits.
func (o *outliner) begin(kind string, start file.Idx, p *ast.ParameterList, async, generator bool) *outlined {
	f := &outlined{parent: o.function, arrow: kind == "arrow", index: len(o.functions)}
	f.Function = Function{Kind: kind, Name: o.naming, Async: async, Generator: generator, Start: o.offset(start)}
	if p != nil {
		f.Arity, f.Rest = len(p.List), p.Rest != nil
		if !f.arrow {
			f.Parameters = o.offset(p.Opening)
		}
	}
	o.naming = ""
	o.functions = append(o.functions, f)
	return f
}

// inside reads parameters and body.
func (o *outliner) inside(f *outlined, p *ast.ParameterList, body ast.ConciseBody) {
	f.scope = &scope{function: f, vars: true}
	around := o.function
	o.function = f
	o.within(f.scope, func() {
		if p != nil {
			for _, b := range p.List {
				o.binding(b, byLet)
			}
			o.patternNames(p.Rest, func(id *ast.Identifier) { o.declare(id.Name.String(), false) })
			o.patternValues(p.Rest)
		}
		switch body := body.(type) {
		case *ast.BlockStatement:
			f.End = o.offset(body.RightBrace) + 1
			o.prologue(body.List, f)
			o.hoist(body.List)
			o.parts.statements(body.List)
		case *ast.ExpressionBody:
			o.expression(body.Expression)
		}
	})
	o.function = around
}

func (o *outliner) functionLiteral(kind string, n *ast.FunctionLiteral) *outlined {
	f := o.begin(kind, n.Function, n.ParameterList, n.Async, n.Generator)
	if n.Name == nil {
		o.inside(f, n.ParameterList, n.Body)
		return f
	}
	f.Name, f.Own = n.Name.Name.String(), kind == "expression"
	if kind == "declaration" {
		o.declare(f.Name, false).function = f
		o.inside(f, n.ParameterList, n.Body)
		return f
	}
	o.within(&scope{once: o.scope.once}, func() {
		o.declare(f.Name, false).function = f
		o.inside(f, n.ParameterList, n.Body)
	})
	return f
}

func (o *outliner) class(c *ast.ClassLiteral, declaration bool) {
	o.naming = ""
	read := func() {
		o.expression(c.SuperClass)
		for _, e := range c.Body {
			switch e := e.(type) {
			case *ast.FieldDefinition:
				if e.Computed {
					o.expression(e.Key)
				}
				o.apart(func() { o.named(keyName(e.Key, e.Computed), e.Initializer) })
			case *ast.MethodDefinition:
				if e.Computed {
					o.expression(e.Key)
				}
				kind := "instance"
				switch {
				case e.Kind == ast.PropertyKindGet || e.Kind == ast.PropertyKindSet:
					kind = "accessor"
				case e.Static:
					kind = "static"
				}
				o.naming = keyName(e.Key, e.Computed)
				o.functionLiteral(kind, e.Body)
			case *ast.ClassStaticBlock:
				o.apart(func() {
					o.within(&scope{vars: true}, func() {
						o.hoist(e.Block.List)
						o.parts.statements(e.Block.List)
					})
				})
			}
		}
	}
	if declaration || c.Name == nil {
		read()
		return
	}
	o.within(&scope{once: o.scope.once}, func() {
		o.declare(c.Name.Name.String(), false)
		read()
	})
}

// apart reads what has a this of its own and is no function.
func (o *outliner) apart(read func()) {
	around := o.function
	o.function = &outlined{parent: around, barrier: true}
	read()
	o.function = around
}

// keyName is the name that a function gets as the value of a property.
func keyName(key ast.Expression, computed bool) string {
	switch key := key.(type) {
	case *ast.StringLiteral:
		if !computed {
			return key.Value.String()
		}
	case *ast.Identifier:
		if !computed {
			return key.Name.String()
		}
	}
	return ""
}

func (o *outliner) block(b *ast.BlockStatement) {
	if b != nil {
		o.within(&scope{}, func() {
			o.hoist(b.List)
			o.parts.statements(b.List)
		})
	}
}

func (o *outliner) statement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.VariableStatement:
		for _, b := range s.List {
			o.binding(b, byVar)
		}
	case *ast.LexicalDeclaration:
		for _, b := range s.List {
			o.binding(b, lexical(s))
		}
	case *ast.BlockStatement:
		o.block(s)
	case *ast.FunctionDeclaration:
		o.functionLiteral("declaration", s.Function)
	case *ast.ClassDeclaration:
		o.class(s.Class, true)
	case *ast.ForStatement:
		o.within(&scope{}, func() {
			switch i := s.Initializer.(type) {
			case *ast.ForLoopInitializerExpression:
				o.expression(i.Expression)
			case *ast.ForLoopInitializerVarDeclList:
				for _, b := range i.List {
					o.binding(b, byVar)
				}
			case *ast.ForLoopInitializerLexicalDecl:
				for _, b := range i.LexicalDeclaration.List {
					o.binding(b, byLet)
				}
			}
			o.expression(s.Test)
			o.expression(s.Update)
			o.statement(s.Body)
		})
	case *ast.ForInStatement:
		o.loop(s.Into, s.Source, s.Body)
	case *ast.ForOfStatement:
		o.loop(s.Into, s.Source, s.Body)
	case *ast.SwitchStatement:
		o.expression(s.Discriminant)
		o.within(&scope{}, func() {
			for _, c := range s.Body {
				o.hoist(c.Consequent)
			}
			for _, c := range s.Body {
				o.expression(c.Test)
				o.parts.statements(c.Consequent)
			}
		})
	case *ast.TryStatement:
		o.block(s.Body)
		if s.Catch != nil {
			o.within(&scope{}, func() {
				o.patternNames(s.Catch.Parameter, func(id *ast.Identifier) { o.declare(id.Name.String(), false) })
				o.patternValues(s.Catch.Parameter)
				o.block(s.Catch.Body)
			})
		}
		o.block(s.Finally)
	default:
		o.parts.ofStatement(s)
	}
}

func (o *outliner) loop(into ast.ForInto, source ast.Expression, body ast.Statement) {
	o.within(&scope{}, func() {
		switch i := into.(type) {
		case *ast.ForIntoVar:
			o.binding(i.Binding, byVar)
		case *ast.ForDeclaration:
			o.patternNames(i.Target, func(id *ast.Identifier) { o.declare(id.Name.String(), false) })
			o.patternValues(i.Target)
		case *ast.ForIntoExpression:
			o.target(i.Expression)
		}
		o.expression(source)
		o.statement(body)
	})
}

// path is the variable and the properties that a chain of dots reads.
func path(x ast.Expression) (*ast.Identifier, []string, bool) {
	switch x := x.(type) {
	case *ast.Identifier:
		return x, nil, true
	case *ast.OptionalChain:
		return path(x.Expression)
	case *ast.Optional:
		return path(x.Expression)
	case *ast.DotExpression:
		id, names, ok := path(x.Left)
		return id, append(names, x.Identifier.Name.String()), ok
	}
	return nil, nil, false
}

// target reads what is called, assigned to or deleted: its last property is not
// a value that is read, but the object before it is.
func (o *outliner) target(x ast.Expression) {
	if id, names, ok := path(x); ok {
		o.refer(id.Name.String(), names[:max(0, len(names)-1)], id.Idx)
		return
	}
	o.expression(x)
}

func (o *outliner) expression(e ast.Expression) {
	name := o.naming
	switch e.(type) {
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
	default:
		o.naming = ""
	}
	switch e := e.(type) {
	case *ast.Identifier:
		if e != nil {
			o.refer(e.Name.String(), nil, e.Idx)
		}
	case *ast.ThisExpression:
		o.receiver(o.offset(e.Idx), false)
	case *ast.SuperExpression:
		o.receiver(o.offset(e.Idx), true)
	case *ast.DotExpression:
		if id, names, ok := path(e); ok {
			o.refer(id.Name.String(), names, id.Idx)
			return
		}
		o.expression(e.Left)
	case *ast.OptionalChain:
		if id, names, ok := path(e); ok {
			o.refer(id.Name.String(), names, id.Idx)
			return
		}
		o.expression(e.Expression)
	case *ast.CallExpression:
		o.target(e.Callee)
		o.parts.expressions(e.ArgumentList)
	case *ast.AssignExpression:
		o.target(e.Left)
		if id, ok := e.Left.(*ast.Identifier); ok {
			o.named(id.Name.String(), e.Right)
		} else {
			o.expression(e.Right)
		}
	case *ast.UnaryExpression:
		switch e.Operator {
		case token.DELETE, token.INCREMENT, token.DECREMENT:
			o.target(e.Operand)
		default:
			o.expression(e.Operand)
		}
	case *ast.FunctionLiteral:
		o.functionLiteral("expression", e)
	case *ast.ArrowFunctionLiteral:
		o.naming = name
		f := o.begin("arrow", e.Start, e.ParameterList, e.Async, false)
		o.inside(f, e.ParameterList, e.Body)
	case *ast.ClassLiteral:
		o.class(e, false)
	case *ast.ObjectLiteral:
		for _, p := range e.Value {
			o.property(p)
		}
	case *ast.TemplateLiteral:
		if e.Tag != nil {
			o.target(e.Tag)
		}
		o.parts.expressions(e.Expressions)
	case *ast.Binding:
		o.target(e.Target)
		o.expression(e.Initializer)
	case *ast.ObjectPattern: // of an assignment: its names are used, not declared
		for _, p := range e.Properties {
			o.property(p)
		}
		o.expression(e.Rest)
	default:
		o.parts.ofExpression(e)
	}
}

func (o *outliner) property(p ast.Property) {
	switch p := p.(type) {
	case *ast.PropertyShort:
		o.refer(p.Name.Name.String(), nil, p.Name.Idx)
		o.expression(p.Initializer)
	case *ast.PropertyKeyed:
		if p.Computed {
			o.expression(p.Key)
		}
		f, ok := p.Value.(*ast.FunctionLiteral)
		switch {
		case ok && p.Kind == ast.PropertyKindMethod:
			o.naming = keyName(p.Key, p.Computed)
			o.functionLiteral("method", f)
		case ok && p.Kind != ast.PropertyKindValue:
			o.naming = keyName(p.Key, p.Computed)
			o.functionLiteral("accessor", f)
		default:
			o.named(keyName(p.Key, p.Computed), p.Value)
		}
	case *ast.SpreadElement:
		o.expression(p.Expression)
	}
}
