package web

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// performance: High Resolution Time, Performance Timeline and User Timing.

type performance struct {
	origin time.Time
	object *goja.Object

	class, entry, mark, measure *js.Class
	entries                     []*performanceEntry // in order of start
}

func installPerformance(e *Env) {
	e.perf.origin = time.Now()
	e.iso.Lazy("performance", func() goja.Value { return e.performanceObject() })
	e.global("Performance", e.performanceClass)
	e.global("PerformanceEntry", e.performanceEntryClass)
	e.global("PerformanceMark", e.performanceMarkClass)
	e.global("PerformanceMeasure", e.performanceMeasureClass)
}

// now is the time in milliseconds since the isolate's time origin, to the
// microsecond. It never goes back.
func (e *Env) now() float64 {
	return float64(time.Since(e.perf.origin)/time.Microsecond) / 1000
}

// timeOrigin is the wall clock at the time origin, in milliseconds since 1970.
func (e *Env) timeOrigin() float64 { return float64(e.perf.origin.UnixMicro()) / 1000 }

// performanceEntry is what a PerformanceEntry carries.
type performanceEntry struct {
	object          *goja.Object
	name            goja.Value // a string
	kind            string     // "mark" or "measure"
	start, duration float64
	detail          goja.Value
}

func (e *Env) performanceEntryClass() *js.Class {
	return class(&e.perf.entry, func() *js.Class {
		c := e.iso.Class("PerformanceEntry", 0, nil, nil)
		self := func(v goja.Value) *performanceEntry {
			p, ok := js.Host[performanceEntry](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return p
		}
		get := func(name string, of func(*performanceEntry) any) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value { return e.rt.ToValue(of(self(c.This))) })
		}
		get("name", func(p *performanceEntry) any { return p.name })
		get("entryType", func(p *performanceEntry) any { return p.kind })
		get("startTime", func(p *performanceEntry) any { return p.start })
		get("duration", func(p *performanceEntry) any { return p.duration })
		c.Method("toJSON", 0, func(c goja.FunctionCall) goja.Value {
			p, o := self(c.This), e.rt.NewObject()
			for _, f := range p.inspectFields(e) {
				must(o.Set(f.name, f.value))
			}
			return o
		})
		return c
	})
}

func (p *performanceEntry) inspectFields(e *Env) []inspectField {
	return []inspectField{
		{name: "name", value: p.name}, {name: "entryType", value: e.rt.ToValue(p.kind)},
		{name: "startTime", value: e.rt.ToValue(p.start)}, {name: "duration", value: e.rt.ToValue(p.duration)},
		{name: "detail", value: p.detail},
	}
}

// detailOf defines the getter that marks and measures have.
func (e *Env) detailOf(c *js.Class) *js.Class {
	c.Getter("detail", func(c goja.FunctionCall) goja.Value {
		p, ok := js.Host[performanceEntry](e.iso, c.This)
		if !ok {
			panic(e.illegal())
		}
		return p.detail
	})
	return c
}

func (e *Env) performanceMarkClass() *js.Class {
	return class(&e.perf.mark, func() *js.Class {
		return e.detailOf(e.iso.Class("PerformanceMark", 1, e.performanceEntryClass(), func(c goja.ConstructorCall) any {
			e.need(c.Arguments, 1, "", "PerformanceMark")
			return e.newMark(c.Arguments)
		}))
	})
}

func (e *Env) performanceMeasureClass() *js.Class {
	return class(&e.perf.measure, func() *js.Class {
		return e.detailOf(e.iso.Class("PerformanceMeasure", 0, e.performanceEntryClass(), nil))
	})
}

// newMark makes a mark from (name, {detail, startTime}) (User Timing §3.1).
func (e *Env) newMark(args []goja.Value) *performanceEntry {
	p := &performanceEntry{name: e.domString(args[0]), kind: "mark", start: e.now(), detail: goja.Null()}
	if len(args) == 1 {
		return p
	}
	o := e.dictionary(args[1], "PerformanceMarkOptions")
	if v, ok := member(o, "startTime"); ok {
		if p.start = e.timeArgument(v, "startTime"); p.start < 0 {
			panic(e.iso.TypeError("startTime must not be negative"))
		}
	}
	e.setDetail(p, o)
	return p
}

func (e *Env) setDetail(p *performanceEntry, o *goja.Object) {
	if v, ok := member(o, "detail"); ok && !goja.IsNull(v) {
		p.detail = e.StructuredClone(v, nil)
	}
}

// timeArgument converts a DOMHighResTimeStamp.
func (e *Env) timeArgument(v goja.Value, name string) float64 {
	f := toNumber(v)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic(e.iso.TypeError("%s is not a finite number", name))
	}
	return f
}

// recordEntry puts an entry in its place.
func (e *Env) recordEntry(p *performanceEntry, c *js.Class) *goja.Object {
	p.object = c.New(p)
	i := sort.Search(len(e.perf.entries), func(i int) bool { return e.perf.entries[i].start > p.start })
	e.perf.entries = slices.Insert(e.perf.entries, i, p)
	return p.object
}

// timestamp is "convert a mark to a timestamp" (User Timing §5): a number, or
// the name of a mark.
func (e *Env) timestamp(v goja.Value) float64 {
	if typeOf(v) == "number" {
		f := e.timeArgument(v, "timestamp")
		if f < 0 {
			panic(e.iso.TypeError("A timestamp must not be negative"))
		}
		return f
	}
	name := e.domString(v)
	for _, p := range slices.Backward(e.perf.entries) {
		if p.kind == "mark" && p.name.StrictEquals(name) {
			return p.start
		}
	}
	panic(e.domException("SyntaxError", `The "`+name.String()+`" performance mark has not been set`))
}

// newMeasure makes a measure from (name, startOrOptions, endMark) (User Timing §2.1.3).
func (e *Env) newMeasure(c goja.FunctionCall) *performanceEntry {
	p := &performanceEntry{name: e.domString(c.Argument(0)), kind: "measure", detail: goja.Null()}
	from, endMark := c.Argument(1), c.Argument(2)
	var start, end, duration goja.Value
	opts, isObject := from.(*goja.Object)
	if isObject {
		given := func(name string) goja.Value {
			if v, ok := member(opts, name); ok {
				return v
			}
			return nil
		}
		start, end, duration = given("start"), given("end"), given("duration")
		_, detail := member(opts, "detail")
		if start != nil || end != nil || duration != nil || detail {
			switch {
			case !goja.IsUndefined(endMark):
				panic(e.iso.TypeError("endMark must not be given together with options"))
			case start == nil && end == nil:
				panic(e.iso.TypeError("One of options.start and options.end must be given"))
			case start != nil && end != nil && duration != nil:
				panic(e.iso.TypeError("Not all of options.start, options.end and options.duration can be given"))
			}
		}
		e.setDetail(p, opts)
	} else if !goja.IsUndefined(from) && !goja.IsNull(from) {
		start = from
	}
	length := func() float64 { return e.timeArgument(duration, "options.duration") }
	var to float64
	switch {
	case !goja.IsUndefined(endMark):
		to = e.timestamp(endMark)
	case end != nil:
		to = e.timestamp(end)
	case start != nil && duration != nil:
		to = e.timestamp(start) + length()
	default:
		to = e.now()
	}
	switch {
	case start != nil:
		p.start = e.timestamp(start)
	case duration != nil:
		p.start = to - length()
	}
	p.duration = to - p.start
	return p
}

func (e *Env) performanceClass() *js.Class {
	return class(&e.perf.class, func() *js.Class {
		c := e.iso.Class("Performance", 0, e.eventTargetClass(), nil)
		method := func(name string, length int, fn func(goja.FunctionCall) goja.Value) {
			c.Method(name, length, func(c goja.FunctionCall) goja.Value {
				if _, ok := js.Host[performanceHost](e.iso, c.This); !ok {
					panic(e.illegal())
				}
				e.need(c.Arguments, length, name, "Performance")
				return fn(c)
			})
		}
		method("now", 0, func(goja.FunctionCall) goja.Value { return e.rt.ToValue(e.now()) })
		c.Getter("timeOrigin", func(c goja.FunctionCall) goja.Value {
			if _, ok := js.Host[performanceHost](e.iso, c.This); !ok {
				panic(e.illegal())
			}
			return e.rt.ToValue(e.timeOrigin())
		})
		method("toJSON", 0, func(goja.FunctionCall) goja.Value {
			o := e.rt.NewObject()
			must(o.Set("timeOrigin", e.timeOrigin()))
			return o
		})
		list := func(keep func(*performanceEntry) bool) goja.Value {
			var out []any
			for _, p := range e.perf.entries {
				if keep(p) {
					out = append(out, p.object)
				}
			}
			return e.rt.NewArray(out...)
		}
		method("getEntries", 0, func(goja.FunctionCall) goja.Value {
			return list(func(*performanceEntry) bool { return true })
		})
		method("getEntriesByType", 1, func(c goja.FunctionCall) goja.Value {
			kind := e.domString(c.Argument(0)).String()
			return list(func(p *performanceEntry) bool { return p.kind == kind })
		})
		method("getEntriesByName", 1, func(c goja.FunctionCall) goja.Value {
			name, kind := e.domString(c.Argument(0)), ""
			if v := c.Argument(1); !goja.IsUndefined(v) {
				kind = e.domString(v).String()
			}
			return list(func(p *performanceEntry) bool {
				return p.name.StrictEquals(name) && (kind == "" || p.kind == kind)
			})
		})
		method("mark", 1, func(c goja.FunctionCall) goja.Value {
			return e.recordEntry(e.newMark(c.Arguments), e.performanceMarkClass())
		})
		method("measure", 1, func(c goja.FunctionCall) goja.Value {
			return e.recordEntry(e.newMeasure(c), e.performanceMeasureClass())
		})
		clear := func(called, kind string) {
			method(called, 0, func(c goja.FunctionCall) goja.Value {
				var name goja.Value
				if v := c.Argument(0); !goja.IsUndefined(v) {
					name = e.domString(v)
				}
				e.perf.entries = slices.DeleteFunc(e.perf.entries, func(p *performanceEntry) bool {
					return p.kind == kind && (name == nil || p.name.StrictEquals(name))
				})
				return goja.Undefined()
			})
		}
		clear("clearMarks", "mark")
		clear("clearMeasures", "measure")
		return c
	})
}

// performanceHost is what the performance object carries.
type performanceHost struct{ eventTarget }

func (e *Env) performanceObject() *goja.Object {
	if e.perf.object == nil {
		e.perf.object = e.performanceClass().New(&performanceHost{})
	}
	return e.perf.object
}
