package proxy

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// hopByHop says that a field is of one connection (RFC 9110 §7.6.1) and ends
// here.
func hopByHop(name string) bool {
	switch name {
	case "Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
		"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings":
		return true
	}
	return false
}

// ours says that a field tells where a request came from: it is sent with what
// the target says, or not at all.
func ours(name string) bool {
	switch name {
	case "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-Ip":
		return true
	}
	return false
}

// named are the fields that the sender has called its connection's own; nil is
// none.
func named(connection []string) map[string]bool {
	var names map[string]bool
	for _, v := range connection {
		for name := range strings.SplitSeq(v, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			switch name {
			case "", "Close", "Keep-Alive", "Upgrade", "Te": // options, or fields that are known to be of the connection
				continue
			}
			if names == nil {
				names = map[string]bool{}
			}
			names[name] = true
		}
	}
	return names
}

// CleanConnection drops the fields that the Connection field of a request
// names, and their names. It is for the moment a request comes in: later, when
// middleware has added fields of its own, a client could have these dropped.
func CleanConnection(h http.Header) {
	names := named(h["Connection"])
	if names == nil {
		return
	}
	for name := range names {
		delete(h, name)
	}
	var kept []string
	for _, v := range h["Connection"] {
		for token := range strings.SplitSeq(v, ",") {
			if token = strings.TrimSpace(token); token != "" && !names[http.CanonicalHeaderKey(token)] {
				kept = append(kept, token)
			}
		}
	}
	delete(h, "Connection")
	if kept != nil {
		h["Connection"] = []string{strings.Join(kept, ", ")}
	}
}

// requestURL is what is asked of the site, byte for byte. It has no host yet: each
// attempt has its own.
func requestURL(u *url.URL, s site) (*url.URL, error) {
	path := u.EscapedPath()
	if u.RawPath != "" && u.RawPath != path {
		// EscapedPath throws a spelling away that has characters which it would
		// escape, such as braces, and writes what "%2F" stood for as a slash. What
		// the rule saw is what is sent.
		if p, err := url.PathUnescape(u.RawPath); err != nil || p != u.Path {
			return nil, errors.New("it has two paths")
		}
		path = u.RawPath
	}
	if u.Opaque != "" {
		return nil, errors.New("the path does not begin with a slash")
	}
	if path == "" {
		path = "/"
	}
	if path[0] != '/' {
		return nil, errors.New("the path does not begin with a slash")
	}
	for _, part := range [...]string{path, u.RawQuery} {
		for i := range len(part) {
			// A space would end the target, a number sign is where some upstreams
			// would end it.
			if c := part[i]; c <= ' ' || c == 0x7f || c == '#' {
				return nil, fmt.Errorf("it has the byte %#02x", c)
			}
		}
	}
	if climbs(path) {
		return nil, errors.New("it has a dot segment")
	}
	out := &url.URL{Scheme: s.scheme, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery}
	if out.EscapedPath() != path {
		if strings.HasPrefix(path, "//") {
			return nil, errors.New("it begins with two slashes and needs escapes")
		}
		out.Opaque = path
	}
	return out, nil
}

// climbs says that an upstream may read "." or ".." as a segment, after decoding
// as often as it likes, and so leave what the rule is for.
func climbs(path string) bool {
	for range 4 {
		if !strings.Contains(path, ".") && !strings.Contains(path, "%") {
			return false
		}
		for seg := range strings.FieldsFuncSeq(path, func(r rune) bool { return r == '/' || r == '\\' }) {
			// Some servers take what follows a semicolon off: "/..;/".
			seg, _, _ = strings.Cut(seg, ";")
			if seg == "." || seg == ".." {
				return true
			}
		}
		next, err := url.PathUnescape(path)
		if err != nil || next == path {
			return false
		}
		path = next
	}
	return true // encoded that often it hides something
}

// header is the header to send.
func (f *flight) header() http.Header {
	in := f.r.Header
	out := make(http.Header, len(in)+8)
	room := make([]string, 0, 12) // for values of our own
	set := func(name, value string) {
		room = append(room, value)
		out[name] = room[len(room)-1 : len(room) : len(room)]
	}
	names := named(in["Connection"])
	for k, v := range in {
		// Many servers read X_User as X-User, which our own rules do not see.
		if hopByHop(k) || ours(k) || names[k] || strings.IndexByte(k, '_') >= 0 {
			continue
		}
		out[k] = v
	}
	if te := in["Te"]; te != nil && httpguts.HeaderValuesContainsToken(te, "trailers") {
		set("Te", "trailers")
	}
	if f.body == nil {
		delete(out, "Expect")
	}
	if up := f.upgrade(); up != "" {
		set("Connection", "Upgrade")
		set("Upgrade", up)
	}
	t := &f.t
	if t.ForwardedFor != "" {
		set("X-Forwarded-For", t.ForwardedFor)
		if in["X-Real-Ip"] != nil {
			client, _, _ := strings.Cut(t.ForwardedFor, ",")
			set("X-Real-Ip", strings.TrimSpace(client))
		}
	}
	if t.Proto != "" {
		set("X-Forwarded-Proto", t.Proto)
	}
	if t.Host != "" {
		set("X-Forwarded-Host", t.Host)
		if port := publicPort(t.Host, t.Proto); port != "" {
			set("X-Forwarded-Port", port)
		}
	}
	if v := forwarded(t); v != "" {
		set("Forwarded", v)
	}
	return out
}

func publicPort(host, proto string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		return host[i+1:]
	}
	switch proto {
	case "http", "https":
		return defaultPort(proto)
	}
	return ""
}

// forwarded is the Forwarded field (RFC 7239 §4): the client's element has host
// and proto, the others are the proxies that passed it on.
func forwarded(t *Target) string {
	var b strings.Builder
	b.Grow(len("for=;host=;proto=") + 16 + len(t.ForwardedFor) + len(t.Host) + len(t.Proto))
	first, rest, _ := strings.Cut(t.ForwardedFor, ",")
	sep := ""
	pair := func(name, value string) {
		b.WriteString(sep)
		b.WriteString(name)
		b.WriteByte('=')
		quote(&b, value)
		sep = ";"
	}
	if first != "" {
		pair("for", node(first))
	}
	if t.Host != "" {
		pair("host", t.Host)
	}
	if t.Proto != "" {
		pair("proto", t.Proto)
	}
	if rest != "" {
		for hop := range strings.SplitSeq(rest, ",") {
			sep = ", "
			pair("for", node(hop))
		}
	}
	return b.String()
}

// node is a node of RFC 7239 §6: IPv6 has brackets there.
func node(s string) string {
	s = strings.TrimSpace(s)
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		return "[" + s + "]"
	}
	return s
}

// quote writes a value as a token, or as a quoted string where it is none.
func quote(b *strings.Builder, v string) {
	if httpguts.ValidHeaderFieldName(v) {
		b.WriteString(v)
		return
	}
	b.WriteByte('"')
	for i := range len(v) {
		if v[i] == '"' || v[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(v[i])
	}
	b.WriteByte('"')
}

// trailerAllowed says that a field may come after a body: what frames, routes,
// lets in or changes a message has to come before it (RFC 9110 §6.5.1), and an
// upstream that merges trailers would believe it.
func trailerAllowed(name string) bool {
	if hopByHop(name) || ours(name) || strings.IndexByte(name, '_') >= 0 || strings.HasPrefix(name, "X-Forwarded-") {
		return false
	}
	switch name {
	case "Host", "Content-Length", "Content-Encoding", "Content-Type", "Content-Range", "Authorization", "Cookie", "Set-Cookie",
		"Expect", "Max-Forwards", "Cache-Control", "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
		"Age", "Expires", "Date", "Location", "Retry-After", "Vary", "Warning", "Www-Authenticate":
		return false
	}
	return true
}

// list says that a field of an answer has all the values of those who set it,
// rather than the last one's.
func list(name string) bool {
	switch name {
	case "Set-Cookie", "Vary", "Www-Authenticate", "Link", "Server-Timing":
		return true
	}
	return false
}

// copyResponseHeader adds an upstream's fields to ours.
func copyResponseHeader(dst, src http.Header) {
	names := named(src["Connection"])
	for k, v := range src {
		// Alt-Svc names ports of the upstream, which are not ours.
		if hopByHop(k) || names[k] || k == "Alt-Svc" {
			continue
		}
		switch old, ok := dst[k]; {
		case !ok || k == "Content-Length":
			dst[k] = v
		case list(k):
			dst[k] = append(old[:len(old):len(old)], v...)
		}
	}
}

// checkResponse refuses what http.Transport lets through and what must not go
// on.
func checkResponse(out *http.Request, res *http.Response) error {
	if res.StatusCode == http.StatusSwitchingProtocols {
		return checkUpgrade(out, res)
	}
	if res.StatusCode < 200 || res.StatusCode > 999 {
		return fmt.Errorf("%w: status %d", errMalformed, res.StatusCode)
	}
	for k, vs := range res.Header {
		for _, v := range vs {
			if !httpguts.ValidHeaderFieldValue(v) {
				return fmt.Errorf("%w: the value of %q is not one", errMalformed, k)
			}
		}
	}
	return nil
}

// announceTrailers sets the Trailer field and returns how many it names.
func announceTrailers(h, trailer http.Header) int {
	var names []string
	for k := range trailer {
		if trailerAllowed(k) {
			names = append(names, k)
		}
	}
	if names != nil {
		h["Trailer"] = []string{strings.Join(names, ", ")}
	}
	return len(trailer)
}

// copyTrailers sets the trailers of an answer. Those that were not announced
// have a prefix, by which net/http knows them.
func copyTrailers(h, trailer http.Header, announced int) {
	for k, v := range trailer {
		switch {
		case !trailerAllowed(k):
		case len(trailer) == announced:
			h[k] = v
		default:
			h[http.TrailerPrefix+k] = v
		}
	}
}

func isEventStream(contentType string) bool {
	if contentType == "" || !strings.HasPrefix(strings.ToLower(contentType), "text/event-stream") {
		return false
	}
	t, _, _ := mime.ParseMediaType(contentType)
	return t == "text/event-stream"
}
