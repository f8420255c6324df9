package web

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestNodeModuleCases(t *testing.T) { runCases(t, "node") }

// Every script is served, and every module that is named evaluates.
func TestNodeModulesAreServed(t *testing.T) {
	for name := range nodePrograms() {
		if !slices.Contains(nodeModules, name) {
			t.Errorf("node/%s.js is not in nodeModules", name)
		}
	}
	onIsolate(t, func(e *Env) {
		for _, name := range nodeModules {
			a, err := e.iso.Import(name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if b, err := e.iso.Import("node:" + name); err != nil || a != b {
				t.Errorf("node:%s is not %s: %v", name, name, err)
			}
		}
	})
}

// No bytes that somebody sends for a key take the process down, and what is read
// can be written and read again.
func FuzzReadKey(f *testing.F) {
	cases, err := os.ReadFile("testdata/node/crypto_keys.js")
	if err != nil {
		f.Fatal(err)
	}
	for _, text := range regexp.MustCompile(`-----BEGIN [^"]*`).FindAllString(string(cases), -1) {
		f.Add([]byte(strings.ReplaceAll(text, `\n`, "\n")), true)
	}
	f.Fuzz(func(t *testing.T, data []byte, private bool) {
		for _, form := range [][2]string{{"pem", ""}, {"der", "pkcs8"}, {"der", "pkcs1"}, {"der", "sec1"}, {"der", "spki"}} {
			k, err := readKey(private, form[0], form[1], data, []byte("secret"), true)
			if err != nil {
				continue
			}
			k.jwk()
			out := map[string]string{"private": "pkcs8", "public": "spki"}[k.typ]
			der, _, err := k.encode(out)
			if err != nil {
				t.Fatalf("%s %s cannot be written: %v", k.typ, k.kind(), err)
			}
			if _, err := readKey(private, "der", out, der, nil, false); err != nil {
				t.Fatalf("%s %s cannot be read again: %v", k.typ, k.kind(), err)
			}
		}
	})
}

// The key stream of GCM is that of the standard library for a nonce of any
// length, in pieces of any size.
func TestGCMStream(t *testing.T) {
	block, err := aes.NewCipher(bytes.Repeat([]byte{7}, 16))
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789"), 50)
	for n := 1; n <= 64; n++ {
		for fill := range 4 {
			iv := bytes.Repeat([]byte{byte(fill * 85)}, n)
			aead, err := cipher.NewGCMWithNonceSize(block, n)
			if err != nil {
				t.Fatal(err)
			}
			want := aead.Seal(nil, iv, text, nil)[:len(text)]
			s, got := newGCMStream(block, iv), make([]byte, len(text))
			for i := 0; i < len(text); i += n {
				end := min(i+n, len(text))
				s.XORKeyStream(got[i:end], text[i:end])
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("nonce of %d bytes %x: the stream differs", n, iv[0])
			}
		}
	}
}

// The counter wraps within its 32 bits.
func TestGCMStreamWraps(t *testing.T) {
	block, err := aes.NewCipher(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	s := &gcmStream{block: block}
	s.start(1<<32 - 1)
	got := make([]byte, 48)
	s.XORKeyStream(got, got)
	for i, counter := range []uint32{1<<32 - 1, 0, 1} {
		in := make([]byte, 16)
		for j := range 4 {
			in[12+j] = byte(counter >> (24 - 8*j))
		}
		want := make([]byte, 16)
		block.Encrypt(want, in)
		if !bytes.Equal(got[16*i:16*i+16], want) {
			t.Errorf("block %d is not that of counter %d", i, counter)
		}
	}
}
