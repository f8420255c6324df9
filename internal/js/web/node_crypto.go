package web

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding"
	"hash"
	"math/bits"
	"runtime/debug"
	"strings"

	cryptography "crypto"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/ripemd160"
	"golang.org/x/crypto/scrypt"
)

// The parts of node:crypto that compute; node/crypto.js checks arguments and has
// the classes. State that Go keeps for a script is behind a handle, an object
// without members. The ciphers are in node_cipher.go, the keys in node_keys.go.

// nodeDigest is a hash function by OpenSSL's names.
type nodeDigest struct {
	name string
	id   cryptography.Hash // 0 for one that signatures do not have
	new  func() hash.Hash
	xof  func() *sha3.SHAKE // of those whose digest has any length
	size int                // what such a one gives unless asked
}

func nodeDigests() []*nodeDigest {
	return []*nodeDigest{
		{name: "blake2b512", new: func() hash.Hash { return orPanic(blake2b.New512(nil)) }},
		{name: "blake2s256", new: func() hash.Hash { return orPanic(blake2s.New256(nil)) }},
		{name: "md5", id: cryptography.MD5, new: md5.New},
		{name: "ripemd160", id: cryptography.RIPEMD160, new: ripemd160.New},
		{name: "sha1", id: cryptography.SHA1, new: sha1.New},
		{name: "sha224", id: cryptography.SHA224, new: sha256.New224},
		{name: "sha256", id: cryptography.SHA256, new: sha256.New},
		{name: "sha3-224", id: cryptography.SHA3_224, new: func() hash.Hash { return sha3.New224() }},
		{name: "sha3-256", id: cryptography.SHA3_256, new: func() hash.Hash { return sha3.New256() }},
		{name: "sha3-384", id: cryptography.SHA3_384, new: func() hash.Hash { return sha3.New384() }},
		{name: "sha3-512", id: cryptography.SHA3_512, new: func() hash.Hash { return sha3.New512() }},
		{name: "sha384", id: cryptography.SHA384, new: sha512.New384},
		{name: "sha512", id: cryptography.SHA512, new: sha512.New},
		{name: "sha512-224", id: cryptography.SHA512_224, new: sha512.New512_224},
		{name: "sha512-256", id: cryptography.SHA512_256, new: sha512.New512_256},
		{name: "shake128", xof: sha3.NewSHAKE128, size: 16},
		{name: "shake256", xof: sha3.NewSHAKE256, size: 32},
	}
}

func orPanic[T any](v T, err error) T {
	must(err)
	return v
}

// nodeDigestByName finds a hash function by any of OpenSSL's names for it:
// "sha256", "SHA-256", "SHA2-256", "RSA-SHA256", "sha256WithRSAEncryption".
func nodeDigestByName(name string) *nodeDigest {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimPrefix(name, "rsa-"), "withrsaencryption")
	name = strings.ReplaceAll(name, "/", "-")
	switch name {
	case "sha-1", "sha1-2", "ssl3-sha1":
		name = "sha1"
	case "ssl3-md5":
		name = "md5"
	case "rmd160", "ripemd", "ripemd160withrsa", "ripemd-160":
		name = "ripemd160"
	case "sha-224", "sha-256", "sha-384", "sha-512", "sha-512-224", "sha-512-256":
		name = "sha" + name[4:]
	case "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha2-512-224", "sha2-512-256":
		name = "sha" + name[5:]
	case "blake2b-512", "blake2s-256":
		name = strings.Replace(name, "-", "", 1)
	case "shake-128", "shake-256":
		name = "shake" + name[6:]
	}
	for _, d := range nodeDigests() {
		if d.name == name {
			return d
		}
	}
	return nil
}

// shake is a SHAKE whose digest has a length of its own.
type shake struct {
	*sha3.SHAKE
	size int
}

func (s shake) Size() int { return s.size }

func (s shake) Sum(b []byte) []byte {
	out := make([]byte, s.size)
	_, _ = s.copy().Read(out) // never fails
	return append(b, out...)
}

func (s shake) copy() *sha3.SHAKE {
	state := orPanic(s.MarshalBinary())
	other := sha3.NewSHAKE128() // the state says which it is
	if s.BlockSize() != other.BlockSize() {
		other = sha3.NewSHAKE256()
	}
	must(other.UnmarshalBinary(state))
	return other
}

// nodeHash is a digest or a MAC under way.
type nodeHash struct {
	hash.Hash
	digest *nodeDigest
}

// clone continues on its own. ripemd160 has no way to; it gives nil.
func (h *nodeHash) clone() *nodeHash {
	switch d := h.Hash.(type) {
	case shake:
		return &nodeHash{shake{d.copy(), d.size}, h.digest}
	case hash.Cloner:
		c, err := d.Clone()
		must(err)
		return &nodeHash{c, h.digest}
	case encoding.BinaryMarshaler:
		c := h.digest.new()
		must(c.(encoding.BinaryUnmarshaler).UnmarshalBinary(orPanic(d.MarshalBinary())))
		return &nodeHash{c, h.digest}
	}
	return nil
}

// nodeFault is an error of Node's that may be made off the isolate. Without a
// code it has none.
type nodeFault struct{ class, code, message string }

func (f *nodeFault) Error() string { return f.message }

// ScriptValue makes the error, on the isolate.
func (f *nodeFault) ScriptValue(iso *js.Isolate) goja.Value {
	if f.code == "" {
		return iso.NewError(f.class, f.message)
	}
	return Of(iso).nodeError(f.class, f.code, "%s", f.message)
}

// opensslFault is an error that OpenSSL words: "error:1C800064:Provider
// routines::bad decrypt".
func opensslFault(number, library, reason string) error {
	code := "ERR_OSSL_"
	switch library {
	case "digital envelope routines":
		code += "EVP_"
	case "asn1 encoding routines":
		code += "ASN1_"
	}
	code += strings.ToUpper(strings.ReplaceAll(reason, " ", "_"))
	return &nodeFault{"Error", code, "error:" + number + ":" + library + "::" + reason}
}

// nodeHandle makes an object that carries Go state for the module's script.
func (e *Env) nodeHandle(state any) *goja.Object {
	return class(&e.node.handle, func() *js.Class { return e.iso.Class("Handle", 0, nil, nil) }).New(state)
}

// bytesOrPromise runs work that makes bytes: here, or on a goroutine for a
// promise. The result is an ArrayBuffer.
func (e *Env) bytesOrPromise(async bool, run func() ([]byte, error)) goja.Value {
	if !async {
		b, err := run()
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return e.arrayBuffer(b)
	}
	return e.iso.Go(contained(run, func(b []byte) goja.Value { return e.arrayBuffer(b) }))
}

// contained is work for Isolate.Go that survives a panic.
func contained[T any](run func() (T, error), build func(T) goja.Value) func() func() (goja.Value, error) {
	return func() (settle func() (goja.Value, error)) {
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
	}
}

// maxDerived bounds the bytes of one result, as the engine bounds a buffer.
const maxDerived = 512 << 20

// derivedSize is an argument that says how many bytes to make.
func (e *Env) derivedSize(v goja.Value) int {
	n := v.ToInteger()
	if n > maxDerived {
		panic(e.iso.RangeError("Array buffer allocation failed"))
	}
	return int(n)
}

// cryptoNatives adds them to o.
func (e *Env) cryptoNatives(o *goja.Object) {
	e.cipherNatives(o)
	e.keyNatives(o)
	rt := e.rt
	fn := func(name string, f func(goja.FunctionCall) goja.Value) { must(o.Set(name, e.iso.Func(name, 0, f))) }
	handle := func(v goja.Value) *nodeHash {
		h, _ := js.Host[nodeHash](e.iso, v)
		return h
	}
	view := e.viewOf
	names := make([]string, 0, 17)
	for _, d := range nodeDigests() {
		names = append(names, d.name)
	}
	must(o.Set("digests", e.stringArray(names)))

	// hash(name, length) is a handle, null for a name that is none; length is
	// undefined or what the digest shall have.
	fn("hash", func(c goja.FunctionCall) goja.Value {
		d := nodeDigestByName(c.Argument(0).String())
		if d == nil {
			return goja.Null()
		}
		length := c.Argument(1)
		if d.xof != nil {
			size := d.size
			if !goja.IsUndefined(length) {
				size = e.derivedSize(length)
			}
			return e.nodeHandle(&nodeHash{shake{d.xof(), size}, d})
		}
		h := d.new()
		if !goja.IsUndefined(length) && int(length.ToInteger()) != h.Size() {
			panic(e.iso.Thrown(opensslFault("030000B2", "digital envelope routines", "not XOF or invalid length")))
		}
		return e.nodeHandle(&nodeHash{h, d})
	})
	fn("hmac", func(c goja.FunctionCall) goja.Value {
		d := nodeDigestByName(c.Argument(0).String())
		if d == nil || d.new == nil {
			return goja.Null()
		}
		return e.nodeHandle(&nodeHash{hmac.New(d.new, view(c.Argument(1))), d})
	})
	fn("update", func(c goja.FunctionCall) goja.Value {
		handle(c.Argument(0)).Write(view(c.Argument(1)))
		return goja.Undefined()
	})
	fn("digest", func(c goja.FunctionCall) goja.Value { return e.arrayBuffer(handle(c.Argument(0)).Sum(nil)) })
	fn("copy", func(c goja.FunctionCall) goja.Value {
		if h := handle(c.Argument(0)).clone(); h != nil {
			return e.nodeHandle(h)
		}
		return goja.Null()
	})
	fn("random", func(c goja.FunctionCall) goja.Value {
		random(view(c.Argument(0)))
		return c.Argument(0)
	})
	fn("equal", func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(subtle.ConstantTimeCompare(view(c.Argument(0)), view(c.Argument(1))) == 1)
	})

	// The derivations are (…, async) and give an ArrayBuffer or a promise of it.
	derivation := func(name string, f func(c goja.FunctionCall) (run func() ([]byte, error), async goja.Value)) {
		fn(name, func(c goja.FunctionCall) goja.Value {
			run, async := f(c)
			return e.bytesOrPromise(async.ToBoolean(), run)
		})
	}
	digest := func(v goja.Value) *nodeDigest {
		d := nodeDigestByName(v.String())
		if d == nil || d.new == nil {
			panic(e.nodeError("TypeError", "ERR_CRYPTO_INVALID_DIGEST", "Invalid digest: %s", v.String()))
		}
		return d
	}
	// (password, salt, iterations, length, digest, async)
	derivation("pbkdf2", func(c goja.FunctionCall) (func() ([]byte, error), goja.Value) {
		password, salt := string(view(c.Argument(0))), bytes.Clone(view(c.Argument(1)))
		iterations, n := int(c.Argument(2).ToInteger()), e.derivedSize(c.Argument(3))
		d := digest(c.Argument(4))
		return func() ([]byte, error) {
			if n == 0 {
				return []byte{}, nil
			}
			return pbkdf2.Key(d.new, password, salt, iterations, n)
		}, c.Argument(5)
	})
	// (password, salt, length, N, r, p, maxmem, async)
	derivation("scrypt", func(c goja.FunctionCall) (func() ([]byte, error), goja.Value) {
		password, salt := bytes.Clone(view(c.Argument(0))), bytes.Clone(view(c.Argument(1)))
		n := e.derivedSize(c.Argument(2))
		cost, r, p := c.Argument(3).ToInteger(), c.Argument(4).ToInteger(), c.Argument(5).ToInteger()
		if cost < 2 || bits.OnesCount64(uint64(cost)) != 1 || r < 1 || p < 1 || r*p >= 1<<30 {
			panic(e.nodeError("RangeError", "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", "Invalid scrypt params"))
		}
		// OpenSSL's count of what it needs, as numbers too large for an integer.
		if need := 128*float64(p)*float64(r) + 128*float64(r)*(float64(cost)+2); need > c.Argument(6).ToFloat() {
			panic(e.nodeError("RangeError", "ERR_CRYPTO_INVALID_SCRYPT_PARAMS",
				"Invalid scrypt params: error:030000AC:digital envelope routines::memory limit exceeded"))
		}
		return func() ([]byte, error) {
			if n == 0 {
				return []byte{}, nil
			}
			return scrypt.Key(password, salt, int(cost), int(r), int(p), n)
		}, c.Argument(7)
	})
	// (digest, key, salt, info, length, async)
	derivation("hkdf", func(c goja.FunctionCall) (func() ([]byte, error), goja.Value) {
		d := digest(c.Argument(0))
		key, salt, info := bytes.Clone(view(c.Argument(1))), bytes.Clone(view(c.Argument(2))), string(view(c.Argument(3)))
		n := int(c.Argument(4).ToInteger())
		if n > 255*d.new().Size() {
			panic(e.nodeError("RangeError", "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length"))
		}
		return func() ([]byte, error) {
			if n == 0 {
				return []byte{}, nil
			}
			return hkdf.Key(d.new, key, salt, info, n)
		}, c.Argument(5)
	})
}

// viewOf is the bytes of an argument that the module's script has checked.
func (e *Env) viewOf(v goja.Value) []byte {
	b, ok := e.bytes(v)
	if !ok {
		panic(e.argType("buffer", "an instance of ArrayBuffer, Buffer, TypedArray, or DataView", v))
	}
	return b
}
