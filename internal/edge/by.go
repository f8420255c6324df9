package edge

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// By says whose requests are counted together. The zero value is by the client's
// address.
type By struct {
	header  string   // canonical
	cookies []string // the first that is there counts
}

// sessionCookies are the names under which sessions travel where the project
// does not say: those of Auth.js and its forerunner, better-auth, express-session,
// Django, PHP and servlets, and plain words.
var sessionCookies = []string{
	"__Host-session", "__Secure-session", "session", "session_id", "sessionid", "sid",
	"__Secure-authjs.session-token", "authjs.session-token", "__Secure-next-auth.session-token", "next-auth.session-token",
	"__Secure-better-auth.session_token", "better-auth.session_token", "connect.sid", "PHPSESSID", "JSESSIONID",
}

// ParseBy reads "ip" or "", "header:NAME", "cookie:NAME" and "session", which is
// the cookie of one of the names in sessions; nil is a list of usual ones. The
// error's text stands alone.
func ParseBy(s string, sessions []string) (By, error) {
	kind, name, named := strings.Cut(s, ":")
	switch {
	case s == "" || s == "ip":
		return By{}, nil
	case s == "session":
		if sessions == nil {
			sessions = sessionCookies
		}
		return By{cookies: sessions}, nil
	case named && (kind == "header" || kind == "cookie") && !isToken(name):
		return By{}, &Error{Text: quote(name) + " is no name of a " + kind, Hint: "write " + kind + ": and the name, such as " + quote(map[string]string{"header": "header:x-api-key", "cookie": "cookie:session"}[kind])}
	case named && kind == "header":
		return By{header: http.CanonicalHeaderKey(name)}, nil
	case named && kind == "cookie":
		return By{cookies: []string{name}}, nil
	}
	return By{}, &Error{Text: quote(s) + " does not say whose requests are counted together", Hint: `it is "ip", "header:NAME", "cookie:NAME" or "session"`}
}

// Address reports whether it is by nothing but the client's address.
func (b By) Address() bool { return b.header == "" && b.cookies == nil }

// Of tells whose a request is: what it goes by, such as "ip" or
// "header:X-Api-Key", and the value. A request without the header or cookie is
// its client's, as one without a name of its own. lines gives the lines of a
// header by its canonical name.
func (b By) Of(lines func(name string) []string, client netip.Addr) (by, value string) {
	if b.header != "" {
		if value = strings.Join(lines(b.header), ", "); value != "" {
			return "header:" + b.header, value
		}
	}
	if len(b.cookies) > 0 {
		if sent := lines("Cookie"); len(sent) > 0 {
			r := http.Request{Header: http.Header{"Cookie": sent}}
			for _, name := range b.cookies {
				all := r.CookiesNamed(name)
				if i := slices.IndexFunc(all, func(c *http.Cookie) bool { return c.Value != "" }); i >= 0 {
					return "cookie:" + name, all[i].Value
				}
			}
		}
	}
	return "ip", Household(client)
}

// Household is the address by which a client is counted: that of IPv4, and of
// IPv6 the /64, which is the least that a subscriber has (RFC 6177): who is
// counted by single addresses there has 2⁶⁴ allowances. An address that nobody
// knows is "".
func Household(client netip.Addr) string {
	client = client.Unmap()
	switch {
	case !client.IsValid():
		return ""
	case client.Is4():
		return client.String()
	}
	p, _ := client.WithZone("").Prefix(64) // 64 bits are within every IPv6 address
	return p.String()
}
