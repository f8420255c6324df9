package web

import (
	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// domException is what a DOMException carries (Web IDL §4.3). It is an error
// to scripts: its prototype inherits from Error.prototype and it has a stack.
type domException struct {
	name, message goja.Value // strings
	frames        []goja.StackFrame
	cause         goja.Value // nil when none was given
}

// StackFrames lets the isolate show the place where the exception was made.
func (d *domException) StackFrames() []goja.StackFrame { return d.frames }

// Constructed defines the cause, which Node takes from the options.
func (d *domException) Constructed(o *goja.Object) {
	if d.cause != nil {
		define(o, "cause", d.cause)
		d.cause = nil
	}
}

// legacyCodes are the names that have a code, in the order of the codes from 1
// (Web IDL §2.8.1); the empty ones were never used by exceptions of today.
var legacyCodes = [...]struct{ name, constant string }{
	{"IndexSizeError", "INDEX_SIZE_ERR"},
	{"", "DOMSTRING_SIZE_ERR"},
	{"HierarchyRequestError", "HIERARCHY_REQUEST_ERR"},
	{"WrongDocumentError", "WRONG_DOCUMENT_ERR"},
	{"InvalidCharacterError", "INVALID_CHARACTER_ERR"},
	{"", "NO_DATA_ALLOWED_ERR"},
	{"NoModificationAllowedError", "NO_MODIFICATION_ALLOWED_ERR"},
	{"NotFoundError", "NOT_FOUND_ERR"},
	{"NotSupportedError", "NOT_SUPPORTED_ERR"},
	{"InUseAttributeError", "INUSE_ATTRIBUTE_ERR"},
	{"InvalidStateError", "INVALID_STATE_ERR"},
	{"SyntaxError", "SYNTAX_ERR"},
	{"InvalidModificationError", "INVALID_MODIFICATION_ERR"},
	{"NamespaceError", "NAMESPACE_ERR"},
	{"InvalidAccessError", "INVALID_ACCESS_ERR"},
	{"", "VALIDATION_ERR"},
	{"TypeMismatchError", "TYPE_MISMATCH_ERR"},
	{"SecurityError", "SECURITY_ERR"},
	{"NetworkError", "NETWORK_ERR"},
	{"AbortError", "ABORT_ERR"},
	{"URLMismatchError", "URL_MISMATCH_ERR"},
	{"QuotaExceededError", "QUOTA_EXCEEDED_ERR"},
	{"TimeoutError", "TIMEOUT_ERR"},
	{"InvalidNodeTypeError", "INVALID_NODE_TYPE_ERR"},
	{"DataCloneError", "DATA_CLONE_ERR"},
}

func legacyCode(name string) int {
	for i, c := range legacyCodes {
		if c.name == name && name != "" {
			return i + 1
		}
	}
	return 0
}

func (e *Env) domExceptionClass() *js.Class {
	return class(&e.events.domException, func() *js.Class {
		c := e.iso.Class("DOMException", 0, nil, func(c goja.ConstructorCall) any {
			d := &domException{message: goja.StringFromUTF16(nil), name: e.rt.ToValue("Error"), frames: e.frames()}
			if v := c.Argument(0); !goja.IsUndefined(v) {
				d.message = e.domString(v)
			}
			v := c.Argument(1)
			if o, ok := v.(*goja.Object); ok { // Node's extension: {name, cause}
				if n, ok := member(o, "name"); ok {
					d.name = e.domString(n)
				}
				d.cause = o.Get("cause")
			} else if !goja.IsUndefined(v) {
				d.name = e.domString(v)
			}
			return d
		})
		must(c.Proto.SetPrototype(e.rt.Get("Error").(*goja.Object).Get("prototype").(*goja.Object)))
		self := func(v goja.Value) *domException {
			d, ok := js.Host[domException](e.iso, v)
			if !ok {
				panic(e.illegal())
			}
			return d
		}
		c.Getter("name", func(c goja.FunctionCall) goja.Value { return self(c.This).name })
		c.Getter("message", func(c goja.FunctionCall) goja.Value { return self(c.This).message })
		c.Getter("code", func(c goja.FunctionCall) goja.Value {
			return e.rt.ToValue(legacyCode(self(c.This).name.String()))
		})
		for i, l := range legacyCodes {
			c.Const(l.constant, e.rt.ToValue(i+1))
		}
		return c
	})
}

// frames captures where an exception is made.
func (e *Env) frames() []goja.StackFrame { return e.rt.CaptureCallStack(64, nil) }

// domException makes a DOMException, to be thrown or given as a reason.
func (e *Env) domException(name, message string) goja.Value {
	return e.domExceptionClass().New(&domException{
		name: e.rt.ToValue(name), message: e.rt.ToValue(message), frames: e.frames(),
	})
}
