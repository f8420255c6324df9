package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
	"golang.org/x/crypto/chacha20"
	"golang.org/x/crypto/chacha20poly1305"
)

// The ciphers of node:crypto: AES in the modes CBC, ECB, CTR and GCM, and
// ChaCha20-Poly1305.

type nodeCipherInfo struct {
	name         string
	mode         string
	nid          int
	key, iv      int // sizes in bytes; iv is the usual one where the mode takes others
	authenticate bool
}

func nodeCiphers() []nodeCipherInfo {
	var list []nodeCipherInfo
	for i, bits := range []int{128, 192, 256} {
		name := "aes-" + strconv.Itoa(bits) + "-"
		list = append(list,
			nodeCipherInfo{name: name + "cbc", mode: "cbc", nid: 419 + 4*i, key: bits / 8, iv: 16},
			nodeCipherInfo{name: name + "ctr", mode: "ctr", nid: 904 + i, key: bits / 8, iv: 16},
			nodeCipherInfo{name: name + "ecb", mode: "ecb", nid: 418 + 4*i, key: bits / 8},
			nodeCipherInfo{name: name + "gcm", mode: "gcm", nid: 895 + 3*i, key: bits / 8, iv: 12, authenticate: true})
	}
	return append(list, nodeCipherInfo{name: "chacha20-poly1305", mode: "stream", nid: 1018, key: 32, iv: 12, authenticate: true})
}

func nodeCipherByName(name string) (nodeCipherInfo, bool) {
	name = strings.ToLower(name)
	switch name {
	case "aes128", "aes192", "aes256":
		name = "aes-" + name[3:] + "-cbc"
	case "id-aes128-gcm", "id-aes192-gcm", "id-aes256-gcm":
		name = "aes-" + name[6:]
	}
	for _, c := range nodeCiphers() {
		if c.name == name {
			return c, true
		}
	}
	return nodeCipherInfo{}, false
}

// nodeCipher is an encryption or decryption under way. The authenticated modes
// give out text before the tag is known, as Node does, and keep the plaintext
// to compute the tag from at the end.
type nodeCipher struct {
	info    nodeCipherInfo
	encrypt bool
	done    bool

	stream cipher.Stream
	blocks cipher.BlockMode
	rest   []byte // of block modes: what is no whole block, or the last one of a decryption
	raw    bool   // without padding

	aead             cipher.AEAD
	iv, extra, plain []byte
	tag              []byte // expected, or computed
	tagLength        int    // 0 for any
}

func newNodeCipher(info nodeCipherInfo, encrypt bool, key, iv []byte) (*nodeCipher, error) {
	c := &nodeCipher{info: info, encrypt: encrypt}
	if len(key) != info.key {
		return nil, &nodeFault{"RangeError", "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length"}
	}
	if len(iv) != info.iv && (info.mode != "gcm" || len(iv) == 0) {
		return nil, &nodeFault{"TypeError", "ERR_CRYPTO_INVALID_IV", "Invalid initialization vector"}
	}
	c.iv = bytes.Clone(iv)
	if info.mode == "stream" {
		s, err := chacha20.NewUnauthenticatedCipher(key, iv)
		if err != nil {
			return nil, err
		}
		s.SetCounter(1) // block 0 is the key of the tag (RFC 8439 §2.8)
		c.stream = s
		c.aead, err = chacha20poly1305.New(key)
		return c, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	switch info.mode {
	case "cbc":
		if c.blocks = cipher.NewCBCDecrypter(block, iv); encrypt {
			c.blocks = cipher.NewCBCEncrypter(block, iv)
		}
	case "ecb":
		c.blocks = ecb{block, encrypt}
	case "ctr":
		c.stream = cipher.NewCTR(block, iv)
	case "gcm":
		c.stream = newGCMStream(block, iv)
		c.aead, err = cipher.NewGCMWithNonceSize(block, len(iv))
	}
	return c, err
}

// ecb is each block for itself.
type ecb struct {
	cipher.Block
	encrypt bool
}

func (m ecb) CryptBlocks(dst, src []byte) {
	for n := m.BlockSize(); len(src) > 0; dst, src = dst[n:], src[n:] {
		if m.encrypt {
			m.Encrypt(dst, src)
		} else {
			m.Decrypt(dst, src)
		}
	}
}

// gcmStream is the key stream of GCM, whose counter has 32 bits (NIST SP 800-38D §6.5).
type gcmStream struct {
	block   cipher.Block
	counter [aes.BlockSize]byte
	stream  cipher.Stream
	left    int64 // bytes before the counter wraps
}

func newGCMStream(block cipher.Block, iv []byte) cipher.Stream {
	s := &gcmStream{block: block}
	if len(iv) == 12 {
		copy(s.counter[:], iv)
		s.counter[15] = 1
	} else {
		s.counter = gcmCounter(block, iv)
	}
	s.start(binary.BigEndian.Uint32(s.counter[12:]) + 1)
	return s
}

func (s *gcmStream) start(counter uint32) {
	binary.BigEndian.PutUint32(s.counter[12:], counter)
	s.stream, s.left = cipher.NewCTR(s.block, s.counter[:]), (1<<32-int64(counter))*aes.BlockSize
}

func (s *gcmStream) XORKeyStream(dst, src []byte) {
	for len(src) > 0 {
		n := int(min(int64(len(src)), s.left))
		s.stream.XORKeyStream(dst[:n], src[:n])
		dst, src = dst[n:], src[n:]
		if s.left -= int64(n); s.left == 0 {
			s.start(0)
		}
	}
}

// gcmCounter is the first counter block for an iv that has not 12 bytes: GHASH
// of the iv and its length (NIST SP 800-38D §7.1, step 2).
func gcmCounter(block cipher.Block, iv []byte) (y [aes.BlockSize]byte) {
	var key [aes.BlockSize]byte
	block.Encrypt(key[:], key[:])
	data := append(bytes.Clone(iv), make([]byte, (aes.BlockSize-len(iv)%aes.BlockSize)%aes.BlockSize+8)...)
	data = binary.BigEndian.AppendUint64(data, uint64(len(iv))*8)
	h1, h2 := binary.BigEndian.Uint64(key[:8]), binary.BigEndian.Uint64(key[8:])
	var y1, y2 uint64
	for ; len(data) > 0; data = data[aes.BlockSize:] {
		y1 ^= binary.BigEndian.Uint64(data)
		y2 ^= binary.BigEndian.Uint64(data[8:])
		// The product in GF(2^128), bits from the left (§6.3), without a branch
		// that depends on the key.
		var z1, z2 uint64
		v1, v2 := h1, h2
		for i := range 128 {
			x := y1
			if i >= 64 {
				x = y2
			}
			mask := -(x >> (63 - i%64) & 1)
			z1, z2 = z1^v1&mask, z2^v2&mask
			carry := -(v2 & 1)
			v1, v2 = v1>>1^carry&(0xe1<<56), v2>>1|v1<<63
		}
		y1, y2 = z1, z2
	}
	binary.BigEndian.PutUint64(y[:8], y1)
	binary.BigEndian.PutUint64(y[8:], y2)
	return y
}

func (c *nodeCipher) update(data []byte) []byte {
	if c.stream != nil {
		out := make([]byte, len(data))
		c.stream.XORKeyStream(out, data)
		if c.aead != nil {
			if c.encrypt {
				c.plain = append(c.plain, data...)
			} else {
				c.plain = append(c.plain, out...)
			}
		}
		return out
	}
	in := append(c.rest, data...)
	n := len(in) / aes.BlockSize * aes.BlockSize
	if !c.encrypt && !c.raw && n == len(in) && n > 0 {
		n -= aes.BlockSize // it may be the last, with the padding
	}
	out := make([]byte, n)
	c.blocks.CryptBlocks(out, in[:n])
	c.rest = bytes.Clone(in[n:])
	return out
}

func (c *nodeCipher) final() ([]byte, error) {
	c.done = true
	if c.aead != nil {
		sum := c.aead.Seal(nil, c.iv, c.plain, c.extra)[len(c.plain):]
		c.plain = nil
		if c.encrypt {
			n := c.tagLength
			if n == 0 {
				n = len(sum)
			}
			c.tag = sum[:n]
			return []byte{}, nil
		}
		if c.tag == nil || subtle.ConstantTimeCompare(sum[:len(c.tag)], c.tag) != 1 {
			return nil, &nodeFault{"Error", "", "Unsupported state or unable to authenticate data"}
		}
		return []byte{}, nil
	}
	if c.stream != nil {
		return []byte{}, nil
	}
	in, n := c.rest, aes.BlockSize
	c.rest = nil
	wrong := opensslFault("1C80006B", "Provider routines", "wrong final block length")
	switch {
	case c.raw && len(in) == 0:
		return []byte{}, nil
	case c.raw:
		return nil, wrong
	case c.encrypt:
		pad := n - len(in)
		out := append(bytes.Clone(in), bytes.Repeat([]byte{byte(pad)}, pad)...)
		c.blocks.CryptBlocks(out, out)
		return out, nil
	case len(in) != n:
		return nil, wrong
	}
	out := make([]byte, n)
	c.blocks.CryptBlocks(out, in)
	pad := int(out[n-1])
	if pad == 0 || pad > n || !bytes.Equal(out[n-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, opensslFault("1C800064", "Provider routines", "bad decrypt")
	}
	return out[:n-pad], nil
}

func (e *Env) cipherNatives(o *goja.Object) {
	rt := e.rt
	fn := func(name string, f func(goja.FunctionCall) goja.Value) { must(o.Set(name, e.iso.Func(name, 0, f))) }
	handle := func(v goja.Value) *nodeCipher {
		c, _ := js.Host[nodeCipher](e.iso, v)
		return c
	}
	fault := func(class, code, message string) { panic(e.iso.Thrown(&nodeFault{class, code, message})) }
	state := func(operation string) {
		if operation != "" {
			operation = " for operation " + operation
		}
		fault("Error", "ERR_CRYPTO_INVALID_STATE", "Invalid state"+operation)
	}
	names := []string{}
	for _, c := range nodeCiphers() {
		names = append(names, c.name)
	}
	must(o.Set("ciphers", e.stringArray(names)))
	// cipherInfo(name) is [name, mode, nid, key size, iv size, authenticated], or null.
	fn("cipherInfo", func(c goja.FunctionCall) goja.Value {
		info, ok := nodeCipherByName(c.Argument(0).String())
		if !ok {
			return goja.Null()
		}
		return rt.NewArray(info.name, info.mode, info.nid, info.key, info.iv, info.authenticate)
	})
	// cipher(name, encrypt, key, iv, length of the tag or 0)
	fn("cipher", func(c goja.FunctionCall) goja.Value {
		info, ok := nodeCipherByName(c.Argument(0).String())
		if !ok {
			fault("Error", "ERR_CRYPTO_UNKNOWN_CIPHER", "Unknown cipher")
		}
		var iv []byte
		if !goja.IsNull(c.Argument(3)) {
			iv = e.viewOf(c.Argument(3))
		}
		s, err := newNodeCipher(info, c.Argument(1).ToBoolean(), e.viewOf(c.Argument(2)), iv)
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		if n := int(c.Argument(4).ToInteger()); n != 0 && info.authenticate {
			if !gcmTag(n, info.mode) {
				fault("TypeError", "ERR_CRYPTO_INVALID_AUTH_TAG", "Invalid authentication tag length: "+strconv.Itoa(n))
			}
			s.tagLength = n
		}
		return e.nodeHandle(s)
	})
	fn("cipherUpdate", func(c goja.FunctionCall) goja.Value {
		s := handle(c.Argument(0))
		if s.done {
			fault("Error", "", "Trying to add data in unsupported state")
		}
		return e.arrayBuffer(s.update(e.viewOf(c.Argument(1))))
	})
	fn("cipherFinal", func(c goja.FunctionCall) goja.Value {
		s := handle(c.Argument(0))
		if s.done {
			state("")
		}
		b, err := s.final()
		if err != nil {
			panic(e.iso.Thrown(err))
		}
		return e.arrayBuffer(b)
	})
	fn("cipherPadding", func(c goja.FunctionCall) goja.Value {
		s := handle(c.Argument(0))
		if s.done {
			state("setAutoPadding")
		}
		s.raw = !c.Argument(1).ToBoolean()
		return goja.Undefined()
	})
	fn("cipherExtra", func(c goja.FunctionCall) goja.Value {
		s := handle(c.Argument(0))
		if s.done || s.aead == nil {
			state("setAAD")
		}
		s.extra = append(s.extra, e.viewOf(c.Argument(1))...)
		return goja.Undefined()
	})
	fn("cipherTag", func(c goja.FunctionCall) goja.Value {
		s := handle(c.Argument(0))
		if !s.done || s.aead == nil || !s.encrypt {
			state("getAuthTag")
		}
		return e.arrayBuffer(bytes.Clone(s.tag))
	})
	fn("cipherSetTag", func(c goja.FunctionCall) goja.Value {
		s, tag := handle(c.Argument(0)), e.viewOf(c.Argument(1))
		if s.done || s.aead == nil || s.encrypt || s.tag != nil {
			state("setAuthTag")
		}
		if !gcmTag(len(tag), s.info.mode) || s.tagLength != 0 && s.tagLength != len(tag) {
			fault("TypeError", "ERR_CRYPTO_INVALID_AUTH_TAG", "Invalid authentication tag length: "+strconv.Itoa(len(tag)))
		}
		s.tag = bytes.Clone(tag)
		return goja.Undefined()
	})
}

// gcmTag reports whether a tag may have n bytes.
func gcmTag(n int, mode string) bool {
	if mode == "stream" {
		return n >= 1 && n <= 16
	}
	return n == 4 || n == 8 || n >= 12 && n <= 16
}
