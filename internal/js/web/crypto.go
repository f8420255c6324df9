package web

import (
	"crypto/rand"
	"encoding/hex"
	"slices"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// crypto: Crypto, SubtleCrypto and CryptoKey of the Web Cryptography API. What
// the methods have in common is here, what differs by algorithm is in the table
// of subtle.go.

type cryptoClasses struct {
	crypto, subtle, key  *js.Class
	object, subtleObject *goja.Object
	algorithms           map[string]*algorithm // by lower-case name
}

func installCrypto(e *Env) {
	e.iso.Lazy("crypto", func() goja.Value { return e.cryptoObject() })
	e.global("Crypto", e.cryptoClass)
	e.global("SubtleCrypto", e.subtleClass)
	e.global("CryptoKey", e.cryptoKeyClass)
}

type (
	cryptoHost struct{ _ byte }
	subtleHost struct{ _ byte }
)

func (e *Env) cryptoObject() *goja.Object {
	c := &e.crypto
	if c.object == nil {
		c.object = e.cryptoClass().New(&cryptoHost{})
	}
	return c.object
}

func (e *Env) subtleObject() *goja.Object {
	c := &e.crypto
	if c.subtleObject == nil {
		c.subtleObject = e.subtleClass().New(&subtleHost{})
	}
	return c.subtleObject
}

func (*cryptoHost) inspectFields(*Env) []inspectField { return nil }
func (*subtleHost) inspectFields(*Env) []inspectField { return nil }

func (e *Env) cryptoClass() *js.Class {
	return class(&e.crypto.crypto, func() *js.Class {
		c := e.iso.Class("Crypto", 0, nil, nil)
		self := func(v goja.Value) {
			if _, ok := js.Host[cryptoHost](e.iso, v); !ok {
				panic(e.nodeError("TypeError", "ERR_INVALID_THIS", `Value of "this" must be of type Crypto`))
			}
		}
		c.Getter("subtle", func(c goja.FunctionCall) goja.Value {
			self(c.This)
			return e.subtleObject()
		})
		c.Method("getRandomValues", 1, func(c goja.FunctionCall) goja.Value {
			self(c.This)
			e.need(c.Arguments, 1, "getRandomValues", "Crypto")
			v := c.Argument(0)
			o, ok := v.(*goja.Object)
			if !ok {
				panic(e.iso.TypeError("Failed to execute 'getRandomValues' on 'Crypto': parameter 1 is not of type 'ArrayBufferView'"))
			}
			integers := e.kindOf(o) == kindTypedArray
			if integers {
				switch e.viewName(o) {
				case "Float16Array", "Float32Array", "Float64Array":
					integers = false
				}
			}
			if !integers {
				panic(e.domException("TypeMismatchError", "The data argument must be an integer-type TypedArray"))
			}
			b, _ := e.bytes(v)
			if len(b) > 65536 {
				panic(e.domException("QuotaExceededError", "The requested length exceeds 65,536 bytes"))
			}
			random(b)
			return v
		})
		c.Method("randomUUID", 0, func(c goja.FunctionCall) goja.Value {
			self(c.This)
			return e.rt.ToValue(randomUUID())
		})
		return c
	})
}

// random fills b; the system's source cannot fail (crypto/rand.Read ends the
// process where there is none).
func random(b []byte) { _, _ = rand.Read(b) }

// randomUUID is a version 4 UUID (RFC 9562 §5.4).
func randomUUID() string {
	var b [16]byte
	random(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

// cryptoKey is what a CryptoKey carries. It does not change once made, so that
// work off the isolate may use it.
type cryptoKey struct {
	alg         *algorithm
	typ         string // "secret", "public" or "private"
	extractable bool
	usages      []string // in the order of keyUsages

	hash   *hashFunc // of HMAC and RSA
	curve  string    // of EC
	secret []byte    // of a secret key
	pair   any       // of an asymmetric key: *rsa.PublicKey, *ecdsa.PrivateKey, …

	algorithmObject, usagesObject *goja.Object // made when a script asks
}

func (e *Env) cryptoKeyClass() *js.Class {
	return class(&e.crypto.key, func() *js.Class {
		c := e.iso.Class("CryptoKey", 0, nil, nil)
		get := func(name string, of func(*cryptoKey) any) {
			c.Getter(name, func(c goja.FunctionCall) goja.Value {
				k, ok := js.Host[cryptoKey](e.iso, c.This)
				if !ok {
					panic(e.nodeError("TypeError", "ERR_INVALID_THIS", `Value of "this" must be of type CryptoKey`))
				}
				return e.rt.ToValue(of(k))
			})
		}
		get("type", func(k *cryptoKey) any { return k.typ })
		get("extractable", func(k *cryptoKey) any { return k.extractable })
		get("algorithm", func(k *cryptoKey) any {
			if k.algorithmObject == nil {
				k.algorithmObject = e.keyAlgorithm(k)
			}
			return k.algorithmObject
		})
		get("usages", func(k *cryptoKey) any {
			if k.usagesObject == nil {
				k.usagesObject = e.stringArray(k.usages)
			}
			return k.usagesObject
		})
		return c
	})
}

func (e *Env) stringArray(list []string) *goja.Object {
	values := make([]any, len(list))
	for i, s := range list {
		values[i] = s
	}
	return e.rt.NewArray(values...)
}

// clone makes another object of the same key: its material does not change.
func (k *cryptoKey) clone(e *Env) *goja.Object {
	c := *k
	c.algorithmObject, c.usagesObject = nil, nil
	return e.cryptoKeyClass().New(&c)
}

// keyUsages are the values of the KeyUsage enumeration, in canonical order.
var keyUsages = [...]string{"encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"}

// normalUsages are usages without duplicates, in canonical order.
func normalUsages(in []string) []string {
	var out []string
	for _, u := range keyUsages {
		if slices.Contains(in, u) {
			out = append(out, u)
		}
	}
	return out
}

// cryptoError is a DOMException, or a TypeError, that an operation fails with. It
// may be made off the isolate.
type cryptoError struct{ name, message string }

func (e *cryptoError) Error() string { return e.name + ": " + e.message }

// ScriptValue makes the exception, on the isolate.
func (e *cryptoError) ScriptValue(iso *js.Isolate) goja.Value {
	if e.name == "TypeError" {
		return iso.TypeError("%s", e.message)
	}
	return Of(iso).domException(e.name, e.message)
}

func dataError(message string) error { return &cryptoError{"DataError", message} }
func operationError() error {
	return &cryptoError{"OperationError", "The operation failed for an operation-specific reason"}
}
func operationErrorf(message string) error { return &cryptoError{"OperationError", message} }
func syntaxError(message string) error     { return &cryptoError{"SyntaxError", message} }
func notSupported(message string) error    { return &cryptoError{"NotSupportedError", message} }
func invalidAccess(message string) error   { return &cryptoError{"InvalidAccessError", message} }
