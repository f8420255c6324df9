package next

import (
	"fmt"
	"math"
	"slices"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
)

// useCacheModule is what the bundle calls for functions with 'use cache': it
// wraps each in cached(), or in cachedWith() where the function uses variables
// of functions around it, whose values are part of the key then.
const useCacheModule = "portico/use-cache"

func (m *Modules) useCache(o *goja.Object) {
	m.fn(o, "cached", 4, func(c goja.FunctionCall) goja.Value {
		w := m.wrap(c.Argument(0), c.Argument(1), goja.Undefined(), c.Argument(2), c.Argument(3))
		id := c.Argument(0)
		if err := w.DefineDataPropertySymbol(m.cachedID(), id, goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
			panic(err)
		}
		return w
	})
	m.fn(o, "cachedWith", 5, func(c goja.FunctionCall) goja.Value {
		return m.wrap(c.Argument(0), c.Argument(1), c.Argument(2), c.Argument(3), c.Argument(4))
	})
}

// cachedID is where a cached function has its id, by which it is an argument of
// others.
func (m *Modules) cachedID() *goja.Symbol {
	if m.cachedSymbol == nil {
		m.cachedSymbol = goja.NewSymbol("use cache")
	}
	return m.cachedSymbol
}

// wrap makes the function that asks the cache before it runs fn.
func (m *Modules) wrap(idValue, kindValue, captured, fnValue, params goja.Value) *goja.Object {
	id, kind := idValue.String(), kindValue.String()
	fn, ok := m.iso.Handler(fnValue)
	if !ok {
		panic(m.iso.TypeError("%s with \"use cache\" is not a function", id))
	}
	capture, _ := goja.AssertFunction(captured)
	limit := math.MaxInt
	if n, ok := numberOf(params); ok && n < math.MaxInt32 {
		limit = int(n) // what the function does not declare is no part of the key
	}
	name := optional(fnValue.(*goja.Object).Get("name"))
	return m.iso.Func(name, 0, func(c goja.FunctionCall) goja.Value {
		args := slices.Clone(c.Arguments[:min(len(c.Arguments), limit)])
		return m.iso.Attempt(func() (goja.Value, error) {
			call, err := m.useCacheCall(id, kind, capture, fn, args)
			if err != nil {
				return nil, err
			}
			return m.ask(call), nil
		})
	})
}

// functionID names a function with 'use cache' that is part of a value.
func (m *Modules) functionID(o *goja.Object) string { return optional(o.GetSymbol(m.cachedID())) }

// useCacheCall is a call of a function with 'use cache'.
func (m *Modules) useCacheCall(id, kind string, capture, fn goja.Callable, args []goja.Value) (*cachedCall, error) {
	life, _ := m.app.profile("default")
	key := cache.NewKey("use cache").Text(m.app.opts.Build).Text(kind).Text(id)
	list, functions, err := m.env.Serialise(m.array(args), m.functionID)
	if err != nil {
		return nil, fmt.Errorf("%s has \"use cache\", and of its arguments%w, which cannot be part of a key: pass what is in it that the function needs", id, spaced{err})
	}
	key.Bytes(list)
	if capture != nil {
		v, err := m.iso.Call(capture, goja.Undefined())
		if err != nil {
			return nil, err
		}
		b, _, err := m.env.Serialise(v, m.functionID)
		if err != nil {
			return nil, fmt.Errorf("%s has \"use cache\", and of the variables around it that it uses%w, which cannot be part of a key: give what is in it that the function needs a variable", id, spaced{err})
		}
		key.Bytes(b)
	}
	c := &cachedCall{
		m: m, kind: useCache, name: id, key: key.Key(),
		life: life.over(cache.Lifetime{Revalidate: cache.Forever, Expire: cache.Forever}),
		// The function gets copies: what it does to them is nobody else's.
		invoke: func() (goja.Value, error) {
			v, err := m.env.Deserialise(list, functions)
			if err != nil {
				return nil, err
			}
			copies := make([]goja.Value, len(args))
			for i := range copies {
				copies[i] = orUndefined(v.(*goja.Object).Get(fmt.Sprint(i)))
			}
			return m.iso.Call(fn, goja.Undefined(), copies...)
		},
		decode: func(b []byte) (goja.Value, error) { return m.env.Deserialise(b, nil) },
	}
	c.encode = func(v goja.Value) (b []byte, ok bool, err error) {
		// What a getter throws is an error like any other.
		_, thrown := m.attempt(func() (goja.Value, error) {
			b, _, err = m.env.Serialise(v, func(*goja.Object) string { return "" })
			return nil, nil
		})
		if thrown != nil {
			return nil, false, thrown
		}
		if err != nil {
			return nil, false, fmt.Errorf("%s has \"use cache\", and of what it returned%w, which cannot be kept: return plain data, and make the rest of it outside", id, spaced{err})
		}
		return b, true, nil
	}
	return c, nil
}

// spaced is an error whose text begins with a blank, unless it is a path.
type spaced struct{ error }

func (s spaced) Error() string {
	text := s.error.Error()
	if text != "" && (text[0] == '.' || text[0] == '[') {
		return " " + text
	}
	return ", " + text
}

func (m *Modules) array(list []goja.Value) *goja.Object {
	items := make([]any, len(list))
	for i, v := range list {
		items[i] = v
	}
	return m.rt.NewArray(items...)
}
