package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/portico-dev/portico/internal/route"
)

// Env is the environment that scripts see: the process's, and what the .env
// files of a project add. Nothing is written to the process itself.
type Env struct {
	// Vars is the complete environment.
	Vars map[string]string
	// Files are the names of the files that were read, in order of priority.
	Files []string
	// Public has those of Vars that a bundle may hold: NEXT_PUBLIC_*.
	Public map[string]string
}

// LoadEnv reads the .env files at the root of a project as Next.js does. The
// first to set a variable wins: the process (in the form of [os.Environ]), then
// .env.<mode>.local, .env.local (not in test mode), .env.<mode> and .env. The
// mode is production, development or test.
//
// A value may refer to other variables as $NAME, ${NAME} and ${NAME:-default}.
// The process and the files read before win over the same file, and the default
// too wins over the same file; a name that nothing sets is empty. A $ that
// begins no reference is itself, as are all references to the left of it in
// that value, so that a password need not be escaped; \$ is always a $.
//
// It differs from Next.js where that loses text: a value that was inserted is
// not searched for references again, nor is the process's own value; and a
// variable that refers to itself is an error, where Next.js logs a stack
// overflow and goes on without the whole file. Every problem is a
// [*route.Error] with file and line; all of them are returned, joined.
func LoadEnv(fsys fs.FS, mode string, process []string) (*Env, error) {
	names, err := envFiles(mode)
	if err != nil {
		return nil, err
	}
	env := &Env{Vars: map[string]string{}, Public: map[string]string{}}
	for _, kv := range process {
		// Windows has variables such as "=C:=C:\dir".
		if i := strings.IndexByte(kv, '='); i > 0 {
			// Of duplicates getenv, and so Node, sees the first.
			if _, ok := env.Vars[kv[:i]]; !ok {
				env.Vars[kv[:i]] = kv[i+1:]
			}
		}
	}
	var problems []error
	for _, name := range names {
		text, ok, err := readEnvFile(fsys, name)
		if err != nil {
			problems = append(problems, err)
		}
		if !ok {
			continue
		}
		env.Files = append(env.Files, name)
		x := expander{env: env.Vars, file: parseDotenv(text), done: map[string]string{}}
		problems = append(problems, x.all(name)...)
		for key, value := range x.done {
			if _, ok := env.Vars[key]; !ok {
				env.Vars[key] = value
			}
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for key, value := range env.Vars {
		if strings.HasPrefix(key, "NEXT_PUBLIC_") {
			env.Public[key] = value
		}
	}
	return env, nil
}

// envFiles names the files of a mode in order of priority.
func envFiles(mode string) ([]string, error) {
	switch mode {
	case "production", "development":
		return []string{".env." + mode + ".local", ".env.local", ".env." + mode, ".env"}, nil
	case "test":
		// A test gives the same result for everyone, so that what is one
		// developer's own has no place in it.
		return []string{".env.test.local", ".env.test", ".env"}, nil
	}
	return nil, &route.Error{
		Text: fmt.Sprintf("unknown mode %q for .env files", mode),
		Hint: "the modes are production, development and test",
	}
}

// readEnvFile returns the text of a file, and false if there is none: a folder
// named .env, as Python's tools make it, is passed over.
func readEnvFile(fsys fs.FS, name string) (string, bool, error) {
	info, err := fs.Stat(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	var data []byte
	if err == nil {
		if !info.Mode().IsRegular() && info.Mode()&fs.ModeNamedPipe == 0 {
			return "", false, nil
		}
		data, err = fs.ReadFile(fsys, name)
	}
	if err != nil {
		cause := err
		if p, ok := errors.AsType[*fs.PathError](err); ok {
			cause = p.Err
		}
		return "", false, &route.Error{File: name, Text: "cannot read the file: " + cause.Error()}
	}
	return strings.ToValidUTF8(string(data), "\ufffd"), true, nil
}

// assignment is the value that a file gives a variable, before expansion.
type assignment struct {
	value string
	line  int // from 1, of the variable's name
}

// parseDotenv reads assignments in the dialect of the dotenv that Next.js has:
//
//	KEY=value            # a comment; it needs no space before it
//	export KEY = value
//	KEY: value
//	KEY='a # b'          no comment inside of quotes: ' " or `
//	KEY="two
//	lines"               and \n and \r are escapes, in double quotes only
//
// Of two assignments to a name the later one counts. What is not an assignment
// is passed over. Quotes that are not closed, or that have more text behind
// them, are part of the value.
func parseDotenv(text string) map[string]assignment {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	vars := map[string]assignment{}
	line, counted := 1, 0
	for pos := 0; pos < len(text); {
		at := skipSpace(text, pos)
		key, rest, ok := cutKey(text[at:])
		if !ok {
			pos = nextLine(text, at)
			continue
		}
		pos = len(text) - len(rest)
		value, n := cutValue(rest)
		pos = nextLine(text, pos+n)
		line += strings.Count(text[counted:at], "\n")
		counted = at
		vars[key] = assignment{unquote(value), line}
	}
	return vars
}

// skipSpace returns the position of the first character at or after pos that
// is no space. Lines that are empty are spaces too.
func skipSpace(text string, pos int) int {
	return len(text) - len(strings.TrimLeftFunc(text[pos:], isJSSpace))
}

// nextLine returns the position behind the end of the line that pos is on.
func nextLine(text string, pos int) int {
	for i, r := range text[pos:] {
		if isLineEnd(r) {
			return pos + i + utf8.RuneLen(r)
		}
	}
	return len(text)
}

// cutKey splits a name and what separates it from its value off the text.
func cutKey(text string) (key, rest string, ok bool) {
	if after, ok := strings.CutPrefix(text, "export"); ok {
		if trimmed := strings.TrimLeftFunc(after, isJSSpace); trimmed != after {
			if key, rest, ok := cutName(trimmed); ok {
				return key, rest, true
			}
		}
	}
	return cutName(text) // "export" may be a name as well
}

func cutName(text string) (key, rest string, ok bool) {
	n := 0
	for n < len(text) && (isWordByte(text[n]) || text[n] == '.' || text[n] == '-') {
		n++
	}
	if n == 0 {
		return "", "", false
	}
	key, rest = text[:n], text[n:]
	if after, ok := strings.CutPrefix(strings.TrimLeftFunc(rest, isJSSpace), "="); ok {
		return key, after, true
	}
	// "KEY: value", where the space tells it from a URL; it may be any one.
	if after, ok := strings.CutPrefix(rest, ":"); ok {
		if r, size := utf8.DecodeRuneInString(after); size > 0 && isJSSpace(r) {
			return key, after[size:], true
		}
	}
	return "", "", false
}

// cutValue returns the value at the start of text, with the quotes that it may
// have and no spaces around it, and how much of text it takes.
func cutValue(text string) (value string, n int) {
	quoted := strings.TrimLeftFunc(text, isJSSpace) // on a line below, too
	skipped := len(text) - len(quoted)
	if quoted != "" && strings.IndexByte("'\"`", quoted[0]) >= 0 {
		if n := quotedLen(quoted); n > 0 {
			return quoted[:n], skipped + n
		}
	}
	n = strings.IndexAny(text, "#\n")
	if n < 0 {
		n = len(text)
	}
	return strings.TrimFunc(text[:n], isJSSpace), n
}

// quotedLen returns the length of the quoted value that text starts with, zero
// if there is none. A quote behind a backslash does not close it, unless no
// other does; and behind the one that does there is nothing but a comment.
func quotedLen(text string) int {
	quote := text[0]
	var ends []int
	for i := 1; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		ends = append(ends, i+1)
		if text[i-1] != '\\' {
			break
		}
	}
	for _, end := range slices.Backward(ends) {
		if endsLine(text[end:]) {
			return end
		}
	}
	return 0
}

// endsLine reports whether only spaces and a comment are left of a line.
func endsLine(text string) bool {
	for _, r := range text {
		if r == '#' || isLineEnd(r) {
			return true
		}
		if !isJSSpace(r) {
			return false
		}
	}
	return true
}

// unquote removes the quotes around a value, and undoes the escapes of one that
// starts with a double quote.
func unquote(value string) string {
	if value == "" {
		return ""
	}
	first, last := value[0], value[len(value)-1]
	if len(value) > 1 && first == last && strings.IndexByte("'\"`", first) >= 0 {
		value = value[1 : len(value)-1]
	}
	if first == '"' {
		value = strings.ReplaceAll(value, `\n`, "\n")
		value = strings.ReplaceAll(value, `\r`, "\r")
	}
	return value
}

// isJSSpace reports whether JavaScript's \s matches r.
func isJSSpace(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\ufeff', '\u2028', '\u2029':
		return true
	}
	return unicode.Is(unicode.Zs, r)
}

// isLineEnd reports whether JavaScript ends a line at r. Carriage returns are
// gone by the time this is asked.
func isLineEnd(r rune) bool { return r == '\n' || r == '\u2028' || r == '\u2029' }

// isWordByte reports whether JavaScript's \w matches c.
func isWordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// expander works out the references in the values of one file.
type expander struct {
	env  map[string]string     // the process and the files before this one
	file map[string]assignment // this one
	done map[string]string     // those of file that are worked out
	open []string              // those that are being worked out, outermost first
}

// all works out every variable of the file and returns the problems, one for
// each circle of references.
func (x *expander) all(name string) []error {
	var problems []error
	reported := map[string]bool{}
	byLine := slices.SortedFunc(maps.Keys(x.file), func(a, b string) int {
		return cmp.Or(cmp.Compare(x.file[a].line, x.file[b].line), strings.Compare(a, b))
	})
	for _, key := range byLine {
		_, err := x.value(key)
		circle, ok := errors.AsType[*circleError](err)
		if !ok || reported[circle.keys[0]] {
			continue
		}
		for _, key := range circle.keys {
			reported[key] = true
		}
		problems = append(problems, &route.Error{
			File: fmt.Sprintf("%s:%d", name, x.file[circle.keys[0]].line),
			Text: circle.Error(),
			Hint: `give the reference a default, as in ${NAME:-default}, or write \$ for a dollar sign`,
		})
	}
	return problems
}

// circleError has the variables whose values need each other, in order.
type circleError struct{ keys []string }

func (e *circleError) Error() string {
	text := e.keys[0] + " refers to itself"
	if len(e.keys) > 1 {
		text += ", by way of " + strings.Join(e.keys[1:], " and ")
	}
	return text
}

// value returns the value of a variable of this file; its error is a
// *circleError.
func (x *expander) value(key string) (string, error) {
	if v, ok := x.done[key]; ok {
		return v, nil
	}
	if i := slices.Index(x.open, key); i >= 0 {
		return "", &circleError{slices.Clone(x.open[i:])}
	}
	x.open = append(x.open, key)
	v, err := x.expand(x.file[key].value)
	x.open = x.open[:len(x.open)-1]
	if err != nil {
		return "", err
	}
	x.done[key] = v
	return v, nil
}

// lookup returns what a reference to name stands for; deflt works out its
// default if that is wanted.
func (x *expander) lookup(name string, deflt func() (string, error)) (string, error) {
	set, inEnv := x.env[name]
	if set != "" {
		return set, nil
	}
	if v, err := deflt(); v != "" || err != nil {
		return v, err
	}
	if _, ok := x.file[name]; ok && !inEnv {
		return x.value(name)
	}
	return "", nil
}

// expand replaces the references in a value.
func (x *expander) expand(s string) (string, error) {
	lone := loneDollar(s)
	head := strings.ReplaceAll(s[:lone], `\$`, "$")
	tail, err := x.references(s[lone:])
	return head + tail, err
}

// loneDollar returns the position behind the last $ that is not escaped and
// begins no reference, zero if there is none.
func loneDollar(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '$' && (i == 0 || s[i-1] != '\\') && nameAfter(s[i+1:]) == "" {
			return i + 1
		}
	}
	return 0
}

// nameAfter returns the name in what is behind a $: NAME or {NAME.
func nameAfter(s string) string {
	s = strings.TrimPrefix(s, "{")
	n := 0
	for n < len(s) && isWordByte(s[n]) {
		n++
	}
	return s[:n]
}

// references replaces the references in s, in which every $ is escaped or
// begins one.
func (x *expander) references(s string) (string, error) {
	var b strings.Builder
	for s != "" {
		switch {
		case strings.HasPrefix(s, `\$`):
			b.WriteByte('$')
			s = s[2:]
		case s[0] == '$':
			value, rest, err := x.reference(s[1:])
			if err != nil {
				return "", err
			}
			b.WriteString(value)
			s = rest
		default:
			b.WriteByte(s[0])
			s = s[1:]
		}
	}
	return b.String(), nil
}

// reference replaces the one reference that s begins with, behind its $.
func (x *expander) reference(s string) (value, rest string, err error) {
	name := nameAfter(s)
	rest, braced := strings.CutPrefix(s, "{")
	rest = rest[len(name):]
	deflt := func() (string, error) { return "", nil }
	if after, ok := strings.CutPrefix(rest, ":-"); ok {
		n := defaultLen(after)
		deflt = func() (string, error) { return x.references(after[:n]) }
		rest = after[n:]
	}
	if braced {
		rest = strings.TrimPrefix(rest, "}")
	}
	value, err = x.lookup(name, deflt)
	return value, rest, err
}

// defaultLen returns the length of the default that s begins with. It ends at a
// brace that closes no reference inside of it, or at a backslash.
func defaultLen(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\', s[i] == '}' && depth == 0:
			return i
		case s[i] == '}':
			depth--
		case strings.HasPrefix(s[i:], "${"):
			depth++
		}
	}
	return len(s)
}
