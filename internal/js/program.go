package js

import (
	"errors"
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"
)

// Program is a compiled script that every isolate can run.
type Program struct {
	p *goja.Program
	// Names are function names that the bundler changed, and what the sources
	// call them: stack traces show the latter.
	Names map[string]string
}

// Compile compiles a script. sourceMap may be nil; name is what stack traces
// call the script where the map has nothing.
func Compile(name, code string, sourceMap []byte) (program *Program, err error) {
	defer func() { // the engine's parser has been seen to panic
		if x := recover(); x != nil {
			err = fmt.Errorf("%s: the engine cannot read the script: %v", name, x)
		}
	}()
	code = fixEscapes(code)
	opt := parser.WithDisableSourceMaps
	if sourceMap != nil {
		// Without a loader goja would open the map's name as a file.
		code += "\n//# sourceMappingURL=" + name + ".map"
		opt = parser.WithSourceMapLoader(func(string) ([]byte, error) { return sourceMap, nil })
	}
	ast, err := goja.Parse(name, code, opt)
	if err != nil {
		return nil, err
	}
	if theLayout().has(TrickRegExp) {
		if err := disguiseLiterals(ast); err != nil {
			return nil, err
		}
	}
	p, err := goja.CompileAST(ast, false)
	if err != nil {
		return nil, err
	}
	return &Program{p: p}, nil
}

// MustCompile compiles a script that is part of Portico.
func MustCompile(name, code string) *Program {
	p, err := Compile(internalPrefix+name, code, nil)
	if err != nil {
		panic(err)
	}
	return p
}

// Check reports whether the engine accepts code.
func Check(code, name string) error {
	_, err := Compile(name, code, nil)
	return err
}

// Run runs a program and returns its completion value.
func (iso *Isolate) Run(p *Program) (goja.Value, error) {
	v, err := iso.rt.RunProgram(p.p)
	if err != nil {
		if _, ok := err.(*goja.Exception); !ok {
			panic(err)
		}
	}
	return v, err
}

// module is a module that the host serves to scripts.
type module struct {
	make  func() *goja.Object
	value *goja.Object
}

// Module registers a host module; make builds its exports when a script first
// imports it.
func (iso *Isolate) Module(name string, make func() *goja.Object) {
	iso.modules[name] = &module{make: make}
}

// Import returns a host module's exports.
func (iso *Isolate) Import(name string) (*goja.Object, error) {
	m := iso.modules[name]
	if m == nil {
		return nil, fmt.Errorf("module %q is not served here", name)
	}
	if m.value == nil {
		m.value = m.make()
	}
	return m.value, nil
}

// Start runs a bundle: a program whose completion value is a function that
// takes the module loader and returns the entries.
func (iso *Isolate) start(p *Program) error {
	v, err := iso.Run(p)
	if err != nil {
		return iso.ErrorOf(err)
	}
	f, ok := goja.AssertFunction(v)
	if !ok {
		return errors.New("the bundle is not a function")
	}
	host := iso.rt.ToValue(func(c goja.FunctionCall) goja.Value {
		o, err := iso.Import(c.Argument(0).String())
		if err != nil {
			panic(iso.NewError("Error", err.Error()))
		}
		return o
	})
	v, err = iso.Call(f, goja.Undefined(), host)
	if err != nil {
		return iso.ErrorOf(err)
	}
	iso.entries, ok = v.(*goja.Object)
	if !ok {
		return errors.New("the bundle has no entries")
	}
	return nil
}

// Load evaluates an entry of the bundle, if that has not happened, and gives
// its namespace to then: at once when it was evaluated before.
func (iso *Isolate) Load(entry string, then func(ns *goja.Object, err error)) {
	f, ok := goja.AssertFunction(iso.entries.Get(entry))
	if !ok {
		then(nil, fmt.Errorf("%s is not in the bundle", entry))
		return
	}
	v, err := iso.Call(f, goja.Undefined())
	if err != nil {
		then(nil, iso.ErrorOf(err))
		return
	}
	iso.Await(v, func(v goja.Value, err error) {
		if err != nil {
			then(nil, iso.ErrorOf(err))
			return
		}
		then(v.(*goja.Object), nil)
	})
}

// ModuleOf registers a host module whose exports are a map of values.
func (iso *Isolate) ModuleOf(name string, make func() map[string]any) {
	iso.Module(name, func() *goja.Object {
		o := iso.rt.NewObject()
		must(o.Set("__esModule", true))
		for k, v := range make() {
			must(o.Set(k, v))
		}
		return o
	})
}
