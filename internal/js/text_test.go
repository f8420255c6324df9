package js

import (
	"testing"

	"github.com/dop251/goja"
	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	pool := harness(t, 1, Options{}, `return {}`)
	iso := pool.Isolates()[0]
	unit := rapid.OneOf(rapid.Uint16(), rapid.Uint16Range(0, 0x900), rapid.Uint16Range(0xD780, 0xE080))
	rapid.Check(t, func(t *rapid.T) {
		s := goja.StringFromUTF16(rapid.SliceOf(unit).Draw(t, "units"))
		if got, want := iso.Text(s), s.String(); got != want {
			t.Fatalf("%+q, want %+q", got, want)
		}
		if got, want := string(iso.AppendText([]byte("x"), s)), "x"+s.String(); got != want {
			t.Fatalf("%+q, want %+q", got, want)
		}
	})
	for _, s := range []string{"", "a", "longer than sixteen bytes", "länger als sechzehn Bytes"} {
		v := iso.rt.ToValue(s).(goja.String)
		if got := iso.Text(v); got != s {
			t.Errorf("%q, want %q", got, s)
		}
	}
}
