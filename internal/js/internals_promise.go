package js

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/dop251/goja"
)

// This file is the part of internals.go that is about promises. A promise of
// goja's costs two function objects that resolve and reject it, some 20
// allocations; most promises of a server are settled by Go and awaited by Go,
// and need neither.

const (
	// TrickReactions: promises that Go settles are made without resolving
	// functions, and Go waits for a promise without functions that scripts
	// could call. Without it both go through goja's own.
	TrickReactions Trick = "promise reactions"
	// TrickDirect: an async function without an await is called as what it is,
	// a plain function. Without it its result comes in a promise.
	TrickDirect Trick = "direct calls"
)

// promiseLayout is what probe learnt about promises and async functions.
type promiseLayout struct {
	// Promise
	fulfilReactions, rejectReactions, handled uintptr

	// promiseReaction, jobCallback and promiseCapability
	reactionCapability, reactionType, reactionHandler, reactionContext uintptr
	callback                                                           uintptr
	resolveObj, rejectObj                                              uintptr

	// pairType is two reactions with their callbacks, made at once.
	pairType                                                 reflect.Type
	pairFulfil, pairReject, pairFulfilCall, pairRejectedCall uintptr

	// type words of objectImpl, async and plain functions of the same layout,
	// and how to look for an await.
	asyncFuncs, plainFuncs [3]unsafe.Pointer
	funcProgram            uintptr
	programCode            uintptr
	tabAwait               unsafe.Pointer
}

func (l *layout) probePromises() {
	rt := goja.New()
	l.try(func() {
		promise := reflect.TypeFor[goja.Promise]()
		list := field(promise, "fulfillReactions", nil)
		if list.Type.Kind() != reflect.Slice || list.Type.Elem().Kind() != reflect.Pointer {
			panic("Promise.fulfillReactions is not a slice of pointers")
		}
		l.fulfilReactions = list.Offset
		l.rejectReactions = field(promise, "rejectReactions", list.Type).Offset
		l.handled = field(promise, "handled", reflect.TypeFor[bool]()).Offset

		reaction := list.Type.Elem().Elem()
		capability := field(reaction, "capability", nil)
		l.reactionCapability = capability.Offset
		kind := field(reaction, "typ", nil)
		if kind.Type.Kind() != reflect.Int {
			panic("promiseReaction.typ is not an int")
		}
		l.reactionType = kind.Offset
		handler := field(reaction, "handler", nil)
		l.reactionHandler = handler.Offset
		l.reactionContext = field(reaction, "asyncCtx", reflect.TypeFor[any]()).Offset

		call := handler.Type.Elem()
		l.callback = field(call, "callback", reflect.TypeFor[func(goja.FunctionCall) goja.Value]()).Offset
		pair := capability.Type.Elem()
		l.resolveObj = field(pair, "resolveObj", reflect.TypeFor[*goja.Object]()).Offset
		l.rejectObj = field(pair, "rejectObj", reflect.TypeFor[*goja.Object]()).Offset

		l.pairType = reflect.StructOf([]reflect.StructField{
			{Name: "Fulfil", Type: reaction}, {Name: "Reject", Type: reaction},
			{Name: "Fulfilled", Type: call}, {Name: "Rejected", Type: call},
		})
		l.pairFulfil, l.pairReject = l.pairType.Field(0).Offset, l.pairType.Field(1).Offset
		l.pairFulfilCall, l.pairRejectedCall = l.pairType.Field(2).Offset, l.pairType.Field(3).Offset
	}, TrickReactions)
	l.try(func() {
		implementation := func(src string) (unsafe.Pointer, reflect.Type) {
			v, err := rt.RunString(src)
			must(err)
			o := v.(*goja.Object)
			return header(o).self.tab, reflect.ValueOf(o).Elem().FieldByName("self").Elem().Type().Elem()
		}
		for i, src := range []string{"(%s function () {})", "(%s () => {})", "({ %s m() {} }).m"} {
			var async, plain reflect.Type
			l.asyncFuncs[i], async = implementation(fmt.Sprintf(src, "async"))
			l.plainFuncs[i], plain = implementation(fmt.Sprintf(src, ""))
			if l.asyncFuncs[i] == l.plainFuncs[i] || async.NumField() != 1 || async.Size() != plain.Size() {
				panic("async functions have another layout than plain ones")
			}
			// Either the two embed the same struct, or the one embeds the other.
			if async.Field(0).Type != plain && (plain.NumField() != 1 || async.Field(0).Type != plain.Field(0).Type) {
				panic("async functions are made of other parts than plain ones")
			}
			prg := field(async, "prg", reflect.TypeFor[*goja.Program]())
			if i > 0 && prg.Offset != l.funcProgram {
				panic("functions keep their programs at different places")
			}
			l.funcProgram = prg.Offset
		}
		code := field(reflect.TypeFor[goja.Program](), "code", nil)
		if code.Type.Kind() != reflect.Slice || code.Type.Elem().Kind() != reflect.Interface {
			panic("Program.code is not a slice of instructions")
		}
		l.programCode = code.Offset
		v, err := rt.RunString("(async function () { await 1 })")
		must(err)
		instructions := reflect.NewAt(code.Type, unsafe.Add(*at[unsafe.Pointer](header(v.(*goja.Object)).self.data, l.funcProgram), code.Offset)).Elem()
		for i := range instructions.Len() {
			if instructions.Index(i).Elem().Type().String() == "*goja.yieldMarker" {
				l.tabAwait = (*at[[]iface](instructions.Addr().UnsafePointer(), 0))[i].tab
			}
		}
		if l.tabAwait == nil {
			panic("there is no await instruction")
		}
	}, TrickDirect)
}

// pending makes a promise that only fulfil and reject can settle. It is nil
// without TrickReactions.
func (e *engine) pending(proto *goja.Object) *goja.Promise {
	if !e.has(TrickReactions) || !e.has(TrickPromise) || !e.pump {
		return nil
	}
	return e.newPromise(proto, goja.PromiseStatePending, nil)
}

// finish is goja's fulfill and reject of a pending promise: the reactions
// become jobs. The promise's value must not be a thenable.
func (e *engine) finish(p *goja.Promise, state goja.PromiseState, v goja.Value) (handled bool) {
	b := unsafe.Pointer(p)
	from, other := ordered(e.fulfilReactions, e.rejectReactions, state == goja.PromiseStateRejected)
	reactions := *at[[]unsafe.Pointer](b, from)
	*at[[]unsafe.Pointer](b, from), *at[[]unsafe.Pointer](b, other) = nil, nil
	*at[goja.Value](b, e.promiseResult) = v
	*at[goja.PromiseState](b, e.promiseState) = state
	for _, r := range reactions {
		*e.queue = append(*e.queue, func() { e.runReaction(r, v) })
	}
	return *at[bool](b, e.handled)
}

func ordered(a, b uintptr, swap bool) (uintptr, uintptr) {
	if swap {
		return b, a
	}
	return a, b
}

// runReaction is the job of a promise reaction (ECMAScript §27.2.2.1).
func (e *engine) runReaction(r unsafe.Pointer, argument goja.Value) {
	result, fulfil := argument, *at[int](r, e.reactionType) == 0
	if h := *at[unsafe.Pointer](r, e.reactionHandler); h != nil {
		call := *at[func(goja.FunctionCall) goja.Value](h, e.callback)
		e.tracker.Resumed(*at[any](r, e.reactionContext))
		fulfil = true
		if ex := e.rt.Try(func() {
			result = call(goja.FunctionCall{This: goja.Undefined(), Arguments: []goja.Value{argument}})
		}); ex != nil {
			result, fulfil = ex.Value(), false
		}
		e.tracker.Exited()
	}
	c := *at[unsafe.Pointer](r, e.reactionCapability)
	if c == nil {
		return
	}
	off := e.resolveObj
	if !fulfil {
		off = e.rejectObj
	}
	if f, ok := goja.AssertFunction(*at[*goja.Object](c, off)); ok {
		if _, err := f(goja.Undefined(), result); err != nil {
			panic(err) // a resolving function throws nothing: it was interrupted
		}
	}
}

// react adds a reaction of Go's to a pending promise, in the context ctx. It
// returns false without TrickReactions.
func (e *engine) react(p *goja.Promise, ctx any, fulfilled, rejected func(goja.FunctionCall) goja.Value) bool {
	if !e.has(TrickReactions) {
		return false
	}
	pair := reflect.New(e.pairType).UnsafePointer()
	for i, c := range []struct {
		reaction, call, list uintptr
		f                    func(goja.FunctionCall) goja.Value
	}{{e.pairFulfil, e.pairFulfilCall, e.fulfilReactions, fulfilled}, {e.pairReject, e.pairRejectedCall, e.rejectReactions, rejected}} {
		r, call := unsafe.Add(pair, c.reaction), unsafe.Add(pair, c.call)
		*at[int](r, e.reactionType) = i
		*at[unsafe.Pointer](r, e.reactionHandler) = call
		*at[any](r, e.reactionContext) = ctx
		*at[func(goja.FunctionCall) goja.Value](call, e.callback) = c.f
		list := at[[]unsafe.Pointer](unsafe.Pointer(p), c.list)
		*list = append(*list, r)
	}
	*at[bool](unsafe.Pointer(p), e.handled) = true
	return true
}

// direct returns a view of an async function that is called as a plain one,
// when its code has no await: then nothing but the promise tells the two apart.
func (e *engine) direct(f *goja.Object) (goja.Callable, bool) {
	if !e.has(TrickDirect) {
		return nil, false
	}
	hd := header(f)
	for i, tab := range e.asyncFuncs {
		if hd.self.tab != tab {
			continue
		}
		code := *at[[]iface](*at[unsafe.Pointer](hd.self.data, e.funcProgram), e.programCode)
		for _, in := range code {
			if in.tab == e.tabAwait {
				return nil, false
			}
		}
		view := new(goja.Object)
		v := header(view)
		v.self, v.runtime = iface{e.plainFuncs[i], hd.self.data}, hd.runtime
		return goja.AssertFunction(view)
	}
	return nil, false
}

// selfTestPromises exercises both tricks.
func (l *layout) selfTestPromises() {
	script := func(rt *goja.Runtime, src string) goja.Value {
		v, err := rt.RunString(src)
		must(err)
		return v
	}
	if l.has(TrickReactions) && l.has(TrickPromise) && l.has(TrickPump) {
		l.try(func() {
			rt := goja.New()
			e := newEngine(l, rt)
			t := &orderTracker{}
			e.tracker = t
			rt.SetAsyncContextTracker(t)
			proto := rt.Get("Promise").(*goja.Object).Get("prototype").(*goja.Object)
			p, q, r := e.pending(proto), e.pending(proto), e.pending(proto)
			for name, x := range map[string]*goja.Promise{"p": p, "q": q, "r": r} {
				must(rt.Set(name, rt.ToValue(x)))
			}
			t.now = "a"
			script(rt, `var out = []; p.then(v => out.push('then ' + v)); (async () => { out.push('await ' + await p); try { await q } catch (e) { out.push('caught ' + e) } })();
				q.catch(() => { throw 'again' }).catch(e => out.push(e)); Promise.all([p, r]).then(v => out.push(v.join('+')))`)
			t.now = "b"
			native := ""
			note := func(what string) func(goja.FunctionCall) goja.Value {
				return func(c goja.FunctionCall) goja.Value {
					native += what + c.Argument(0).String() + t.now + " "
					return goja.Undefined()
				}
			}
			own := rt.ToValue(script(rt, `var open; new Promise((yes, no) => { open = yes })`)).Export().(*goja.Promise)
			mustBe(e.react(own, t.Grab(), note("own:"), note("not:")) && e.react(q, t.Grab(), note("not:"), note("q:")), "react")
			t.now = ""
			script(rt, `open(5)`)
			mustBe(e.finish(p, goja.PromiseStateFulfilled, rt.ToValue(1)), "handled")
			mustBe(e.finish(q, goja.PromiseStateRejected, rt.ToValue("no")), "handled")
			e.finish(r, goja.PromiseStateFulfilled, rt.ToValue(3))
			e.drainForTest()
			got := rt.Get("out").String()
			mustBe(got == "then 1,await 1,caught no,again,1+3", "reactions: "+got)
			mustBe(native == "own:5b q:nob ", "Go's reactions: "+native)
			mustBe(p.State() == goja.PromiseStateFulfilled && q.State() == goja.PromiseStateRejected && q.Result().String() == "no", "states")
		}, TrickReactions)
	}
	if l.has(TrickDirect) {
		l.try(func() {
			rt := goja.New()
			e := &engine{layout: l, rt: rt}
			call := func(src string) string {
				f := script(rt, src).(*goja.Object)
				direct, ok := e.direct(f)
				if !ok {
					return "as it is"
				}
				v, err := direct(rt.ToValue("this"), rt.ToValue(1), rt.ToValue(2))
				if err != nil {
					return "threw " + err.(*goja.Exception).Value().String()
				}
				return v.String()
			}
			for _, c := range [][2]string{
				{`(async function (a, b) { "use strict"; return [this, a, b, arguments.length] })`, "this,1,2,2"},
				{`(async function (a, b = 5, ...rest) { return [typeof this, a, b, rest.length] })`, "object,1,2,0"},
				{`(async (a, { length } = []) => { const f = async () => { await 1 }; try { f(); return a + (length ?? 'none') } finally { a = 0 } })`, "1none"},
				{`({ x: 7, async m(a) { throw a + 1 } }).m`, "threw 2"},
				{`(async function () { return await 1 })`, "as it is"},
				{`(async () => { for (const x of []) { try { await x } finally {} } })`, "as it is"},
				{`({ async m() { const o = { [await 1]: 2 } } }).m`, "as it is"},
				{`(function () {})`, "as it is"},
				{`(function* () {})`, "as it is"},
				{`Math.max`, "as it is"},
				{`new Proxy(async function () {}, {})`, "as it is"},
			} {
				got := call(c[0])
				mustBe(got == c[1], c[0]+": "+got)
			}
		}, TrickDirect)
	}
}

// orderTracker checks in the self-test that reactions run in their context.
type orderTracker struct{ now string }

func (t *orderTracker) Grab() any     { return t.now }
func (t *orderTracker) Resumed(o any) { t.now, _ = o.(string) }
func (t *orderTracker) Exited()       { t.now = "" }
