package cache

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"time"
)

// An entry as bytes: a line of two fixed-width decimal numbers, Made and
// Checked, so that a store's own scripts can compare ages without knowing the
// rest; a version byte; the fields, each with its length; and a CRC-32C of all
// of it. What fails the checksum was torn or is not ours.

const (
	codecVersion = 2
	stampWidth   = 16
	headWidth    = 2 * stampWidth
)

var errTorn = errors.New("the entry is torn: its checksum is wrong")

func castagnoli(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// Encode writes an entry.
func Encode(e *Entry) []byte {
	b := make([]byte, 0, e.Size())
	b = fmt.Appendf(b, "%016d%016d", e.Made, e.Checked)
	b = append(b, codecVersion, byte(e.Kind))
	b = binary.AppendUvarint(b, uint64(e.Status))
	b = binary.AppendUvarint(b, uint64(max(e.Lifetime.Revalidate, 0)))
	b = binary.AppendUvarint(b, uint64(max(e.Lifetime.Expire, 0)))
	b = appendText(b, e.Name)
	b = appendText(b, e.URL)
	b = binary.AppendUvarint(b, uint64(len(e.Tags)))
	for _, tag := range e.Tags {
		b = appendText(b, tag)
	}
	names := make([]string, 0, len(e.Header))
	for name := range e.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, name := range names {
		b = appendText(b, name)
		b = binary.AppendUvarint(b, uint64(len(e.Header[name])))
		for _, v := range e.Header[name] {
			b = appendText(b, v)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(e.Body)))
	b = append(b, e.Body...)
	return binary.BigEndian.AppendUint32(b, castagnoli(b))
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Decode reads an entry. The entry keeps no part of b.
func Decode(b []byte) (*Entry, error) {
	if len(b) < headWidth+2+4 {
		return nil, errTorn
	}
	fields, sum := b[:len(b)-4], b[len(b)-4:]
	if binary.BigEndian.Uint32(sum) != castagnoli(fields) {
		return nil, errTorn
	}
	made, checked, ok := Stamps(b)
	if !ok {
		return nil, errors.New("the entry has no stamps")
	}
	if v := fields[headWidth]; v != codecVersion {
		return nil, fmt.Errorf("the entry is of format %d, not %d", v, codecVersion)
	}
	e := &Entry{Made: made, Checked: checked, Kind: Kind(fields[headWidth+1])}
	r := &reader{b: fields[headWidth+2:]}
	e.Status = int(r.number())
	e.Lifetime.Revalidate = time.Duration(r.number())
	e.Lifetime.Expire = time.Duration(r.number())
	e.Name = r.text()
	e.URL = r.text()
	if n := r.count(); n > 0 {
		e.Tags = make([]string, n)
		for i := range e.Tags {
			e.Tags[i] = r.text()
		}
	}
	if n := r.count(); n > 0 {
		e.Header = make(http.Header, n)
		for range n {
			name := r.text()
			values := make([]string, r.count())
			for i := range values {
				values[i] = r.text()
			}
			e.Header[name] = values
		}
	}
	e.Body = []byte(r.text())
	if r.bad || len(r.b) > 0 {
		return nil, errors.New("the entry's fields are not those of its format")
	}
	return e, nil
}

// Stamps reads Made and Checked from the front of an encoded entry.
func Stamps(b []byte) (made, checked Stamp, ok bool) {
	if len(b) < headWidth {
		return 0, 0, false
	}
	n := [2]Stamp{}
	for i := range headWidth {
		d := b[i] - '0'
		if d > 9 {
			return 0, 0, false
		}
		n[i/stampWidth] = n[i/stampWidth]*10 + Stamp(d)
	}
	return n[0], n[1], true
}

// reader reads fields. After a field that does not fit all are empty.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > 1<<63-1 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number of fields to come; each has a byte at least.
func (r *reader) count() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *reader) text() string {
	n := r.count()
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}
