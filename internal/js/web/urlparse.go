package web

import (
	"strings"
)

// record is a URL taken apart (URL §4.1), for the cases that are not in their
// serialised form already. Parsing is linear in the length of the input.
type record struct {
	scheme     string // without the colon
	user, pass string
	host       string // serialised
	hasHost    bool   // the host is not null
	port       string
	path       string // serialised: every segment behind a slash, or opaque
	opaque     bool
	query      string
	hasQuery   bool
	frag       string
	hasFrag    bool
}

// parseFull is the basic URL parser without a state override (URL §4.4). The
// standard's states are functions here, each of which has all of its text at
// hand; the fragment and the query are cut off first, because in no state
// anything else can come behind their marks.
func parseFull(s string, base *URL) (*URL, error) {
	bad := &InvalidURL{Input: s}
	if base != nil {
		bad.Base = base.href
	}
	in := dropBreaks(decodeUTF8String(trimControls(s)))
	var r record
	in, r.frag, r.hasFrag = strings.Cut(in, "#")
	in, r.query, r.hasQuery = strings.Cut(in, "?")
	if !r.parse(in, base) {
		return nil, bad
	}
	u := new(URL)
	r.finish(u)
	return u, nil
}

// finish escapes query and fragment and serialises into u.
func (r *record) finish(u *URL) {
	if r.hasQuery {
		set := uint8(queryKept)
		if isSpecial(r.scheme) {
			set = queryPlain
		}
		r.query = escapeURL(r.query, set)
	}
	if r.hasFrag {
		r.frag = escapeURL(r.frag, fragPlain)
	}
	u.index(r.serialise())
}

// trimControls drops C0 controls and spaces at both ends.
func trimControls(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// dropBreaks drops tabs and line breaks anywhere.
func dropBreaks(s string) string {
	if !strings.ContainsAny(s, "\t\n\r") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if c := s[i]; c != '\t' && c != '\n' && c != '\r' {
			b = append(b, c)
		}
	}
	return string(b)
}

func isSpecial(scheme string) bool {
	switch scheme {
	case "http", "https", "ws", "wss", "ftp", "file":
		return true
	}
	return false
}

func defaultPort(scheme string) string {
	switch scheme {
	case "http", "ws":
		return "80"
	case "https", "wss":
		return "443"
	case "ftp":
		return "21"
	}
	return ""
}

// cutScheme splits s behind a scheme and its colon.
func cutScheme(s string) (scheme, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		case i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(s[:i]), s[i+1:], true
		default:
			return "", s, false
		}
	}
	return "", s, false
}

// slash reports whether s has a path separator at i.
func (r *record) slash(s string, i int) bool {
	return i < len(s) && (s[i] == '/' || s[i] == '\\' && isSpecial(r.scheme))
}

// parse is the scheme start, scheme and no scheme state.
func (r *record) parse(s string, base *URL) bool {
	if scheme, rest, ok := cutScheme(s); ok {
		r.scheme = scheme
		switch {
		case scheme == "file":
			if base != nil && !base.isFile() {
				base = nil
			}
			return r.file(rest, base)
		case isSpecial(scheme):
			if base != nil && base.href[:base.scheme-1] == scheme && !strings.HasPrefix(rest, "//") {
				return r.relative(rest, base)
			}
			return r.authority(r.skipSlashes(rest))
		case strings.HasPrefix(rest, "//"):
			return r.authority(rest[2:])
		case strings.HasPrefix(rest, "/"):
			r.segments(rest[1:])
			return true
		}
		r.path, r.opaque = escapeOpaque(rest), true
		if (r.hasQuery || r.hasFrag) && strings.HasSuffix(r.path, " ") {
			// It would be trimmed if the query and the fragment went ("opaque path state").
			r.path = r.path[:len(r.path)-1] + "%20"
		}
		return true
	}
	if base == nil {
		return false
	}
	r.scheme = base.href[:base.scheme-1]
	if base.opaque() {
		if s != "" || r.hasQuery || !r.hasFrag {
			return false
		}
		r.inherit(base)
		r.path, r.opaque = base.Pathname(), true
		r.inheritQuery(base)
		return true
	}
	if base.isFile() {
		return r.file(s, base)
	}
	return r.relative(s, base)
}

func (r *record) skipSlashes(s string) string {
	i := 0
	for r.slash(s, i) {
		i++
	}
	return s[i:]
}

// inherit takes credentials, host and port of the base.
func (r *record) inherit(base *URL) {
	r.user, r.pass = base.Username(), base.Password()
	r.host, r.hasHost = base.Hostname(), base.user != base.scheme
	r.port = base.Port()
}

func (r *record) inheritQuery(base *URL) {
	if base.query != base.frag {
		r.query, r.hasQuery = base.Query(), true
	}
}

// relative is the relative and relative slash state.
func (r *record) relative(s string, base *URL) bool {
	if r.slash(s, 0) {
		if isSpecial(r.scheme) && r.slash(s, 1) {
			return r.authority(r.skipSlashes(s))
		}
		if strings.HasPrefix(s, "//") {
			return r.authority(s[2:])
		}
		r.inherit(base)
		r.segments(s[1:])
		return true
	}
	r.inherit(base)
	r.path = base.Pathname()
	if s == "" {
		if !r.hasQuery {
			r.inheritQuery(base)
		}
		return true
	}
	r.shorten()
	r.segments(s)
	return true
}

// file is the file, file slash and file host state. base is nil or a file URL.
func (r *record) file(s string, base *URL) bool {
	r.hasHost = true
	if r.slash(s, 0) {
		if r.slash(s, 1) {
			return r.fileHost(s[2:])
		}
		if base != nil {
			r.host = base.Hostname()
			if first := firstSegment(base.Pathname()); !startsWithDrive(s[1:]) && normalDrive(first) {
				r.path = "/" + first
			}
		}
		r.segments(s[1:])
		return true
	}
	if base == nil {
		r.segments(s)
		return true
	}
	r.host, r.path = base.Hostname(), base.Pathname()
	switch {
	case s == "":
		if !r.hasQuery {
			r.inheritQuery(base)
		}
		return true
	case startsWithDrive(s):
		r.path = ""
	default:
		r.shorten()
	}
	r.segments(s)
	return true
}

func (r *record) fileHost(s string) bool {
	end := strings.IndexAny(s, `/\`)
	if end < 0 {
		end = len(s)
	}
	name := s[:end]
	if isDrive(name) { // it is the path's first segment
		r.segments(s)
		return true
	}
	if name != "" {
		host, ok := parseHost(name, true)
		if !ok {
			return false
		}
		if host != "localhost" {
			r.host = host
		}
	}
	r.pathStart(s[end:])
	return true
}

// authority is the authority, host and port state.
func (r *record) authority(s string) bool {
	end := 0
	for end < len(s) && !r.slash(s, end) {
		end++
	}
	auth := s[:end]
	if at := strings.LastIndexByte(auth, '@'); at >= 0 {
		user, pass, _ := strings.Cut(auth[:at], ":")
		r.user, r.pass = escapeURL(user, userKept), escapeURL(pass, userKept)
		if auth = auth[at+1:]; auth == "" {
			return false
		}
	}
	host, port, hasPort := cutPort(auth)
	if host == "" && (isSpecial(r.scheme) || hasPort) {
		return false
	}
	var ok bool
	if r.host, ok = parseHost(host, isSpecial(r.scheme)); !ok {
		return false
	}
	r.hasHost = true
	if hasPort {
		if port != "" && countDigits(port) != len(port) {
			return false
		}
		if r.port, ok = r.parsePort(port); !ok {
			return false
		}
	}
	r.pathStart(s[end:])
	return true
}

// cutPort splits at the colon that is not in brackets.
func cutPort(s string) (host, port string, ok bool) {
	in := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '[':
			in = true
		case ']':
			in = false
		case ':':
			if !in {
				return s[:i], s[i+1:], true
			}
		}
	}
	return s, "", false
}

func countDigits(s string) int {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return i
}

// parsePort normalises a port of digits: "" for none and for the default.
func (r *record) parsePort(s string) (string, bool) {
	digits := strings.TrimLeft(s, "0")
	switch {
	case s == "":
		return "", true
	case digits == "":
		return "0", true
	case len(digits) > 5 || len(digits) == 5 && digits > "65535":
		return "", false
	case digits == defaultPort(r.scheme):
		return "", true
	}
	return digits, true
}

// pathStart is the path start state, behind an authority.
func (r *record) pathStart(s string) {
	if r.slash(s, 0) {
		r.segments(s[1:])
	} else if isSpecial(r.scheme) { // s is empty
		r.segments("")
	}
}

// segments is the path state: it adds the segments of s, which has no slash
// before the first, to the path.
func (r *record) segments(s string) {
	path := make([]byte, 0, len(r.path)+len(s)+1)
	path = append(path, r.path...)
	file := r.scheme == "file"
	for last := false; !last; {
		end := 0
		for end < len(s) && !r.slash(s, end) {
			end++
		}
		segment := s[:end]
		if last = end == len(s); !last {
			s = s[end+1:]
		}
		switch dots(segment) {
		case 2:
			path = shortenPath(path, file)
			if last {
				path = append(path, '/')
			}
		case 1:
			if last {
				path = append(path, '/')
			}
		default:
			first := len(path) == 0
			path = append(path, '/')
			if file && first && isDrive(segment) {
				path = append(path, segment[0], ':')
			} else {
				path = append(path, escapeURL(segment, pathKept)...)
			}
		}
	}
	r.path = string(path)
}

func (r *record) shorten() { r.path = string(shortenPath([]byte(r.path), r.scheme == "file")) }

// shortenPath drops the last segment, unless it is a drive and the only one.
func shortenPath(path []byte, file bool) []byte {
	i := len(path) - 1
	for i >= 0 && path[i] != '/' {
		i--
	}
	if i < 0 || file && i == 0 && normalDrive(string(path[1:])) {
		return path
	}
	return path[:i]
}

// dots is 1 for a segment that means this directory, 2 for the one above.
func dots(s string) int {
	n := 0
	for s != "" {
		switch {
		case s[0] == '.':
			s = s[1:]
		case len(s) >= 3 && s[0] == '%' && s[1] == '2' && s[2]|0x20 == 'e':
			s = s[3:]
		default:
			return 0
		}
		if n++; n > 2 {
			return 0
		}
	}
	return n
}

// isDrive reports whether s is a Windows drive letter: C: or C|.
func isDrive(s string) bool {
	return len(s) == 2 && isAlpha(s[0]) && (s[1] == ':' || s[1] == '|')
}

func normalDrive(s string) bool { return isDrive(s) && s[1] == ':' }

func startsWithDrive(s string) bool {
	return len(s) >= 2 && isDrive(s[:2]) && (len(s) == 2 || s[2] == '/' || s[2] == '\\')
}

func isAlpha(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func firstSegment(path string) string {
	s, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return s
}

// serialise is the URL serialiser (URL §4.5).
func (r *record) serialise() string {
	n := len(r.scheme) + len(r.user) + len(r.pass) + len(r.host) + len(r.port) + len(r.path) + len(r.query) + len(r.frag) + 10
	b := make([]byte, 0, n)
	b = append(append(b, r.scheme...), ':')
	if r.hasHost {
		b = append(b, "//"...)
		if r.user != "" || r.pass != "" {
			b = append(b, r.user...)
			if r.pass != "" {
				b = append(append(b, ':'), r.pass...)
			}
			b = append(b, '@')
		}
		b = append(b, r.host...)
		if r.port != "" {
			b = append(append(b, ':'), r.port...)
		}
	} else if !r.opaque && strings.HasPrefix(r.path, "//") {
		b = append(b, "/."...) // else it would be read as a host
	}
	b = append(b, r.path...)
	if r.hasQuery {
		b = append(append(b, '?'), r.query...)
	}
	if r.hasFrag {
		b = append(append(b, '#'), r.frag...)
	}
	return unsafeString(b)
}

// record takes the URL apart, for a setter.
func (u *URL) record() *record {
	r := &record{
		scheme: u.href[:u.scheme-1], user: u.Username(), pass: u.Password(),
		path: u.Pathname(), opaque: u.opaque(),
		query: u.Query(), hasQuery: u.query != u.frag,
		frag: strings.TrimPrefix(u.href[u.frag:], "#"), hasFrag: u.frag != len(u.href),
	}
	if u.user != u.scheme {
		r.host, r.hasHost, r.port = u.Hostname(), true, u.Port()
	}
	return r
}

// The setters with a state override (URL §6.1): each changes the record, or
// does nothing where the standard returns or fails.

func (r *record) setProtocol(s string) {
	scheme, _, ok := cutScheme(dropBreaks(s) + ":")
	switch {
	case !ok, isSpecial(scheme) != isSpecial(r.scheme):
	case scheme == "file" && (r.user != "" || r.pass != "" || r.port != ""):
	case r.scheme == "file" && r.host == "":
	default:
		r.scheme = scheme
		if r.port == defaultPort(scheme) {
			r.port = ""
		}
	}
}

// hostless reports whether the URL can have neither credentials nor a port.
func (r *record) hostless() bool { return r.host == "" || r.scheme == "file" }

// setHost is the host setter and, without a port, the hostname setter.
func (r *record) setHost(s string, withPort bool) {
	if r.opaque {
		return
	}
	s = dropBreaks(s)
	end := 0
	for end < len(s) && !r.slash(s, end) && s[end] != '?' && s[end] != '#' {
		end++
	}
	s = s[:end]
	special := isSpecial(r.scheme)
	if r.scheme == "file" {
		host, ok := "", true
		if s != "" {
			host, ok = parseHost(s, true)
		}
		if ok {
			if host == "localhost" {
				host = ""
			}
			r.host, r.hasHost = host, true
		}
		return
	}
	name, port, hasPort := cutPort(s)
	switch {
	case hasPort && (name == "" || !withPort):
		return
	case name == "" && (special || r.user != "" || r.pass != "" || r.port != ""):
		return
	}
	host, ok := parseHost(name, special)
	if !ok {
		return
	}
	r.host, r.hasHost = host, true
	if port = port[:countDigits(port)]; port != "" {
		if p, ok := r.parsePort(port); ok {
			r.port = p
		}
	}
}

func (r *record) setPort(s string) {
	if r.hostless() {
		return
	}
	if s == "" {
		r.port = ""
		return
	}
	s = dropBreaks(s)
	if s = s[:countDigits(s)]; s != "" {
		if p, ok := r.parsePort(s); ok {
			r.port = p
		}
	}
}

func (r *record) setPathname(s string) {
	if r.opaque {
		return
	}
	s = dropBreaks(s)
	r.path = ""
	switch {
	case r.slash(s, 0):
		r.segments(s[1:])
	case s != "" || isSpecial(r.scheme) || !r.hasHost:
		r.segments(s)
	}
}

// escapeOpaque escapes an opaque path: C0 controls and what is not ASCII.
func escapeOpaque(s string) string {
	i := 0
	for i < len(s) && s[i] >= ' ' && s[i] < 0x7F {
		i++
	}
	if i == len(s) {
		return s
	}
	b := append(make([]byte, 0, len(s)+16), s[:i]...)
	for ; i < len(s); i++ {
		if c := s[i]; c >= ' ' && c < 0x7F {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return unsafeString(b)
}
