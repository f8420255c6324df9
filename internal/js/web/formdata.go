package web

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

type formClasses struct {
	formData *js.Class
}

func installFormData(e *Env) { e.global("FormData", e.formDataClass) }

// NewFormData makes a script's FormData over fd, which it shares.
func (e *Env) NewFormData(fd *FormData) *goja.Object { return e.formDataClass().New(fd) }

// FormDataOf returns the form behind a script's FormData.
func (e *Env) FormDataOf(v goja.Value) (*FormData, bool) { return js.Host[FormData](e.iso, v) }

// formResult is what a body's formData() settles with. The texts of its errors
// are undici's, the cause says more; an error of the body itself is as for the
// body's other methods.
func (e *Env) formResult(fd *FormData, err error) (goja.Value, error) {
	var bad *FormError
	switch {
	case err == nil:
		return e.NewFormData(fd), nil
	case errors.Is(err, ErrFormType):
		return nil, js.Throw(e.iso.TypeError("%s", err.Error()))
	case errors.As(err, &bad), errors.Is(err, ErrFormTooLarge):
		o := e.iso.TypeError("Failed to parse body as FormData.")
		define(o, "cause", e.iso.Thrown(err))
		return nil, js.Throw(o)
	}
	return nil, e.bodyError(err)
}

// formValue is an entry's value as scripts see it; a file is one object for good.
func (e *Env) formValue(f *FormEntry) goja.Value {
	if f.File == nil {
		return e.rt.ToValue(f.Value)
	}
	if f.object == nil {
		f.object = e.NewBlob(f.File)
	}
	return f.object
}

// formEntry creates an entry (XHR §4.1, "create an entry"): a Blob becomes a
// File, and a filename replaces the File's own.
func (e *Env) formEntry(name string, v goja.Value, filename goja.Value) FormEntry {
	b, ok := e.BlobOf(v)
	if !ok {
		return FormEntry{Name: name, Value: e.text(v)}
	}
	f := FormEntry{Name: name, File: b}
	switch {
	case filename != nil:
		modified := time.Now()
		if b.file != nil {
			modified = time.UnixMilli(b.file.modified)
		}
		f.File = b.File(e.text(filename), modified)
	case b.file == nil:
		f.File = b.File("blob", time.Now())
	default:
		f.object = v.(*goja.Object)
	}
	return f
}

func (e *Env) formDataClass() *js.Class {
	return class(&e.form.formData, func() *js.Class {
		rt := e.rt
		c := e.iso.Class("FormData", 1, nil, func(call goja.ConstructorCall) any {
			// The argument is a form element, which there is none of here.
			if v := call.Argument(0); !absent(v) {
				panic(e.iso.TypeError("FormData constructor: Argument 1 could not be converted to: undefined."))
			}
			return &FormData{}
		})
		// this checks the receiver and the number of arguments, in that order.
		this := func(call goja.FunctionCall, method string, n int) *FormData {
			fd, ok := e.FormDataOf(call.This)
			if !ok {
				panic(e.nodeError("TypeError", "ERR_INVALID_THIS", "Illegal invocation"))
			}
			if len(call.Arguments) < n {
				plural, found := "s", "only "+strconv.Itoa(len(call.Arguments))
				if n == 1 {
					plural = ""
				}
				if len(call.Arguments) == 0 {
					found = "0"
				}
				panic(e.iso.TypeError("FormData.%s: %d argument%s required, but %s found.", method, n, plural, found))
			}
			return fd
		}
		// entry converts the arguments of append and set.
		entry := func(call goja.FunctionCall, method string) FormEntry {
			v := call.Argument(1)
			var filename goja.Value
			if len(call.Arguments) > 2 {
				if _, ok := e.BlobOf(v); !ok {
					panic(e.iso.TypeError("Failed to execute '%s' on 'FormData': parameter 2 is not of type 'Blob'", method))
				}
				filename = call.Argument(2)
			}
			return e.formEntry(e.text(call.Argument(0)), v, filename)
		}
		c.Method("append", 2, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "append", 2)
			fd.Entries = append(fd.Entries, entry(call, "append"))
			return goja.Undefined()
		})
		c.Method("delete", 1, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "delete", 1)
			name := e.text(call.Argument(0))
			fd.Entries = slices.DeleteFunc(fd.Entries, func(f FormEntry) bool { return f.Name == name })
			return goja.Undefined()
		})
		c.Method("get", 1, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "get", 1)
			if i := fd.index(e.text(call.Argument(0))); i >= 0 {
				return e.formValue(&fd.Entries[i])
			}
			return goja.Null()
		})
		c.Method("getAll", 1, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "getAll", 1)
			name := e.text(call.Argument(0))
			var all []any
			for i := range fd.Entries {
				if fd.Entries[i].Name == name {
					all = append(all, e.formValue(&fd.Entries[i]))
				}
			}
			return rt.NewArray(all...)
		})
		c.Method("has", 1, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "has", 1)
			return rt.ToValue(fd.index(e.text(call.Argument(0))) >= 0)
		})
		c.Method("set", 2, func(call goja.FunctionCall) goja.Value {
			fd := this(call, "set", 2)
			f := entry(call, "set")
			i := fd.index(f.Name)
			if i < 0 {
				fd.Entries = append(fd.Entries, f)
				return goja.Undefined()
			}
			fd.Entries[i] = f
			rest := slices.DeleteFunc(fd.Entries[i+1:], func(g FormEntry) bool { return g.Name == f.Name })
			fd.Entries = fd.Entries[:i+1+len(rest)]
			return goja.Undefined()
		})
		e.pairIterable(c, func(v goja.Value) pairs {
			fd := this(goja.FunctionCall{This: v}, "", 0)
			return func(i int) (goja.Value, goja.Value, bool) {
				if i >= len(fd.Entries) {
					return nil, nil, false
				}
				return rt.ToValue(fd.Entries[i].Name), e.formValue(&fd.Entries[i]), true
			}
		})
		return c
	})
}

func (fd *FormData) index(name string) int {
	return slices.IndexFunc(fd.Entries, func(f FormEntry) bool { return f.Name == name })
}
