package js

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unsafe"

	"github.com/dop251/goja"
	"github.com/dop251/goja/unistring"
)

// Everything that knows goja's unexported fields is in this file and in
// internals_promise.go. The fields
// are found by reflection once a process, their types are checked, and each
// trick is exercised in a scratch runtime before it is used. Where a check
// fails the trick is off, its slower or safer path over goja's public API is
// taken, and Internals says so, so that a newer goja can cost speed but never
// correctness. TestPinnedEngine names the version that was checked.

// Trick names one use of goja's internals.
type Trick string

// The tricks, each with what is done without it.
const (
	// TrickPump: promise jobs are run one by one by us. Without it goja drains
	// them itself, and an interrupted job takes the queue with it.
	TrickPump Trick = "job pump"
	// TrickRestore: the registers are put right after an interrupt. Without it
	// an interrupted isolate is replaced.
	TrickRestore Trick = "register restore"
	// TrickThenables: the body of a thenable's then sees its async context.
	// Without it that one place has no AsyncLocalStorage store.
	TrickThenables Trick = "thenable context"
	// TrickHost: host objects are read and made without goja's Export.
	TrickHost Trick = "host objects"
	// TrickPromise: settled promises are made without resolving functions.
	TrickPromise Trick = "settled promises"
	// TrickStack: Error.prototype.stack is formatted lazily in V8's form.
	// Without it scripts see goja's own format.
	TrickStack Trick = "stack traces"
	// TrickRegExp: the matcher of a regular expression is kept in its object.
	// Without it a weak map keeps it, and every match costs some look-ups.
	TrickRegExp Trick = "regular expressions"
	// TrickJSON: JSON is read into and written from objects directly.
	TrickJSON Trick = "fast JSON"
)

type iface struct{ tab, data unsafe.Pointer }

// words splits an interface value into its type word and its data word.
func words(v goja.Value) iface { return *(*iface)(unsafe.Pointer(&v)) }

func fromWords(w iface) goja.Value { return *(*goja.Value)(unsafe.Pointer(&w)) }

// objectHeader is goja.Object.
type objectHeader struct {
	self    iface
	runtime *goja.Runtime
}

func header(o *goja.Object) *objectHeader { return (*objectHeader)(unsafe.Pointer(o)) }

func at[T any](p unsafe.Pointer, off uintptr) *T { return (*T)(unsafe.Add(p, off)) }

// layout is what probe learnt; it is never written afterwards.
type layout struct {
	off map[Trick]error // tricks that are off, and why

	// Runtime and vm
	jobQueue, vm uintptr
	callStack    reflect.StructField
	stash, sb    uintptr
	registers    []reflect.StructField

	// type words of objectImpl
	selfBase, selfArray, selfBuffer, selfError, selfPromise, selfFunc unsafe.Pointer

	// baseObject
	class, val, prototype, extensible, values, names, sorted uintptr

	arrayValues, arrayLength, arrayCount, arrayLengthProp uintptr

	// regexpObject, regexpPattern, and a pattern with room for our program
	selfRegExp                                             unsafe.Pointer
	rxPattern, rxSource, rxProgram                         uintptr
	rxType                                                 reflect.Type
	rxGlobal, rxFold, rxMultiline, rxDotAll, rxSticky, rxU uintptr
	rxWrapper, rxWrapper2                                  uintptr
	importedText, importedUnits                            uintptr
	propWritable, propGetter                               uintptr

	// A property that is not a plain one, and an object with its header, made at once.
	tabProperty                           unsafe.Pointer
	propValue, propEnumerable, propAccess uintptr
	recordType                            reflect.Type
	recordBase                            uintptr
	arrayType                             reflect.Type
	arrayBase                             uintptr

	bufferData uintptr
	// hostType is a struct of a goja.Object, goja's ArrayBuffer and our handle,
	// so that a host object is one allocation; the offsets are the latter two's.
	hostType               reflect.Type
	hostBuffer, hostHandle uintptr

	errorStack, errorDone uintptr

	promiseState, promiseResult uintptr

	construct, call uintptr // nativeFuncObject

	// type words of goja.Value
	tabInt, tabFloat, tabBool, tabASCII, tabImported unsafe.Pointer
	tabUnicode, tabObject, tabNull, tabUndefined     unsafe.Pointer

	promiseLayout
}

func (l *layout) has(t Trick) bool { return len(l.off) == 0 || l.off[t] == nil }

// theLayout is computed once: goja's types do not change while a process runs.
var theLayout = sync.OnceValue(func() *layout {
	l := &layout{off: map[Trick]error{}}
	l.probe()
	l.selfTest()
	return l
})

// Internals reports the tricks that are off in this build, each with its
// reason. It is empty with the goja version that this package was checked with.
func Internals() map[Trick]error {
	out := map[Trick]error{}
	for k, v := range theLayout().off {
		out[k] = v
	}
	return out
}

func (l *layout) try(f func(), tricks ...Trick) {
	defer func() {
		if x := recover(); x != nil {
			for _, t := range tricks {
				if l.off[t] == nil {
					l.off[t] = fmt.Errorf("%v", x)
				}
			}
		}
	}()
	f()
}

func field(t reflect.Type, name string, want reflect.Type) reflect.StructField {
	f, ok := t.FieldByName(name)
	if !ok {
		panic(fmt.Sprintf("%v has no field %s", t, name))
	}
	if want != nil && f.Type != want {
		panic(fmt.Sprintf("%v.%s is a %v, not a %v", t, name, f.Type, want))
	}
	if len(f.Index) > 1 { // FieldByName's Offset is that inside the embedded struct
		var off uintptr
		u := t
		for _, i := range f.Index {
			g := u.Field(i)
			off += g.Offset
			u = g.Type
		}
		f.Offset = off
	}
	return f
}

func (l *layout) probe() {
	all := []Trick{TrickPump, TrickRestore, TrickThenables, TrickHost, TrickPromise, TrickStack, TrickJSON, TrickReactions, TrickDirect, TrickRegExp}
	rt := goja.New()
	rtType := reflect.TypeFor[goja.Runtime]()
	l.try(func() {
		l.jobQueue = field(rtType, "jobQueue", reflect.TypeFor[[]func()]()).Offset
	}, TrickPump, TrickThenables)
	l.try(func() {
		f := field(rtType, "vm", nil)
		l.vm = f.Offset
		if f.Type.Kind() != reflect.Pointer {
			panic("Runtime.vm is not a pointer")
		}
		vm := f.Type.Elem()
		l.callStack = field(vm, "callStack", nil)
		if l.callStack.Type.Kind() != reflect.Slice {
			panic("vm.callStack is not a slice")
		}
	}, TrickPump, TrickRestore)
	l.try(func() {
		f := field(rtType, "vm", nil)
		vm := f.Type.Elem()
		l.stash = field(vm, "stash", nil).Offset
		l.sb = field(vm, "sb", reflect.TypeFor[int]()).Offset
		for _, n := range []string{"prg", "pc", "stack", "sp", "args", "privEnv", "iterStack", "refStack", "tryStack", "newTarget", "result", "curAsyncRunner"} {
			l.registers = append(l.registers, field(vm, n, nil))
		}
	}, TrickRestore)
	var base reflect.Type
	self := func(o *goja.Object) (unsafe.Pointer, reflect.Type) {
		return header(o).self.tab, reflect.ValueOf(o).Elem().FieldByName("self").Elem().Type().Elem()
	}
	l.try(func() {
		ot := reflect.TypeFor[goja.Object]()
		if field(ot, "self", nil).Offset != 0 || field(ot, "runtime", reflect.TypeFor[*goja.Runtime]()).Offset != unsafe.Offsetof(objectHeader{}.runtime) {
			panic("goja.Object has another layout")
		}
		l.selfBase, base = self(rt.NewObject())
		l.class = field(base, "class", reflect.TypeFor[string]()).Offset
		l.val = field(base, "val", reflect.TypeFor[*goja.Object]()).Offset
		l.prototype = field(base, "prototype", reflect.TypeFor[*goja.Object]()).Offset
		l.extensible = field(base, "extensible", reflect.TypeFor[bool]()).Offset
		l.values = field(base, "values", reflect.TypeFor[map[unistring.String]goja.Value]()).Offset
		l.names = field(base, "propNames", reflect.TypeFor[[]unistring.String]()).Offset
		l.sorted = field(base, "lastSortedPropLen", reflect.TypeFor[int]()).Offset
	}, all[3:]...)
	embedsBase := func(t reflect.Type) {
		for t.Field(0).Type != base {
			t = t.Field(0).Type
			if t.Kind() != reflect.Struct || t.NumField() == 0 {
				panic("baseObject does not come first")
			}
		}
	}
	l.try(func() {
		l.tabInt = words(rt.ToValue(1)).tab
		l.tabFloat = words(rt.ToValue(1.5)).tab
		l.tabBool = words(rt.ToValue(true)).tab
		l.tabASCII = words(rt.ToValue("a")).tab
		l.tabImported = words(rt.ToValue("a string that is long enough to be kept as it is")).tab
		l.tabUnicode = words(goja.StringFromUTF16([]uint16{0xe9})).tab
		l.tabNull = words(goja.Null()).tab
		l.tabUndefined = words(goja.Undefined()).tab
		l.tabObject = words(rt.NewObject()).tab
		var t reflect.Type
		l.selfArray, t = self(rt.NewArray())
		embedsBase(t)
		l.arrayValues = field(t, "values", reflect.TypeFor[[]goja.Value]()).Offset
		if t.Field(1).Name != "values" {
			panic("arrayObject.values is not its own field")
		}
		l.arrayValues = t.Field(1).Offset
		l.arrayLength = field(t, "length", reflect.TypeFor[uint32]()).Offset
		l.arrayCount = field(t, "objCount", reflect.TypeFor[int]()).Offset
		pt := field(t, "lengthProp", nil).Type
		l.propValue = field(pt, "value", reflect.TypeFor[goja.Value]()).Offset
		l.propEnumerable = field(pt, "enumerable", reflect.TypeFor[bool]()).Offset
		l.propAccess = field(pt, "accessor", reflect.TypeFor[bool]()).Offset
		o := rt.NewObject()
		must(o.DefineDataProperty("x", rt.ToValue(1), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE))
		held := (*at[map[unistring.String]goja.Value](header(o).self.data, l.values))["x"]
		if reflect.TypeOf(held) != reflect.PointerTo(pt) {
			panic("a property is not kept as a *valueProperty")
		}
		l.tabProperty = words(held).tab
		l.recordType = reflect.StructOf([]reflect.StructField{{Name: "Object", Type: reflect.TypeFor[goja.Object]()}, {Name: "Base", Type: base}})
		l.recordBase = l.recordType.Field(1).Offset
		l.arrayLengthProp = field(t, "lengthProp", nil).Offset
		l.propWritable = field(pt, "writable", reflect.TypeFor[bool]()).Offset
		l.arrayType = reflect.StructOf([]reflect.StructField{{Name: "Object", Type: reflect.TypeFor[goja.Object]()}, {Name: "Array", Type: t}})
		l.arrayBase = l.arrayType.Field(1).Offset
	}, TrickJSON)
	l.try(func() {
		v, err := rt.RunString("/x/")
		must(err)
		var t reflect.Type
		l.selfRegExp, t = self(v.(*goja.Object))
		embedsBase(t)
		f := field(t, "pattern", nil)
		l.rxPattern = f.Offset
		l.rxSource = field(t, "source", reflect.TypeFor[goja.String]()).Offset
		if f.Type.Kind() != reflect.Pointer {
			panic("regexpObject.pattern is not a pointer")
		}
		pt := f.Type.Elem()
		flag := func(name string) uintptr { return field(pt, name, reflect.TypeFor[bool]()).Offset }
		l.rxGlobal, l.rxFold, l.rxMultiline, l.rxDotAll, l.rxSticky, l.rxU = flag("global"), flag("ignoreCase"), flag("multiline"), flag("dotAll"), flag("sticky"), flag("unicode")
		pointer := func(name string) uintptr {
			f := field(pt, name, nil)
			if f.Type.Kind() != reflect.Pointer {
				panic("regexpPattern." + name + " is not a pointer")
			}
			return f.Offset
		}
		l.rxWrapper, l.rxWrapper2 = pointer("regexpWrapper"), pointer("regexp2Wrapper")
		l.rxType = reflect.StructOf([]reflect.StructField{{Name: "Pattern", Type: pt}, {Name: "Program", Type: reflect.TypeFor[*rxProgram]()}})
		l.rxProgram = l.rxType.Field(1).Offset
		it := reflect.TypeOf(rt.ToValue("a string that is long enough to be kept as it is")).Elem()
		l.importedText = field(it, "s", reflect.TypeFor[string]()).Offset
		u := field(it, "u", nil)
		if u.Type.Kind() != reflect.Slice || u.Type.Elem().Kind() != reflect.Uint16 {
			panic("importedString.u is not a slice of units")
		}
		l.importedUnits = u.Offset
		_, at := self(rt.NewArray())
		prop := field(at, "lengthProp", nil).Type
		l.propWritable = field(prop, "writable", reflect.TypeFor[bool]()).Offset
		l.propGetter = field(prop, "getterFunc", reflect.TypeFor[*goja.Object]()).Offset
	}, TrickRegExp)
	l.try(func() {
		var t reflect.Type
		l.selfBuffer, t = self(rt.ToValue(rt.NewArrayBuffer(nil)).(*goja.Object))
		embedsBase(t)
		l.bufferData = field(t, "data", reflect.TypeFor[[]byte]()).Offset
		l.hostType = reflect.StructOf([]reflect.StructField{
			{Name: "Object", Type: reflect.TypeFor[goja.Object]()},
			{Name: "Buffer", Type: t},
			{Name: "Handle", Type: reflect.TypeFor[handle]()},
		})
		l.hostBuffer, l.hostHandle = l.hostType.Field(1).Offset, l.hostType.Field(2).Offset
	}, TrickHost)
	l.try(func() {
		var t reflect.Type
		l.selfError, t = self(rt.NewTypeError("x"))
		embedsBase(t)
		l.errorStack = field(t, "stack", reflect.TypeFor[[]goja.StackFrame]()).Offset
		l.errorDone = field(t, "stackPropAdded", reflect.TypeFor[bool]()).Offset
		l.selfFunc, t = self(rt.Get("Error").(*goja.Object))
		l.construct = field(t, "construct", reflect.TypeFor[func([]goja.Value, *goja.Object) *goja.Object]()).Offset
		l.call = field(t, "f", reflect.TypeFor[func(goja.FunctionCall) goja.Value]()).Offset
	}, TrickStack, TrickHost)
	l.try(func() {
		p, _, _ := rt.NewPromise()
		var t reflect.Type
		l.selfPromise, t = self(rt.ToValue(p).(*goja.Object))
		if t != reflect.TypeFor[goja.Promise]() {
			panic("a promise is not a goja.Promise")
		}
		embedsBase(t)
		l.promiseState = field(t, "state", reflect.TypeFor[goja.PromiseState]()).Offset
		l.promiseResult = field(t, "result", reflect.TypeFor[goja.Value]()).Offset
	}, TrickPromise)
	l.probePromises()
}

// engine is the view of one runtime through the layout.
type engine struct {
	*layout
	rt    *goja.Runtime
	queue *[]func() // goja's promise jobs; nil without the layout
	vmp   unsafe.Pointer
	stash unsafe.Pointer // registers of an idle runtime
	sb    int
	pump  bool
	// tracker is the one that the runtime has, for the reactions that we run.
	tracker goja.AsyncContextTracker
	base    reflect.Value // the placeholder frame that keeps goja from draining jobs

	arrayProto *goja.Object       // see newArray
	arrayNames []unistring.String // a new array's, shared by all
}

func newEngine(l *layout, rt *goja.Runtime) *engine {
	e := &engine{layout: l, rt: rt}
	if l.has(TrickPump) || l.has(TrickThenables) {
		e.queue = at[[]func()](unsafe.Pointer(rt), l.jobQueue)
	}
	if l.has(TrickPump) || l.has(TrickRestore) {
		e.vmp = *at[unsafe.Pointer](unsafe.Pointer(rt), l.vm)
	}
	if l.has(TrickRestore) {
		e.stash = *at[unsafe.Pointer](e.vmp, l.stash)
		e.sb = *at[int](e.vmp, l.sb)
	}
	if l.has(TrickPump) {
		e.pump = true
		// One frame at the bottom of the call stack: every call from Go then
		// looks nested, so goja neither drains jobs nor drops its value stack.
		e.base = reflect.MakeSlice(l.callStack.Type, 1, 64)
		e.setCallStack()
	}
	return e
}

func (e *engine) setCallStack() {
	f := e.callStack
	reflect.NewAt(f.Type, unsafe.Add(e.vmp, f.Offset)).Elem().Set(e.base)
}

// restore puts an idle runtime's registers back after a job was interrupted or
// ran out of stack: goja leaves a stale frame when an async function or a
// generator was running, and no promise job would ever run again.
func (e *engine) restore() bool {
	if !e.has(TrickRestore) {
		return false
	}
	for _, f := range e.registers {
		reflect.NewAt(f.Type, unsafe.Add(e.vmp, f.Offset)).Elem().SetZero()
	}
	*at[unsafe.Pointer](e.vmp, e.layout.stash) = e.stash
	*at[int](e.vmp, e.layout.sb) = e.sb
	if e.pump {
		e.setCallStack()
	} else {
		f := e.callStack
		reflect.NewAt(f.Type, unsafe.Add(e.vmp, f.Offset)).Elem().SetZero()
	}
	return true
}

// handle is what a host object carries: a goja ArrayBuffer of length 0 whose
// bytes point here, so that the garbage collector follows it and scripts see
// an ordinary, extensible object with the prototype that we give it.
type handle struct {
	magic *byte
	value any
	_     [3]uintptr // an unusual size: capacity is the first part of the brand
}

const handleSize = int(unsafe.Sizeof(handle{}))

var handleMagic = new(byte)

func (h *handle) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(h)), handleSize)[:0] }

var typeBuffer = reflect.TypeFor[goja.ArrayBuffer]()

// newHost makes a host object that carries v.
func (e *engine) newHost(proto *goja.Object, v any) *goja.Object {
	if !e.has(TrickHost) {
		h := &handle{magic: handleMagic, value: v}
		o := e.rt.ToValue(e.rt.NewArrayBuffer(h.bytes())).(*goja.Object)
		if err := o.SetPrototype(proto); err != nil {
			panic(err)
		}
		return o
	}
	block := reflect.New(e.hostType).UnsafePointer()
	o := (*goja.Object)(block)
	p := unsafe.Add(block, e.hostBuffer)
	h := (*handle)(unsafe.Add(block, e.hostHandle))
	h.magic, h.value = handleMagic, v
	*at[string](p, e.class) = "Object"
	*at[*goja.Object](p, e.val) = o
	*at[*goja.Object](p, e.prototype) = proto
	*at[bool](p, e.extensible) = true
	*at[map[unistring.String]goja.Value](p, e.values) = make(map[unistring.String]goja.Value)
	*at[[]byte](p, e.bufferData) = h.bytes()
	hd := header(o)
	hd.self = iface{e.selfBuffer, p}
	hd.runtime = e.rt
	return o
}

// hostValue returns what a host object carries, or nil for any other value.
func (e *engine) hostValue(v goja.Value) any {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	var b []byte
	if e.has(TrickHost) {
		hd := header(o)
		if hd.self.tab != e.selfBuffer {
			return nil
		}
		b = *at[[]byte](hd.self.data, e.bufferData)
	} else {
		// Export on an unknown object would walk its properties and call its
		// getters, so its type is asked first.
		if o.ExportType() != typeBuffer {
			return nil
		}
		b = o.Export().(goja.ArrayBuffer).Bytes()
	}
	if len(b) != 0 || cap(b) != handleSize {
		return nil
	}
	h := (*handle)(unsafe.Pointer(unsafe.SliceData(b)))
	if h.magic != handleMagic {
		return nil
	}
	return h.value
}

// isHost reports whether v is a host object; structuredClone and the
// inspector must not take one for an ArrayBuffer.
func (e *engine) isHost(v goja.Value) bool { return e.hostValue(v) != nil }

// settled makes a promise that is fulfilled already, without the two resolving
// functions that cost goja most of a promise.
func (e *engine) settled(v goja.Value, proto *goja.Object) goja.Value {
	if !e.has(TrickPromise) {
		p, resolve, _ := e.rt.NewPromise()
		_ = resolve(v) // a fresh promise with a plain value: nothing runs
		return e.rt.ToValue(p)
	}
	return e.rt.ToValue(e.newPromise(proto, goja.PromiseStateFulfilled, v))
}

// newPromise makes a promise in a state.
func (e *engine) newPromise(proto *goja.Object, state goja.PromiseState, v goja.Value) *goja.Promise {
	block := new(struct {
		o goja.Object
		p goja.Promise
	})
	o, b := &block.o, unsafe.Pointer(&block.p)
	*at[string](b, e.class) = "Object"
	*at[*goja.Object](b, e.val) = o
	*at[*goja.Object](b, e.prototype) = proto
	*at[bool](b, e.extensible) = true
	*at[map[unistring.String]goja.Value](b, e.values) = make(map[unistring.String]goja.Value)
	*at[goja.PromiseState](b, e.promiseState) = state
	*at[goja.Value](b, e.promiseResult) = v
	hd := header(o)
	hd.self = iface{e.selfPromise, b}
	hd.runtime = e.rt
	return &block.p
}

// construction replaces what happens when ctor, a native constructor made with
// ToValue, is constructed and called: goja would first make an object that
// nobody wants, and would take a plain call for a construction.
func (e *engine) construction(ctor *goja.Object, construct func(args []goja.Value, newTarget *goja.Object) *goja.Object, call func(goja.FunctionCall) goja.Value) bool {
	if !e.has(TrickHost) || header(ctor).self.tab != e.selfFunc {
		return false
	}
	d := header(ctor).self.data
	*at[func([]goja.Value, *goja.Object) *goja.Object](d, e.construct) = construct
	*at[func(goja.FunctionCall) goja.Value](d, e.call) = call
	return true
}

// setCall replaces what a native function does when it is called, so that
// whoever holds the function object gets the new behaviour.
func (e *engine) setCall(fn *goja.Object, call func(goja.FunctionCall) goja.Value) bool {
	if !e.has(TrickHost) || header(fn).self.tab != e.selfFunc {
		return false
	}
	*at[func(goja.FunctionCall) goja.Value](header(fn).self.data, e.call) = call
	return true
}

// callOf returns what a native function does when it is called.
func (e *engine) callOf(fn *goja.Object) (call func(goja.FunctionCall) goja.Value, ok bool) {
	if !e.has(TrickHost) || header(fn).self.tab != e.selfFunc {
		return nil, false
	}
	return *at[func(goja.FunctionCall) goja.Value](header(fn).self.data, e.call), true
}

// constructOf returns what a native constructor does, constructed and called.
func (e *engine) constructOf(ctor *goja.Object) (construct func(args []goja.Value, newTarget *goja.Object) *goja.Object, call func(goja.FunctionCall) goja.Value, ok bool) {
	if call, ok = e.callOf(ctor); !ok {
		return nil, nil, false
	}
	construct = *at[func([]goja.Value, *goja.Object) *goja.Object](header(ctor).self.data, e.construct)
	return construct, call, construct != nil && call != nil
}

// hookErrors takes part in the making of every error object, a script's and
// goja's own: the constructors' construct functions are wrapped. The message
// goes through clarify, and goja's own stack property is hidden.
func (e *engine) hookErrors(clarify func(string) string) bool {
	if !e.has(TrickStack) {
		return false
	}
	for _, name := range errorClasses {
		o, ok := e.rt.Get(name).(*goja.Object)
		if !ok || header(o).self.tab != e.selfFunc {
			return false
		}
		slot := at[func([]goja.Value, *goja.Object) *goja.Object](header(o).self.data, e.construct)
		old := *slot
		*slot = func(args []goja.Value, newTarget *goja.Object) *goja.Object {
			if len(args) == 1 && newTarget == o { // goja itself passes the message alone
				if s, ok := args[0].(goja.String); ok {
					if text := s.String(); len(text) > 12 && (name == "ReferenceError" || text[0] == 'C' || text[0] == 'O' || text[0] == 'V' || text[0] == 'M') {
						if c := clarify(text); c != text {
							args = []goja.Value{e.rt.ToValue(c)}
						}
					}
				}
			}
			r := old(args, newTarget)
			e.hideStack(r)
			return r
		}
	}
	return true
}

// hideStack stops goja from adding its own stack property to an error object,
// so that Error.prototype's accessor is found.
func (e *engine) hideStack(o *goja.Object) {
	if hd := header(o); hd.self.tab == e.selfError {
		*at[bool](hd.self.data, e.errorDone) = true
	}
}

// errorFrames returns the frames of an error object, and whether it is one.
func (e *engine) errorFrames(v goja.Value) ([]goja.StackFrame, bool) {
	o, ok := v.(*goja.Object)
	if !ok || !e.has(TrickStack) {
		return nil, false
	}
	hd := header(o)
	if hd.self.tab != e.selfError {
		return nil, false
	}
	return *at[[]goja.StackFrame](hd.self.data, e.errorStack), true
}

var errorClasses = []string{"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError", "AggregateError"}

var errSelfTest = errors.New("self-test failed")

func mustBe(ok bool, what string) {
	if !ok {
		panic(fmt.Errorf("%w: %s", errSelfTest, what))
	}
}

// selfTest exercises each trick that the probe left on.
func (l *layout) selfTest() {
	if l.has(TrickHost) {
		l.try(func() {
			rt := goja.New()
			e := &engine{layout: l, rt: rt}
			proto := rt.NewObject()
			v := &struct{ n int }{7}
			o := e.newHost(proto, v)
			mustBe(e.hostValue(o) == any(v), "host value")
			mustBe(e.hostValue(rt.NewObject()) == nil && e.hostValue(rt.ToValue(rt.NewArrayBuffer(nil))) == nil, "foreign object taken for a host object")
			must(rt.Set("o", o))
			must(rt.Set("p", proto))
			r, err := rt.RunString(`o.x = 1; const y = Symbol(); o[y] = 2; Object.defineProperty(o, 'z', {get() { return 3 }});
				const w = new WeakMap([[o, 4]]); [o.x, o[y], o.z, w.get(o), Object.getPrototypeOf(o) === p, Object.keys(o).join(), JSON.stringify(o)].join(' ')`)
			must(err)
			mustBe(r.String() == `1 2 3 4 true x {"x":1}`, "host object: "+r.String())
		}, TrickHost)
	}
	if l.has(TrickPromise) {
		l.try(func() {
			rt := goja.New()
			e := &engine{layout: l, rt: rt}
			p := e.settled(rt.ToValue(5), rt.Get("Promise").(*goja.Object).Get("prototype").(*goja.Object))
			must(rt.Set("p", p))
			_, err := rt.RunString(`var out = [p instanceof Promise]; p.then(v => out.push(v)); (async () => out.push(1 + await p))()`)
			must(err)
			mustBe(rt.Get("out").String() == "true,5,6", "settled promise: "+rt.Get("out").String())
		}, TrickPromise)
	}
	if l.has(TrickPump) {
		l.try(func() {
			rt := goja.New()
			e := newEngine(l, rt)
			_, err := rt.RunString(`var out = []; (async () => { await 1; out.push('a'); await 2; out.push('b') })()`)
			must(err)
			mustBe(rt.Get("out").String() == "" && len(*e.queue) == 1, "goja drained the jobs itself")
			e.drainForTest()
			mustBe(rt.Get("out").String() == "a,b", "pump: "+rt.Get("out").String())
		}, TrickPump)
	}
	if l.has(TrickRestore) {
		l.try(func() {
			rt := goja.New()
			e := newEngine(l, rt)
			run := func(src string) error {
				_, err := rt.RunString(src)
				e.drainForTest()
				return err
			}
			must(run(`var out = [], open; const gate = new Promise(r => open = r); function* g() { yield 1; yield 2 } const it = g(); it.next();
				async function other() { await gate; try { await 1; throw new Error('e') } catch (e) { out.push(e.message) } } other(); async function ok() { await 1; out.push('ok') }`))
			for _, bad := range []string{`(async function () { stop(); for (;;) {} })()`, `(function* () { stop(); for (;;) {} })().next()`, `[3, 2, 1].sort(() => { stop(); for (;;) {} })`} {
				must(rt.Set("stop", func() { rt.Interrupt("self-test") }))
				var ie *goja.InterruptedError
				_, err := rt.RunString(bad)
				mustBe(errors.As(err, &ie), "not interrupted")
				rt.ClearInterrupt()
				mustBe(e.restore(), "restore is off")
			}
			must(run(`ok(); open(); out.push(it.next().value)`))
			mustBe(rt.Get("out").String() == "2,ok,e", "restore: "+rt.Get("out").String())
		}, TrickRestore)
	}
	if l.has(TrickStack) {
		l.try(func() {
			rt := goja.New()
			e := &engine{layout: l, rt: rt}
			n := 0
			mustBe(e.hookErrors(func(s string) string { n++; return s }), "hook")
			r, err := rt.RunString(`class E extends TypeError {}; const e = new E('Cannot read at all, says a script'); let f; try { null.x } catch (x) { f = x } [e.stack, f.stack, e instanceof TypeError, f.constructor === TypeError].join(' ')`)
			must(err)
			mustBe(n == 1 && r.String() == "  true true", fmt.Sprintf("errors: %d %s", n, r))
			fr, ok := e.errorFrames(rt.Get("f"))
			mustBe(!ok || len(fr) > 0, "frames")
		}, TrickStack)
	}
	if l.has(TrickJSON) {
		l.try(func() { l.selfTestJSON() }, TrickJSON)
	}
	l.selfTestPromises()
	if !l.has(TrickJSON) || !l.has(TrickHost) {
		l.off[TrickRegExp] = errors.New("it stands on host objects and fast JSON")
	}
	if l.has(TrickRegExp) {
		l.try(func() { l.selfTestRegExp() }, TrickRegExp)
	}
}

// isRegExp reports whether an object has the slots of a regular expression.
func (e *engine) isRegExp(o *goja.Object) bool { return header(o).self.tab == e.selfRegExp }

// regexp returns a regular expression's program and source; the program is nil
// for a literal that was not used yet, which has its flags instead.
func (e *engine) regexp(o *goja.Object) (p *rxProgram, source goja.String, flags rxFlags) {
	d := header(o).self.data
	source = *at[goja.String](d, e.rxSource)
	pattern := *at[unsafe.Pointer](d, e.rxPattern)
	if *at[unsafe.Pointer](pattern, e.rxWrapper) == nil && *at[unsafe.Pointer](pattern, e.rxWrapper2) == nil {
		p = *at[*rxProgram](pattern, e.layout.rxProgram) // goja always has one of the two
		return p, source, p.flags
	}
	return nil, source, rxFlags{
		global: *at[bool](pattern, e.rxGlobal), ignoreCase: *at[bool](pattern, e.rxFold), multiline: *at[bool](pattern, e.rxMultiline),
		dotAll: *at[bool](pattern, e.rxDotAll), sticky: *at[bool](pattern, e.rxSticky), unicode: *at[bool](pattern, e.rxU)}
}

// setRegexp gives a regular expression its program.
func (e *engine) setRegexp(o *goja.Object, p *rxProgram, source goja.String) {
	d := header(o).self.data
	pattern := reflect.New(e.rxType).UnsafePointer()
	f := p.flags
	*at[bool](pattern, e.rxGlobal), *at[bool](pattern, e.rxFold), *at[bool](pattern, e.rxMultiline) = f.global, f.ignoreCase, f.multiline
	*at[bool](pattern, e.rxDotAll), *at[bool](pattern, e.rxSticky), *at[bool](pattern, e.rxU) = f.dotAll, f.sticky, f.unicode
	*at[*rxProgram](pattern, e.layout.rxProgram) = p
	*at[unsafe.Pointer](d, e.rxPattern) = pattern
	*at[goja.String](d, e.rxSource) = source
}

// lastIndex returns where a regular expression keeps its lastIndex, or nil when
// that is no ordinary writable property any more.
func (e *engine) lastIndex(o *goja.Object) *goja.Value {
	v := (*at[map[unistring.String]goja.Value](header(o).self.data, e.values))["lastIndex"]
	if v == nil || words(v).tab != e.tabProperty {
		return nil
	}
	d := words(v).data
	if *at[bool](d, e.propAccess) || !*at[bool](d, e.propWritable) {
		return nil
	}
	return at[goja.Value](d, e.propValue)
}

// getterOf returns the getter of an own accessor of an ordinary object, or nil.
func (e *engine) getterOf(o *goja.Object, name unistring.String) goja.Value {
	v := (*at[map[unistring.String]goja.Value](header(o).self.data, e.values))[name]
	if v == nil || words(v).tab != e.tabProperty || !*at[bool](words(v).data, e.propAccess) {
		return nil
	}
	return *at[*goja.Object](words(v).data, e.propGetter)
}

// ownNames is the number of an object's own string-keyed properties.
func (e *engine) ownNames(o *goja.Object) int {
	return len(*at[[]unistring.String](header(o).self.data, e.layout.names))
}

// text returns a script string's content without copying it.
func (e *engine) text(v goja.Value) (t rxText, ok bool) {
	w := words(v)
	switch w.tab {
	case e.tabASCII:
		return rxText{ascii: *(*string)(w.data)}, true
	case e.tabUnicode:
		return rxText{wide: (*(*[]uint16)(w.data))[1:]}, true
	case e.tabImported:
		v.(goja.String).Length() // makes it find out whether it is ASCII
		if u := *at[[]uint16](w.data, e.importedUnits); u != nil {
			return rxText{wide: u[1:]}, true
		}
		return rxText{ascii: *at[string](w.data, e.importedText)}, true
	}
	return t, false
}

// newMatch makes the array that exec returns.
func (e *engine) newMatch(items []goja.Value, names []unistring.String, vals []goja.Value) *goja.Object {
	a := e.newArray(items)
	d := header(a).self.data
	m := *at[map[unistring.String]goja.Value](d, e.values)
	list := at[[]unistring.String](d, e.layout.names)
	for i, k := range names {
		m[k] = vals[i]
	}
	*list = append(*list, names...)
	return a
}

func (l *layout) selfTestRegExp() {
	rt := goja.New()
	e := &engine{layout: l, rt: rt}
	v, err := rt.RunString("/a(b)/gim")
	must(err)
	o := v.(*goja.Object)
	mustBe(e.isRegExp(o) && !e.isRegExp(rt.NewObject()), "kinds of objects")
	p, source, flags := e.regexp(o)
	mustBe(p == nil && source.String() == "a(b)" && flags.String() == "gim", "a literal's slots")
	e.setRegexp(o, &rxProgram{flags: rxFlags{dotAll: true, unicode: true, sticky: true}}, rt.ToValue("x-y").(goja.String))
	p, source, flags = e.regexp(o)
	mustBe(p != nil && source.String() == "x-y" && flags.String() == "suy", "slots that were set")
	must(rt.Set("r", o))
	v, err = rt.RunString(`r.lastIndex = 7; const s = Symbol(); r[s] = 1; [r.source, r.global, r.sticky, r.dotAll, r.unicode, r.lastIndex, r[s], r instanceof RegExp, Object.keys(r).length].join(' ')`)
	must(err)
	mustBe(v.String() == `x-y false true true true 7 1 true 0`, "regular expression: "+v.String())
	last := e.lastIndex(o)
	mustBe(last != nil && (*last).ToInteger() == 7 && e.ownNames(o) == 1, "lastIndex")
	*last = rt.ToValue(9)
	v, err = rt.RunString(`const n = r.lastIndex; Object.freeze(r); n`)
	must(err)
	mustBe(v.ToInteger() == 9 && e.lastIndex(o) == nil, "lastIndex that was set")
	proto := rt.Get("RegExp").(*goja.Object).Get("prototype").(*goja.Object)
	mustBe(e.protoOf(o) == proto && e.getterOf(proto, "flags") != nil && e.getterOf(proto, "exec") == nil && e.getterOf(proto, "none") == nil, "prototype")
	for _, s := range []string{"ascii", "ascii that is kept as an imported string", "h\u00e9", "h\u00e9 as a long imported string"} {
		t, ok := e.text(rt.ToValue(s))
		got := t.ascii
		if t.wide != nil {
			got = goja.StringFromUTF16(t.wide).String()
		}
		mustBe(ok && got == s && (t.wide != nil) == (s[0] == 'h'), "text of a string")
	}
	m := e.newMatch([]goja.Value{rt.ToValue("ab"), goja.Undefined()}, []unistring.String{"index", "groups"}, []goja.Value{rt.ToValue(3), goja.Undefined()})
	must(rt.Set("m", m))
	v, err = rt.RunString(`m.more = 1; delete m.groups; [m, m.length, m.index, Object.getOwnPropertyNames(m)].join(' ')`)
	must(err)
	mustBe(v.String() == `ab, 2 3 0,1,length,index,more`, "match: "+v.String())
	f := rt.ToValue(func(goja.FunctionCall) goja.Value { return goja.Null() }).(*goja.Object)
	must(rt.Set("f", f))
	mustBe(e.setCall(f, func(goja.FunctionCall) goja.Value { return rt.ToValue(5) }), "native function")
	v, err = rt.RunString(`[f(), [0].map(f), f.call(1)].join()`)
	must(err)
	mustBe(v.String() == "5,5,5", "native function: "+v.String())
}

func (l *layout) boxString(s *string) goja.Value {
	return fromWords(iface{l.tabASCII, unsafe.Pointer(s)})
}
func (l *layout) boxInt(n *int64) goja.Value { return fromWords(iface{l.tabInt, unsafe.Pointer(n)}) }
func (l *layout) boxFloat(f *float64) goja.Value {
	return fromWords(iface{l.tabFloat, unsafe.Pointer(f)})
}

// nameMarker is what goja puts behind a list of property names, into the last
// place of the slice's capacity, while somebody goes through it: a list with that
// mark is copied before it is changed. Objects can share such a list.
const nameMarker = unistring.String(" ")

// newRecord makes an object with data properties. A key that comes twice has
// its first place and its last value. The slices are not kept. The names that it
// returns can be given to newShaped, unless they are fewer than the keys.
func (e *engine) newRecord(proto *goja.Object, keys []unistring.String, vals []goja.Value) (o *goja.Object, names []unistring.String) {
	m := make(map[unistring.String]goja.Value, len(keys))
	names = make([]unistring.String, 0, len(keys)+1)
	for i, k := range keys {
		n := len(m)
		m[k] = vals[i]
		if len(m) > n {
			names = append(names, k)
		}
	}
	names[:len(keys)+1][len(keys)] = nameMarker
	return e.record(proto, m, names), names
}

// newShaped makes an object with the names of another; vals are in their order
// and not kept.
func (e *engine) newShaped(proto *goja.Object, names []unistring.String, vals []goja.Value) *goja.Object {
	m := make(map[unistring.String]goja.Value, len(names))
	for i, k := range names {
		m[k] = vals[i]
	}
	return e.record(proto, m, names)
}

func (e *engine) record(proto *goja.Object, m map[unistring.String]goja.Value, names []unistring.String) *goja.Object {
	p := reflect.New(e.recordType).UnsafePointer()
	o := (*goja.Object)(p)
	d := unsafe.Add(p, e.recordBase)
	*at[string](d, e.class) = "Object"
	*at[*goja.Object](d, e.val) = o
	*at[*goja.Object](d, e.prototype) = proto
	*at[bool](d, e.extensible) = true
	*at[map[unistring.String]goja.Value](d, e.values) = m
	*at[[]unistring.String](d, e.layout.names) = names
	hd := header(o)
	hd.self = iface{e.selfBase, d}
	hd.runtime = e.rt
	return o
}

// newArray makes an array; items is not kept.
func (e *engine) newArray(items []goja.Value) *goja.Object {
	if e.arrayProto == nil {
		e.arrayProto = e.rt.NewArray().Prototype()
		e.arrayNames = []unistring.String{"length", nameMarker}[:1]
	}
	p := reflect.New(e.arrayType).UnsafePointer()
	o := (*goja.Object)(p)
	d := unsafe.Add(p, e.arrayBase)
	length := unsafe.Add(d, e.arrayLengthProp)
	*at[bool](length, e.propWritable) = true
	*at[string](d, e.class) = "Array"
	*at[*goja.Object](d, e.val) = o
	*at[*goja.Object](d, e.prototype) = e.arrayProto
	*at[bool](d, e.extensible) = true
	*at[map[unistring.String]goja.Value](d, e.values) = map[unistring.String]goja.Value{"length": fromWords(iface{e.tabProperty, length})}
	*at[[]unistring.String](d, e.layout.names) = e.arrayNames
	*at[[]goja.Value](d, e.arrayValues) = append([]goja.Value(nil), items...)
	*at[uint32](d, e.arrayLength) = uint32(len(items))
	*at[int](d, e.arrayCount) = len(items)
	hd := header(o)
	hd.self = iface{e.selfArray, d}
	hd.runtime = e.rt
	return o
}

// isRecord reports whether an object's properties are nothing but what its
// property map says: an ordinary object, a script class's instance, a host object.
func (e *engine) isRecord(o *goja.Object) bool {
	hd := header(o)
	switch hd.self.tab {
	case e.selfBase:
		return *at[string](hd.self.data, e.class) == "Object"
	case e.selfBuffer:
		return e.hostValue(o) != nil
	}
	return false
}

func (e *engine) isArray(o *goja.Object) bool { return header(o).self.tab == e.selfArray }

// ownPlain looks a property up in an object's map. ok is false when such an
// object may keep properties elsewhere.
func (e *engine) ownPlain(o *goja.Object, name unistring.String) (v goja.Value, ok bool) {
	hd := header(o)
	switch hd.self.tab {
	case e.selfBase, e.selfArray, e.selfBuffer:
		return (*at[map[unistring.String]goja.Value](hd.self.data, e.values))[name], true
	}
	return nil, false
}

// protoOf returns the prototype of an object for which ownPlain gave ok.
func (e *engine) protoOf(o *goja.Object) *goja.Object {
	return *at[*goja.Object](header(o).self.data, e.prototype)
}

// names returns the names of a record's own properties in their order, those
// that are not enumerable too. The slice is the object's own.
func (e *engine) names(o *goja.Object) []unistring.String {
	d := header(o).self.data
	list := *at[[]unistring.String](d, e.layout.names)
	if sorted := *at[int](d, e.sorted); sorted < len(list) {
		for _, k := range list[sorted:] {
			if k != "" && k[0]-'0' < 10 { // goja moves index keys to the front only when it lists keys
				o.GetOwnPropertyNames()
				return *at[[]unistring.String](d, e.layout.names)
			}
		}
	}
	return list
}

// enumerableNames copies names and strikes out what is not enumerable now.
func (e *engine) enumerableNames(o *goja.Object, names []unistring.String) []unistring.String {
	out := append([]unistring.String(nil), names...)
	for i, k := range out {
		if _, enumerable, _ := e.property(o, k); !enumerable {
			out[i] = notEnumerable
		}
	}
	return out
}

// property reads a record's own property. ok is false for an accessor and for
// a name that is absent, for which enumerable is true.
func (e *engine) property(o *goja.Object, name unistring.String) (v goja.Value, enumerable, ok bool) {
	hd := header(o)
	if hd.self.tab != e.selfBase && hd.self.tab != e.selfBuffer {
		return nil, true, false
	}
	v = (*at[map[unistring.String]goja.Value](hd.self.data, e.values))[name]
	if v == nil {
		return nil, true, false
	}
	w := words(v)
	if w.tab != e.tabProperty {
		return v, true, true
	}
	enumerable = *at[bool](w.data, e.propEnumerable)
	if *at[bool](w.data, e.propAccess) {
		return nil, enumerable, false
	}
	return *at[goja.Value](w.data, e.propValue), enumerable, true
}

func (e *engine) arrayLen(o *goja.Object) int {
	return int(*at[uint32](header(o).self.data, e.arrayLength))
}

// element reads an array's element: nil for a hole, an accessor, and when the
// object is no longer a dense array.
func (e *engine) element(o *goja.Object, i int) goja.Value {
	hd := header(o)
	if hd.self.tab != e.selfArray {
		return nil
	}
	list := *at[[]goja.Value](hd.self.data, e.arrayValues)
	if i >= len(list) || list[i] == nil || words(list[i]).tab == e.tabProperty {
		return nil
	}
	return list[i]
}

// selfTestJSON makes and reads each kind of thing that the JSON trick touches.
func (l *layout) selfTestJSON() {
	rt := goja.New()
	e := &engine{layout: l, rt: rt}
	text, n, f := "a", int64(1<<40), 1.5
	key := unistring.NewFromString
	arr := e.newArray([]goja.Value{l.boxInt(&n), l.boxFloat(&f)})
	rec, _ := e.newRecord(rt.NewObject().Prototype(),
		[]unistring.String{key("b"), key("10"), key("é"), key("9"), key("b"), key("__proto__")},
		[]goja.Value{goja.Null(), l.boxString(&text), arr, rt.ToValue(true), rt.ToValue("last"), rt.ToValue(3)})
	must(rt.Set("r", rec))
	v, err := rt.RunString(`"use strict"; r.x = 1; delete r.x; r.é.push('p'); r.é[5] = 6; r.é.foo = 7; const names = [];
		for (const k in r) names.push(k);
		[names, Object.keys(r), r.b, r[10], r.é, r.é.length, r.é.foo, Array.isArray(r.é), Object.getPrototypeOf(r) === Object.prototype, JSON.stringify(r), r.toString()].join(' ')`)
	must(err)
	mustBe(v.String() == `9,10,b,é,__proto__ 9,10,b,é,__proto__ last a 1099511627776,1.5,p,,,6 6 7 true true `+
		`{"9":true,"10":"a","b":"last","é":[1099511627776,1.5,"p",null,null,6],"__proto__":3} [object Object]`, "made objects: "+v.String())
	// Objects that share a list of names, and arrays, do not notice each other:
	// they do as goja's own.
	make := func(own bool) {
		var names []unistring.String
		for _, name := range []string{"one", "two", "three", "four", "five"} {
			vals := []goja.Value{rt.ToValue(1), rt.ToValue(2), rt.ToValue(3)}
			var o, list *goja.Object
			switch {
			case own:
				o, list = rt.NewObject(), rt.NewArray(1)
				for i, k := range []string{"a", "7", "b"} {
					must(o.Set(k, vals[i]))
				}
			case names == nil:
				o, names = e.newRecord(rt.NewObject().Prototype(), []unistring.String{"a", "7", "b"}, vals)
			default:
				o = e.newShaped(rt.NewObject().Prototype(), names, vals)
			}
			if !own {
				list = e.newArray([]goja.Value{rt.ToValue(1)})
			}
			must(rt.Set(name, o))
			must(rt.Set(name+"s", list))
		}
	}
	const play = `(() => { delete two.a; two.z = 1; three[3] = 0; three.y = 0; const seen = [];
		for (const k in four) { for (const j in four) seen.push(k + j); delete four.b } four.x = 0;
		for (const k in five) break; five.w = 5; delete five[7];
		twos.p = 1; threes.length = 0; threes[0] = 4; fours.q = 2; delete fours.q; for (const k in fives) fives.r = 1; fives[9] = 1; fives[1e7] = 2; Object.freeze(ones);
		return [one, two, three, four, five, ones, twos, threes, fours, fives].map(o => [Object.getOwnPropertyNames(o), Object.getPrototypeOf(o) === (Array.isArray(o) ? Array : Object).prototype]).join(' ')
			+ ' ' + seen + ' ' + JSON.stringify([one, two, three, threes, Object.getOwnPropertyDescriptor(threes, 'length'), twos.length, [].concat(twos, threes)]) })()`
	make(true)
	want, err := rt.RunString(play)
	must(err)
	make(false)
	got, err := rt.RunString(play)
	must(err)
	mustBe(got.String() == want.String() && strings.HasPrefix(want.String(), "7,a,b,true 7,b,z,true 3,7,a,b,y,true "), "shared names: "+got.String()+", want "+want.String())
	v, err = rt.RunString(`const o = { 3: 'three', a: 1, 1: 'one', get g() { return 2 } }; Object.defineProperty(o, 'hidden', { value: 5 }); Object.defineProperty(o, 'fixed', { value: 4, enumerable: true });
		const list = [1, , 3]; Object.defineProperty(list, 3, { get() { return 4 } }); const sparse = []; sparse[1e6] = 1; class C { x = 1 }
		[o, list, sparse, new C, new Map, new Proxy({}, {}), Symbol(), 1n]`)
	must(err)
	get := func(i string) goja.Value { return v.(*goja.Object).Get(i) }
	o, list := get("0").(*goja.Object), get("1").(*goja.Object)
	mustBe(e.isRecord(o) && !e.isArray(o) && e.isArray(list) && !e.isRecord(list) && e.isRecord(get("3").(*goja.Object)), "kinds of objects")
	for _, i := range []string{"2", "4", "5"} {
		x := get(i).(*goja.Object)
		mustBe(!e.isRecord(x) && !e.isArray(x), "foreign object taken for a plain one")
	}
	for _, i := range []string{"6", "7"} {
		t := words(get(i)).tab
		for _, known := range []unsafe.Pointer{l.tabInt, l.tabFloat, l.tabBool, l.tabASCII, l.tabImported, l.tabUnicode, l.tabObject, l.tabNull, l.tabUndefined, l.tabProperty} {
			mustBe(t != known, "a symbol or bigint taken for another value")
		}
	}
	mustBe(fmt.Sprint(e.names(o)) == "[1 3 a g hidden fixed]", fmt.Sprint("names: ", e.names(o)))
	for name, want := range map[string]string{"a": "1 true true", "g": "<nil> true false", "hidden": "5 false true", "fixed": "4 true true", "none": "<nil> true false"} {
		v, enumerable, ok := e.property(o, key(name))
		mustBe(fmt.Sprint(v, enumerable, ok) == want, "property "+name+": "+fmt.Sprint(v, enumerable, ok))
	}
	mustBe(e.arrayLen(list) == 4 && e.element(list, 0).ToInteger() == 1 && e.element(list, 1) == nil && e.element(list, 3) == nil && e.element(list, 9) == nil, "elements")
	own, ok := e.ownPlain(o, "a")
	mustBe(ok && own.ToInteger() == 1 && e.protoOf(o) == rt.NewObject().Prototype(), "own property")
	for _, c := range []struct {
		v   goja.Value
		tab unsafe.Pointer
	}{{get("0"), l.tabObject}, {o.Get("3"), l.tabASCII}, {o.Get("a"), l.tabInt}, {rt.ToValue("longer than sixteen bytes"), l.tabImported}, {goja.StringFromUTF16([]uint16{0xd800}), l.tabUnicode}} {
		mustBe(words(c.v).tab == c.tab, "type word of "+c.v.String())
	}
	mustBe(*(*string)(words(rt.ToValue("longer than sixteen bytes")).data) == "longer than sixteen bytes", "imported string")
	u := *(*[]uint16)(words(goja.StringFromUTF16([]uint16{0xd800, 'x'})).data)
	mustBe(len(u) == 3 && u[1] == 0xd800 && u[2] == 'x', "unicode string")
}

func (e *engine) drainForTest() {
	for e.pump && len(*e.queue) > 0 {
		jobs := *e.queue
		*e.queue = nil
		for _, j := range jobs {
			j()
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
