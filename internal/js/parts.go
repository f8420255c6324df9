package js

import "github.com/dop251/goja/ast"

// parts visits what a statement or an expression consists of, down to the next
// statements and expressions: who visits decides where to go on. What is visited
// may be nil.
type parts struct {
	statement  func(ast.Statement)
	expression func(ast.Expression)
}

func (p *parts) statements(list []ast.Statement) {
	for _, s := range list {
		p.statement(s)
	}
}

func (p *parts) expressions(list []ast.Expression) {
	for _, e := range list {
		p.expression(e)
	}
}

func (p *parts) bindings(list []*ast.Binding) {
	for _, b := range list {
		p.binding(b)
	}
}

func (p *parts) binding(b *ast.Binding) {
	if b != nil {
		p.expression(b.Target)
		p.expression(b.Initializer)
	}
}

func (p *parts) parameters(list *ast.ParameterList) {
	if list != nil {
		p.bindings(list.List)
		p.expression(list.Rest)
	}
}

func (p *parts) block(b *ast.BlockStatement) {
	if b != nil {
		p.statements(b.List)
	}
}

func (p *parts) function(f *ast.FunctionLiteral) {
	if f != nil {
		p.parameters(f.ParameterList)
		p.block(f.Body)
	}
}

func (p *parts) class(c *ast.ClassLiteral) {
	if c == nil {
		return
	}
	p.expression(c.SuperClass)
	for _, e := range c.Body {
		switch e := e.(type) {
		case *ast.FieldDefinition:
			p.expression(e.Key)
			p.expression(e.Initializer)
		case *ast.MethodDefinition:
			p.expression(e.Key)
			p.function(e.Body)
		case *ast.ClassStaticBlock:
			p.block(e.Block)
		}
	}
}

// ofStatement visits the parts of a statement, in the order of the source.
func (p *parts) ofStatement(s ast.Statement) {
	switch s := s.(type) {
	case *ast.ExpressionStatement:
		p.expression(s.Expression)
	case *ast.VariableStatement:
		p.bindings(s.List)
	case *ast.LexicalDeclaration:
		p.bindings(s.List)
	case *ast.ReturnStatement:
		p.expression(s.Argument)
	case *ast.BlockStatement:
		p.block(s)
	case *ast.IfStatement:
		p.expression(s.Test)
		p.statement(s.Consequent)
		p.statement(s.Alternate)
	case *ast.FunctionDeclaration:
		p.function(s.Function)
	case *ast.ClassDeclaration:
		p.class(s.Class)
	case *ast.ForStatement:
		switch i := s.Initializer.(type) {
		case *ast.ForLoopInitializerExpression:
			p.expression(i.Expression)
		case *ast.ForLoopInitializerVarDeclList:
			p.bindings(i.List)
		case *ast.ForLoopInitializerLexicalDecl:
			p.bindings(i.LexicalDeclaration.List)
		}
		p.expression(s.Test)
		p.expression(s.Update)
		p.statement(s.Body)
	case *ast.ForInStatement:
		p.into(s.Into)
		p.expression(s.Source)
		p.statement(s.Body)
	case *ast.ForOfStatement:
		p.into(s.Into)
		p.expression(s.Source)
		p.statement(s.Body)
	case *ast.WhileStatement:
		p.expression(s.Test)
		p.statement(s.Body)
	case *ast.DoWhileStatement:
		p.statement(s.Body)
		p.expression(s.Test)
	case *ast.SwitchStatement:
		p.expression(s.Discriminant)
		for _, c := range s.Body {
			p.expression(c.Test)
			p.statements(c.Consequent)
		}
	case *ast.TryStatement:
		p.block(s.Body)
		if s.Catch != nil {
			p.expression(s.Catch.Parameter)
			p.block(s.Catch.Body)
		}
		p.block(s.Finally)
	case *ast.ThrowStatement:
		p.expression(s.Argument)
	case *ast.LabelledStatement:
		p.statement(s.Statement)
	case *ast.WithStatement:
		p.expression(s.Object)
		p.statement(s.Body)
	}
}

func (p *parts) into(i ast.ForInto) {
	switch i := i.(type) {
	case *ast.ForIntoVar:
		p.binding(i.Binding)
	case *ast.ForDeclaration:
		p.expression(i.Target)
	case *ast.ForIntoExpression:
		p.expression(i.Expression)
	}
}

// ofExpression visits the parts of an expression, in the order of the source.
func (p *parts) ofExpression(e ast.Expression) {
	switch e := e.(type) {
	case *ast.DotExpression:
		p.expression(e.Left)
	case *ast.CallExpression:
		p.expression(e.Callee)
		p.expressions(e.ArgumentList)
	case *ast.BinaryExpression:
		p.expression(e.Left)
		p.expression(e.Right)
	case *ast.AssignExpression:
		p.expression(e.Left)
		p.expression(e.Right)
	case *ast.FunctionLiteral:
		p.function(e)
	case *ast.ArrowFunctionLiteral:
		p.parameters(e.ParameterList)
		switch b := e.Body.(type) {
		case *ast.ExpressionBody:
			p.expression(b.Expression)
		case *ast.BlockStatement:
			p.block(b)
		}
	case *ast.ObjectLiteral:
		for _, property := range e.Value {
			p.expression(property)
		}
	case *ast.PropertyKeyed:
		p.expression(e.Key)
		p.expression(e.Value)
	case *ast.PropertyShort:
		p.expression(e.Initializer)
	case *ast.ArrayLiteral:
		p.expressions(e.Value)
	case *ast.ConditionalExpression:
		p.expression(e.Test)
		p.expression(e.Consequent)
		p.expression(e.Alternate)
	case *ast.BracketExpression:
		p.expression(e.Left)
		p.expression(e.Member)
	case *ast.UnaryExpression:
		p.expression(e.Operand)
	case *ast.NewExpression:
		p.expression(e.Callee)
		p.expressions(e.ArgumentList)
	case *ast.SequenceExpression:
		p.expressions(e.Sequence)
	case *ast.TemplateLiteral:
		p.expression(e.Tag)
		p.expressions(e.Expressions)
	case *ast.SpreadElement:
		p.expression(e.Expression)
	case *ast.AwaitExpression:
		p.expression(e.Argument)
	case *ast.YieldExpression:
		p.expression(e.Argument)
	case *ast.ClassLiteral:
		p.class(e)
	case *ast.PrivateDotExpression:
		p.expression(e.Left)
	case *ast.OptionalChain:
		p.expression(e.Expression)
	case *ast.Optional:
		p.expression(e.Expression)
	case *ast.ObjectPattern:
		for _, property := range e.Properties {
			p.expression(property)
		}
		p.expression(e.Rest)
	case *ast.ArrayPattern:
		p.expressions(e.Elements)
		p.expression(e.Rest)
	case *ast.Binding:
		p.binding(e)
	}
}
