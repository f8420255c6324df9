package files

import (
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for _, c := range []struct {
		header        string
		start, length int64
		kind          rangeKind
	}{
		{"bytes=0-0", 0, 1, oneRange},
		{"bytes=0-", 0, 10, oneRange},
		{"bytes=3-5", 3, 3, oneRange},
		{"bytes=3-99", 3, 7, oneRange},
		{"bytes=-2", 8, 2, oneRange},
		{"bytes=-99", 0, 10, oneRange},
		{"bytes=9-", 9, 1, oneRange},
		{"bytes=0-99999999999999999999999", 0, 10, oneRange},
		{"Bytes = 0-1", 0, 2, oneRange},
		{"bytes= 0-1 , ", 0, 2, oneRange},
		{"bytes=0-1,2-3", 0, 4, oneRange},
		{"bytes=4-5,0-4", 0, 6, oneRange},
		{"bytes=0-0,9-9,1-8", 0, 10, oneRange},
		{"bytes=0-1,20-", 0, 2, oneRange},
		{"bytes=10-", 0, 0, noRange},
		{"bytes=99999999999999999999999-", 0, 0, noRange},
		{"bytes=-0", 0, 0, noRange},
		{"bytes=20-30,40-", 0, 0, noRange},
		{"bytes=0-1,3-4", 0, 0, wholeFile},
		{"bytes=5-3", 0, 0, wholeFile},
		{"bytes=0-1,5-3", 0, 0, wholeFile},
		{"bytes=", 0, 0, wholeFile},
		{"bytes=,", 0, 0, wholeFile},
		{"bytes=-", 0, 0, wholeFile},
		{"bytes=a-b", 0, 0, wholeFile},
		{"bytes=0", 0, 0, wholeFile},
		{"bytes=--1", 0, 0, wholeFile},
		{"bytes=+1-2", 0, 0, wholeFile},
		{"bytes=0x1-2", 0, 0, wholeFile},
		{"items=0-1", 0, 0, wholeFile},
		{"bytes 0-1", 0, 0, wholeFile},
		{"", 0, 0, wholeFile},
		{"bytes=" + strings.Repeat("0-,", 200), 0, 0, wholeFile},
	} {
		start, length, kind := parseRange(c.header, 10)
		if start != c.start || length != c.length || kind != c.kind {
			t.Errorf("%q: got %d+%d, %d; want %d+%d, %d", c.header, start, length, kind, c.start, c.length, c.kind)
		}
	}
	if _, _, kind := parseRange("bytes=0-", 0); kind != noRange {
		t.Errorf("of an empty file: %d", kind)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-2", "bytes=0-1,3-", "bytes=9-,0-8", "bytes=99-", "x=1-2", "bytes=1-0"} {
		f.Add(s, int64(10))
	}
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			size = -(size + 1)
		}
		start, length, kind := parseRange(header, size)
		if kind == oneRange && (start < 0 || length < 1 || start >= size || length > size-start) {
			t.Fatalf("%q of %d is %d+%d", header, size, start, length)
		}
		if kind != oneRange && (start != 0 || length != 0) {
			t.Fatalf("%q of %d: kind %d with %d+%d", header, size, kind, start, length)
		}
	})
}
