package web

import "testing"

// FuzzMIMEType reads anything as a Content-Type: what is written of it is read
// as the same (MIME Sniffing §4).
func FuzzMIMEType(f *testing.F) {
	for _, s := range []string{"text/html;charset=utf-8", `a/b; x="\"q\""; x=2; y=`, " TEXT/Plain ; Charset=\"a;b\" ", "", "/", "a/", "multipart/form-data; boundary=----x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMIMEType(s)
		if !ok {
			return
		}
		once := m.String()
		again, ok := parseMIMEType(once)
		if !ok {
			t.Fatalf("%q is written as %q, which is none", s, once)
		}
		if twice := again.String(); twice != once {
			t.Fatalf("%q is written as %q, and that as %q", s, once, twice)
		}
	})
}
