package edge

import (
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// host is what one Host header says, taken apart, with its two origins written
// out so that a request with a host seen before builds no text.
type host struct {
	raw  string
	name string // lower case; an IPv6 address is in brackets
	port string // "" when none was given
	ip   bool

	allowed bool // by AllowedHosts, or because that is empty
	listed  bool // AllowedHosts or PublicOrigin name it: more than allowed

	http, https authority
}

// authority is a host under one scheme.
type authority struct {
	proto, host, port, origin string
}

// newAuthority leaves a scheme's own port away, as the URL Standard writes
// origins.
func newAuthority(proto, name, port string) authority {
	a := authority{proto: proto, host: name, port: port}
	switch own := defaultPort(proto); port {
	case "", own:
		a.port = own
	default:
		a.host = name + ":" + port
	}
	a.origin = proto + "://" + a.host
	return a
}

func defaultPort(proto string) string {
	if proto == "https" {
		return "443"
	}
	return "80"
}

func (h *host) under(proto string) authority {
	if proto == "https" {
		return h.https
	}
	return h.http
}

// parseHost accepts one host with or without a port: what the URL Standard's
// host parser leaves as it is, but for capitals. What that parser would change
// (0x7f.1, a percent escape, an empty port) has two readings and is refused.
func parseHost(s string) (*host, error) {
	bad := func(why string) (*host, error) {
		return nil, &Error{Status: 400, Text: "the host " + quote(s) + " is not valid: " + why}
	}
	if s == "" {
		return bad("it is empty")
	}
	if len(s) > 261 { // a name of 253, a colon and a port, and some room for brackets
		return bad("it is too long")
	}
	name, port, hasPort := strings.Cut(s, ":")
	if s[0] == '[' {
		port, hasPort = "", false
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return bad("a bracket is not closed")
		}
		name = s[:end+1]
		switch rest := s[end+1:]; {
		case rest == "":
		case rest[0] == ':':
			port, hasPort = rest[1:], true
		default:
			return bad("there is text behind the bracket")
		}
	}
	if hasPort && !validPort(port) {
		return bad("its port is no number from 0 to 65535")
	}
	h := &host{raw: strings.Clone(s), port: strings.Clone(port)}
	if name[:min(1, len(name))] == "[" {
		a, err := netip.ParseAddr(name[1 : len(name)-1])
		if err != nil || !a.Is6() || a.Zone() != "" {
			return bad("no IPv6 address is in the brackets")
		}
		// The standard's one way to write it: ::FFFF:1.2.3.4 is ::ffff:102:304.
		h.name, h.ip = "["+writeIPv6(a)+"]", true
	} else {
		h.name = strings.ToLower(strings.Clone(name))
		ip, why := checkName(h.name)
		if why != "" {
			return bad(why)
		}
		h.ip = ip
	}
	h.http, h.https = newAuthority("http", h.name, h.port), newAuthority("https", h.name, h.port)
	return h, nil
}

// writeIPv6 is the URL Standard's IPv6 serializer: netip's text, but that has
// mapped IPv4 addresses with dots.
func writeIPv6(a netip.Addr) string {
	if !a.Is4In6() {
		return a.String()
	}
	b := a.As16()
	return "::ffff:" + strconv.FormatUint(uint64(b[12])<<8|uint64(b[13]), 16) + ":" + strconv.FormatUint(uint64(b[14])<<8|uint64(b[15]), 16)
}

// validPort accepts a number as the URL Standard writes it.
func validPort(p string) bool {
	n, err := strconv.ParseUint(p, 10, 16)
	return err == nil && strconv.FormatUint(n, 10) == p
}

// checkName says what is wrong with a name in lower case.
func checkName(name string) (ip bool, why string) {
	whole := strings.TrimSuffix(name, ".") // one dot at the end is the root of DNS
	if whole == "" || len(whole) > 253 {
		return false, "a name has 1 to 253 characters"
	}
	last := ""
	for label := range strings.SplitSeq(whole, ".") {
		if label == "" || len(label) > 63 {
			return false, "the parts of a name have 1 to 63 characters"
		}
		for i := range len(label) {
			c := label[i]
			if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
				continue
			}
			return false, "only letters, digits, - and _ are in a name; others are written in Punycode"
		}
		if strings.HasPrefix(label, "xn--") && !validPunycode(label) {
			return false, "the part " + label + " is not valid Punycode"
		}
		last = label
	}
	// URL Standard, "ends in a number": then it is an IPv4 address or nothing.
	if number(last) {
		a, err := netip.ParseAddr(whole)
		if err != nil || !a.Is4() || whole != name {
			return false, "it ends in a number and is no IPv4 address"
		}
		return true, ""
	}
	return false, ""
}

func number(label string) bool {
	if rest, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(rest, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// validPunycode accepts a label that stands for another one and is the only
// way to write it. xn--example- decodes to plain "example": read by one program
// as itself and by the next as another host's name, it is refused.
func validPunycode(label string) bool {
	profile := idna.New(idna.MapForLookup(), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(false), idna.StrictDomainName(true), idna.Transitional(false))
	u, err := profile.ToUnicode(label)
	if err != nil || u == label {
		return false
	}
	plain := true
	for i := range len(u) {
		plain = plain && u[i] < 0x80
	}
	if plain {
		return false
	}
	back, err := profile.ToASCII(u)
	return err == nil && back == label
}

// hostPattern is an entry of AllowedHosts.
type hostPattern struct {
	name   string // "" is any name
	port   string // "" is any port
	below  bool   // names under .name
	anyIP  bool
	source string
}

func parseHostPattern(s string) (hostPattern, error) {
	p := hostPattern{source: s}
	rest := strings.ToLower(strings.TrimSpace(s))
	if rest == "ip" {
		p.anyIP = true
		return p, nil
	}
	if a, err := netip.ParseAddr(rest); err == nil && a.Is6() && a.Zone() == "" {
		rest = "[" + rest + "]" // without a port, brackets may be left away
	}
	if after, ok := strings.CutPrefix(rest, "*."); ok {
		p.below, rest = true, after
	}
	h, err := parseHost(rest)
	if err != nil || p.below && h.ip {
		hint := "an entry is a host such as example.com or example.com:8080, *.example.com for all names below it, or ip for any IP address"
		if strings.Contains(s, "://") {
			hint = "an entry is a host without the scheme"
		}
		return p, &Error{Setting: "allowedHosts", Entry: s, Text: "allowedHosts: " + quote(s) + " is no host", Hint: hint}
	}
	p.name, p.port = strings.TrimSuffix(h.name, "."), h.port
	return p, nil
}

func (p *hostPattern) match(h *host) bool {
	if p.anyIP {
		return h.ip
	}
	if p.port != "" && p.port != h.port {
		return false
	}
	name := strings.TrimSuffix(h.name, ".")
	if p.below {
		return len(name) > len(p.name)+1 && strings.HasSuffix(name, p.name) && name[len(name)-len(p.name)-1] == '.'
	}
	return name == p.name
}

// parseOrigin reads an http or https origin, or for settings one of another
// scheme such as capacitor://localhost, and writes it as browsers do.
func parseOrigin(s string) (authority, bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok || len(s) > 300 {
		return authority{}, false
	}
	scheme = strings.ToLower(scheme)
	for i := range len(scheme) {
		c := scheme[i]
		if c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.') {
			continue
		}
		return authority{}, false
	}
	if scheme == "" {
		return authority{}, false
	}
	h, err := parseHost(rest)
	if err != nil {
		return authority{}, false
	}
	switch scheme {
	case "http", "https":
		return h.under(scheme), true
	}
	a := authority{proto: scheme, host: h.name, port: h.port}
	if h.port != "" {
		a.host += ":" + h.port
	}
	a.origin = scheme + "://" + a.host
	return a, true
}

// quote shows what a client or a setting says, and not more of it than a line.
func quote(s string) string {
	if len(s) > 80 {
		s = s[:80] + "…"
	}
	return strconv.Quote(s)
}
