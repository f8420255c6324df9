package web

import (
	"log/slog"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// console (https://console.spec.whatwg.org) with Node's printing. Each call is
// one record of the logger: the text is the message.

type consoleState struct {
	object  *goja.Object
	inspect *goja.Object // util.inspect
	custom  *goja.Symbol

	counts map[string]int
	// Groups and timers belong to the request that opened them: requests
	// interleave on an isolate, and their lines would be mixed up.
	scopes map[weak.Pointer[js.Scope]]*consoleScope
	none   consoleScope // outside any request

	mu   sync.Mutex
	gone []weak.Pointer[js.Scope] // scopes that ended; written by the garbage collector
}

type consoleScope struct {
	groups int
	timers map[string]time.Time
}

func installConsole(e *Env) {
	e.iso.Lazy("console", func() goja.Value { return e.consoleObject() })
}

// SetLogAttrs sets what tells the attributes of a record of the console, the
// request's id for one. It is called on the isolate, in the caller's context.
func (e *Env) SetLogAttrs(attrs func() []slog.Attr) { e.logAttrs = attrs }

// Warn writes a warning as console.warn does.
func (e *Env) Warn(text string) { e.log(slog.LevelWarn, text) }

// log writes one record.
func (e *Env) log(level slog.Level, text string) {
	ctx := e.opts.Context
	if !e.opts.Logger.Enabled(ctx, level) {
		return
	}
	var attrs []slog.Attr
	if e.logAttrs != nil {
		attrs = e.logAttrs()
	}
	e.opts.Logger.LogAttrs(ctx, level, text, attrs...)
}

// consoleScope is the console's state for the request that runs.
func (e *Env) consoleScope() *consoleScope {
	c := &e.console
	s := e.iso.Scope()
	if s == nil {
		return &c.none
	}
	key := weak.Make(s)
	if st := c.scopes[key]; st != nil {
		return st
	}
	c.mu.Lock()
	for _, k := range c.gone {
		delete(c.scopes, k)
	}
	c.gone = nil
	c.mu.Unlock()
	if c.scopes == nil {
		c.scopes = map[weak.Pointer[js.Scope]]*consoleScope{}
	}
	st := &consoleScope{}
	c.scopes[key] = st
	runtime.AddCleanup(s, func(key weak.Pointer[js.Scope]) {
		c.mu.Lock()
		c.gone = append(c.gone, key)
		c.mu.Unlock()
	}, key)
	return st
}

// print writes a text at the indentation of the groups.
func (e *Env) print(level slog.Level, text string) {
	var n int
	if s := e.iso.Scope(); s == nil {
		n = e.console.none.groups
	} else if st := e.console.scopes[weak.Make(s)]; st != nil {
		n = st.groups
	}
	if n > 0 {
		in := strings.Repeat("  ", n)
		text = in + strings.ReplaceAll(text, "\n", "\n"+in)
	}
	e.log(level, text)
}

func (e *Env) consoleObject() *goja.Object {
	if e.console.object != nil {
		return e.console.object
	}
	rt := e.rt
	o := rt.NewObject()
	e.console.object = o
	// A namespace object: its prototype is an empty object of its own.
	must(o.SetPrototype(rt.NewObject()))
	must(o.DefineDataPropertySymbol(goja.SymToStringTag, rt.ToValue("console"), goja.FLAG_FALSE, goja.FLAG_TRUE, goja.FLAG_FALSE))
	fn := func(name string, length int, f func(args []goja.Value)) {
		must(o.Set(name, e.iso.Func(name, length, func(c goja.FunctionCall) goja.Value {
			f(c.Arguments)
			return goja.Undefined()
		})))
	}
	format := func(level slog.Level) func([]goja.Value) {
		return func(args []goja.Value) {
			// Formatting runs getters and custom inspect functions, so it is not
			// left out for a level that is off.
			e.print(level, e.Format(args, InspectDefaults()))
		}
	}
	label := func(args []goja.Value) string {
		if len(args) == 0 || goja.IsUndefined(args[0]) {
			return "default"
		}
		return e.domString(args[0]).String()
	}
	warning := func(text string) { e.print(slog.LevelWarn, "Warning: "+text) }

	fn("log", 0, format(slog.LevelInfo))
	fn("warn", 0, format(slog.LevelWarn))
	fn("dir", 0, func(args []goja.Value) {
		opts := InspectDefaults()
		opts.CustomInspect = false
		if len(args) > 1 {
			if x, ok := args[1].(*goja.Object); ok {
				e.inspectOptions(&opts, x)
			}
		}
		e.print(slog.LevelInfo, e.Inspect(argument(args, 0), opts))
	})
	fn("time", 0, func(args []goja.Value) {
		st, name := e.consoleScope(), label(args)
		if _, ok := st.timers[name]; ok {
			warning("Label '" + name + "' already exists for console.time()")
			return
		}
		if st.timers == nil {
			st.timers = map[string]time.Time{}
		}
		st.timers[name] = time.Now()
	})
	lap := func(method, name string, rest []goja.Value) bool {
		t, ok := e.consoleScope().timers[name]
		if !ok {
			warning("No such label '" + name + "' for console." + method + "()")
			return false
		}
		text := name + ": " + elapsed(float64(time.Since(t))/1e6)
		if len(rest) > 0 {
			text += " " + e.Format(append([]goja.Value{goja.StringFromUTF16(nil)}, rest...), InspectDefaults())[1:]
		}
		e.print(slog.LevelInfo, text)
		return true
	}
	fn("timeEnd", 0, func(args []goja.Value) {
		if name := label(args); lap("timeEnd", name, nil) {
			delete(e.consoleScope().timers, name)
		}
	})
	fn("timeLog", 0, func(args []goja.Value) {
		var rest []goja.Value
		if len(args) > 1 {
			rest = args[1:]
		}
		lap("timeLog", label(args), rest)
	})
	fn("trace", 0, func(args []goja.Value) {
		text := e.Format(args, InspectDefaults())
		if text != "" {
			text = ": " + text
		}
		e.print(slog.LevelInfo, "Trace"+text+"\n"+e.iso.Stack())
	})
	fn("assert", 0, func(args []goja.Value) {
		if argument(args, 0).ToBoolean() {
			return
		}
		text := "Assertion failed"
		if len(args) > 1 {
			rest := slices.Clone(args[1:])
			if s, ok := rest[0].(goja.String); ok {
				rest[0] = rt.ToValue(text + ": " + s.String())
			} else {
				rest = slices.Insert(rest, 0, goja.Value(rt.ToValue(text+":")))
			}
			text = e.Format(rest, InspectDefaults())
		}
		e.print(slog.LevelError, text)
	})
	fn("clear", 0, func([]goja.Value) { e.consoleScope().groups = 0 })
	fn("count", 0, func(args []goja.Value) {
		name := label(args)
		if e.console.counts == nil {
			e.console.counts = map[string]int{}
		}
		e.console.counts[name]++
		e.print(slog.LevelInfo, name+": "+strconv.Itoa(e.console.counts[name]))
	})
	fn("countReset", 0, func(args []goja.Value) {
		name := label(args)
		if _, ok := e.console.counts[name]; !ok {
			warning("Count for '" + name + "' does not exist")
			return
		}
		delete(e.console.counts, name)
	})
	group := func(args []goja.Value) {
		if len(args) > 0 {
			format(slog.LevelInfo)(args)
		}
		e.consoleScope().groups++
	}
	fn("group", 0, group)
	fn("groupEnd", 0, func([]goja.Value) {
		if st := e.consoleScope(); st.groups > 0 {
			st.groups--
		}
	})
	fn("table", 0, func(args []goja.Value) {
		if text, ok := e.table(argument(args, 0), argument(args, 1)); ok {
			e.print(slog.LevelInfo, text)
			return
		}
		format(slog.LevelInfo)(args[:min(len(args), 1)])
	})
	fn("debug", 0, format(slog.LevelDebug))
	fn("info", 0, format(slog.LevelInfo))
	fn("dirxml", 0, format(slog.LevelInfo))
	fn("error", 0, format(slog.LevelError))
	fn("groupCollapsed", 0, group)
	// Those of a debugger, which is not there.
	for _, name := range []string{"profile", "profileEnd", "timeStamp"} {
		fn(name, 0, func([]goja.Value) {})
	}
	return o
}

// elapsed writes a time as Node's console.timeEnd does.
func elapsed(ms float64) string {
	const second, minute, hour = 1000, 60 * 1000, 60 * 60 * 1000
	fixed := func(f float64) string { return strconv.FormatFloat(f, 'f', 3, 64) }
	switch {
	case ms >= minute:
		h := math.Floor(ms / hour)
		ms -= h * hour
		m := math.Floor(ms / minute)
		ms -= m * minute
		s := fixed(ms / second)
		if len(s) < len("00.000") {
			s = "0" + s
		}
		if h == 0 {
			return strconv.Itoa(int(m)) + ":" + s + " (m:ss.mmm)"
		}
		mm := strconv.Itoa(int(m))
		if len(mm) < 2 {
			mm = "0" + mm
		}
		return strconv.Itoa(int(h)) + ":" + mm + ":" + s + " (h:mm:ss.mmm)"
	case ms >= second:
		return fixed(ms/second) + "s"
	}
	s := strings.TrimRight(fixed(ms), "0")
	return strings.TrimSuffix(s, ".") + "ms"
}

// table lays data out as console.table does; ok is false for what is no object.
func (e *Env) table(data, filter goja.Value) (text string, ok bool) {
	o, ok := data.(*goja.Object)
	if !ok {
		return "", false
	}
	if _, callable := goja.AssertFunction(o); callable {
		return "", false
	}
	var only []string
	filtered := !goja.IsUndefined(filter)
	if filtered {
		list, isObject := filter.(*goja.Object)
		if !isObject || e.kindOf(list) != kindArray {
			panic(e.argType("properties", "an instance of Array", filter))
		}
		e.rt.ForOf(list, func(v goja.Value) bool { only = append(only, v.String()); return true })
	}
	cell := func(v goja.Value) string {
		opts := InspectDefaults()
		opts.Depth, opts.MaxArrayLength, opts.BreakLength = 0, 3, math.MaxInt
		if x, ok := v.(*goja.Object); ok && typeOf(v) == "object" && e.kindOf(x) != kindArray && len(x.Keys()) > 2 {
			opts.Depth = -1
		}
		return e.Inspect(v, opts)
	}
	index := func(n int) []string {
		s := make([]string, n)
		for i := range s {
			s[i] = strconv.Itoa(i)
		}
		return s
	}
	switch e.kindOf(o) {
	case kindMap, kindSet:
		isMap := e.kindOf(o) == kindMap
		each := e.intrinsics().setForEach
		if isMap {
			each = e.intrinsics().mapForEach
		}
		var keys, values []string
		e.call(each, o, e.rt.ToValue(func(c goja.FunctionCall) goja.Value {
			values, keys = append(values, cell(c.Argument(0))), append(keys, cell(c.Argument(1)))
			return goja.Undefined()
		}))
		if isMap {
			return renderTable([]string{"(iteration index)", "Key", "Values"}, [][]string{index(len(keys)), keys, values}), true
		}
		return renderTable([]string{"(iteration index)", "Values"}, [][]string{index(len(values)), values}), true
	}
	rows := o.Keys()
	columns := map[string][]string{}
	order := e.rt.NewObject() // a script object: indices come first, in their order
	must(order.SetPrototype(nil))
	var primitives []string
	hasPrimitives := false
	for i, row := range rows {
		v := orUndefined(o.Get(row))
		item, isObject := v.(*goja.Object)
		if !isObject && !filtered {
			hasPrimitives = true
			primitives = append(primitives, make([]string, i+1-len(primitives))...)
			primitives[i] = cell(v)
			continue
		}
		keys := only
		if !filtered {
			keys = item.Keys()
		}
		for _, k := range keys {
			if order.Get(k) == nil {
				must(order.Set(k, true))
			}
			col := columns[k]
			for len(col) <= i {
				col = append(col, "")
			}
			if !isObject {
				columns[k] = col
				continue
			}
			if _, own := e.ownProperty(item, e.rt.ToValue(k)); own {
				col[i] = cell(orUndefined(item.Get(k)))
			}
			columns[k] = col
		}
	}
	head, body := []string{"(index)"}, [][]string{rows}
	for _, k := range order.Keys() {
		head, body = append(head, k), append(body, columns[k])
	}
	if hasPrimitives {
		head, body = append(head, "Values"), append(body, primitives)
	}
	return renderTable(head, body), true
}

func renderTable(head []string, columns [][]string) string {
	widths := make([]int, len(head))
	rows := 0
	for i, h := range head {
		widths[i] = width(h, false) + 2
		for _, c := range columns[i] {
			widths[i] = max(widths[i], width(c, false)+2)
		}
		rows = max(rows, len(columns[i]))
	}
	var b strings.Builder
	rule := func(left, middle, right string) {
		b.WriteString(left)
		for i, w := range widths {
			if i > 0 {
				b.WriteString(middle)
			}
			b.WriteString(strings.Repeat("─", w))
		}
		b.WriteString(right)
	}
	line := func(cell func(i int) string) {
		b.WriteString("│")
		for i, w := range widths {
			c := cell(i)
			b.WriteString(" " + c + spaces(w-width(c, false)-1) + "│")
		}
		b.WriteString("\n")
	}
	rule("┌", "┬", "┐\n")
	line(func(i int) string { return head[i] })
	rule("├", "┼", "┤\n")
	for r := range rows {
		line(func(i int) string {
			if r < len(columns[i]) {
				return columns[i][r]
			}
			return ""
		})
	}
	rule("└", "┴", "┘")
	return b.String()
}
