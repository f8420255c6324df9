package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

func TestCryptoCases(t *testing.T) { runCases(t, "crypto") }

// What Node 20 has not, or has otherwise than the standard.
func TestCryptoByTheStandard(t *testing.T) {
	cases := []struct{ name, script, want string }{
		{"SHA-3", `
			const hex = b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, '0')).join('');
			return hex(await crypto.subtle.digest('SHA3-256', new Uint8Array(0)))`,
			`"a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"`},
		{"a key is cloned", `
			const k = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']);
			const c = structuredClone({ k }).k;
			return [c !== k, c instanceof CryptoKey, c.usages, c.extractable, (await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, c, new Uint8Array(1))).byteLength]`,
			`[true,true,["encrypt"],false,17]`},
		{"a key that cannot be exported", `
			const k = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']);
			return outcome(() => crypto.subtle.exportKey('raw', k))`, `"InvalidAccessError: key is not extractable"`},
		{"usages are in canonical order", `
			const k = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['unwrapKey', 'decrypt', 'encrypt', 'decrypt']);
			return k.usages`, `["encrypt","decrypt","unwrapKey"]`},
		{"an empty nonce", `
			const k = await crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', false, ['encrypt']);
			return outcome(() => crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(0) }, k, new Uint8Array(1)))`,
			`"OperationError: The initialization vector must not be empty"`},
		{"operations reject, they do not throw", `
			const p = crypto.subtle.encrypt(); return [p instanceof Promise, await outcome(() => p)]`,
			`[true,"TypeError: Failed to execute 'encrypt' on 'SubtleCrypto': 3 arguments required, but only 0 present"]`},
		{"an algorithm that is read once", `
			let n = 0; const alg = { get name() { n++; return 'SHA-1' } };
			await crypto.subtle.digest(alg, new Uint8Array(1)); return n`, `1`},
		{"names are compared in ASCII", `return [await outcome(() => crypto.subtle.importKey('raw', new Uint8Array(1), 'PB\u212aDF2', false, ['deriveBits'])), (await crypto.subtle.importKey('raw', new Uint8Array(1), 'pBkDf2', false, ['deriveBits'])).algorithm.name]`,
			`["NotSupportedError: Unrecognized algorithm name","PBKDF2"]`},
		{"a getter that throws", `return outcome(() => crypto.subtle.digest({ get name() { throw new RangeError('mine') } }, new Uint8Array(1)))`, `"RangeError: mine"`},
		{"EC keys in the compressed form", `
			const k = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
			const raw = new Uint8Array(await crypto.subtle.exportKey('raw', k.publicKey));
			const short = new Uint8Array([2 + (raw[64] & 1), ...raw.slice(1, 33)]);
			const back = await crypto.subtle.importKey('raw', short, { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
			return new Uint8Array(await crypto.subtle.exportKey('raw', back)).join() === raw.join()`, `true`},
		{"bits that are no whole bytes", `
			const a = await crypto.subtle.generateKey('X25519', true, ['deriveBits']);
			const d = n => crypto.subtle.deriveBits({ name: 'X25519', public: a.publicKey }, a.privateKey, n);
			const all = new Uint8Array(await d(null)), some = new Uint8Array(await d(13));
			return [all.length, some.length, some[0] === all[0], some[1] === (all[1] & 0xf8)]`, `[32,2,true,true]`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := run(t, c.script); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// Short tags and unusual nonces are verified here and not by the library.
func TestGCMWithAnyTagAndNonce(t *testing.T) {
	key, text, extra := bytes.Repeat([]byte{7}, 32), []byte("some plain text that is longer than a block"), []byte("extra")
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	onIsolate(t, func(e *Env) {
		k := &cryptoKey{secret: key}
		for _, nonce := range []int{1, 7, 12, 13, 16, 100} {
			aead, err := cipher.NewGCMWithNonceSize(block, nonce)
			if err != nil {
				t.Fatal(err)
			}
			iv := bytes.Repeat([]byte{3}, nonce)
			want := aead.Seal(nil, iv, text, extra)
			for _, tag := range []int{32, 64, 96, 104, 112, 120, 128} {
				o := e.rt.NewObject()
				must(o.Set("iv", e.uint8Array(bytes.Clone(iv))))
				must(o.Set("additionalData", e.uint8Array(bytes.Clone(extra))))
				must(o.Set("tagLength", tag))
				p := &params{e: e, o: o, alg: e.algorithms()["aes-gcm"]}
				sealed, err := gcm(true)(p)(k, text)
				if err != nil || !bytes.Equal(sealed, want[:len(text)+tag/8]) {
					t.Fatalf("nonce %d, tag %d: sealed %x, %v", nonce, tag, sealed, err)
				}
				if opened, err := gcm(false)(p)(k, sealed); err != nil || !bytes.Equal(opened, text) {
					t.Errorf("nonce %d, tag %d: opened %q, %v", nonce, tag, opened, err)
				}
				for _, at := range []int{0, len(text), len(sealed) - 1} {
					bad := bytes.Clone(sealed)
					bad[at] ^= 1
					if _, err := gcm(false)(p)(k, bad); err == nil {
						t.Errorf("nonce %d, tag %d: a change at %d was not noticed", nonce, tag, at)
					}
				}
			}
		}
	})
}

// AES-CTR wraps within the counter's bits and leaves the nonce alone.
func TestCTRWraps(t *testing.T) {
	key := bytes.Repeat([]byte{9}, 16)
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	onIsolate(t, func(e *Env) {
		for _, bits := range []int{1, 3, 8, 9, 64, 127, 128} {
			counter := bytes.Repeat([]byte{0xff}, 16)
			n := 4 * 16
			if bits == 1 {
				n = 2 * 16
			}
			// The plain way: one block at a time.
			want := make([]byte, n)
			c := bytes.Clone(counter)
			for i := 0; i < n; i += 16 {
				block.Encrypt(want[i:i+16], c)
				for b := range bits { // add one to the low bits
					at := 15 - b/8
					c[at] ^= 1 << (b % 8)
					if c[at]&(1<<(b%8)) != 0 {
						break
					}
				}
			}
			o := e.rt.NewObject()
			must(o.Set("counter", e.uint8Array(counter)))
			must(o.Set("length", bits))
			got, err := ctr(&params{e: e, o: o, alg: e.algorithms()["aes-ctr"]})(&cryptoKey{secret: key}, make([]byte, n))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%d bits: got %x, %v, want %x", bits, got, err, want)
			}
		}
	})
}

// Large input leaves the isolate: other work runs before it is done.
func TestLargeWorkLeavesTheIsolate(t *testing.T) {
	got := run(t, `
		const log = [], subtle = crypto.subtle;
		const large = subtle.digest('SHA-512', new Uint8Array(8 << 20)).then(() => log.push('large'));
		await Promise.resolve(); log.push('other'); await large;
		const small = subtle.digest('SHA-512', new Uint8Array(10)).then(() => log.push('small'));
		await Promise.resolve(); await Promise.resolve(); log.push('after'); await small;
		return log`)
	if got != `["other","large","small","after"]` {
		t.Errorf("got %s", got)
	}
}

func TestManyOperationsAtOnce(t *testing.T) {
	got := run(t, `
		const s = crypto.subtle, k = await s.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign', 'verify']);
		const h = await s.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
		const all = await Promise.all(Array.from({ length: 60 }, async (_, i) => {
			const data = new Uint8Array(i % 3 ? 10 : 100000).fill(i);
			const alg = i % 2 ? 'HMAC' : { name: 'ECDSA', hash: 'SHA-256' }, pair = i % 2 ? [h, h] : [k.privateKey, k.publicKey];
			return s.verify(alg, pair[1], await s.sign(alg, pair[0], data), data);
		}));
		return all.filter(x => x === true).length`)
	if got != "60" {
		t.Errorf("%s of 60 signatures hold", got)
	}
}

// No input may make an import panic.
func FuzzImportKey(f *testing.F) {
	names := []string{"HMAC", "AES-GCM", "AES-KW", "HKDF", "PBKDF2", "RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP", "ECDSA", "ECDH", "Ed25519", "X25519"}
	f.Add(8, "spki", []byte("0Y0\x13\x06\x07*\x86H\xce=\x02\x01"), "AAAA")
	f.Add(5, "jwk", []byte("AQAB"), "AQAB")
	f.Add(10, "raw", make([]byte, 32), "")
	task := tasks(f)
	var importKey goja.Callable
	task(func(e *Env) {
		importKey, _ = goja.AssertFunction(e.eval(f, `(name, format, data, text, typ) => {
			const usages = { 'HMAC': ['sign'], 'AES-GCM': ['encrypt'], 'AES-KW': ['wrapKey'], 'HKDF': ['deriveBits'], 'PBKDF2': ['deriveBits'], 'RSA-OAEP': typ ? ['decrypt'] : ['encrypt'], 'ECDH': typ ? ['deriveBits'] : [], 'X25519': typ ? ['deriveBits'] : [] }[name] ?? (typ ? ['sign'] : ['verify']);
			const key = format === 'jwk' ? { kty: text, crv: text, k: text, n: text, e: 'AQAB', x: text, y: text, ...(typ ? { d: text, p: text, q: text } : {}), ...JSON.parse(text.startsWith('{') ? text : '{}') } : data;
			return crypto.subtle.importKey(format, key, { name, hash: 'SHA-256', namedCurve: 'P-256', length: 8 }, false, usages).then(() => {}, e => { if (!(e instanceof DOMException) && !(e instanceof TypeError) && !(e instanceof SyntaxError)) throw e });
		}`))
	})
	f.Fuzz(func(t *testing.T, which int, format string, data []byte, text string) {
		task(func(e *Env) {
			name := names[uint(which)%uint(len(names))]
			for _, private := range []bool{false, true} {
				_, err := importKey(goja.Undefined(), e.rt.ToValue(name), e.rt.ToValue(format), e.uint8Array(bytes.Clone(data)), e.rt.ToValue(text), e.rt.ToValue(private))
				if err != nil && !strings.Contains(err.Error(), "SyntaxError") { // JSON.parse's
					t.Errorf("%s %s: %v", name, format, err)
				}
			}
		})
	})
}

func BenchmarkRandomUUID(b *testing.B) {
	task := tasks(b)
	var fn goja.Callable
	task(func(e *Env) { fn, _ = goja.AssertFunction(e.eval(b, `() => crypto.randomUUID()`)) })
	b.ReportAllocs()
	for b.Loop() {
		task(func(e *Env) { e.call(fn, goja.Undefined()) })
	}
}

// A webhook's signature, as a handler verifies it.
func BenchmarkVerifyHMAC(b *testing.B) {
	for _, size := range []int{1 << 10, 32 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			task := tasks(b)
			var verify goja.Callable
			var args []goja.Value
			task(func(e *Env) {
				k := &cryptoKey{alg: e.algorithms()["hmac"], typ: "secret", usages: []string{"verify"}, hash: hashByName("SHA-256"), secret: make([]byte, 32)}
				body := make([]byte, size)
				verify, _ = goja.AssertFunction(e.eval(b, `(key, signature, body) => crypto.subtle.verify('HMAC', key, signature, body)`))
				args = []goja.Value{e.cryptoKeyClass().New(k), e.uint8Array(k.mac(body)), e.uint8Array(body)}
			})
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				task(func(e *Env) { e.call(verify, goja.Undefined(), args...) })
			}
		})
	}
}

// The same by hand, for scale.
func BenchmarkVerifyHMACPlain(b *testing.B) {
	k := &cryptoKey{hash: hashByName("SHA-256"), secret: make([]byte, 32)}
	body := make([]byte, 1<<10)
	signature := k.mac(body)
	b.ReportAllocs()
	for b.Loop() {
		if !bytes.Equal(k.mac(body), signature) {
			b.Fatal("differs")
		}
	}
}
