package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"io"
	"net/http"
	"slices"
	"strings"
)

// Key names an entry: the SHA-256 of all that its answer depends on.
type Key [sha256.Size]byte

func (k Key) String() string { return hex.EncodeToString(k[:]) }

// Keyer makes a key from parts. Every part is written with its type and its
// length, so that no two sequences of parts are the same bytes: "ab" and "c"
// are not "a" and "bc", and no value stands for a separator.
type Keyer struct {
	w   io.Writer
	sum hash.Hash
	buf [1 + binary.MaxVarintLen64]byte
}

const (
	partText   = 't'
	partBytes  = 'b'
	partNumber = 'n'
	partList   = 'l'
	partHeader = 'h'
)

// NewKey begins a key. Keys of different spaces ("fetch", "route") never meet.
func NewKey(space string) *Keyer {
	sum := sha256.New()
	k := &Keyer{w: sum, sum: sum}
	return k.Text(space)
}

func (k *Keyer) head(kind byte, n uint64) {
	k.buf[0] = kind
	// A hash's Write does not fail.
	_, _ = k.w.Write(k.buf[:1+binary.PutUvarint(k.buf[1:], n)])
}

// Text adds a string.
func (k *Keyer) Text(s string) *Keyer {
	k.head(partText, uint64(len(s)))
	_, _ = io.WriteString(k.w, s)
	return k
}

// Bytes adds bytes, such as a body.
func (k *Keyer) Bytes(b []byte) *Keyer {
	k.head(partBytes, uint64(len(b)))
	_, _ = k.w.Write(b)
	return k
}

// Number adds a number.
func (k *Keyer) Number(n int64) *Keyer {
	k.head(partNumber, uint64(n))
	return k
}

// List adds strings in their order.
func (k *Keyer) List(list []string) *Keyer {
	k.head(partList, uint64(len(list)))
	for _, s := range list {
		k.Text(s)
	}
	return k
}

// Header adds a header: names without regard to case and in no order, the
// values of each in theirs. Whole values count, so that two schemes or two
// credentials are two keys. Names in skip, in lower case, do not count.
func (k *Keyer) Header(h http.Header, skip ...string) *Keyer {
	fields := make(map[string][]string, len(h))
	written := make([]string, 0, len(h))
	for name := range h {
		written = append(written, name)
	}
	slices.Sort(written) // two spellings of one name: always in the same order
	names := make([]string, 0, len(h))
	for _, name := range written {
		lower := strings.ToLower(name)
		if slices.Contains(skip, lower) {
			continue
		}
		if _, seen := fields[lower]; !seen {
			names = append(names, lower)
		}
		fields[lower] = append(fields[lower], h[name]...)
	}
	slices.Sort(names)
	k.head(partHeader, uint64(len(names)))
	for _, name := range names {
		k.Text(name).List(fields[name])
	}
	return k
}

// Key is the key of all parts so far.
func (k *Keyer) Key() Key {
	var key Key
	k.sum.Sum(key[:0])
	return key
}
