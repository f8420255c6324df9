package web

import (
	"encoding/base64"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// algorithm is one entry of the table of registered algorithms (Web Crypto
// §18): its operations, nil where it has none of a kind.
//
// Each operation first reads its parameters, on the isolate, and returns what
// does the work. That runs after the key was checked, off the isolate when it
// is large or slow, and so touches no script value.
type algorithm struct {
	name string
	// secret, public and private are the usages that a key of that type may have.
	secret, public, private []string

	digest           func(p *params) func(data []byte) ([]byte, error)
	generate         func(p *params) func() (*generated, error)
	importKey        func(p *params) func(in *keyImport) (*cryptoKey, error)
	exportKey        func(k *cryptoKey, format string) (*keyExport, error)
	encrypt, decrypt dataOp
	sign             dataOp
	wrap, unwrap     dataOp
	verify           func(p *params) func(k *cryptoKey, signature, data []byte) (bool, error)
	deriveBits       func(p *params) func(k *cryptoKey, bits int) ([]byte, error) // bits is -1 for null
	keyLength        func(p *params) func() (bits int, err error)                 // -1 for null
	// describe adds the members of a key's algorithm object.
	describe func(k *cryptoKey, set func(name string, v any))
	// slow reports whether an operation is worth a goroutine whatever the size;
	// nil is never. k is nil when there is no key yet.
	slow func(k *cryptoKey) bool
}

type dataOp func(p *params) func(k *cryptoKey, data []byte) ([]byte, error)

// generated is a new secret key, or a pair.
type generated struct{ secret, public, private *cryptoKey }

// keyImport is what importKey was called with.
type keyImport struct {
	format      string
	data        []byte
	jwk         *jwk
	extractable bool
	usages      []string
	alg         *algorithm
}

// keyExport is a key in a format: bytes, or a JWK.
type keyExport struct {
	data []byte
	jwk  *jwk
}

func (e *Env) algorithms() map[string]*algorithm {
	if e.crypto.algorithms == nil {
		m := map[string]*algorithm{}
		for _, list := range [][]*algorithm{digestAlgorithms(), secretAlgorithms(), derivationAlgorithms(), rsaAlgorithms(), curveAlgorithms()} {
			for _, a := range list {
				m[lowerASCII(a.name)] = a
			}
		}
		e.crypto.algorithms = m
	}
	return e.crypto.algorithms
}

// lowerASCII lowers the letters of ASCII alone, as names of algorithms are
// compared: strings.ToLower makes a k of the Kelvin sign.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

// params is a normalised algorithm: what a script gave beside the name.
type params struct {
	e   *Env
	o   *goja.Object // nil when the algorithm was given by its name
	alg *algorithm
}

// algorithm converts an AlgorithmIdentifier to its entry, when that has an
// operation: has tells (Web Crypto §18.4.4).
func (e *Env) algorithm(v goja.Value, has func(*algorithm) bool) *params {
	name := ""
	o, _ := v.(*goja.Object)
	if o == nil {
		name = e.domString(v).String()
	} else {
		n, ok := member(o, "name")
		if !ok {
			panic(e.iso.TypeError("Failed to normalize algorithm: passed algorithm can not be converted to 'Algorithm' because 'name' is required in 'Algorithm'."))
		}
		name = e.domString(n).String()
	}
	a := e.algorithms()[lowerASCII(name)]
	if a == nil || !has(a) {
		panic(e.domException("NotSupportedError", "Unrecognized algorithm name"))
	}
	return &params{e: e, o: o, alg: a}
}

func (p *params) member(name string) (goja.Value, bool) { return member(p.o, name) }

func (p *params) required(name string) goja.Value {
	v, ok := p.member(name)
	if !ok {
		panic(p.e.iso.TypeError("Failed to normalize algorithm: passed algorithm can not be converted to the parameters of '%s' because '%s' is required.", p.alg.name, name))
	}
	return v
}

// buffer reads a required member that is a BufferSource.
func (p *params) buffer(name string) []byte { return p.bufferOf(p.required(name), name) }

// optional reads a member that is a BufferSource; nil when it is absent.
func (p *params) optional(name string) []byte {
	v, ok := p.member(name)
	if !ok {
		return nil
	}
	return p.bufferOf(v, name)
}

func (p *params) bufferOf(v goja.Value, name string) []byte {
	b, ok := p.e.bytesCopy(v)
	if !ok {
		panic(p.e.iso.TypeError("Failed to normalize algorithm: '%s' is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.", name))
	}
	return b
}

// integer reads a member that is [EnforceRange]; ok is false when it is absent.
func (p *params) integer(name string, limit float64) (int, bool) {
	v, ok := p.member(name)
	if !ok {
		return 0, false
	}
	return int(p.e.enforceRange(v, limit, "'"+name+"'")), true
}

func (p *params) requiredInteger(name string, limit float64) int {
	p.required(name)
	n, _ := p.integer(name, limit)
	return n
}

// hash reads the hash that an algorithm is used with.
func (p *params) hash() *hashFunc {
	h := p.e.algorithm(p.required("hash"), func(a *algorithm) bool { return a.digest != nil })
	return hashByName(h.alg.name)
}

// curve reads namedCurve.
func (p *params) curve() string { return p.e.domString(p.required("namedCurve")).String() }

// key reads a member that is a CryptoKey.
func (p *params) key(name string) *cryptoKey {
	k, ok := js.Host[cryptoKey](p.e.iso, p.required(name))
	if !ok {
		panic(p.e.iso.TypeError("Failed to normalize algorithm: '%s' is not of type CryptoKey.", name))
	}
	return k
}

// inlineBytes is the size of input up to which work is done on the isolate.
const inlineBytes = 64 << 10

// work runs an operation and returns a promise of what build makes of its
// result. It runs on another goroutine when it is slow or its input is large.
func work[T any](e *Env, size int, slow bool, run func() (T, error), build func(T) goja.Value) goja.Value {
	if !slow && size <= inlineBytes {
		v, err := run()
		if err != nil {
			return e.rejectedLater(err)
		}
		return e.iso.Resolved(build(v))
	}
	return e.iso.Go(func() (settle func() (goja.Value, error)) {
		defer func() {
			if x := recover(); x != nil {
				err := &js.PanicError{Value: x, Stack: debug.Stack()}
				settle = func() (goja.Value, error) { return nil, err }
			}
		}()
		v, err := run()
		return func() (goja.Value, error) {
			if err != nil {
				return nil, err
			}
			return build(v), nil
		}
	})
}

// rejectedLater returns a promise that an operation's error rejects in a turn of
// its own: what the standard does "in parallel" is never seen in the turn of the
// call, as an error of the algorithm's normalisation is (§14.3).
func (e *Env) rejectedLater(err error) goja.Value {
	p := e.iso.NewPromise()
	p.Settle(func() (goja.Value, error) { return nil, err })
	return p.Value()
}

func (a *algorithm) isSlow(k *cryptoKey) bool { return a.slow != nil && a.slow(k) }

func (e *Env) subtleClass() *js.Class {
	return class(&e.crypto.subtle, func() *js.Class {
		c := e.iso.Class("SubtleCrypto", 0, nil, nil)
		method := func(name string, length int, fn func(c goja.FunctionCall) goja.Value) {
			c.Method(name, length, func(c goja.FunctionCall) goja.Value {
				return e.iso.Attempt(func() (goja.Value, error) {
					if _, ok := js.Host[subtleHost](e.iso, c.This); !ok {
						panic(e.nodeError("TypeError", "ERR_INVALID_THIS", `Value of "this" must be of type SubtleCrypto`))
					}
					e.need(c.Arguments, length, name, "SubtleCrypto")
					return fn(c), nil
				})
			})
		}
		data := func(c goja.FunctionCall, i int, method string) []byte {
			b, ok := e.bytesCopy(c.Argument(i))
			if !ok {
				panic(e.iso.TypeError("Failed to execute '%s' on 'SubtleCrypto': argument %d is not instance of ArrayBuffer, Buffer, TypedArray, or DataView.", method, i+1))
			}
			return b
		}
		key := func(c goja.FunctionCall, i int, method string) *cryptoKey {
			k, ok := js.Host[cryptoKey](e.iso, c.Argument(i))
			if !ok {
				panic(e.iso.TypeError("Failed to execute '%s' on 'SubtleCrypto': argument %d is not of type CryptoKey.", method, i+1))
			}
			return k
		}
		buffer := func(b []byte) goja.Value { return e.arrayBuffer(b) }
		// The methods of the form (algorithm, key, data).
		plain := func(name string, op func(*algorithm) dataOp) {
			method(name, 3, func(c goja.FunctionCall) goja.Value {
				p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return op(a) != nil })
				run := op(p.alg)(p)
				k := key(c, 1, name)
				b := data(c, 2, name)
				e.allow(k, p.alg, name)
				return work(e, len(b), p.alg.isSlow(k), func() ([]byte, error) { return run(k, b) }, buffer)
			})
		}
		plain("encrypt", func(a *algorithm) dataOp { return a.encrypt })
		plain("decrypt", func(a *algorithm) dataOp { return a.decrypt })
		plain("sign", func(a *algorithm) dataOp { return a.sign })
		method("verify", 4, func(c goja.FunctionCall) goja.Value {
			p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return a.verify != nil })
			run := p.alg.verify(p)
			k := key(c, 1, "verify")
			signature, b := data(c, 2, "verify"), data(c, 3, "verify")
			e.allow(k, p.alg, "verify")
			return work(e, len(b), p.alg.isSlow(k), func() (bool, error) { return run(k, signature, b) },
				func(ok bool) goja.Value { return e.rt.ToValue(ok) })
		})
		method("digest", 2, func(c goja.FunctionCall) goja.Value {
			p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return a.digest != nil })
			run := p.alg.digest(p)
			b := data(c, 1, "digest")
			return work(e, len(b), false, func() ([]byte, error) { return run(b) }, buffer)
		})
		method("generateKey", 3, func(c goja.FunctionCall) goja.Value {
			p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return a.generate != nil })
			run := p.alg.generate(p)
			extractable, usages := c.Argument(1).ToBoolean(), e.usages(c.Argument(2), "generateKey")
			return e.generateKey(p.alg, run, extractable, usages)
		})
		method("deriveKey", 5, func(c goja.FunctionCall) goja.Value { return e.deriveKey(c, key(c, 1, "deriveKey")) })
		method("deriveBits", 2, func(c goja.FunctionCall) goja.Value {
			p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return a.deriveBits != nil })
			run := p.alg.deriveBits(p)
			k := key(c, 1, "deriveBits")
			bits := -1
			if v := c.Argument(2); !goja.IsNull(v) && !goja.IsUndefined(v) {
				bits = int(e.enforceRange(v, math.MaxUint32, "length"))
			}
			e.allow(k, p.alg, "deriveBits")
			return work(e, 0, p.alg.isSlow(k), func() ([]byte, error) { return run(k, bits) }, buffer)
		})
		method("importKey", 5, func(c goja.FunctionCall) goja.Value {
			in := &keyImport{format: e.keyFormat(c.Argument(0), "importKey")}
			p := e.algorithm(c.Argument(2), func(a *algorithm) bool { return a.importKey != nil })
			run := p.alg.importKey(p)
			in.extractable, in.usages, in.alg = c.Argument(3).ToBoolean(), e.usages(c.Argument(4), "importKey"), p.alg
			if in.format == "jwk" {
				o, ok := c.Argument(1).(*goja.Object)
				if _, isBytes := e.bytes(c.Argument(1)); !ok || isBytes {
					panic(e.iso.TypeError("Failed to execute 'importKey' on 'SubtleCrypto': argument 2 is not a JsonWebKey"))
				}
				in.jwk = e.readJWK(o)
			} else {
				in.data = data(c, 1, "importKey")
			}
			k, err := in.run(run)
			if err != nil {
				return e.rejectedLater(err)
			}
			return e.cryptoKeyClass().New(k)
		})
		method("exportKey", 2, func(c goja.FunctionCall) goja.Value {
			format, k := e.keyFormat(c.Argument(0), "exportKey"), key(c, 1, "exportKey")
			x := e.export(k, format)
			if x.jwk != nil {
				return e.jwkObject(x.jwk)
			}
			return e.arrayBuffer(x.data)
		})
		method("wrapKey", 4, func(c goja.FunctionCall) goja.Value {
			return e.wrapKey(c, key(c, 1, "wrapKey"), key(c, 2, "wrapKey"))
		})
		method("unwrapKey", 7, func(c goja.FunctionCall) goja.Value {
			return e.unwrapKey(c, data(c, 1, "unwrapKey"), key(c, 2, "unwrapKey"))
		})
		return c
	})
}

// allow throws unless a key is of an algorithm and may be used for something.
func (e *Env) allow(k *cryptoKey, a *algorithm, usage string) {
	if k.alg != a || !slices.Contains(k.usages, usage) {
		panic(e.domException("InvalidAccessError", "The requested operation is not valid for the provided key"))
	}
}

// usages converts a sequence<KeyUsage>.
func (e *Env) usages(v goja.Value, method string) []string {
	if _, ok := v.(*goja.Object); !ok {
		panic(e.iso.TypeError("Failed to execute '%s' on 'SubtleCrypto': the key usages cannot be converted to sequence", method))
	}
	var out []string
	e.rt.ForOf(v, func(v goja.Value) bool {
		s := e.domString(v).String()
		if !slices.Contains(keyUsages[:], s) {
			panic(e.iso.TypeError("Failed to execute '%s' on 'SubtleCrypto': '%s' is not a valid enum value of type KeyUsage.", method, s))
		}
		out = append(out, s)
		return true
	})
	return normalUsages(out)
}

func (e *Env) keyFormat(v goja.Value, method string) string {
	s := e.domString(v).String()
	switch s {
	case "raw", "pkcs8", "spki", "jwk":
		return s
	}
	panic(e.iso.TypeError("Failed to execute '%s' on 'SubtleCrypto': '%s' is not a valid enum value of type KeyFormat.", method, s))
}

// keyObject makes the script object of an imported key.
func (e *Env) keyObject(k *cryptoKey, err error) goja.Value {
	if err != nil {
		panic(e.iso.Thrown(err))
	}
	return e.cryptoKeyClass().New(k)
}

func (e *Env) keyAlgorithm(k *cryptoKey) *goja.Object {
	o := e.rt.NewObject()
	set := func(name string, v any) {
		switch x := v.(type) {
		case *hashFunc:
			h := e.rt.NewObject()
			must(h.Set("name", x.name))
			v = h
		case []byte:
			v = e.uint8Array(x)
		}
		must(o.Set(name, v))
	}
	set("name", k.alg.name)
	if k.alg.describe != nil {
		k.alg.describe(k, set)
	}
	return o
}

// generateKey checks the usages, which come before all else, and makes the keys.
func (e *Env) generateKey(a *algorithm, run func() (*generated, error), extractable bool, usages []string) goja.Value {
	allowed := slices.Concat(a.secret, a.public, a.private)
	for _, u := range usages {
		if !slices.Contains(allowed, u) {
			return e.rejectedLater(syntaxError("Unsupported key usage for a " + a.name + " key"))
		}
	}
	intersect := func(list []string) []string {
		var out []string
		for _, u := range usages {
			if slices.Contains(list, u) {
				out = append(out, u)
			}
		}
		return out
	}
	needed := slices.Concat(a.secret, a.private)
	return work(e, 0, a.isSlow(nil), func() (*generated, error) {
		g, err := run()
		if err != nil {
			return nil, err
		}
		if len(intersect(needed)) == 0 {
			return nil, syntaxError("Usages cannot be empty when creating a key.")
		}
		return g, nil
	}, func(g *generated) goja.Value {
		if g.secret != nil {
			g.secret.alg, g.secret.typ, g.secret.extractable, g.secret.usages = a, "secret", extractable, usages
			return e.cryptoKeyClass().New(g.secret)
		}
		g.public.alg, g.public.typ, g.public.extractable, g.public.usages = a, "public", true, intersect(a.public)
		g.private.alg, g.private.typ, g.private.extractable, g.private.usages = a, "private", extractable, intersect(a.private)
		pair := e.rt.NewObject()
		must(pair.Set("publicKey", e.cryptoKeyClass().New(g.public)))
		must(pair.Set("privateKey", e.cryptoKeyClass().New(g.private)))
		return pair
	})
}

// run imports a key: what the operation does not know of it is added here.
func (in *keyImport) run(op func(*keyImport) (*cryptoKey, error)) (*cryptoKey, error) {
	k, err := op(in)
	if err != nil {
		return nil, err
	}
	if k.typ != "public" && len(in.usages) == 0 {
		return nil, syntaxError("Usages cannot be empty when importing a " + k.typ + " key.")
	}
	k.alg, k.extractable, k.usages = in.alg, in.extractable, in.usages
	return k, nil
}

// use checks that the usages suit the type of the key that is imported.
func (in *keyImport) use(typ string) error {
	list := map[string][]string{"secret": in.alg.secret, "public": in.alg.public, "private": in.alg.private}[typ]
	for _, u := range in.usages {
		if !slices.Contains(list, u) {
			return syntaxError("Unsupported key usage for a " + in.alg.name + " key")
		}
	}
	return nil
}

// unsupported is the error for a format that an algorithm's keys do not have.
func (in *keyImport) unsupported() error {
	return notSupported("Unable to import " + in.alg.name + " key with format " + in.format)
}

func (e *Env) export(k *cryptoKey, format string) *keyExport {
	if k.alg.exportKey == nil {
		panic(e.domException("NotSupportedError", "A "+k.alg.name+" key cannot be exported"))
	}
	if !k.extractable {
		panic(e.domException("InvalidAccessError", "key is not extractable"))
	}
	x, err := k.alg.exportKey(k, format)
	if err != nil {
		panic(e.iso.Thrown(err))
	}
	if x.jwk != nil {
		x.jwk.keyOps, x.jwk.hasOps = k.usages, true
		x.jwk.ext = &k.extractable
	}
	return x
}

// cannotExport is the error for a key that has not that format.
func cannotExport(k *cryptoKey, format string) error {
	if format == "raw" || format == "spki" || format == "pkcs8" {
		return invalidAccess("Unable to export a " + k.alg.name + " " + k.typ + " key with format " + format)
	}
	return notSupported("Unable to export a " + k.alg.name + " key with format " + format)
}

func (e *Env) deriveKey(c goja.FunctionCall, k *cryptoKey) goja.Value {
	p := e.algorithm(c.Argument(0), func(a *algorithm) bool { return a.deriveBits != nil })
	run := p.alg.deriveBits(p)
	imported := e.algorithm(c.Argument(2), func(a *algorithm) bool { return a.importKey != nil })
	importKey := imported.alg.importKey(imported)
	sized := e.algorithm(c.Argument(2), func(a *algorithm) bool { return a.keyLength != nil })
	length := sized.alg.keyLength(sized)
	in := &keyImport{format: "raw", extractable: c.Argument(3).ToBoolean(), usages: e.usages(c.Argument(4), "deriveKey"), alg: imported.alg}
	e.allow(k, p.alg, "deriveKey")
	return work(e, 0, p.alg.isSlow(k), func() (*cryptoKey, error) {
		bits, err := length()
		if err != nil {
			return nil, err
		}
		if in.data, err = run(k, bits); err != nil {
			return nil, err
		}
		return in.run(importKey)
	}, func(k *cryptoKey) goja.Value { return e.cryptoKeyClass().New(k) })
}

// wrapKey exports a key and encrypts it (Web Crypto §14.3.11).
func (e *Env) wrapKey(c goja.FunctionCall, k, wrapping *cryptoKey) goja.Value {
	format := e.keyFormat(c.Argument(0), "wrapKey")
	p := e.algorithm(c.Argument(3), func(a *algorithm) bool { return a.wrap != nil || a.encrypt != nil })
	op := p.alg.wrap
	if op == nil {
		op = p.alg.encrypt
	}
	run := op(p)
	e.allow(wrapping, p.alg, "wrapKey")
	x := e.export(k, format)
	b := x.data
	if x.jwk != nil {
		var err error
		if b, _, err = e.iso.AppendJSON(nil, e.jwkObject(x.jwk)); err != nil {
			panic(e.iso.Thrown(err))
		}
	}
	return work(e, len(b), p.alg.isSlow(wrapping), func() ([]byte, error) { return run(wrapping, b) },
		func(b []byte) goja.Value { return e.arrayBuffer(b) })
}

// unwrapKey decrypts a key and imports it (Web Crypto §14.3.12).
func (e *Env) unwrapKey(c goja.FunctionCall, wrapped []byte, unwrapping *cryptoKey) goja.Value {
	in := &keyImport{format: e.keyFormat(c.Argument(0), "unwrapKey"), extractable: c.Argument(5).ToBoolean()}
	p := e.algorithm(c.Argument(3), func(a *algorithm) bool { return a.unwrap != nil || a.decrypt != nil })
	op := p.alg.unwrap
	if op == nil {
		op = p.alg.decrypt
	}
	run := op(p)
	imported := e.algorithm(c.Argument(4), func(a *algorithm) bool { return a.importKey != nil })
	importKey := imported.alg.importKey(imported)
	in.alg, in.usages = imported.alg, e.usages(c.Argument(6), "unwrapKey")
	e.allow(unwrapping, p.alg, "unwrapKey")
	return work(e, len(wrapped), p.alg.isSlow(unwrapping), func() ([]byte, error) { return run(unwrapping, wrapped) },
		func(b []byte) goja.Value {
			if in.format != "jwk" {
				in.data = b
				return e.keyObject(in.run(importKey))
			}
			v, err := e.iso.ParseJSON(b)
			o, ok := v.(*goja.Object)
			if err != nil || !ok {
				panic(e.domException("DataError", "Invalid wrapped JWK key"))
			}
			in.jwk = e.readJWK(o)
			return e.keyObject(in.run(importKey))
		})
}

// jwk is a JSON Web Key (RFC 7517). Members that are absent are nil.
type jwk struct {
	members map[string]string
	order   []string // of the members, for export
	keyOps  []string
	hasOps  bool
	ext     *bool
	oth     bool
}

var jwkMembers = [...]string{"alg", "crv", "d", "dp", "dq", "e", "k", "kty", "n", "p", "q", "qi", "use", "x", "y"}

func newJWK(kty string) *jwk {
	j := &jwk{members: map[string]string{}}
	j.set("kty", kty)
	return j
}

func (j *jwk) set(name, value string) {
	j.members[name] = value
	j.order = append(j.order, name)
}

func (j *jwk) setBytes(name string, b []byte) { j.set(name, base64.RawURLEncoding.EncodeToString(b)) }

// bytes decodes a member; ok is false when it is absent or no base64url.
func (j *jwk) bytes(name string) (b []byte, ok bool) {
	s, ok := j.members[name]
	if !ok {
		return nil, false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// readJWK converts the JsonWebKey dictionary.
func (e *Env) readJWK(o *goja.Object) *jwk {
	j := &jwk{members: map[string]string{}}
	for _, name := range jwkMembers {
		if v, ok := member(o, name); ok {
			j.members[name] = e.domString(v).String()
		}
	}
	if v, ok := member(o, "ext"); ok {
		ext := v.ToBoolean()
		j.ext = &ext
	}
	if v, ok := member(o, "key_ops"); ok {
		if _, isObject := v.(*goja.Object); !isObject {
			panic(e.iso.TypeError("The key_ops of a JsonWebKey cannot be converted to sequence"))
		}
		j.hasOps = true
		e.rt.ForOf(v, func(v goja.Value) bool { j.keyOps = append(j.keyOps, e.domString(v).String()); return true })
	}
	_, j.oth = member(o, "oth")
	return j
}

func (e *Env) jwkObject(j *jwk) *goja.Object {
	o := e.rt.NewObject()
	must(o.Set("key_ops", e.stringArray(j.keyOps)))
	if j.ext != nil {
		must(o.Set("ext", *j.ext))
	}
	for _, name := range j.order {
		must(o.Set(name, j.members[name]))
	}
	return o
}

// checkJWK holds a JWK against what importKey was called with (Web Crypto, the
// jwk steps that all algorithms share): use is "sig" or "enc", alg the JWA
// names that are possible; none means that any alg, or none, will do.
func (in *keyImport) checkJWK(kty, use string, alg ...string) error {
	j := in.jwk
	if j.members["kty"] != kty {
		return dataError(`Invalid JWK "kty" Parameter`)
	}
	if u, ok := j.members["use"]; ok && len(in.usages) > 0 && u != use {
		return dataError(`Invalid JWK "use" Parameter`)
	}
	if j.hasOps {
		for i, op := range j.keyOps {
			if slices.Contains(j.keyOps[:i], op) {
				return dataError("Duplicate key operation")
			}
		}
		for _, u := range in.usages {
			if !slices.Contains(j.keyOps, u) {
				return dataError("Key operations and usage mismatch")
			}
		}
	}
	if j.ext != nil && !*j.ext && in.extractable {
		return dataError(`JWK "ext" Parameter and extractable mismatch`)
	}
	if a, ok := j.members["alg"]; ok && len(alg) > 0 && !slices.Contains(alg, a) {
		return dataError(fmt.Sprintf(`JWK "alg" %q does not match the requested algorithm`, a))
	}
	return nil
}
