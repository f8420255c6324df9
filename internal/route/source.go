package route

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// SourceOptions says how a source is compiled. The zero value is a config
// rule's: case-insensitive, with an optional slash at the end.
type SourceOptions struct {
	// CaseSensitive compares letters as they are written: matchers, and config
	// rules under experimental.caseSensitiveRoutes.
	CaseSensitive bool
	// Matcher compiles the source as a middleware matcher: it is case-sensitive,
	// its matches have no values, and it matches the forms of a path that Next.js 16 sends for itself too
	// (/about.json, /about.rsc, /_next/data/x/about), so that none of them is a
	// way around the middleware.
	Matcher bool
	// BasePath is put before the source; "" is none.
	BasePath string
	// SkipInternal never matches what starts with /_next, as redirects do not.
	SkipInternal bool
	// Backtrack compiles what cannot be matched in linear time; nil refuses it.
	Backtrack BacktrackFunc

	test bool // matches have no values
	fold bool // a matcher without regard to case
}

// BacktrackFunc compiles an ECMAScript regular expression, without the u flag,
// on an engine that backtracks.
type BacktrackFunc func(expr string, ignoreCase bool) (Backtracker, error)

// Backtracker is a compiled expression of an engine that backtracks.
type Backtracker interface {
	// Find returns what [regexp.Regexp.FindStringSubmatchIndex] does: byte
	// offsets of the leftmost match and its groups, nil for no match. The error
	// says that the engine's time limit was hit.
	Find(s string) (loc []int, err error)
}

// Source is a compiled path pattern in the grammar of path-to-regexp 6, as
// Next.js accepts it in rules and matchers:
//
//	:x         one segment             :x*  any number of them   :x+  at least one
//	:x?        one or none             :x(regexp)  what it matches
//	(regexp)   the same with no name   {/b}?  a group that may be absent
//	\          takes the next letter literally
//
// The zero value is not a source.
type Source struct {
	text string
	expr *expr
	keys []patternKey
	// named says that a match has values.
	named bool
}

// Value is a parameter of a match.
type Value struct {
	Name string
	// Text is the value as it was sent: percent-encoded if it comes from the
	// path. Segments of a parameter with * or + are joined by slashes.
	Text string
	// List has the segments of a parameter with * or +, or the values of a
	// repeated query key; it is nil for any other.
	List []string

	plain bool // from a condition, and so not percent-encoded
	unset bool // a named group of a condition that took no part in the match
}

// Values are the parameters of a match, in order, each name once.
type Values []Value

// Get returns the parameter of that name.
func (v Values) Get(name string) (Value, bool) {
	for _, value := range v {
		if value.Name == name {
			return value, !value.unset
		}
	}
	return Value{}, false
}

func (v Values) find(name string) *Value {
	for i := range v {
		if v[i].Name == name {
			return &v[i]
		}
	}
	return nil
}

// set adds a value or replaces the one of its name.
func (v Values) set(value Value) Values {
	if old := v.find(value.Name); old != nil {
		*old = value
		return v
	}
	return append(v, value)
}

// maxSource is how long a matcher may be, and the expression that a rule's source
// makes, in UTF-16 units: Next.js's bounds.
const maxSource = 4096

// CompileSource compiles a pattern. An error is an [*Error] whose File is empty.
func CompileSource(source string, o SourceOptions) (*Source, error) {
	if !strings.HasPrefix(source, "/") {
		return nil, &Error{Text: fmt.Sprintf("`source` does not start with / in %q", source), Hint: "write " + strconv.Quote("/"+source)}
	}
	if !utf8.ValidString(source) {
		return nil, &Error{Text: fmt.Sprintf("`source` is not UTF-8 in %q", source), Hint: "save the file as UTF-8"}
	}
	text, keys, err := sourceExpr(source, o)
	var wrong *patternError
	switch {
	case errors.As(err, &wrong):
		return nil, &Error{Text: fmt.Sprintf("`source` parse failed: %s in %q", wrong.text, source), Hint: wrong.hint}
	case err != nil:
		return nil, err
	}
	groups := keepAll
	if o.Matcher || o.test {
		groups = keepNone
	}
	e, err := compileExpr(text, !o.CaseSensitive && !o.Matcher || o.fold, groups, o.Backtrack)
	var syntax *syntaxError
	switch {
	case errors.Is(err, errBacktracks):
		return nil, &Error{
			Text: fmt.Sprintf("`source` %q cannot be matched in linear time", short(source)),
			Hint: "leave out back references such as \\1 and counts such as {1,1000}",
		}
	case errors.As(err, &syntax):
		return nil, &Error{Text: fmt.Sprintf("`source` parse failed: invalid regular expression: %s in %q", lower(syntax.text), short(source)), Hint: "it is a regular expression of ECMAScript"}
	case err != nil:
		return nil, &Error{Text: fmt.Sprintf("`source` parse failed: %v in %q", err, short(source))}
	}
	if e.groups != len(keys) {
		return nil, &Error{
			Text: fmt.Sprintf("`source` %q has a named group inside of a parameter", short(source)),
			Hint: "name the parameter: :name(regexp)",
		}
	}
	s := &Source{text: source, expr: e, keys: keys}
	s.named = groups == keepAll && slices.ContainsFunc(keys, func(k patternKey) bool { return !k.unnamed })
	return s, nil
}

// sourceExpr builds the expression of a source.
func sourceExpr(source string, o SourceOptions) (string, []patternKey, error) {
	base := quotePattern(o.BasePath)
	// The source has to be sound by itself, for an error to show its place.
	tokens, err := parsePattern(source, anyDelimiter)
	if err != nil {
		return "", nil, err
	}
	if o.Matcher {
		source = upperEscapes(source) // see [Matcher.Match]
		whole := base + transportPrefix + source + transportSuffix(source)
		if units(whole) > maxSource {
			return "", nil, tooBig(source)
		}
		if tokens, err = parsePattern(whole, anyDelimiter); err != nil {
			return "", nil, err
		}
		for i := range tokens {
			t := &tokens[i]
			t.text, t.prefix, t.suffix = plainEscapes(t.text), plainEscapes(t.prefix), plainEscapes(t.suffix)
		}
		return patternExpr(repeatable(tokens), anyDelimiter, false)
	}
	if text, _, err := patternExpr(tokens, anyDelimiter, false); err != nil {
		return "", nil, err
	} else if builtLength(text) > maxSource {
		return "", nil, tooBig(source)
	}
	if source == "/" && base != "" {
		source = ""
	}
	if tokens, err = parsePattern(base+source, "/"); err != nil {
		return "", nil, err
	}
	text, keys, err := patternExpr(tokens, "/", true)
	if err != nil {
		return "", nil, err
	}
	start := "^"
	if o.SkipInternal {
		start = "^(?!" + quoteExpr(o.BasePath+"/_next") + ")"
	}
	return start + text[1:len(text)-1] + `(?:\/)?$`, keys, nil
}

func tooBig(source string) error {
	return &Error{
		Text: fmt.Sprintf("`source` exceeds max built length of %d in %q", maxSource, short(source)),
		Hint: "split it into several rules",
	}
}

// builtLength is the length of an expression as JavaScript writes it: a slash
// outside of a class is escaped.
func builtLength(text string) int {
	n, class := units(text), false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '/' && !class:
			n++
		}
	}
	return n
}

// The forms of a path that Next.js's own client asks for, as its version 16
// writes them around each matcher.
const (
	transportPrefix = `/:nextData(_next/data/[^/]{1,})?`
	transportForms  = `\.rsc|\.segments/.+\.segment\.rsc`
)

func transportSuffix(source string) string {
	if source == "/" {
		return `(/?index|/?index\.json|/?index(?:` + transportForms + `))?`
	}
	return `{(\.json|` + transportForms + `)}?`
}

// anyDelimiter is path-to-regexp's own set of delimiters. Next.js has it in
// matchers, and only the slash in rules.
const anyDelimiter = "/#?"

// String returns the pattern as it was written.
func (s *Source) String() string { return s.text }

// Backtracks reports that the source is not matched in linear time.
func (s *Source) Backtracks() bool { return s.expr.back != nil }

// Match matches a raw (percent-encoded) path. The values are as sent. The error
// is a [*LimitError], or that of a [Backtracker].
func (s *Source) Match(path string) (Values, bool, error) {
	m, err := s.match(path)
	if m == nil {
		return nil, false, err
	}
	v := s.values(m)
	m.release()
	return v, true, nil
}

func (s *Source) match(path string) (*machine, error) {
	m, err := s.expr.match(path, utf8Text)
	return m, tooLong(err, "the path")
}

// tooLong names what was too long to be matched.
func tooLong(err error, what string) error {
	if err == nil {
		return nil
	}
	var limit *LimitError
	if errors.As(err, &limit) {
		return &LimitError{What: what}
	}
	return err
}

func (s *Source) values(m *machine) Values {
	if !s.named {
		return nil
	}
	var v Values
	for i, k := range s.keys {
		if k.unnamed {
			continue
		}
		text, ok := m.group(i)
		if !ok {
			continue
		}
		value := Value{Name: k.name, Text: text}
		if k.repeats {
			value.List = strings.Split(text, k.between)
			value.Text = strings.Join(value.List, "/")
		}
		v = v.set(value)
	}
	return v
}

// A patternToken is a part of a pattern: literal text, or a parameter or group.
type patternToken struct {
	text    string // literal; "" for a parameter
	name    string
	unnamed bool // its name is a number
	prefix  string
	suffix  string
	expr    string // "" is a group in braces with no parameter
	mod     string // "", ?, * or +
}

func (t *patternToken) repeats() bool { return t.mod == "*" || t.mod == "+" }

// patternKey is a parameter of a compiled pattern.
type patternKey struct {
	name    string
	unnamed bool
	repeats bool
	between string // what stands between two segments of one that repeats
}

// patternError says what is wrong with a pattern, in path-to-regexp's words.
type patternError struct{ text, hint string }

func (e *patternError) Error() string { return e.text }

// lexeme is a letter or more of a pattern with what it is.
type lexeme struct {
	kind lexKind
	at   int // UTF-16 units, as JavaScript counts
	text string
}

type lexKind string

const (
	lexModifier lexKind = "MODIFIER"
	lexEscaped  lexKind = "ESCAPED_CHAR"
	lexOpen     lexKind = "OPEN"
	lexClose    lexKind = "CLOSE"
	lexName     lexKind = "NAME"
	lexPattern  lexKind = "PATTERN"
	lexChar     lexKind = "CHAR"
	lexEnd      lexKind = "END"
)

func lexPatternText(s string) ([]lexeme, error) {
	var out []lexeme
	fail := func(at int, hint, format string) error {
		return &patternError{fmt.Sprintf(format, units(s[:at])), hint}
	}
	unit := 0
	for i := 0; i < len(s); {
		start, kind := i, lexChar
		switch s[i] {
		case '*', '+', '?':
			kind = lexModifier
		case '{':
			kind = lexOpen
		case '}':
			kind = lexClose
		case '\\':
			i++
			_, n := utf8.DecodeRuneInString(s[i:])
			i += n
			out = append(out, lexeme{lexEscaped, unit, s[start+1 : i]})
			unit += units(s[start:i])
			continue
		case ':':
			for i++; i < len(s) && isWord(s[i:i+1]); i++ {
			}
			if i == start+1 {
				return nil, fail(start, `a literal colon is written \:`, "missing parameter name at %d")
			}
			out = append(out, lexeme{lexName, unit, s[start+1 : i]})
			unit += i - start
			continue
		case '(':
			i++
			if i < len(s) && s[i] == '?' {
				return nil, fail(i, `a look-ahead stands inside of a group: ((?!api).*)`, `pattern cannot start with "?" at %d`)
			}
			depth := 1
			for ; i < len(s); i++ {
				if s[i] == '\\' {
					i++
					continue
				}
				if s[i] == ')' {
					if depth--; depth == 0 {
						break
					}
				} else if s[i] == '(' {
					depth++
					if i+1 >= len(s) || s[i+1] != '?' {
						return nil, fail(i, "write (?: for a group inside of a parameter", "capturing groups are not allowed at %d")
					}
				}
			}
			if depth > 0 {
				return nil, fail(start, `close the parenthesis, or write \( for a literal one`, "unbalanced pattern at %d")
			}
			if i == start+1 {
				return nil, fail(start, `write the regular expression between the parentheses`, "missing pattern at %d")
			}
			out = append(out, lexeme{lexPattern, unit, s[start+1 : i]})
			i++
			unit += units(s[start:i])
			continue
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
		out = append(out, lexeme{kind, unit, s[start:i]})
		unit += units(s[start:i])
	}
	return append(out, lexeme{lexEnd, unit, ""}), nil
}

// parsePattern reads a pattern; delimiters are what a parameter without an
// expression of its own does not match.
func parsePattern(s, delimiters string) ([]patternToken, error) {
	lexemes, err := lexPatternText(s)
	if err != nil {
		return nil, err
	}
	var (
		out     []patternToken
		literal strings.Builder
		pos     int
		unnamed int
	)
	take := func(kind lexKind) (string, bool) {
		if lexemes[pos].kind != kind {
			return "", false
		}
		pos++
		return lexemes[pos-1].text, true
	}
	must := func(kind lexKind) error {
		if _, ok := take(kind); ok {
			return nil
		}
		l := lexemes[pos]
		hint := `write \ before a letter that has a meaning`
		if l.kind == lexModifier {
			hint = "*, + and ? follow a parameter or a group; write (.*) for anything, and \\" + l.text + " for the letter"
		}
		return &patternError{fmt.Sprintf("unexpected %s at %d, expected %s", l.kind, l.at, kind), hint}
	}
	chars := func() string {
		var b strings.Builder
		for {
			c, ok := take(lexChar)
			if !ok {
				c, ok = take(lexEscaped)
			}
			if !ok {
				return b.String()
			}
			b.WriteString(c)
		}
	}
	flush := func() {
		if literal.Len() > 0 {
			out = append(out, patternToken{text: literal.String()})
			literal.Reset()
		}
	}
	number := func() string {
		unnamed++
		return strconv.Itoa(unnamed - 1)
	}
	// segment is what a parameter without an expression matches: up to the next
	// delimiter, and, where only text stands before it, up to that text.
	segment := func(prefix string) (string, error) {
		before := prefix
		if n := len(out); n > 0 && before == "" {
			if before = out[n-1].text; before == "" {
				return "", &patternError{
					fmt.Sprintf("must have text between two parameters, missing text after %q", out[n-1].name),
					"put a letter such as - between them, or give the second an expression: :b(\\d+)",
				}
			}
		}
		class := "[^" + quoteExpr(delimiters) + "]"
		if before == "" || strings.ContainsAny(before, delimiters) {
			return class + "+?", nil
		}
		return "(?:(?!" + quoteExpr(before) + ")" + class + ")+?", nil
	}
	for pos < len(lexemes) {
		char, hasChar := take(lexChar)
		name, hasName := take(lexName)
		expr, hasExpr := take(lexPattern)
		if hasName || hasExpr {
			t := patternToken{name: name, expr: expr, prefix: char}
			if char != "" && char != "." && char != "/" {
				literal.WriteString(char)
				t.prefix = ""
			}
			flush()
			if !hasName {
				t.name, t.unnamed = number(), true
			}
			if !hasExpr {
				if t.expr, err = segment(t.prefix); err != nil {
					return nil, err
				}
			}
			t.mod, _ = take(lexModifier)
			out = append(out, t)
			continue
		}
		if !hasChar {
			char, hasChar = take(lexEscaped)
		}
		if hasChar {
			literal.WriteString(char)
			continue
		}
		flush()
		if _, ok := take(lexOpen); ok {
			var t patternToken
			t.prefix = chars()
			t.name, hasName = take(lexName)
			t.expr, hasExpr = take(lexPattern)
			if !hasName && hasExpr {
				t.name, t.unnamed = number(), true
			}
			if hasName && !hasExpr {
				if t.expr, err = segment(t.prefix); err != nil {
					return nil, err
				}
			}
			t.suffix = chars()
			if err := must(lexClose); err != nil {
				return nil, err
			}
			t.mod, _ = take(lexModifier)
			out = append(out, t)
			continue
		}
		if err := must(lexEnd); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// repeatable lets a parameter repeat that has nothing to stand between two of
// its segments, by a slash before each. Next.js 16 does so in matchers.
func repeatable(tokens []patternToken) []patternToken {
	if _, _, err := patternExpr(tokens, "/", false); err == nil {
		return tokens
	}
	for i := range tokens {
		if t := &tokens[i]; t.text == "" && t.repeats() && t.prefix == "" && t.suffix == "" {
			t.prefix = "/"
		}
	}
	return tokens
}

// patternExpr builds the anchored expression of a parsed pattern. Unless it is
// strict, one delimiter may follow at the end.
func patternExpr(tokens []patternToken, delimiters string, strict bool) (string, []patternKey, error) {
	var b strings.Builder
	var keys []patternKey
	b.WriteByte('^')
	for _, t := range tokens {
		prefix, suffix := quoteExpr(t.prefix), quoteExpr(t.suffix)
		switch {
		case t.text != "":
			b.WriteString(quoteExpr(t.text))
			continue
		case t.expr == "":
			b.WriteString("(?:" + prefix + suffix + ")" + t.mod)
			continue
		case t.repeats() && prefix == "" && suffix == "":
			return "", nil, &patternError{
				fmt.Sprintf("can not repeat %q without a prefix and suffix", t.name),
				"only a parameter after a slash repeats: /:path*",
			}
		case t.repeats():
			b.WriteString("(?:" + prefix + "((?:" + t.expr + ")(?:" + suffix + prefix + "(?:" + t.expr + "))*)" + suffix + ")")
			if t.mod == "*" {
				b.WriteByte('?')
			}
		case prefix != "" || suffix != "":
			b.WriteString("(?:" + prefix + "(" + t.expr + ")" + suffix + ")" + t.mod)
		default:
			b.WriteString("(" + t.expr + ")" + t.mod)
		}
		keys = append(keys, patternKey{name: t.name, unnamed: t.unnamed, repeats: t.repeats(), between: t.prefix + t.suffix})
	}
	if !strict {
		b.WriteString("[" + quoteExpr(delimiters) + "]?")
	}
	b.WriteByte('$')
	return b.String(), keys, nil
}

// plainEscapes undoes the escapes of letters that need none (RFC 3986 §6.2.2.2),
// as the router does with the name of a folder.
func plainEscapes(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			if c := unhex(s[i+1])<<4 | unhex(s[i+2]); alnum(c) || strings.IndexByte("-._~", c) >= 0 {
				b.WriteByte(c)
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// quotePattern escapes text so that a pattern has it literally.
func quotePattern(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if strings.IndexByte(`*+?\{}:()`, s[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// units is the length of s in UTF-16 units.
func units(s string) int {
	n := 0
	for _, r := range s {
		n += max(1, utf16.RuneLen(r))
	}
	return n
}

// short cuts a text down for a message.
func short(s string) string {
	if len(s) <= 80 {
		return s
	}
	return s[:80] + "…"
}

// lower takes the capital from the beginning of a message.
func lower(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
