package edge

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
)

// internalPrefixes begin the names of headers that Next.js, its hosts or we
// use between the parts of a server. From outside they mean nothing and are
// dropped: no request header carries internal state.
var internalPrefixes = []string{"X-Middleware-", "X-Nextjs-", "X-Portico-", "X-Invoke-", "X-Now-Route-", "X-Next-"}

// clean drops what may come from nobody, and reports whether there are
// forwarded headers. It is one pass over the header of every request.
func clean(h http.Header) (forwarded bool) {
	for name := range h {
		if strings.IndexByte(name, '_') >= 0 { // CGI's readers take X_User for X-User
			delete(h, name)
			continue
		}
		switch {
		case len(name) < 3:
		case name[0] == 'X' && name[1] == '-':
			switch {
			case isForwarded(name):
				forwarded = true
			case name == "X-Matched-Path" || isInternal(name):
				delete(h, name)
			}
		case name == "Forwarded":
			forwarded = true
		case name == "Next-Resume":
			delete(h, name)
		}
	}
	if lines := h["Connection"]; lines != nil && !usual(lines) {
		dropNamed(h, lines)
	}
	return forwarded
}

func usual(connection []string) bool {
	return len(connection) == 1 && (connection[0] == "close" || connection[0] == "keep-alive" || connection[0] == "Upgrade")
}

// dropNamed ends here what the client says is of its connection alone (RFC 9110
// §7.6.1), before anything of ours is added: a proxy behind the middleware would
// take a field that middleware sets for one of the client's, and drop it. What
// proxies say of a client is never of one connection, whoever names it.
func dropNamed(h http.Header, connection []string) {
	var kept []string
	for _, line := range connection {
		for name := range strings.SplitSeq(line, ",") {
			switch name = strings.TrimSpace(name); strings.ToLower(name) {
			case "":
			case "close", "keep-alive", "upgrade", "te", "http2-settings":
				kept = append(kept, name)
			default:
				if k := http.CanonicalHeaderKey(name); !isForwarded(k) && k != "Connection" {
					delete(h, k)
				}
			}
		}
	}
	delete(h, "Connection")
	if kept != nil {
		h["Connection"] = []string{strings.Join(kept, ", ")}
	}
}

func isInternal(name string) bool {
	for _, p := range internalPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}

// isForwarded names every header by which proxies speak of a client. Those of
// CDNs are none: they are for whoever knows to be behind one.
func isForwarded(name string) bool {
	return name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded") && (len(name) == len("X-Forwarded") || name[len("X-Forwarded")] == '-')
}

func dropForwarded(h http.Header) {
	for name := range h {
		if isForwarded(name) {
			delete(h, name)
		}
	}
}

// Bounds of what is read of forwarded headers. Nobody has more proxies.
const (
	maxHops      = 32
	maxForwarded = 4 << 10 // bytes of a Forwarded header, all lines
)

// forwarding is what trusted proxies say of a client.
type forwarding struct {
	addr  netip.Addr // invalid: they do not know
	hops  int        // proxies that have spoken of an address; 0: none has
	proto string     // "http", "https" or ""
	host  string
	port  string // of X-Forwarded-Port, when it says more than the scheme
}

// forwarded reads the forwarded headers of a trusted peer, and leaves in h only
// what is known to be true. What is malformed in the part that trusted proxies
// wrote is an error, and not passed over: the request would then have the
// proxy's own address, which may open more doors than the client's.
func (c *Clients) forwarded(h http.Header) (forwarding, error) {
	standard, x := h["Forwarded"], false
	for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"} {
		x = x || len(h[name]) > 0
	}
	readX, readStandard := x && c.forwarding != Standard, len(standard) > 0 && c.forwarding != XForwarded

	var fx, fs forwarding
	var err error
	var chain []string
	if readX {
		if fx, chain, err = c.xForwarded(h); err != nil {
			return forwarding{}, err
		}
	}
	if readStandard {
		var elements []element
		if elements, err = parseForwarded(standard); err != nil {
			return forwarding{}, err
		}
		var nodes []string
		if fs, nodes, err = c.standard(elements); err != nil {
			return forwarding{}, err
		}
		if !readX || len(chain) == 0 {
			chain = nodes
		}
	}
	f := fx
	if readStandard {
		if readX {
			if what := disagree(&fx, &fs); what != "" {
				return forwarding{}, &Error{Status: http.StatusBadRequest,
					Text: "Forwarded and X-Forwarded-" + what + " do not say the same",
					Hint: "the proxy in front writes one of them and should remove the other"}
			}
		}
		f = merge(fx, fs)
	}

	realIP := h["X-Real-Ip"] != nil
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		delete(h, name)
	}
	if c.forwarding == Standard {
		for _, name := range []string{"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port"} {
			delete(h, name)
		}
	}
	if len(chain) > 0 {
		h["X-Forwarded-For"] = []string{joinReversed(chain)}
	}
	if realIP && f.addr.IsValid() {
		h["X-Real-Ip"] = []string{f.addr.String()}
	}
	return f, nil
}

// disagree says of what two kinds of headers say different things.
func disagree(x, s *forwarding) string {
	switch {
	case x.hops > 0 && s.hops > 0 && x.addr != s.addr:
		return "For"
	case x.proto != "" && s.proto != "" && x.proto != s.proto:
		return "Proto"
	case x.host != "" && s.host != "" && !strings.EqualFold(x.host, s.host):
		return "Host"
	}
	return ""
}

func merge(x, s forwarding) forwarding {
	if x.hops == 0 {
		x.addr, x.hops = s.addr, s.hops
	}
	if x.proto == "" {
		x.proto = s.proto
	}
	if x.host == "" {
		x.host = s.host
	}
	return x
}

// walk goes from the nearest proxy outwards over what each says of whom it
// speaks for, and stops at the first that is not trusted: what is further out
// is the client's own invention.
func (c *Clients) walk(nodes []string) (a netip.Addr, hops int, err error) {
	for i, n := range nodes {
		if i == maxHops {
			return a, i, &Error{Status: http.StatusBadRequest, Text: "a forwarded header has too many proxies"}
		}
		a, err = parseNode(n)
		if err != nil || !a.IsValid() || !c.trusts(a) {
			return a, i + 1, err
		}
	}
	return a, len(nodes), nil
}

// xForwarded reads the X-Forwarded headers. chain has the addresses up to the
// client, nearest first.
func (c *Clients) xForwarded(h http.Header) (f forwarding, chain []string, err error) {
	nodes := lastItems(h["X-Forwarded-For"])
	if f.addr, f.hops, err = c.walk(nodes); err != nil {
		return f, nil, err
	}
	chain = nodes[:f.hops]
	// A proxy that overwrites leaves one value, one that appends a list beside
	// that of addresses: what the outermost trusted one wrote counts.
	pick := func(name string) string {
		items := lastItems(h[name])
		if len(items) == 0 {
			return ""
		}
		return items[min(len(items), max(f.hops, 1))-1]
	}
	if v := pick("X-Forwarded-Proto"); v != "" {
		if f.proto = scheme(v); f.proto == "" {
			return f, nil, malformed("X-Forwarded-Proto", v)
		}
	}
	if v := pick("X-Forwarded-Host"); v != "" {
		if _, err := parseHost(v); err != nil {
			return f, nil, malformed("X-Forwarded-Host", v)
		}
		f.host = v
	}
	// Proxies in a row are known to send port 80 beside https: only a port that
	// belongs to no scheme tells something.
	if v := pick("X-Forwarded-Port"); v != "" {
		if !validPort(v) {
			return f, nil, malformed("X-Forwarded-Port", v)
		}
		if v != "80" && v != "443" {
			f.port = v
		}
	}
	return f, chain, nil
}

// standard reads the elements of Forwarded, nearest first.
func (c *Clients) standard(elements []element) (f forwarding, chain []string, err error) {
	nodes := make([]string, 0, len(elements))
	for _, e := range elements {
		nodes = append(nodes, e.node) // "" is unknown
	}
	if f.addr, f.hops, err = c.walk(nodes); err != nil {
		return f, nil, err
	}
	for i := f.hops - 1; i >= 0; i-- {
		e := &elements[i]
		if f.proto == "" && e.proto != "" {
			if f.proto = scheme(e.proto); f.proto == "" {
				return f, nil, malformed("Forwarded", e.proto)
			}
		}
		if f.host == "" && e.host != "" {
			if _, err := parseHost(e.host); err != nil {
				return f, nil, malformed("Forwarded", e.host)
			}
			f.host = e.host
		}
	}
	for i := range f.hops {
		if nodes[i] == "" {
			nodes[i] = "unknown"
		}
	}
	return f, nodes[:f.hops], nil
}

func malformed(name, value string) error {
	return &Error{Status: http.StatusBadRequest, Text: name + " is malformed at " + quote(value)}
}

func scheme(s string) string {
	switch strings.ToLower(s) {
	case "http", "ws":
		return "http"
	case "https", "wss":
		return "https"
	}
	return ""
}

// lastItems are the items of a list in several header lines, last first, at
// most one more than maxHops.
func lastItems(lines []string) []string {
	var items []string
	for i := len(lines) - 1; i >= 0; i-- {
		rest := lines[i]
		for more := true; more; {
			var item string
			comma := strings.LastIndexByte(rest, ',')
			item, more = rest[comma+1:], comma >= 0
			if more {
				rest = rest[:comma]
			}
			if item = strings.Trim(item, " \t"); item == "" {
				continue // RFC 9110 §5.6.1: empty items are passed over
			}
			if items = append(items, item); len(items) > maxHops {
				return items
			}
		}
	}
	return items
}

// joinReversed writes addresses in the order of X-Forwarded-For.
func joinReversed(chain []string) string {
	var b strings.Builder
	for i := len(chain) - 1; i >= 0; i-- {
		if a, err := parseNode(chain[i]); err == nil && a.IsValid() {
			b.WriteString(a.String())
		} else {
			b.WriteString("unknown")
		}
		if i > 0 {
			b.WriteString(", ")
		}
	}
	return b.String()
}

// parseNode reads an address with or without a port. It is invalid, without an
// error, for those that say that they do not tell: "unknown" and names with an
// underscore in front (RFC 7239 §6), and nginx's "unix:".
func parseNode(s string) (netip.Addr, error) {
	if s == "" || strings.EqualFold(s, "unknown") || s == "unix:" || s[0] == '_' && isToken(s) {
		return netip.Addr{}, nil
	}
	bad := malformed("a forwarded address", s)
	text := s
	switch colons := strings.Count(s, ":"); {
	case s[0] == '[':
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return netip.Addr{}, bad
		}
		if rest := s[end+1:]; rest != "" && !nodePort(rest) {
			return netip.Addr{}, bad
		}
		if text = s[1:end]; !strings.Contains(text, ":") {
			return netip.Addr{}, bad
		}
	case colons == 1:
		i := strings.IndexByte(s, ':')
		if !nodePort(s[i:]) {
			return netip.Addr{}, bad
		}
		text = s[:i]
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, bad
	}
	return a.Unmap(), nil
}

// nodePort accepts RFC 7239's node-port with its colon: a number, or a name
// that begins with an underscore.
func nodePort(s string) bool {
	s = s[1:]
	if s != "" && s[0] == '_' {
		return isToken(s)
	}
	_, err := strconv.ParseUint(s, 10, 16)
	return err == nil
}

// element is what one proxy says in Forwarded.
type element struct {
	node, proto, host string
}

// parseForwarded reads RFC 7239's header, and gives its elements last first.
// All of it must be well-formed, also what the client wrote: a quote that it
// left open swallows what the proxy has appended.
func parseForwarded(lines []string) ([]element, error) {
	var list []element
	size := 0
	for _, s := range lines {
		if size += len(s); size > maxForwarded {
			return nil, &Error{Status: http.StatusBadRequest, Text: "Forwarded is too long"}
		}
		e, pairs := element{}, map[string]bool{}
		add := func() error {
			if len(pairs) > 0 {
				list = append(list, e)
			}
			e, pairs = element{}, map[string]bool{}
			if len(list) > maxHops {
				return &Error{Status: http.StatusBadRequest, Text: "a forwarded header has too many proxies"}
			}
			return nil
		}
		for rest := strings.Trim(s, " \t"); rest != ""; {
			switch rest[0] {
			case ',':
				if err := add(); err != nil {
					return nil, err
				}
				rest = strings.TrimLeft(rest[1:], " \t")
				continue
			case ';':
				rest = strings.TrimLeft(rest[1:], " \t")
				continue
			}
			name, value, after, ok := forwardedPair(rest)
			if !ok || pairs[name] {
				return nil, malformed("Forwarded", rest)
			}
			pairs[name] = true
			switch name {
			case "for":
				e.node = value
			case "proto":
				e.proto = value
			case "host":
				e.host = value
			}
			if rest = strings.TrimLeft(after, " \t"); rest != "" && rest[0] != ';' && rest[0] != ',' {
				return nil, malformed("Forwarded", rest)
			}
		}
		if err := add(); err != nil {
			return nil, err
		}
	}
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list, nil
}

// forwardedPair reads token "=" ( token / quoted-string ); the name is given in
// lower case.
func forwardedPair(s string) (name, value, rest string, ok bool) {
	eq := strings.IndexByte(s, '=')
	if eq <= 0 || !isToken(s[:eq]) || eq+1 == len(s) {
		return "", "", "", false
	}
	name, s = strings.ToLower(s[:eq]), s[eq+1:]
	if s[0] != '"' {
		end := 0
		for end < len(s) && tokenByte(s[end]) {
			end++
		}
		return name, s[:end], s[end:], end > 0
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return name, b.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c < 0x20 && c != '\t' || c == 0x7f:
			return "", "", "", false
		default:
			b.WriteByte(c)
		}
	}
	return "", "", "", false
}

func isToken(s string) bool {
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// tokenByte is tchar of RFC 9110 §5.6.2.
func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
