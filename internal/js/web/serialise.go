package web

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// Values as bytes, for what is kept beyond an isolate: of the structured clone
// model (HTML §2.7) what is data, with shared and cyclic references. Equal
// values are equal bytes, as far as their properties come in one order, so that
// bytes can be part of a key. The first byte is the version of the format, each
// value begins with one of these:
const (
	serialVersion = 1

	serialUndefined = 'u'
	serialNull      = 'n'
	serialTrue      = 't'
	serialFalse     = 'f'
	serialInteger   = 'i' // varint: all that a double holds exactly but -0
	serialDouble    = 'd' // 8 bytes
	serialText      = 's' // length, UTF-8
	serialUnits     = 'S' // number, UTF-16: text with lone surrogates
	serialBigInt    = 'b' // length, decimal
	serialDate      = 'D' // 8 bytes, a double
	serialArray     = 'A' // number of items
	serialHole      = 'h' // in an array: how many there are in a row
	serialObject    = 'O' // number of properties, name and value of each
	serialMap       = 'M' // number of entries, key and value of each
	serialSet       = 'T' // number of values
	serialBuffer    = 'B' // length, bytes
	serialView      = 'Y' // class, buffer, offset, length in items
	serialDataView  = 'V' // buffer, offset, length
	serialRegExp    = 'X' // source, flags
	serialError     = 'E' // class, message, stack, cause
	serialAgain     = 'R' // number of an object that has been
	serialFunction  = 'F' // number of a function, its name
)

// SerialError is a value that cannot be serialised, or bytes that are none.
type SerialError struct {
	// Path is where it is within the value: `.user.save`, `[0]`; empty is the
	// value itself.
	Path string
	// Text says what it is: "a function".
	Text string
}

func (e *SerialError) Error() string {
	if e.Path == "" {
		return "it is " + e.Text
	}
	return e.Path + " is " + e.Text
}

// Serialise writes a value. name gives the name of a function that stands for
// itself, "" for any other, which cannot be serialised; the functions are
// returned in their order, for Deserialise. The error is a *SerialError; what
// getters throw is thrown. It must be called on the isolate.
func (e *Env) Serialise(v goja.Value, name func(*goja.Object) string) ([]byte, []*goja.Object, error) {
	s := serialiser{e: e, name: name, b: []byte{serialVersion}, seen: map[*goja.Object]int{}}
	if err := s.value(v, 0); err != nil {
		slices.Reverse(err.path)
		return nil, nil, &SerialError{strings.Join(err.path, ""), err.text}
	}
	return s.b, s.functions, nil
}

type serialiser struct {
	e         *Env
	name      func(*goja.Object) string
	b         []byte
	seen      map[*goja.Object]int
	functions []*goja.Object
}

// unserialisable is the error on its way out, which gathers its path.
type unserialisable struct {
	path []string
	text string
}

func (u *unserialisable) at(format string, args ...any) *unserialisable {
	u.path = append(u.path, fmt.Sprintf(format, args...))
	return u
}

func (s *serialiser) number(n int) { s.b = binary.AppendUvarint(s.b, uint64(n)) }
func (s *serialiser) double(f float64) {
	s.b = binary.LittleEndian.AppendUint64(s.b, math.Float64bits(f))
}
func (s *serialiser) bytes(text []byte) { s.number(len(text)); s.b = append(s.b, text...) }
func (s *serialiser) plain(text string) { s.number(len(text)); s.b = append(s.b, text...) }

func (s *serialiser) text(v goja.String) {
	text := v.String()
	if !strings.ContainsRune(text, utf8.RuneError) {
		s.b = append(s.b, serialText)
		s.plain(text)
		return
	}
	s.b = append(s.b, serialUnits)
	n := v.Length()
	s.number(n)
	for i := range n {
		s.b = binary.LittleEndian.AppendUint16(s.b, v.CharAt(i))
	}
}

func (s *serialiser) value(v goja.Value, depth int) *unserialisable {
	switch x := v.(type) {
	case nil:
		s.b = append(s.b, serialUndefined)
		return nil
	case *goja.Object:
		if depth > maxCloneDepth {
			return &unserialisable{text: "nested too deeply"}
		}
		return s.object(x, depth+1)
	case goja.String:
		s.text(x)
		return nil
	case *goja.Symbol:
		return &unserialisable{text: "a symbol"}
	}
	if goja.IsUndefined(v) {
		s.b = append(s.b, serialUndefined)
		return nil
	}
	if goja.IsNull(v) {
		s.b = append(s.b, serialNull)
		return nil
	}
	switch x := v.Export().(type) {
	case bool:
		kind := byte(serialFalse)
		if x {
			kind = serialTrue
		}
		s.b = append(s.b, kind)
	case int64:
		s.b = binary.AppendVarint(append(s.b, serialInteger), x)
	case float64:
		if i := int64(x); float64(i) == x && math.Abs(x) <= 1<<53 && !(x == 0 && math.Signbit(x)) {
			s.b = binary.AppendVarint(append(s.b, serialInteger), i)
			break
		}
		if math.IsNaN(x) {
			x = math.NaN() // one NaN, as scripts see it
		}
		s.b = append(s.b, serialDouble)
		s.double(x)
	case *big.Int:
		s.b = append(s.b, serialBigInt)
		s.plain(x.String())
	default:
		return &unserialisable{text: "a value of an unknown kind"}
	}
	return nil
}

func (s *serialiser) object(o *goja.Object, depth int) *unserialisable {
	e := s.e
	in := e.intrinsics()
	if n, ok := s.seen[o]; ok {
		s.b = append(s.b, serialAgain)
		s.number(n)
		return nil
	}
	begin := func(kind byte) {
		s.seen[o] = len(s.seen)
		s.b = append(s.b, kind)
	}
	switch e.kindOf(o) {
	case kindDate:
		begin(serialDate)
		s.double(e.call(in.dateTime, o).ToFloat())
		return nil
	case kindRegExp:
		begin(serialRegExp)
		source, flags := e.regexp(o)
		s.text(source.(goja.String))
		s.plain(flags)
		return nil
	case kindArrayBuffer:
		if o.Export().(goja.ArrayBuffer).Detached() {
			return &unserialisable{text: "a detached ArrayBuffer"}
		}
		begin(serialBuffer)
		b, _ := e.bytes(o)
		s.bytes(b)
		return nil
	case kindTypedArray:
		class, buffer, offset, length := e.typedView(o)
		begin(serialView)
		s.plain(class)
		if err := s.value(buffer, depth); err != nil {
			return err
		}
		s.number(offset)
		s.number(length)
		return nil
	case kindDataView:
		buffer := e.call(in.viewBuffer, o)
		if buffer.Export().(goja.ArrayBuffer).Detached() {
			return &unserialisable{text: "a view of a detached ArrayBuffer"}
		}
		begin(serialDataView)
		if err := s.value(buffer, depth); err != nil {
			return err
		}
		s.number(int(e.call(in.viewOffset, o).ToInteger()))
		s.number(int(e.call(in.viewLength, o).ToInteger()))
		return nil
	case kindMap, kindSet:
		return s.entries(o, depth)
	case kindError:
		return s.error(o, depth)
	case kindArray:
		begin(serialArray)
		return s.array(o, depth)
	case kindFunction:
		if name := s.name(o); name != "" {
			begin(serialFunction)
			s.number(len(s.functions))
			s.plain(name)
			s.functions = append(s.functions, o)
			return nil
		}
		return &unserialisable{text: "a function"}
	case kindPromise:
		return &unserialisable{text: "a promise, which is to be awaited first"}
	case kindProxy:
		return &unserialisable{text: "a Proxy"}
	case kindObject:
		if p := o.Prototype(); (p == in.objectProto || p == nil) && o.ClassName() == "Object" {
			begin(serialObject)
			return s.properties(o, depth)
		}
	}
	c := cloner{e: e}
	name := c.className(o)
	if name == "Object" { // such as an iterator
		return &unserialisable{text: "an object that is no plain one"}
	}
	return &unserialisable{text: "an instance of " + name}
}

func (s *serialiser) properties(o *goja.Object, depth int) *unserialisable {
	keys := o.Keys()
	s.number(len(keys))
	for _, k := range keys {
		if strings.ContainsRune(k, utf8.RuneError) {
			return &unserialisable{text: "an object with a property whose name is no text"}
		}
		s.plain(k)
		if err := s.value(o.Get(k), depth); err != nil {
			return err.at(".%s", k)
		}
	}
	return nil
}

func (s *serialiser) array(o *goja.Object, depth int) *unserialisable {
	n := int(o.Get("length").ToInteger())
	s.number(n)
	holes := 0
	flush := func() {
		if holes > 0 {
			s.b = append(s.b, serialHole)
			s.number(holes)
			holes = 0
		}
	}
	sparse := n > 1<<20 && len(o.Keys()) < n/1024 // such as new Array(1e9)
	for i := range n {
		if sparse {
			return &unserialisable{text: "an array with too many holes"}
		}
		v := o.Get(itoa(i))
		if v == nil {
			holes++
			continue
		}
		flush()
		if err := s.value(v, depth); err != nil {
			return err.at("[%d]", i)
		}
	}
	flush()
	return nil
}

func (s *serialiser) entries(o *goja.Object, depth int) *unserialisable {
	e := s.e
	in := e.intrinsics()
	kind, each := byte(serialSet), in.setForEach
	if e.kindOf(o) == kindMap {
		kind, each = serialMap, in.mapForEach
	}
	s.seen[o] = len(s.seen)
	type entry struct{ key, value goja.Value }
	var list []entry
	e.call(each, o, e.rt.ToValue(func(f goja.FunctionCall) goja.Value {
		list = append(list, entry{f.Argument(1), f.Argument(0)})
		return goja.Undefined()
	}))
	s.b = append(s.b, kind)
	s.number(len(list))
	for i, x := range list {
		if kind == serialMap {
			if err := s.value(x.key, depth); err != nil {
				return err.at(".keys()[%d]", i)
			}
		}
		if err := s.value(x.value, depth); err != nil {
			return err.at(".values()[%d]", i)
		}
	}
	return nil
}

// serialErrors are the classes of errors that stay.
var serialErrors = []string{"Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"}

func (s *serialiser) error(o *goja.Object, depth int) *unserialisable {
	s.seen[o] = len(s.seen)
	s.b = append(s.b, serialError)
	class := orUndefined(o.Get("name")).String()
	if !slices.Contains(serialErrors, class) {
		class = "Error"
	}
	s.plain(class)
	for _, name := range []string{"message", "stack"} {
		text, ok := orUndefined(o.Get(name)).(goja.String)
		if !ok {
			text = goja.StringFromUTF16(nil)
		}
		s.text(text)
	}
	if err := s.value(orUndefined(o.Get("cause")), depth); err != nil {
		return err.at(".cause")
	}
	return nil
}

// errSerial is that bytes are not of Serialise.
var errSerial = errors.New("the bytes are no serialised value")

// Deserialise makes the value of bytes. functions are those that Serialise
// returned; where there are none, a function is an error. It must be called on
// the isolate. b is not kept.
func (e *Env) Deserialise(b []byte, functions []*goja.Object) (goja.Value, error) {
	d := deserialiser{e: e, b: b, functions: functions}
	if v, err := d.byte(); err != nil || v != serialVersion {
		return nil, errSerial
	}
	v, err := d.value(0)
	if err == nil && len(d.b) > 0 {
		err = errSerial
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

type deserialiser struct {
	e         *Env
	b         []byte
	seen      []*goja.Object // nil while an object has not been made yet
	functions []*goja.Object
}

func (d *deserialiser) byte() (byte, error) {
	if len(d.b) == 0 {
		return 0, errSerial
	}
	c := d.b[0]
	d.b = d.b[1:]
	return c, nil
}

// number reads a number up to max.
func (d *deserialiser) number(max int) (int, error) {
	n, size := binary.Uvarint(d.b)
	if size <= 0 || n > uint64(max) {
		return 0, errSerial
	}
	d.b = d.b[size:]
	return int(n), nil
}

func (d *deserialiser) take(n int) ([]byte, error) {
	if n > len(d.b) {
		return nil, errSerial
	}
	b := d.b[:n]
	d.b = d.b[n:]
	return b, nil
}

// bytes reads a length and as many bytes, which are a part of the input.
func (d *deserialiser) bytes() ([]byte, error) {
	n, err := d.number(len(d.b))
	if err != nil {
		return nil, err
	}
	return d.take(n)
}

func (d *deserialiser) double() (float64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.LittleEndian.Uint64(b)), nil
}

func (d *deserialiser) text() (goja.Value, error) {
	kind, err := d.byte()
	if err != nil {
		return nil, err
	}
	return d.textOf(kind)
}

func (d *deserialiser) textOf(kind byte) (goja.Value, error) {
	switch kind {
	case serialText:
		b, err := d.bytes()
		if err != nil || !utf8.Valid(b) {
			return nil, errSerial
		}
		return d.e.rt.ToValue(string(b)), nil
	case serialUnits:
		n, err := d.number(len(d.b) / 2)
		if err != nil {
			return nil, err
		}
		b, err := d.take(2 * n)
		if err != nil {
			return nil, err
		}
		units := make([]uint16, n)
		for i := range units {
			units[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return goja.StringFromUTF16(units), nil
	}
	return nil, errSerial
}

// keep numbers an object, which is known before its parts are.
func (d *deserialiser) keep(o *goja.Object) *goja.Object {
	d.seen = append(d.seen, o)
	return o
}

func (d *deserialiser) value(depth int) (goja.Value, error) {
	e := d.e
	if depth > maxCloneDepth+1 {
		return nil, errSerial
	}
	kind, err := d.byte()
	if err != nil {
		return nil, err
	}
	switch kind {
	case serialUndefined:
		return goja.Undefined(), nil
	case serialNull:
		return goja.Null(), nil
	case serialTrue, serialFalse:
		return e.rt.ToValue(kind == serialTrue), nil
	case serialInteger:
		n, size := binary.Varint(d.b)
		if size <= 0 || n > 1<<53 || n < -1<<53 {
			return nil, errSerial
		}
		d.b = d.b[size:]
		return e.rt.ToValue(n), nil
	case serialDouble:
		f, err := d.double()
		if err != nil {
			return nil, err
		}
		return e.rt.ToValue(f), nil
	case serialText, serialUnits:
		return d.textOf(kind)
	case serialBigInt:
		b, err := d.bytes()
		if err != nil || len(b) > 1<<20 {
			return nil, errSerial
		}
		n, ok := new(big.Int).SetString(string(b), 10)
		if !ok {
			return nil, errSerial
		}
		return e.rt.ToValue(n), nil
	case serialAgain:
		n, err := d.number(len(d.seen) - 1)
		if err != nil || len(d.seen) == 0 || d.seen[n] == nil {
			return nil, errSerial
		}
		return d.seen[n], nil
	}
	return d.object(kind, depth+1)
}

func (d *deserialiser) construct(class string, args ...goja.Value) (*goja.Object, error) {
	o, err := d.e.rt.New(d.e.rt.Get(class), args...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSerial, err)
	}
	return o, nil
}

func (d *deserialiser) object(kind byte, depth int) (*goja.Object, error) {
	e := d.e
	switch kind {
	case serialDate:
		f, err := d.double()
		if err != nil {
			return nil, err
		}
		o, err := d.construct("Date", e.rt.ToValue(f))
		return d.keep(o), err
	case serialRegExp:
		at := len(d.seen)
		d.keep(nil)
		source, err := d.text()
		if err != nil {
			return nil, err
		}
		flags, err := d.bytes()
		if err != nil {
			return nil, err
		}
		o, err := d.construct("RegExp", source, e.rt.ToValue(string(flags)))
		d.seen[at] = o
		return o, err
	case serialBuffer:
		b, err := d.bytes()
		if err != nil {
			return nil, err
		}
		return d.keep(e.arrayBuffer(slices.Clone(b)).(*goja.Object)), nil
	case serialView, serialDataView:
		return d.view(kind, depth)
	case serialArray:
		return d.array(depth)
	case serialObject:
		n, err := d.number(len(d.b))
		if err != nil {
			return nil, err
		}
		o := d.keep(e.rt.NewObject())
		for range n {
			k, err := d.bytes()
			if err != nil || !utf8.Valid(k) {
				return nil, errSerial
			}
			v, err := d.value(depth)
			if err != nil {
				return nil, err
			}
			if err := o.DefineDataProperty(string(k), v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
				return nil, err
			}
		}
		return o, nil
	case serialMap, serialSet:
		return d.entries(kind, depth)
	case serialError:
		return d.error(depth)
	case serialFunction:
		n, err := d.number(len(d.functions) - 1)
		if err != nil || len(d.functions) == 0 {
			return nil, errSerial
		}
		if _, err := d.bytes(); err != nil {
			return nil, err
		}
		return d.keep(d.functions[n]), nil
	}
	return nil, errSerial
}

func (d *deserialiser) array(depth int) (*goja.Object, error) {
	n, err := d.number(math.MaxUint32)
	if err != nil {
		return nil, err
	}
	list := d.keep(d.e.rt.NewArray())
	for i := 0; i < n; {
		if len(d.b) > 0 && d.b[0] == serialHole {
			d.b = d.b[1:]
			holes, err := d.number(n - i)
			if err != nil || holes == 0 {
				return nil, errSerial
			}
			i += holes
			continue
		}
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		if err := list.Set(itoa(i), v); err != nil {
			return nil, err
		}
		i++
	}
	if int(list.Get("length").ToInteger()) != n { // holes at the end
		if err := list.Set("length", n); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (d *deserialiser) view(kind byte, depth int) (*goja.Object, error) {
	at := len(d.seen)
	d.keep(nil) // it has its number before its buffer
	class := "DataView"
	if kind == serialView {
		b, err := d.bytes()
		if err != nil {
			return nil, err
		}
		if class = string(b); !slices.Contains(serialViews, class) {
			return nil, errSerial
		}
	}
	buffer, err := d.value(depth)
	if err != nil {
		return nil, err
	}
	if !d.e.isArrayBuffer(buffer) {
		return nil, errSerial
	}
	offset, err := d.number(math.MaxInt32)
	if err != nil {
		return nil, err
	}
	length, err := d.number(math.MaxInt32)
	if err != nil {
		return nil, err
	}
	o, err := d.construct(class, buffer, d.e.rt.ToValue(offset), d.e.rt.ToValue(length))
	d.seen[at] = o
	return o, err
}

var serialViews = []string{"Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array",
	"Float16Array", "Float32Array", "Float64Array", "BigInt64Array", "BigUint64Array"}

func (d *deserialiser) entries(kind byte, depth int) (*goja.Object, error) {
	e := d.e
	in := e.intrinsics()
	n, err := d.number(len(d.b))
	if err != nil {
		return nil, err
	}
	class := "Set"
	if kind == serialMap {
		class = "Map"
	}
	o, err := d.construct(class)
	if err != nil {
		return nil, err
	}
	d.keep(o)
	for range n {
		first, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		if kind == serialSet {
			e.call(in.setAdd, o, first)
			continue
		}
		second, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		e.call(in.mapSet, o, first, second)
	}
	return o, nil
}

func (d *deserialiser) error(depth int) (*goja.Object, error) {
	class, err := d.bytes()
	if err != nil || !slices.Contains(serialErrors, string(class)) {
		return nil, errSerial
	}
	at := len(d.seen)
	d.keep(nil)
	message, err := d.text()
	if err != nil {
		return nil, err
	}
	stack, err := d.text()
	if err != nil {
		return nil, err
	}
	o, err := d.construct(string(class), message)
	if err != nil {
		return nil, err
	}
	define(o, "stack", stack)
	d.seen[at] = o
	cause, err := d.value(depth)
	if err != nil {
		return nil, err
	}
	if !goja.IsUndefined(cause) {
		define(o, "cause", cause)
	}
	return o, nil
}
