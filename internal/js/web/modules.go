package web

import "slices"

// nodeModules are the Node built-ins that are served, without the prefix "node:".
var nodeModules = []string{"async_hooks"}

// Serves reports whether the platform serves a module of that name.
func Serves(specifier string) bool {
	name, _ := cutNode(specifier)
	return slices.Contains(nodeModules, name)
}

func cutNode(s string) (string, bool) {
	if len(s) > 5 && s[:5] == "node:" {
		return s[5:], true
	}
	return s, false
}

// NormaliseQuery writes a query as Next.js 16 shows it to handlers: parsed and
// serialised again, which leaves a plain one as it is.
func NormaliseQuery(q string) string {
	piece, equals := 0, false
	for i := 0; i < len(q); i++ {
		switch c := q[i]; {
		case c == '&':
			if piece == 0 || !equals {
				return ParseSearchParams(q).String()
			}
			piece, equals = 0, false
			continue
		case c == '=' && !equals:
			equals = true
		case c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '.' || c == '_' || c == '*':
		default:
			return ParseSearchParams(q).String()
		}
		piece++
	}
	if piece == 0 || !equals {
		return ParseSearchParams(q).String()
	}
	return q
}
