package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"math"
	"math/big"
	"strconv"

	cryptography "crypto"
)

// Digests and the algorithms of secret keys: HMAC, AES in its modes, HKDF, PBKDF2.

// hashFunc is a hash function.
type hashFunc struct {
	name  string
	id    cryptography.Hash
	block int    // size of a block in bytes
	jwa   string // what follows "HS" and "RS" in the names of RFC 7518
	new   func() hash.Hash
}

func hashes() []*hashFunc {
	return []*hashFunc{
		{"SHA-1", cryptography.SHA1, sha1.BlockSize, "1", sha1.New},
		{"SHA-256", cryptography.SHA256, sha256.BlockSize, "256", sha256.New},
		{"SHA-384", cryptography.SHA384, sha512.BlockSize, "384", sha512.New384},
		{"SHA-512", cryptography.SHA512, sha512.BlockSize, "512", sha512.New},
		{"SHA3-256", cryptography.SHA3_256, 136, "", func() hash.Hash { return sha3.New256() }},
		{"SHA3-384", cryptography.SHA3_384, 104, "", func() hash.Hash { return sha3.New384() }},
		{"SHA3-512", cryptography.SHA3_512, 72, "", func() hash.Hash { return sha3.New512() }},
	}
}

func hashByName(name string) *hashFunc {
	for _, h := range hashes() {
		if h.name == name {
			return h
		}
	}
	return nil
}

func (h *hashFunc) sum(data []byte) []byte {
	d := h.new()
	d.Write(data)
	return d.Sum(nil)
}

func digestAlgorithms() []*algorithm {
	var list []*algorithm
	for _, h := range hashes() {
		list = append(list, &algorithm{name: h.name, digest: func(*params) func([]byte) ([]byte, error) {
			return func(data []byte) ([]byte, error) { return h.sum(data), nil }
		}})
	}
	return list
}

func secretAlgorithms() []*algorithm {
	encryption := []string{"encrypt", "decrypt", "wrapKey", "unwrapKey"}
	list := []*algorithm{{
		name: "HMAC", secret: []string{"sign", "verify"},
		generate: generateHMAC, importKey: importHMAC, exportKey: exportSecret,
		sign: func(*params) func(*cryptoKey, []byte) ([]byte, error) {
			return func(k *cryptoKey, data []byte) ([]byte, error) { return k.mac(data), nil }
		},
		verify: func(*params) func(*cryptoKey, []byte, []byte) (bool, error) {
			return func(k *cryptoKey, signature, data []byte) (bool, error) {
				return hmac.Equal(k.mac(data), signature), nil
			}
		},
		keyLength: func(p *params) func() (int, error) {
			h, bits, given := hmacParams(p)
			return func() (int, error) {
				if !given {
					return h.block * 8, nil
				}
				if bits == 0 {
					return 0, &cryptoError{"TypeError", "Zero-length key is not supported"}
				}
				return bits, nil
			}
		},
		describe: func(k *cryptoKey, set func(string, any)) {
			set("hash", k.hash)
			set("length", len(k.secret)*8)
		},
	}}
	for _, mode := range []*algorithm{
		{name: "AES-GCM", secret: encryption, encrypt: gcm(true), decrypt: gcm(false)},
		{name: "AES-CBC", secret: encryption, encrypt: cbc(true), decrypt: cbc(false)},
		{name: "AES-CTR", secret: encryption, encrypt: ctr, decrypt: ctr},
		{name: "AES-KW", secret: []string{"wrapKey", "unwrapKey"}, wrap: keyWrap(true), unwrap: keyWrap(false)},
	} {
		mode.generate, mode.importKey, mode.exportKey = generateAES, importAES, exportSecret
		mode.keyLength = func(p *params) func() (int, error) {
			bits := p.requiredInteger("length", math.MaxUint16)
			return func() (int, error) { return bits, checkAES(bits) }
		}
		mode.describe = func(k *cryptoKey, set func(string, any)) { set("length", len(k.secret)*8) }
		list = append(list, mode)
	}
	return list
}

func hmacParams(p *params) (h *hashFunc, bits int, given bool) {
	h = p.hash()
	bits, given = p.integer("length", math.MaxUint32)
	return h, bits, given
}

func (k *cryptoKey) mac(data []byte) []byte {
	m := hmac.New(k.hash.new, k.secret)
	m.Write(data)
	return m.Sum(nil)
}

func generateHMAC(p *params) func() (*generated, error) {
	h, bits, given := hmacParams(p)
	if !given {
		bits = h.block * 8
	}
	if bits == 0 {
		panic(p.e.iso.Thrown(operationErrorf("Zero-length key is not supported")))
	}
	return func() (*generated, error) {
		if bits%8 != 0 {
			return nil, notSupported("A length that is no multiple of 8 is not supported")
		}
		k := &cryptoKey{hash: h, secret: make([]byte, bits/8)}
		random(k.secret)
		return &generated{secret: k}, nil
	}
}

func importHMAC(p *params) func(*keyImport) (*cryptoKey, error) {
	h, bits, given := hmacParams(p)
	return func(in *keyImport) (*cryptoKey, error) {
		if err := in.use("secret"); err != nil {
			return nil, err
		}
		secret, err := in.secret("sig", "HS"+h.jwa)
		if err != nil {
			return nil, err
		}
		if len(secret) == 0 {
			return nil, dataError("Zero-length key is not supported")
		}
		if given {
			// Only the bits of the last byte may be too many.
			if bits > len(secret)*8 || bits <= len(secret)*8-8 {
				return nil, dataError("Invalid key length")
			}
			if bits%8 != 0 {
				return nil, notSupported("A length that is no multiple of 8 is not supported")
			}
		}
		return &cryptoKey{typ: "secret", hash: h, secret: secret}, nil
	}
}

// secret reads the bytes of a secret key in the formats raw and jwk.
func (in *keyImport) secret(use string, alg ...string) ([]byte, error) {
	switch in.format {
	case "raw":
		return in.data, nil
	case "jwk":
		if err := in.checkJWK("oct", use, alg...); err != nil {
			return nil, err
		}
		b, ok := in.jwk.bytes("k")
		if !ok {
			return nil, dataError("Invalid JWK keyData")
		}
		return b, nil
	}
	return nil, in.unsupported()
}

func exportSecret(k *cryptoKey, format string) (*keyExport, error) {
	switch format {
	case "raw":
		return &keyExport{data: bytes.Clone(k.secret)}, nil
	case "jwk":
		j := newJWK("oct")
		j.setBytes("k", k.secret)
		if k.hash == nil {
			j.set("alg", jwaAES(k.alg.name, len(k.secret)))
		} else if k.hash.jwa != "" {
			j.set("alg", "HS"+k.hash.jwa)
		}
		return &keyExport{jwk: j}, nil
	}
	return nil, notSupported("Unable to export a " + k.alg.name + " key with format " + format)
}

// jwaAES is the name of RFC 7518 for AES keys: A128GCM.
func jwaAES(name string, n int) string { return "A" + strconv.Itoa(n*8) + name[len("AES-"):] }

func checkAES(bits int) error {
	if bits != 128 && bits != 192 && bits != 256 {
		return operationErrorf("AES key length must be 128, 192, or 256 bits")
	}
	return nil
}

func generateAES(p *params) func() (*generated, error) {
	bits := p.requiredInteger("length", math.MaxUint16)
	if err := checkAES(bits); err != nil {
		panic(p.e.iso.Thrown(err))
	}
	return func() (*generated, error) {
		k := &cryptoKey{secret: make([]byte, bits/8)}
		random(k.secret)
		return &generated{secret: k}, nil
	}
}

func importAES(p *params) func(*keyImport) (*cryptoKey, error) {
	return func(in *keyImport) (*cryptoKey, error) {
		if err := in.use("secret"); err != nil {
			return nil, err
		}
		secret, err := in.secret("enc")
		if err != nil {
			return nil, err
		}
		if checkAES(len(secret)*8) != nil {
			return nil, dataError("Invalid key length")
		}
		if in.jwk != nil {
			if a, ok := in.jwk.members["alg"]; ok && a != jwaAES(in.alg.name, len(secret)) {
				return nil, dataError(`JWK "alg" does not match the requested algorithm`)
			}
		}
		return &cryptoKey{typ: "secret", secret: secret}, nil
	}
}

// gcm is AES-GCM (NIST SP 800-38D) with any tag that the API allows. The
// standard library verifies tags of 12 to 16 bytes only with the usual nonce, so
// that others are compared here, after the data was encrypted once more.
func gcm(encrypt bool) dataOp {
	return func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
		iv, extra := p.buffer("iv"), p.optional("additionalData")
		tag, given := p.integer("tagLength", math.MaxUint8)
		if !given {
			tag = 128
		}
		return func(k *cryptoKey, data []byte) ([]byte, error) {
			switch tag {
			case 32, 64, 96, 104, 112, 120, 128:
			default:
				return nil, operationErrorf(strconv.Itoa(tag) + " is not a valid AES-GCM tag length")
			}
			if len(iv) == 0 {
				return nil, operationErrorf("The initialization vector must not be empty")
			}
			block, err := aes.NewCipher(k.secret)
			if err != nil {
				return nil, operationError()
			}
			aead, err := cipher.NewGCMWithNonceSize(block, len(iv))
			if err != nil {
				return nil, operationError()
			}
			n := tag / 8
			if encrypt {
				out := aead.Seal(nil, iv, data, extra)
				return out[:len(data)+n], nil
			}
			if len(data) < n {
				return nil, operationErrorf("The provided data is too small.")
			}
			if n == aead.Overhead() {
				out, err := aead.Open(nil, iv, data, extra)
				if err != nil {
					return nil, operationError()
				}
				return out, nil
			}
			// The cipher is its own inverse.
			text, sum := data[:len(data)-n], data[len(data)-n:]
			plain := aead.Seal(nil, iv, text, nil)[:len(text)]
			again := aead.Seal(nil, iv, plain, extra)
			if subtle.ConstantTimeCompare(again[len(text):len(text)+n], sum) != 1 {
				return nil, operationError()
			}
			return plain, nil
		}
	}
}

// cbc is AES-CBC with the padding of PKCS #7.
func cbc(encrypt bool) dataOp {
	return func(p *params) func(*cryptoKey, []byte) ([]byte, error) {
		iv := p.buffer("iv")
		return func(k *cryptoKey, data []byte) ([]byte, error) {
			if len(iv) != aes.BlockSize {
				return nil, operationErrorf(`The "iv" of AES-CBC must be 16 bytes`)
			}
			block, err := aes.NewCipher(k.secret)
			if err != nil {
				return nil, operationError()
			}
			if encrypt {
				n := aes.BlockSize - len(data)%aes.BlockSize
				out := append(bytes.Clone(data), bytes.Repeat([]byte{byte(n)}, n)...)
				cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, out)
				return out, nil
			}
			if len(data) == 0 || len(data)%aes.BlockSize != 0 {
				return nil, operationError()
			}
			out := make([]byte, len(data))
			cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, data)
			n := int(out[len(out)-1])
			if n == 0 || n > aes.BlockSize || !bytes.Equal(out[len(out)-n:], bytes.Repeat([]byte{byte(n)}, n)) {
				return nil, operationError()
			}
			return out[:len(out)-n], nil
		}
	}
}

// ctr is AES-CTR: only the last length bits of the counter count, and wrap.
func ctr(p *params) func(*cryptoKey, []byte) ([]byte, error) {
	counter, bits := p.buffer("counter"), p.requiredInteger("length", math.MaxUint8)
	return func(k *cryptoKey, data []byte) ([]byte, error) {
		if len(counter) != aes.BlockSize {
			return nil, operationErrorf(`The "counter" of AES-CTR must be 16 bytes`)
		}
		if bits < 1 || bits > 128 {
			return nil, operationErrorf("AES-CTR length must be between 1 and 128")
		}
		block, err := aes.NewCipher(k.secret)
		if err != nil {
			return nil, operationError()
		}
		limit := new(big.Int).Lsh(big.NewInt(1), uint(bits))
		blocks := int64((len(data) + aes.BlockSize - 1) / aes.BlockSize)
		if limit.Cmp(big.NewInt(blocks)) < 0 {
			return nil, operationErrorf("The counter would be used twice")
		}
		out := make([]byte, len(data))
		value := new(big.Int).SetBytes(counter)
		low := new(big.Int).Mod(value, limit)
		first := len(data)
		if left := new(big.Int).Sub(limit, low); left.Cmp(big.NewInt(blocks)) < 0 {
			first = int(left.Int64()) * aes.BlockSize
		}
		cipher.NewCTR(block, counter).XORKeyStream(out[:first], data[:first])
		if first < len(data) { // from zero on, with the same nonce
			start := new(big.Int).Sub(value, low).FillBytes(make([]byte, aes.BlockSize))
			cipher.NewCTR(block, start).XORKeyStream(out[first:], data[first:])
		}
		return out, nil
	}
}

// keyWrap is AES Key Wrap (RFC 3394).
func keyWrap(wrap bool) dataOp {
	return func(*params) func(*cryptoKey, []byte) ([]byte, error) {
		return func(k *cryptoKey, data []byte) ([]byte, error) {
			block, err := aes.NewCipher(k.secret)
			if err != nil {
				return nil, operationError()
			}
			const initial = 0xa6a6a6a6a6a6a6a6
			if len(data)%8 != 0 || wrap && len(data) < 16 || !wrap && len(data) < 24 {
				return nil, operationError()
			}
			var b [aes.BlockSize]byte
			if wrap {
				n := len(data) / 8
				out := make([]byte, 8+len(data))
				copy(out[8:], data)
				a := uint64(initial)
				for t := uint64(1); t <= uint64(6*n); t++ {
					r := out[8*(1+(t-1)%uint64(n)):][:8]
					binary.BigEndian.PutUint64(b[:], a)
					copy(b[8:], r)
					block.Encrypt(b[:], b[:])
					a = binary.BigEndian.Uint64(b[:]) ^ t
					copy(r, b[8:])
				}
				binary.BigEndian.PutUint64(out, a)
				return out, nil
			}
			n := len(data)/8 - 1
			out := bytes.Clone(data[8:])
			a := binary.BigEndian.Uint64(data)
			for t := uint64(6 * n); t > 0; t-- {
				r := out[8*((t-1)%uint64(n)):][:8]
				binary.BigEndian.PutUint64(b[:], a^t)
				copy(b[8:], r)
				block.Decrypt(b[:], b[:])
				a = binary.BigEndian.Uint64(b[:])
				copy(r, b[8:])
			}
			if a != initial {
				return nil, operationError()
			}
			return out, nil
		}
	}
}

func derivationAlgorithms() []*algorithm {
	usages := []string{"deriveKey", "deriveBits"}
	importSecret := func(*params) func(*keyImport) (*cryptoKey, error) {
		return func(in *keyImport) (*cryptoKey, error) {
			if in.format != "raw" {
				return nil, in.unsupported()
			}
			if err := in.use("secret"); err != nil {
				return nil, err
			}
			if in.extractable {
				return nil, syntaxError(in.alg.name + " keys are not extractable")
			}
			return &cryptoKey{typ: "secret", secret: in.data}, nil
		}
	}
	none := func(*params) func() (int, error) { return func() (int, error) { return -1, nil } }
	check := func(bits int) error {
		switch {
		case bits < 0:
			return operationErrorf("length cannot be null")
		case bits%8 != 0:
			return operationErrorf("length must be a multiple of 8")
		}
		return nil
	}
	return []*algorithm{{
		name: "HKDF", secret: usages, importKey: importSecret, keyLength: none,
		deriveBits: func(p *params) func(*cryptoKey, int) ([]byte, error) {
			h, info, salt := p.hash(), p.buffer("info"), p.buffer("salt")
			return func(k *cryptoKey, bits int) ([]byte, error) {
				if err := check(bits); err != nil {
					return nil, err
				}
				b, err := hkdf.Key(h.new, k.secret, salt, string(info), bits/8)
				if err != nil {
					return nil, operationError()
				}
				return b, nil
			}
		},
	}, {
		name: "PBKDF2", secret: usages, importKey: importSecret, keyLength: none,
		slow: func(*cryptoKey) bool { return true },
		deriveBits: func(p *params) func(*cryptoKey, int) ([]byte, error) {
			h, iterations, salt := p.hash(), p.requiredInteger("iterations", math.MaxUint32), p.buffer("salt")
			return func(k *cryptoKey, bits int) ([]byte, error) {
				if err := check(bits); err != nil {
					return nil, err
				}
				if iterations == 0 {
					return nil, operationErrorf("iterations cannot be zero")
				}
				if bits == 0 {
					return []byte{}, nil
				}
				b, err := pbkdf2.Key(h.new, string(k.secret), salt, iterations, bits/8)
				if err != nil {
					return nil, operationError()
				}
				return b, nil
			}
		},
	}}
}
