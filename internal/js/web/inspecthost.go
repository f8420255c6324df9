package web

import (
	"slices"

	"github.com/dop251/goja"
)

// What inspect shows of the classes that are written in Go.

// An inspectable is a value that a host object carries and that says itself
// what is shown of it. Others are shown by the getters of their class.
type inspectable interface{ inspectFields(e *Env) []inspectField }

// inspectField is one line of a host object.
type inspectField struct {
	name  string
	value goja.Value
	text  string // in place of a value
	entry bool   // "name => value" with the name as a string, as in a Map
}

// hostFields are the lines of a host object that carries h.
func (e *Env) hostFields(o *goja.Object, h any) []inspectField {
	switch x := h.(type) {
	case inspectable:
		return x.inspectFields(e)
	case *Request:
		// The names are asked of the object: a subclass may have its own.
		return e.messageFields(o, x.Body, "method", "url", "headers", "destination", "referrer", "referrerPolicy",
			"mode", "credentials", "cache", "redirect", "integrity", "keepalive", "isReloadNavigation", "isHistoryNavigation", "signal")
	case *Response:
		return e.messageFields(o, x.Body, "status", "statusText", "headers", "body", "bodyUsed", "ok", "redirected", "type", "url")
	}
	return e.getterFields(o)
}

// messageFields are the getters of a Request or Response. The body is described
// and not asked for: that would make a stream, and the request's signal would
// start to watch the client.
func (e *Env) messageFields(o *goja.Object, b *Body, names ...string) []inspectField {
	fields := make([]inspectField, 0, len(names))
	for _, name := range names {
		f := inspectField{name: name}
		switch {
		case name == "body" && b == nil:
			f.text = "null"
		case name == "body" && b.stream != nil:
			f.value = b.stream
		case name == "body" && b.used:
			f.text = "ReadableStream { locked: false, state: 'closed', supportsBYOB: true }"
		case name == "body":
			f.text = "ReadableStream { locked: false, state: 'readable', supportsBYOB: true }"
		case name == "signal" && !e.signalMade(o):
			f.text = "AbortSignal { aborted: false }"
		default:
			v := o.Get(name)
			if v == nil { // a member that this class does not have
				continue
			}
			f.value = v
		}
		fields = append(fields, f)
	}
	return fields
}

// signalMade reports whether a request's signal exists already.
func (e *Env) signalMade(o *goja.Object) bool {
	r, ok := e.iso.HostValue(o).(*Request)
	return !ok || r.signal != nil
}

// groups collects values by their names: several become an array.
func (e *Env) groups(each func(add func(name string, v goja.Value))) []inspectField {
	var order []string
	values := map[string][]goja.Value{}
	each(func(name string, v goja.Value) {
		if values[name] == nil {
			order = append(order, name)
		}
		values[name] = append(values[name], v)
	})
	fields := make([]inspectField, len(order))
	for i, name := range order {
		fields[i] = inspectField{name: name, value: values[name][0]}
		if n := len(values[name]); n > 1 {
			list := make([]any, n)
			for j, v := range values[name] {
				list[j] = v
			}
			fields[i].value = e.rt.NewArray(list...)
		}
	}
	return fields
}

func (h *Headers) inspectFields(e *Env) []inspectField {
	return e.groups(func(add func(string, goja.Value)) {
		h.Combined(func(name, value string) { add(name, e.rt.ToValue(value)) })
	})
}

func (f *FormData) inspectFields(e *Env) []inspectField {
	return e.groups(func(add func(string, goja.Value)) {
		for i := range f.Entries {
			add(f.Entries[i].Name, e.formValue(&f.Entries[i]))
		}
	})
}

func (p *SearchParams) inspectFields(e *Env) []inspectField {
	fields := make([]inspectField, 0, p.Size())
	for i := 0; ; i++ {
		name, value, ok := p.At(i)
		if !ok {
			return fields
		}
		fields = append(fields, inspectField{name: name, value: e.rt.ToValue(value), entry: true})
	}
}

func (b *Blob) inspectFields(e *Env) []inspectField {
	fields := []inspectField{{name: "size", value: e.rt.ToValue(b.Size())}, {name: "type", value: e.rt.ToValue(b.Type())}}
	if b.file != nil {
		fields = append(fields,
			inspectField{name: "name", value: e.rt.ToValue(b.file.name)},
			inspectField{name: "lastModified", value: e.rt.ToValue(b.file.modified)})
	}
	return fields
}

// getterFields are the values of the getters that the classes of a host object
// have. A getter that throws is left out.
func (e *Env) getterFields(o *goja.Object) []inspectField {
	var fields []inspectField
	for p := o.Prototype(); p != nil && p != e.intrinsics().objectProto; p = p.Prototype() {
		var own []inspectField
		for _, k := range e.allKeys(p) {
			s, ok := k.(goja.String)
			if !ok || slices.ContainsFunc(fields, func(f inspectField) bool { return f.name == s.String() }) {
				continue
			}
			d, ok := e.ownProperty(p, k)
			get, callable := goja.AssertFunction(orUndefined(d.get))
			if !ok || !callable || !d.enumerable {
				continue
			}
			if v, err := get(o); err == nil {
				own = append(own, inspectField{name: s.String(), value: v})
			} else if _, thrown := err.(*goja.Exception); !thrown {
				panic(err)
			}
		}
		fields = append(own, fields...)
	}
	return fields
}

// host describes an object that carries a Go value.
func (in *inspector) host(o *goja.Object, ctor, tag string) part {
	e := in.e
	keys := in.keys(o)
	if e.isError(o) {
		p := part{open: "{", close: "}"}
		p.base, p.keys = in.error(o, ctor, tag, keys)
		if len(p.keys) == 0 {
			return part{whole: p.base, done: true}
		}
		return p
	}
	fields := e.hostFields(o, e.iso.HostValue(o))
	open := prefix(ctor, tag, "Object", "") + "{"
	if len(fields) == 0 && len(keys) == 0 {
		return part{whole: open + "}", done: true}
	}
	return part{open: open, close: "}", keys: keys, members: func(level int) []string {
		out := make([]string, 0, len(fields))
		for _, f := range fields {
			key := e.rt.ToValue(f.name)
			switch {
			case f.entry:
				in.indent += 2
				out = append(out, in.primitive(key)+" => "+in.value(f.value, level, false))
				in.indent -= 2
			case f.text != "":
				out = append(out, in.keyText(key, true)+": "+f.text)
			default:
				out = append(out, in.member(o, key, property{value: f.value, enumerable: true}, level, false, false))
			}
		}
		return out
	}}
}
