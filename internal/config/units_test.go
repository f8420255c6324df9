package config

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   any
		want int64
		err  string // of the error's text
	}{
		{"4mb", 4 << 20, ""},
		{"4 MB", 4 << 20, ""},
		{"512kb", 512 << 10, ""},
		{"1gb", 1 << 30, ""},
		{"1.5gb", 3 << 29, ""},
		{"2tb", 2 << 40, ""},
		{"10", 10, ""},
		{"10b", 10, ""},
		{"8kib", 8 << 10, ""},
		{"3m", 3 << 20, ""},
		{" 1 kb ", 1 << 10, ""},
		{1048576.0, 1 << 20, ""},
		{int64(1048576), 1 << 20, ""},
		{false, -1, ""},
		{true, 0, "true is not a size"},
		{nil, 0, "null is not a size"},
		{0.0, 0, "0 is not a limit"},
		{int64(0), 0, "0 is not a limit"},
		{"0kb", 0, "0 is not a limit"},
		{-1.0, 0, "the number -1 is not a size"},
		{int64(-5), 0, "the number -5 is not a size"},
		{1.5, 0, "the number 1.5 is not a size"},
		{1e30, 0, "is not a size"},
		{"", 0, `the string "" is not a size`},
		{"mb", 0, "is not a size"},
		{"-4mb", 0, "is not a size"},
		{"4 megs", 0, `"4 megs" has a unit that is not known`},
		{"1.2.3kb", 0, "is not a size"},
		{"99999999999tb", 0, "is not a size"},
		{[]any{}, 0, "a list is not a size"},
	} {
		got, err := ParseSize(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("ParseSize(%#v) = %d, %v; want %d, %q", c.in, got, err, c.want, c.err)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for _, c := range []struct {
		in   any
		want time.Duration
		err  string
	}{
		{"10s", 10 * time.Second, ""},
		{"1m30s", 90 * time.Second, ""},
		{"1m 30s", 90 * time.Second, ""},
		{"500ms", 500 * time.Millisecond, ""},
		{"1.5h", 90 * time.Minute, ""},
		{"2d", 48 * time.Hour, ""},
		{"5min", 5 * time.Minute, ""},
		{"1H", time.Hour, ""},
		{2500.0, 2500 * time.Millisecond, ""},
		{int64(20), 20 * time.Millisecond, ""},
		{0.5, 500 * time.Microsecond, ""},
		{false, -1, ""},
		{true, 0, "true is not a time"},
		{0.0, 0, "0 is not a limit"},
		{"0s", 0, "is not a limit"},
		{"", 0, "is not a time"},
		{"10", 0, "is not a time"}, // of what
		{"s", 0, "is not a time"},
		{"-1s", 0, "is not a time"},
		{"1s1m", 0, "is not a time"},
		{"1m1m", 0, "is not a time"},
		{"1 year", 0, "is not a time"},
		{"1..5s", 0, "is not a time"},
		{"9999999999h", 0, "is not a time"},
		{-3.0, 0, "is not a time"},
		{1e300, 0, "is not a time"},
		{nil, 0, "null is not a time"},
	} {
		got, err := ParseDuration(c.in)
		if got != c.want || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("ParseDuration(%#v) = %d, %v; want %d, %q", c.in, got, err, c.want, c.err)
		}
	}
}

// What a number of a unit is, is the same however it is written.
func FuzzUnits(f *testing.F) {
	for _, s := range []string{"4mb", "1m30s", "500ms", "1.5 gb", "0", "", ".", "1e3", "١kb", "9223372036854775807", "1d2h3m4s5ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, text := range []string{s, strings.ToUpper(s), " " + s + " "} {
			size, err1 := ParseSize(s)
			again, err2 := ParseSize(text)
			if size != again || (err1 == nil) != (err2 == nil) {
				if strings.ToLower(strings.ToUpper(s)) == strings.ToLower(s) { // ASCII's case, not Unicode's
					t.Errorf("ParseSize(%q) = %d, %v, ParseSize(%q) = %d, %v", s, size, err1, text, again, err2)
				}
			}
			if err1 == nil && size <= 0 {
				t.Errorf("ParseSize(%q) = %d", s, size)
			}
			d, err := ParseDuration(text)
			if (err == nil) != (d > 0) {
				t.Errorf("ParseDuration(%q) = %d, %v", text, d, err)
			}
			if ms := d.Milliseconds(); ms > 0 {
				same, err := ParseDuration(strconv.FormatInt(ms, 10) + "ms")
				if diff := d - same; err != nil || diff < 0 || diff > time.Millisecond+d/1e9 {
					t.Errorf("%q is %s, which is read as %s, %v", text, d, same, err)
				}
			}
		}
	})
}
