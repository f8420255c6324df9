package route

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// PathError says that a request path is malformed or can be read in two ways.
// Its answer is 400 Bad Request.
type PathError struct {
	Path   string // the path, or the part of it, as it was sent
	Reason string
}

// Error returns the reason with the path quoted.
func (e *PathError) Error() string { return fmt.Sprintf("path %q %s", e.Path, e.Reason) }

// RequestPath returns the escaped path of u as the client sent it, which is
// what [Clean] wants. [url.URL.EscapedPath] will not do: when a path holds a
// byte that Go would have escaped, such as a quotation mark, it escapes the
// decoded path anew, and a %2F has become a slash by then.
func RequestPath(u *url.URL) string {
	if u.RawPath != "" {
		if plain, err := url.PathUnescape(u.RawPath); err == nil && plain == u.Path {
			return u.RawPath
		}
	}
	// Here Go's own escaping gives back what was sent, or somebody has set Path.
	return (&url.URL{Path: u.Path}).EscapedPath()
}

// Clean turns the path of a request, escaped as it was sent, into the one
// normalised path that rules, middleware, files and routes all read. What it
// returns is a fixed point: cleaning it again changes nothing.
//
//   - Bytes that a URL's path cannot hold are percent-encoded, as the URL
//     Standard's path state does: a quotation mark becomes %22. Other escapes
//     stay as they were sent; request.url shows them so.
//   - Runs of slashes become one, and a backslash is a slash. This, and only
//     this, asks for a redirect: 308 to clean, with the request's query. One
//     slash at the end survives; see [TrailingSlash].
//   - The segments . and .. are resolved as the URL Standard does, with no
//     redirect (Next.js 16 does so; a client that parses URLs never sends
//     them). Beside a run of slashes or a backslash they have two readings,
//     and are refused.
//
// Refused with a [*PathError], because two readers could differ:
//
//   - no slash at the start, a raw '?' or '#', a control character, %00
//   - an escape that is malformed, or escapes that are not UTF-8
//   - %5C, which is a separator to some and a letter to others
//   - a segment that after decoding, however often, holds a part . or ..
//     between slashes or backslashes: %2e%2e, ..%2Fx, a%252F..%252Fb
//   - a dot segment with parameters, ..;x, which some servers resolve
//   - a segment that is escaped more than four times over
//
// A %2F in a segment that is otherwise plain is legal and stays part of that
// segment, and so does %252F, which decodes, once, to the text %2F.
func Clean(raw string) (clean string, redirect bool, err error) {
	if plain(raw) {
		return raw, false, nil
	}
	if raw == "" || raw[0] != '/' {
		return "", false, &PathError{raw, "does not start with a slash"}
	}
	var (
		few     [16]string
		kept    = few[:0]
		encoded bool
		dots    bool
		slash   bool // whether the path ends in a slash
	)
	for rest, more := raw[1:], true; more; {
		var seg string
		sep := strings.IndexAny(rest, `/\`)
		if more = sep >= 0; more {
			redirect = redirect || rest[sep] == '\\'
			seg, rest = rest[:sep], rest[sep+1:]
		} else {
			seg = rest
		}
		slash = false
		switch seg {
		case "":
			redirect = redirect || more
			slash = true
			continue
		case ".":
			dots, slash = true, true
			continue
		case "..":
			dots, slash = true, true
			kept = kept[:max(0, len(kept)-1)]
			continue
		}
		if reason := refuse(seg); reason != "" {
			return "", false, &PathError{raw, reason}
		}
		text := encode(seg)
		encoded = encoded || len(text) != len(seg)
		kept = append(kept, text)
	}
	if !encoded && !dots && !redirect {
		return raw, false, nil
	}
	if dots && redirect {
		return "", false, &PathError{raw, "has dot segments beside repeated slashes or backslashes, so it has two readings"}
	}
	clean = "/" + strings.Join(kept, "/")
	if slash && len(kept) > 0 {
		clean += "/"
	}
	return clean, redirect, nil
}

// plain reports whether Clean has nothing to do, which is so for nearly every
// request and costs one pass and no memory.
func plain(path string) bool {
	if path == "" || path[0] != '/' {
		return false
	}
	last := byte(0)
	for i := 0; i < len(path); i++ {
		c := path[i]
		if !pathByte[c] || last == '/' && (c == '/' || c == '.') {
			return false
		}
		last = c
	}
	return true
}

// refuse says why a segment has no single reading, or "" when it has one.
func refuse(seg string) string {
	for i := 0; i < len(seg); i++ {
		switch c := seg[i]; {
		case c < 0x20 || c == 0x7f:
			return "holds a control character"
		case c == '?' || c == '#':
			return fmt.Sprintf("holds a raw %q", c)
		}
	}
	text, err := unescape(seg)
	if err != nil {
		return "holds a malformed escape"
	}
	if strings.IndexByte(text, 0) >= 0 {
		return "holds an escaped NUL"
	}
	if strings.IndexByte(text, '\\') >= 0 {
		return "holds an escaped backslash"
	}
	// Whoever decodes more often than we do must not find a way upwards. The
	// bound keeps a path of %252525… from costing the square of its length.
	for range maxNested {
		if climbs(text) {
			return "holds a hidden dot segment"
		}
		again := unescapeValid(text)
		if again == text {
			return ""
		}
		text = again
	}
	return "is escaped over and over"
}

// maxNested is how many times over a segment may be escaped. A proxy or two
// that escape what is escaped already stay below it.
const maxNested = 4

// climbs reports whether text, split at slashes and backslashes, has a part
// that is a dot segment, be it with path parameters (RFC 3986 §3.3).
func climbs(text string) bool {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '/' || r == '\\' }) {
		part, _, _ = strings.Cut(part, ";")
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// unescape decodes once, as decodeURIComponent does: '+' stays, and the result
// has to be UTF-8.
func unescape(s string) (string, error) {
	text, err := url.PathUnescape(s)
	if err != nil {
		return "", &PathError{s, "holds a malformed escape"}
	}
	if !utf8.ValidString(text) {
		return "", &PathError{s, "holds escapes that are not UTF-8"}
	}
	return text, nil
}

// unescapeValid decodes the well-formed escapes of s and leaves the rest, as
// the most forgiving decoder would.
func unescapeValid(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// encode percent-encodes what the URL Standard's path percent-encode set has;
// escapes that are there stay.
func encode(seg string) string {
	ok := true
	for i := 0; ok && i < len(seg); i++ {
		ok = seg[i] == '%' || pathByte[seg[i]]
	}
	if ok {
		return seg
	}
	var b strings.Builder
	for i := 0; i < len(seg); i++ {
		if c := seg[i]; c == '%' || pathByte[c] {
			b.WriteByte(c)
		} else {
			writeEscape(&b, c)
		}
	}
	return b.String()
}

// upperEscapes writes the hexadecimal digits of a path's escapes as capitals,
// which are equivalent (RFC 3986 §6.2.2.1).
func upperEscapes(path string) string {
	i := strings.IndexByte(path, '%')
	if i < 0 {
		return path
	}
	b := []byte(path)
	for ; i+2 < len(b); i++ {
		if b[i] == '%' && isHex(b[i+1]) && isHex(b[i+2]) {
			for j := i + 1; j < i+3; j++ {
				if b[j] >= 'a' {
					b[j] -= 'a' - 'A'
				}
			}
			i += 2
		}
	}
	return string(b)
}

// TrailingSlash applies the trailingSlash setting to a path that [Clean] has
// returned: redirect says to answer 308 with to as the place, and the query
// kept.
//
// Off: no path but the root ends in a slash. On: a path whose last segment has
// no dot ends in one, and a path that ends in a file name (a.xml) does not;
// what is neither (a.b-c) and all below /.well-known may do either, as in
// Next.js 16.
func TrailingSlash(path string, on bool) (to string, redirect bool) {
	bare, slash := strings.CutSuffix(path, "/")
	if bare == "" {
		return path, false
	}
	if !on {
		return bare, slash
	}
	if strings.HasPrefix(bare, "/.well-known") {
		return path, false
	}
	last := bare[strings.LastIndexByte(bare, '/')+1:]
	dot := strings.LastIndexByte(last, '.')
	switch {
	case dot < 0 && !slash:
		return path + "/", true
	case dot > 0 && slash && isWord(last[dot+1:]):
		return bare, true
	}
	return path, false
}

// pathByte has the bytes that stand for themselves in a path: all but those of
// the URL Standard's path percent-encode set, '%' and the backslash.
var pathByte = func() (set [256]bool) {
	for c := 0x21; c < 0x7f; c++ {
		set[c] = strings.IndexByte("\"#<>?^`{}%\\", byte(c)) < 0
	}
	return set
}()

func alnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isWord(s string) bool {
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && s[i] != '_' {
			return false
		}
	}
	return s != ""
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}

func writeEscape(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('%')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}
