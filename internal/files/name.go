package files

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Name is the name of the file that a request's path stands for, relative to
// the folder and with plain slashes; slash says that the path ends in one, as a
// folder's does. The path is escaped, and is decoded once. It is the same name
// on every system, or none: what one of them reads as more than a name (a
// backslash, a drive, a device, a step upwards) is none on all.
func Name(path string) (name string, slash, ok bool) {
	if path == "" || path[0] != '/' {
		return "", false, false
	}
	rest, slash := strings.CutSuffix(path[1:], "/")
	if rest == "" {
		return "", true, path == "/"
	}
	escaped := strings.IndexByte(rest, '%') >= 0
	var b strings.Builder
	first := true
	for seg := range strings.SplitSeq(rest, "/") {
		if escaped {
			var err error
			if seg, err = url.PathUnescape(seg); err != nil {
				return "", false, false
			}
		}
		if refuse(seg, first) != "" {
			return "", false, false
		}
		if escaped {
			if !first {
				b.WriteByte('/')
			}
			b.WriteString(seg)
		}
		first = false
	}
	if escaped {
		rest = b.String()
	}
	return rest, slash, true
}

// refuse says why a part of a path, decoded, is no name of a file that is
// served; "" is that it is one. First is the part below the folder itself.
func refuse(seg string, first bool) string {
	switch {
	case seg == "":
		return "the name is empty"
	case seg[0] == '.' && (seg != ".well-known" || !first):
		return "the name begins with a dot"
	case len(seg) >= 2 && seg[1] == ':' && letter(seg[0]):
		return "the name begins as a drive does on Windows"
	case !utf8.ValidString(seg):
		return "the name is not UTF-8"
	case device(seg):
		return "Windows has a device of this name"
	}
	for i := 0; i < len(seg); i++ {
		switch c := seg[i]; {
		case c == '/' || c == '\\':
			return "the name holds a slash or a backslash"
		case c < 0x20 || c == 0x7f:
			return "the name holds a control character"
		}
	}
	return ""
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// device reports whether Windows takes a name for a device, in any folder: the
// part before the first dot or colon counts, without spaces at its end.
// Superscript digits are digits to it, too.
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
func device(seg string) bool {
	if end := strings.IndexAny(seg, ".:"); end >= 0 {
		seg = seg[:end]
	}
	seg = strings.TrimRight(seg, " ")
	switch len(seg) {
	case 3:
		return equalAny(seg, "con", "prn", "aux", "nul")
	case 4, 5:
		if !equalAny(seg[:3], "com", "lpt") {
			return false
		}
		switch seg[3:] {
		case "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "¹", "²", "³":
			return true
		}
	case 6, 7:
		return equalAny(seg, "conin$", "conout$")
	}
	return false
}

func equalAny(s string, names ...string) bool {
	for _, n := range names {
		if strings.EqualFold(s, n) {
			return true
		}
	}
	return false
}
