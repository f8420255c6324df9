package edge

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func TestBy(t *testing.T) {
	client := netip.MustParseAddr("203.0.113.9")
	for _, c := range []struct {
		by        string
		sessions  []string
		header    string // lines
		as, value string
	}{
		{"", nil, "X-Api-Key: a", "ip", "203.0.113.9"},
		{"ip", nil, "Cookie: session=1", "ip", "203.0.113.9"},
		{"header:x-api-key", nil, "X-Api-Key: a", "header:X-Api-Key", "a"},
		{"header:X-API-KEY", nil, "X-Api-Key: a\nX-Api-Key: b", "header:X-Api-Key", "a, b"},
		{"header:x-api-key", nil, "X-Api-Key: ", "ip", "203.0.113.9"},
		{"header:x-api-key", nil, "", "ip", "203.0.113.9"},
		{"cookie:sid", nil, "Cookie: a=1; sid=x", "cookie:sid", "x"},
		{"cookie:sid", nil, "Cookie: a=1\nCookie: sid=x", "cookie:sid", "x"},
		{"cookie:sid", nil, "Cookie: sid=", "ip", "203.0.113.9"},
		{"cookie:sid", nil, "Cookie: sid=; sid=x", "cookie:sid", "x"},
		{"cookie:sid", nil, "Cookie: SID=x", "ip", "203.0.113.9"},
		{"session", nil, "Cookie: a=1", "ip", "203.0.113.9"},
		{"session", nil, "Cookie: authjs.session-token=t", "cookie:authjs.session-token", "t"},
		{"session", nil, "Cookie: sid=s; session=t", "cookie:session", "t"},
		{"session", []string{"mine"}, "Cookie: session=t", "ip", "203.0.113.9"},
		{"session", []string{"mine"}, "Cookie: session=t; mine=u", "cookie:mine", "u"},
	} {
		b, err := ParseBy(c.by, c.sessions)
		if err != nil {
			t.Errorf("%s: %v", c.by, err)
			continue
		}
		h := http.Header{}
		for line := range strings.Lines(c.header) {
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			h.Add(name, value)
		}
		as, value := b.Of(func(name string) []string { return h[name] }, client)
		if as != c.as || value != c.value {
			t.Errorf("%s of %q is %s %q, want %s %q", c.by, c.header, as, value, c.as, c.value)
		}
		if b.Address() != (c.by == "" || c.by == "ip") {
			t.Errorf("%s: Address is %v", c.by, b.Address())
		}
	}
	for _, wrong := range []string{"address", "header", "header:", "header:x y", "cookie:", "cookie:a;b", "Header:x", "sessions"} {
		if _, err := ParseBy(wrong, nil); err == nil || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

func TestHousehold(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9":                 "203.0.113.9",
		"::ffff:203.0.113.9":          "203.0.113.9",
		"2001:db8:1:2:3:4:5:6":        "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff:ffff::":    "2001:db8:1:2::/64",
		"2001:db8:1:3::1":             "2001:db8:1:3::/64",
		"fe80::1%eth0":                "fe80::/64",
		"::1":                         "::/64",
		"64:ff9b:0:0:0:0:203.0.113.9": "64:ff9b::/64",
	} {
		if got := Household(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is counted as %s, want %s", address, got, want)
		}
	}
	if got := Household(netip.Addr{}); got != "" {
		t.Errorf("nobody is counted as %q", got)
	}
}

// Whatever by and the headers are: one who has nothing is counted by address,
// and a value of the client's is never taken for one.
func FuzzBy(f *testing.F) {
	f.Add("header:x-api-key", "X-Api-Key", "k")
	f.Add("cookie:id", "Cookie", "a=1; id=2; id=3")
	f.Add("session", "Cookie", `session="q"; sid=é`)
	f.Fuzz(func(t *testing.T, by, name, value string) {
		b, err := ParseBy(by, nil)
		if err != nil {
			if b.Address() == false {
				t.Error("what is wrong is by something")
			}
			return
		}
		client := netip.MustParseAddr("203.0.113.9")
		as, whose := b.Of(func(n string) []string {
			if n == name {
				return []string{value}
			}
			return nil
		}, client)
		switch {
		case whose == "":
			t.Errorf("%q of %s: %q is nobody", by, name, value)
		case as == "ip" && whose != "203.0.113.9":
			t.Errorf("%q of %s: %q has the address %q", by, name, value, whose)
		case as != "ip" && b.Address():
			t.Errorf("%q is by %s", by, as)
		}
	})
}
