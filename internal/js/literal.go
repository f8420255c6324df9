package js

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/dop251/goja/token"
)

// Literal reads the value of a module's export without running the module.
// code is the module in CommonJS form as esbuild writes it: its exports are
// getters in a call of __export, its declarations are at the top.
//
// The value must be written out: strings, numbers, booleans, null, undefined,
// templates without expressions, and lists and objects of these. It comes as
// string, float64, bool, nil, []any and map[string]any. found is false when
// there is no such export. When there is one that cannot be read, err says why,
// and line and column, from 1, where in code; they are 0 when code is no script.
func Literal(code, export string) (value any, found bool, line, column int, err error) {
	defer func() {
		if x := recover(); x != nil { // the engine's parser has been seen to panic
			value, found, line, column, err = nil, false, 0, 0, fmt.Errorf("the engine cannot read the script: %v", x)
		}
	}()
	program, err := goja.Parse("", code, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, false, 0, 0, err
	}
	r := literalReader{}
	value, found = r.export(program, export)
	if r.problem == "" {
		return value, found, 0, 0, nil
	}
	at := program.File.Position(int(r.at) - program.File.Base())
	return nil, true, at.Line, at.Column, fmt.Errorf("%s", r.problem)
}

// literalReader evaluates literals; the first problem stays.
type literalReader struct {
	path    []string // to the value that is read: "matcher", "[0]"
	problem string
	at      file.Idx
}

func (r *literalReader) fail(n ast.Node, problem string) any {
	if r.problem == "" {
		r.problem, r.at = problem, n.Idx0()
		if len(r.path) > 0 {
			r.problem += " in " + strings.TrimPrefix(strings.Join(r.path, ""), ".")
		}
	}
	return nil
}

// in reads a value that is part of another.
func (r *literalReader) in(step string, x ast.Expression) any {
	r.path = append(r.path, step)
	v := r.value(x)
	r.path = r.path[:len(r.path)-1]
	return v
}

func (r *literalReader) export(program *ast.Program, export string) (any, bool) {
	getter := exportGetter(program, export)
	if getter == nil {
		return nil, false
	}
	name, ok := getter.(*ast.Identifier)
	if !ok {
		return r.fail(getter, "it comes from another module"), true
	}
	for _, s := range program.Body {
		var list []*ast.Binding
		switch s := s.(type) {
		case *ast.LexicalDeclaration:
			list = s.List
		case *ast.VariableStatement:
			list = s.List
		case *ast.FunctionDeclaration:
			if s.Function.Name != nil && s.Function.Name.Name == name.Name {
				return r.fail(s, "it is a function"), true
			}
		case *ast.ClassDeclaration:
			if s.Class.Name != nil && s.Class.Name.Name == name.Name {
				return r.fail(s, "it is a class"), true
			}
		}
		for _, b := range list {
			if id, ok := b.Target.(*ast.Identifier); !ok || id.Name != name.Name {
				continue
			}
			if b.Initializer == nil {
				return r.fail(b, "it has no value where it is declared"), true
			}
			return r.value(b.Initializer), true
		}
	}
	return r.fail(name, "it is not a plain declaration at the top of the module"), true
}

// exportGetter finds what an export's getter returns: __export(exports, { name:
// () => expression }).
func exportGetter(program *ast.Program, export string) ast.Expression {
	for _, s := range program.Body {
		e, ok := s.(*ast.ExpressionStatement)
		if !ok {
			continue
		}
		call, ok := e.Expression.(*ast.CallExpression)
		if !ok || len(call.ArgumentList) != 2 {
			continue
		}
		if callee, ok := call.Callee.(*ast.Identifier); !ok || callee.Name != "__export" {
			continue
		}
		getters, ok := call.ArgumentList[1].(*ast.ObjectLiteral)
		if !ok {
			continue
		}
		for _, p := range getters.Value {
			keyed, ok := p.(*ast.PropertyKeyed)
			if !ok {
				continue
			}
			key, ok := keyed.Key.(*ast.StringLiteral)
			f, isArrow := keyed.Value.(*ast.ArrowFunctionLiteral)
			if !ok || !isArrow || key.Value.String() != export {
				continue
			}
			if body, ok := f.Body.(*ast.ExpressionBody); ok {
				return body.Expression
			}
		}
	}
	return nil
}

func (r *literalReader) value(x ast.Expression) any {
	switch x := x.(type) {
	case *ast.StringLiteral:
		return x.Value.String()
	case *ast.NumberLiteral:
		switch n := x.Value.(type) {
		case int64:
			return float64(n)
		case float64:
			return n
		}
		return r.fail(x, "there is a number of a kind that is not read here")
	case *ast.BooleanLiteral:
		return x.Value
	case *ast.NullLiteral:
		return nil
	case *ast.TemplateLiteral:
		switch {
		case x.Tag != nil:
			return r.fail(x, "there is a tagged template")
		case len(x.Expressions) > 0:
			return r.fail(x.Expressions[0], "there is an expression in a template")
		case len(x.Elements) == 1 && x.Elements[0].Valid:
			return x.Elements[0].Parsed.String()
		}
	case *ast.UnaryExpression:
		n, ok := x.Operand.(*ast.NumberLiteral)
		if !ok {
			break
		}
		v, _ := r.value(n).(float64)
		switch x.Operator {
		case token.MINUS:
			return -v
		case token.PLUS:
			return v
		case token.NOT:
			return v == 0 // !0 is how esbuild may write true
		case token.VOID:
			return nil // and undefined
		}
	case *ast.Identifier:
		if x.Name == "undefined" {
			return nil
		}
		return r.fail(x, "there is the variable "+x.Name.String())
	case *ast.ArrayLiteral:
		list := make([]any, 0, len(x.Value))
		for i, e := range x.Value {
			if e == nil {
				return r.fail(x, "there is a list with holes")
			}
			list = append(list, r.in(fmt.Sprintf("[%d]", i), e))
		}
		return list
	case *ast.ObjectLiteral:
		return r.object(x)
	case *ast.SpreadElement:
		return r.fail(x, "there is a spread")
	case *ast.CallExpression, *ast.NewExpression:
		return r.fail(x, "there is a call")
	case *ast.ArrowFunctionLiteral, *ast.FunctionLiteral:
		return r.fail(x, "there is a function")
	case *ast.RegExpLiteral:
		return r.fail(x, "there is a regular expression")
	}
	return r.fail(x, "there is an expression")
}

func (r *literalReader) object(x *ast.ObjectLiteral) any {
	o := map[string]any{}
	for _, p := range x.Value {
		switch p := p.(type) {
		case *ast.PropertyKeyed:
			if p.Computed {
				return r.fail(p, "there is a computed key")
			}
			if p.Kind != ast.PropertyKindValue {
				return r.fail(p, "there is a "+string(p.Kind))
			}
			switch key := p.Key.(type) {
			case *ast.StringLiteral:
				if key.Value.String() == "__proto__" {
					return r.fail(p, "there is a prototype")
				}
				o[key.Value.String()] = r.in("."+key.Value.String(), p.Value)
			case *ast.NumberLiteral:
				o[key.Literal] = r.in("["+key.Literal+"]", p.Value)
			default:
				return r.fail(p, "there is a key of a kind that is not read here")
			}
		case *ast.PropertyShort:
			return r.fail(p, "there is the variable "+p.Name.Name.String())
		default:
			return r.fail(p, "there is a spread")
		}
	}
	return o
}
