package web

import (
	"strconv"
	"strings"
)

// URL is a URL of the URL standard: its serialisation, and where in it each
// component lies.
//
//	https://user:pass@example.com:1234/foo/bar?baz#quux
//	      |     |    |           |    |       |   |
//	 scheme  user host     hostEnd path   query frag
//
// The plain http URLs that servers see all day are recognised and indexed in
// one pass; everything else goes through a full parser, whose result is then
// indexed the same way.
type URL struct {
	href    string
	scheme  int // behind the scheme's colon
	user    int // behind the username; scheme when there is no authority
	host    int // where the host begins
	hostEnd int // behind the hostname, where a port's colon is
	path    int
	query   int // the question mark, or frag when there is no query
	frag    int // the hash sign, or the end when there is no fragment
	params  *SearchParams
}

// InvalidURL is the error of a text that is no URL.
type InvalidURL struct {
	Input string
	Base  string // the base URL it was resolved against, or ""
}

func (e *InvalidURL) Error() string { return "invalid URL " + strconv.Quote(e.Input) }

// ParseURL parses s, relative to base unless that is nil. The error is an
// *InvalidURL.
func ParseURL(s string, base *URL) (*URL, error) {
	if u, ok := parsePlain(s); ok {
		return u, nil
	}
	if base != nil {
		if u, ok := base.resolvePlain(s); ok {
			return u, nil
		}
	}
	return parseFull(s, base)
}

// Classes of bytes: those that stand for themselves, which are the complements
// of the standard's percent-encode sets (URL §1.3).
const (
	hostPlain  = 1 << iota // in a domain that is its own ASCII form, not all of them
	pathPlain              // in the path of a special URL, where \ is a slash
	pathKept               // in a path segment
	queryPlain             // in the query of a special URL
	queryKept              // in the query of any other URL
	fragPlain              // in a fragment
	userKept               // in username and password
	formPlain              // in application/x-www-form-urlencoded
)

var urlClass = func() (t [256]uint8) {
	for c := 0x21; c < 0x7F; c++ {
		var f uint8
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if alnum && (c < 'A' || c > 'Z') || c == '-' || c == '.' || c == '_' {
			f |= hostPlain
		}
		if !strings.ContainsRune("\"#<>?^`{}\\", rune(c)) {
			f |= pathPlain
		}
		if !strings.ContainsRune("\"#<>?^`{}", rune(c)) {
			f |= pathKept
		}
		if !strings.ContainsRune("\"#<>?`{}/:;=@[\\]^|", rune(c)) {
			f |= userKept
		}
		if !strings.ContainsRune(`"#<>'`, rune(c)) {
			f |= queryPlain
		}
		if !strings.ContainsRune(`"#<>`, rune(c)) {
			f |= queryKept
		}
		if !strings.ContainsRune("\"<>`", rune(c)) { // # has its place behind the first
			f |= fragPlain
		}
		if alnum || c == '-' || c == '.' || c == '_' || c == '*' {
			f |= formPlain
		}
		t[c] = f
	}
	return t
}()

// parsePlain parses an absolute http or https URL that is its own
// serialisation, up to a missing slash before an empty path.
func parsePlain(s string) (*URL, bool) {
	var start int
	var port string
	switch {
	case strings.HasPrefix(s, "http://"):
		start, port = 7, "80"
	case strings.HasPrefix(s, "https://"):
		start, port = 8, "443"
	default:
		return nil, false
	}
	i := start
	dot := start - 1 // the last dot before the last label
	for i < len(s) && urlClass[s[i]]&hostPlain != 0 {
		if s[i] == '.' {
			if i == dot+1 { // an empty label
				return nil, false
			}
			dot = i
		}
		i++
	}
	host := s[start:i]
	if dot == i-1 { // an empty host or last label
		return nil, false
	}
	if c := s[dot+1]; c >= '0' && c <= '9' && !plainIPv4(host) {
		return nil, false
	}
	if strings.Contains(host, "xn--") {
		return nil, false
	}
	hostEnd := i
	if i < len(s) && s[i] == ':' {
		i++
		n := 0
		for i < len(s) && s[i] >= '0' && s[i] <= '9' && i-hostEnd <= 5 {
			n = n*10 + int(s[i]-'0')
			i++
		}
		p := s[hostEnd+1 : i]
		if p == "" || p == port || n > 65535 || p[0] == '0' && len(p) > 1 {
			return nil, false
		}
	}
	query, frag, ok := plainTail(s, i)
	if !ok || query > i && s[i] != '/' {
		return nil, false
	}
	if query == i { // the empty path is a slash
		s = s[:i] + "/" + s[i:]
		query++
		frag++
	}
	return &URL{href: s, scheme: start - 2, user: start, host: start, hostEnd: hostEnd, path: i, query: query, frag: frag}, true
}

// plainIPv4 reports whether s is an IPv4 address in its serialised form.
func plainIPv4(s string) bool {
	for part := 0; ; part++ {
		n, i := 0, 0
		for i < len(s) && i < 4 && s[i] >= '0' && s[i] <= '9' {
			n = n*10 + int(s[i]-'0')
			i++
		}
		if i == 0 || n > 255 || s[0] == '0' && i > 1 {
			return false
		}
		if part == 3 {
			return i == len(s)
		}
		if i == len(s) || s[i] != '.' {
			return false
		}
		s = s[i+1:]
	}
}

// plainTail indexes path, query and fragment from i to the end of s, and
// reports whether they are their own serialisation in a special URL.
func plainTail(s string, i int) (query, frag int, ok bool) {
	for i < len(s) && urlClass[s[i]]&pathPlain != 0 {
		switch s[i] {
		case '/':
			if i+1 < len(s) && s[i+1] == '.' && dotSegment(s[i+1:]) {
				return 0, 0, false
			}
		case '%':
			if i+2 < len(s) && s[i+1] == '2' && s[i+2]|0x20 == 'e' { // an escaped dot
				return 0, 0, false
			}
		}
		i++
	}
	query = i
	if i < len(s) && s[i] == '?' {
		i++
		for i < len(s) && urlClass[s[i]]&queryPlain != 0 {
			i++
		}
	}
	frag = i
	if i < len(s) && s[i] == '#' {
		i++
		for i < len(s) && urlClass[s[i]]&fragPlain != 0 {
			i++
		}
	}
	return query, frag, i == len(s)
}

// dotSegment reports whether s, which begins with a dot, begins with a segment
// that is . or .., or may be one with escapes.
func dotSegment(s string) bool {
	s = s[1:]
	if s != "" && s[0] == '.' {
		s = s[1:]
	}
	return s == "" || s[0] == '/' || s[0] == '?' || s[0] == '#' || s[0] == '%'
}

// resolvePlain resolves a reference that begins with a path, a query or a
// fragment and needs no normalising, against a special URL other than file.
func (u *URL) resolvePlain(s string) (*URL, bool) {
	if !u.special() || u.isFile() {
		return nil, false
	}
	keep := u.frag
	if s != "" {
		switch s[0] {
		case '/':
			if len(s) > 1 && (s[1] == '/' || s[1] == '\\') {
				return nil, false
			}
			keep = u.path
		case '?':
			keep = u.query
		case '#':
		default:
			return nil, false
		}
	}
	query, frag, ok := plainTail(s, 0)
	if !ok {
		return nil, false
	}
	r := *u
	r.params = nil
	r.href = u.href[:keep] + s
	r.query, r.frag = keep+query, keep+frag
	if keep == u.frag { // the query stays
		r.query = u.query
	}
	return &r, true
}

// index finds the components of a serialised URL.
func (u *URL) index(href string) {
	u.href = href
	at := func(s string, i int) int { return len(href) - len(s) + i }
	u.scheme = strings.IndexByte(href, ':') + 1
	rest := href[u.scheme:]
	if strings.HasPrefix(rest, "//") {
		rest = rest[2:]
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		u.path = at(rest, end)
		auth := rest[:end]
		u.user, u.host = at(rest, 0), at(rest, 0)
		if i := strings.IndexByte(auth, '@'); i >= 0 {
			u.host = at(rest, i+1)
			u.user = at(rest, i)
			if j := strings.IndexByte(auth[:i], ':'); j >= 0 {
				u.user = at(rest, j)
			}
		}
		u.hostEnd = u.path
		name := href[u.host:u.path]
		from := max(0, strings.IndexByte(name, ']'))
		if i := strings.IndexByte(name[from:], ':'); i >= 0 {
			u.hostEnd = u.host + from + i
		}
	} else {
		u.user, u.host, u.hostEnd, u.path = u.scheme, u.scheme, u.scheme, u.scheme
		if strings.HasPrefix(rest, "/.//") { // a path that would else look like a host
			u.path += 2
		}
	}
	u.frag = len(href)
	if i := strings.IndexByte(href[u.path:], '#'); i >= 0 {
		u.frag = u.path + i
	}
	u.query = u.frag
	if i := strings.IndexByte(href[u.path:u.frag], '?'); i >= 0 {
		u.query = u.path + i
	}
}

// opaque reports whether the path is opaque, as that of a mailto URL.
func (u *URL) opaque() bool {
	return u.scheme == len(u.href) || u.href[u.scheme] != '/'
}

func (u *URL) isFile() bool { return u.href[:u.scheme] == "file:" }

func (u *URL) special() bool {
	switch u.href[:u.scheme] {
	case "http:", "https:", "ws:", "wss:", "ftp:", "file:":
		return true
	}
	return false
}

// Clone returns an independent copy.
func (u *URL) Clone() *URL {
	c := *u
	c.params = nil
	return &c
}

// Href is the serialised URL.
func (u *URL) Href() string { return u.href }

// String is Href.
func (u *URL) String() string { return u.href }

// Origin is the serialised origin: "null" for schemes that have none.
func (u *URL) Origin() string {
	switch u.href[:u.scheme] {
	case "http:", "https:", "ws:", "wss:", "ftp:":
		if u.user == u.host { // no credentials in between
			return u.href[:u.path]
		}
		return u.href[:u.scheme] + "//" + u.Host()
	case "blob:":
		if in, err := ParseURL(u.Pathname(), nil); err == nil {
			if p := in.Protocol(); p == "http:" || p == "https:" {
				return in.Origin()
			}
		}
	}
	return "null"
}

// Protocol is the scheme with its colon.
func (u *URL) Protocol() string { return u.href[:u.scheme] }

// Username is the username, percent-encoded.
func (u *URL) Username() string {
	if u.user == u.scheme {
		return ""
	}
	return u.href[u.scheme+2 : u.user]
}

// Password is the password, percent-encoded.
func (u *URL) Password() string {
	if u.host-u.user < 2 {
		return ""
	}
	return u.href[u.user+1 : u.host-1]
}

// Host is the hostname, with a port that is not the scheme's default.
func (u *URL) Host() string {
	if u.user == u.scheme {
		return ""
	}
	return u.href[u.host:u.path]
}

// Hostname is the domain or address; an IPv6 address is in brackets.
func (u *URL) Hostname() string { return u.href[u.host:u.hostEnd] }

// Port is the port when it is not the scheme's default, else "".
func (u *URL) Port() string {
	if u.user == u.scheme || u.hostEnd == u.path {
		return ""
	}
	return u.href[u.hostEnd+1 : u.path]
}

// Pathname is the path.
func (u *URL) Pathname() string { return u.href[u.path:u.query] }

// Search is the query with its question mark; an empty query is "".
func (u *URL) Search() string {
	if u.frag-u.query < 2 {
		return ""
	}
	return u.href[u.query:u.frag]
}

// Query is the query without its question mark.
func (u *URL) Query() string { return strings.TrimPrefix(u.href[u.query:u.frag], "?") }

// Hash is the fragment with its hash sign; an empty fragment is "".
func (u *URL) Hash() string {
	if len(u.href)-u.frag < 2 {
		return ""
	}
	return u.href[u.frag:]
}

// SearchParams is the query's list: a change of the list changes the URL, and
// a new query changes the list.
func (u *URL) SearchParams() *SearchParams {
	if u.params == nil {
		u.params = ParseSearchParams(u.Query())
		u.params.OnChange(func() { u.setQuery(u.params.String()) })
	}
	return u.params
}

// setQuery sets a query that is encoded already; "" removes it.
func (u *URL) setQuery(q string) {
	if q != "" {
		u.replaceQuery("?" + q)
		return
	}
	u.replaceQuery("")
}

// replaceQuery puts q, a query with its question mark, in the query's place.
func (u *URL) replaceQuery(q string) {
	n := len(q) - (u.frag - u.query)
	u.href = u.href[:u.query] + q + u.href[u.frag:]
	u.frag += n
}

// change sets components through the URL's record.
func (u *URL) change(set func(*record)) {
	r := u.record()
	set(r)
	u.index(r.serialise())
}

// SetHref replaces the whole URL. The error is an *InvalidURL; the URL is then
// as it was.
func (u *URL) SetHref(s string) error {
	r, err := ParseURL(s, nil)
	if err != nil {
		return err
	}
	params := u.params
	*u = *r
	if params != nil {
		u.params = params
		params.Reset(u.Query())
	}
	return nil
}

// The setters ignore a value that does not fit, as the standard has it.

// SetProtocol sets the scheme; what follows a colon is ignored.
func (u *URL) SetProtocol(s string) { u.change(func(r *record) { r.setProtocol(s) }) }

// SetUsername sets the username.
func (u *URL) SetUsername(s string) {
	u.change(func(r *record) {
		if !r.hostless() {
			r.user = escapeUser(s)
		}
	})
}

// SetPassword sets the password.
func (u *URL) SetPassword(s string) {
	u.change(func(r *record) {
		if !r.hostless() {
			r.pass = escapeUser(s)
		}
	})
}

// SetHost sets hostname and, when there is one, port.
func (u *URL) SetHost(s string) { u.change(func(r *record) { r.setHost(decodeUTF8String(s), true) }) }

// SetHostname sets the hostname.
func (u *URL) SetHostname(s string) {
	u.change(func(r *record) { r.setHost(decodeUTF8String(s), false) })
}

// SetPort sets the port; "" removes it.
func (u *URL) SetPort(s string) { u.change(func(r *record) { r.setPort(s) }) }

// SetPathname sets the path.
func (u *URL) SetPathname(s string) {
	if u.special() && !u.isFile() && len(s) > 0 && s[0] == '/' {
		if q, _, ok := plainTail(s, 0); ok && q == len(s) {
			n := len(s) - (u.query - u.path)
			u.href = u.href[:u.path] + s + u.href[u.query:]
			u.query += n
			u.frag += n
			return
		}
	}
	u.change(func(r *record) { r.setPathname(decodeUTF8String(s)) })
}

// SetSearch sets the query; a leading question mark is optional, "" removes it.
func (u *URL) SetSearch(s string) {
	set := uint8(queryKept)
	if u.special() {
		set = queryPlain
	}
	if s == "" {
		u.setQuery("")
	} else { // a question mark alone is an empty query, which is there
		u.replaceQuery("?" + escapeURL(strings.TrimPrefix(s, "?"), set))
	}
	if u.params != nil {
		u.params.Reset(u.Query())
	}
}

// SetHash sets the fragment; a leading hash sign is optional, "" removes it.
func (u *URL) SetHash(s string) {
	u.href = u.href[:u.frag]
	if s != "" {
		u.href += "#" + escapeURL(strings.TrimPrefix(s, "#"), fragPlain)
	}
}

// escapeURL drops tabs and line breaks and percent-encodes what is not in set.
func escapeURL(s string, set uint8) string { return escapeSet(s, set, true) }

// escapeUser percent-encodes a username or password that was set.
func escapeUser(s string) string { return escapeSet(s, userKept, false) }

func escapeSet(s string, set uint8, drop bool) string {
	ok := func(c byte) bool { return urlClass[c]&set != 0 || c == '#' && set == fragPlain }
	i := 0
	for i < len(s) && ok(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	s = decodeUTF8String(s)
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case ok(c):
			b = append(b, c)
		case drop && (c == '\t' || c == '\n' || c == '\r'):
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return unsafeString(b)
}
