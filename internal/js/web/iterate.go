package web

import (
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// pairs is what an iterable declaration iterates (Web IDL §3.7.10): the pair at
// index i, false beyond the end. It is asked anew for each step, so iteration
// is live.
type pairs func(i int) (name, value goja.Value, ok bool)

type pairKind uint8

const (
	pairEntries pairKind = iota
	pairKeys
	pairValues
)

// pairIterator is a default iterator object.
type pairIterator struct {
	at   pairs
	i    int
	kind pairKind
	name string
}

type iterateClasses struct {
	iterators     map[string]*js.Class
	iteratorProto *goja.Object // %IteratorPrototype%
}

// pairIterable gives a class entries, keys, values, forEach and
// Symbol.iterator. open checks this and returns its pairs.
func (e *Env) pairIterable(c *js.Class, open func(this goja.Value) pairs) {
	begin := func(kind pairKind) func(goja.FunctionCall) goja.Value {
		return func(call goja.FunctionCall) goja.Value {
			at := open(call.This)
			return e.iteratorClass(c.Name).New(&pairIterator{at: at, kind: kind, name: c.Name})
		}
	}
	c.Method("entries", 0, begin(pairEntries))
	c.Method("forEach", 1, func(call goja.FunctionCall) goja.Value {
		at := open(call.This)
		f := e.callback(call.Argument(0))
		this, self := call.Argument(1), call.This
		for i := 0; ; i++ {
			name, value, ok := at(i)
			if !ok {
				return goja.Undefined()
			}
			_, err := f(this, value, name, self)
			must(err)
		}
	})
	c.Method("keys", 0, begin(pairKeys))
	c.Method("values", 0, begin(pairValues))
	c.Symbol(goja.SymIterator, c.Proto.Get("entries"))
}

// iteratorClass is the class of the iterators of an interface; scripts reach
// its prototype only.
func (e *Env) iteratorClass(of string) *js.Class {
	ic := &e.iterate
	if c := ic.iterators[of]; c != nil {
		return c
	}
	if ic.iterators == nil {
		ic.iterators = map[string]*js.Class{}
		array := e.rt.NewArray()
		values, _ := goja.AssertFunction(array.GetSymbol(goja.SymIterator))
		it, err := values(array)
		must(err)
		ic.iteratorProto = it.(*goja.Object).Prototype().Prototype()
	}
	c := e.iso.Class(of+" Iterator", 0, nil, nil)
	ic.iterators[of] = c
	must(c.Proto.SetPrototype(ic.iteratorProto))
	must(c.Proto.Delete("constructor"))
	c.Method("next", 0, func(call goja.FunctionCall) goja.Value {
		it, ok := js.Host[pairIterator](e.iso, call.This)
		if !ok || it.name != of {
			panic(e.invalidThis(of + "Iterator"))
		}
		name, value, ok := it.at(it.i)
		if !ok {
			return e.iterResult(goja.Undefined(), true)
		}
		it.i++
		switch it.kind {
		case pairKeys:
			return e.iterResult(name, false)
		case pairValues:
			return e.iterResult(value, false)
		}
		return e.iterResult(e.rt.NewArray(name, value), false)
	})
	return c
}

// iterResult makes an iterator result object.
func (e *Env) iterResult(value goja.Value, done bool) goja.Value {
	o := e.rt.NewObject()
	must(o.Set("value", value))
	must(o.Set("done", done))
	return o
}
