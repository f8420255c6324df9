package route

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// destination is a compiled destination of a redirect or a rewrite.
//
// What comes from the request can change neither its scheme nor its host, which
// hold no parameters, nor the part of the tree that its path is in: the built
// path has to be a fixed point of [Clean]. Values are put in once and are never
// read as a template themselves.
type destination struct {
	text   string
	origin string // "" for a path of our own
	path   []patternToken
	hash   []patternToken
	query  []queryTemplate
	uses   []string // the parameters in path and hash
}

// queryTemplate is one parameter of a destination's query.
type queryTemplate struct {
	key   string // decoded, to be compared with those of the request
	name  string // as it is written
	value template
}

// schemed reports whether the text begins with a scheme and an authority.
func schemed(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	if !ok || scheme == "" {
		return false
	}
	for i := 0; i < len(scheme); i++ {
		if !alnum(scheme[i]) && (i == 0 || strings.IndexByte("+-.", scheme[i]) < 0) {
			return false
		}
	}
	return true
}

// newDestination compiles a destination. base is put before a path of our own.
// list says which parameters are lists, and has the names of all of them.
// The problem has no File.
func newDestination(text, base string, list map[string]bool) (*destination, *Error) {
	d := &destination{text: text}
	if !utf8.ValidString(text) {
		return nil, &Error{Text: "`destination` is not UTF-8", Hint: "save the file as UTF-8"}
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f || r == '\\' }); i >= 0 {
		return nil, &Error{Text: fmt.Sprintf("`destination` holds %q", text[i]), Hint: "write it percent-encoded"}
	}
	rest := text
	if !strings.HasPrefix(text, "/") {
		scheme, after, _ := strings.Cut(text, "://")
		end := strings.IndexAny(after, "/?#")
		if end < 0 {
			end = len(after)
		}
		host, problem := authority(after[:end], list)
		if problem != nil {
			return nil, problem
		}
		d.origin, rest = strings.ToLower(scheme)+"://"+host, after[end:]
		base = ""
	}
	rest, hash, hasHash := strings.Cut(rest, "#")
	path, query, hasQuery := strings.Cut(rest, "?")
	if base != "" && path == "/" {
		path = ""
	}
	if path == "" && base == "" {
		path = "/"
	}
	var problem *Error
	if d.path, problem = d.tokens(quotePattern(base)+encodeLiteral(path, pathByte), list); problem != nil {
		return nil, problem
	}
	if hasHash {
		if d.hash, problem = d.tokens("#"+encodeLiteral(hash, queryByte), list); problem != nil {
			return nil, problem
		}
	}
	if hasQuery {
		for part := range strings.SplitSeq(query, "&") {
			if part == "" {
				continue
			}
			name, value, _ := strings.Cut(part, "=")
			// A plus is a space here, and so never says that a parameter repeats.
			t := newTemplate(encodeLiteral(strings.ReplaceAll(value, "+", "%20"), queryByte))
			if problem := t.check(list); problem != nil {
				return nil, problem
			}
			d.query = append(d.query, queryTemplate{formText(name), encodeLiteral(name, queryByte), t})
		}
	}
	return d, d.check(list)
}

// tokens reads a part of the destination and checks its parameters.
func (d *destination) tokens(text string, list map[string]bool) ([]patternToken, *Error) {
	tokens, err := parsePattern(text, anyDelimiter)
	if err != nil {
		hint := "a literal colon, star or plus is written %3A, %2A or %2B"
		return nil, &Error{Text: "`destination` parse failed: " + err.Error(), Hint: hint}
	}
	var unknown []string
	for _, t := range tokens {
		if t.text != "" {
			continue
		}
		many, known := list[t.name]
		switch {
		case t.unnamed:
			return nil, &Error{Text: "`destination` holds an unnamed group", Hint: "a literal parenthesis is written %28 or %29"}
		case !known:
			unknown = append(unknown, t.name)
			continue
		case many && !t.repeats():
			return nil, manyError(t.name)
		case t.repeats() && t.prefix == "":
			return nil, &Error{Text: fmt.Sprintf("`destination` parse failed: can not repeat %q without a prefix and suffix", t.name), Hint: "put a slash before it: /:" + t.name + t.mod}
		}
		d.uses = append(d.uses, t.name)
	}
	if len(unknown) > 0 {
		return nil, unknownError(unknown, list)
	}
	return tokens, nil
}

func unknownError(unknown []string, list map[string]bool) *Error {
	for _, name := range unknown {
		if strings.Trim(name, "0123456789") == "" {
			return &Error{
				Text: fmt.Sprintf("`destination` has unnamed params :%s", strings.Join(unknown, ", :")),
				Hint: "name the group in the source: :name(regexp)",
			}
		}
	}
	hint := "the source has no parameters"
	if len(list) > 0 {
		var names []string
		for name := range list {
			names = append(names, ":"+name)
		}
		slices.Sort(names)
		hint = "it may use " + strings.Join(names, ", ")
	}
	return &Error{
		Text: fmt.Sprintf("`destination` has segments not in `source` or `has` (%s)", strings.Join(unknown, ", ")),
		Hint: hint,
	}
}

func manyError(name string) *Error {
	return &Error{
		Text: "to use a multi-match in the destination you must add `*` at the end of the param name to signify it should repeat",
		Hint: fmt.Sprintf("write :%s*", name),
	}
}

// authority checks the host and port of a destination.
func authority(s string, list map[string]bool) (string, *Error) {
	if strings.Contains(s, "@") {
		return "", &Error{Text: fmt.Sprintf("`destination` has credentials before its host in %q", s), Hint: "set the Authorization header in the middleware"}
	}
	// What is no port after a colon is a parameter, known or not.
	if host, port, colon := strings.Cut(s, ":"); colon && !strings.HasPrefix(s, "[") {
		if host == "" || port == "" || strings.Trim(port, "0123456789") != "" || isKey(list, port) {
			return "", hostError(s)
		}
	}
	if strings.ContainsAny(s, "(){}*+") {
		return "", hostError(s)
	}
	u, err := url.Parse("http://" + s)
	if err != nil || u.Host != s || u.Hostname() == "" || !isHost(u.Hostname()) {
		return "", &Error{
			Text: fmt.Sprintf("`destination` has no valid host in %q", s),
			Hint: "a host is letters, digits, hyphens and dots, or an IP address; a name in other letters is written in punycode",
		}
	}
	return strings.ToLower(s), nil
}

func isKey(list map[string]bool, name string) bool {
	_, ok := list[name]
	return ok
}

func hostError(s string) *Error {
	return &Error{
		Text: fmt.Sprintf("`destination` has a parameter in its host %q, which would let the request choose where it is sent", s),
		Hint: "write one rule for each host, with `has` if it depends on the request",
	}
}

func isHost(s string) bool {
	if strings.Contains(s, ":") {
		_, err := netip.ParseAddr(s)
		return err == nil
	}
	for i := 0; i < len(s); i++ {
		if !alnum(s[i]) && strings.IndexByte("-._", s[i]) < 0 {
			return false
		}
	}
	return true
}

// check refuses a destination whose path no value makes clean.
func (d *destination) check(list map[string]bool) *Error {
	var sample Values
	for name, many := range list {
		v := Value{Name: name, Text: "x"}
		if many {
			v.List = []string{"x"}
		}
		sample = append(sample, v)
	}
	path, err := d.buildPath(d.path, sample)
	if err != nil {
		return &Error{Text: "`destination` parse failed: " + err.Error()}
	}
	clean, redirect, err := Clean(path)
	if err != nil {
		return &Error{Text: fmt.Sprintf("`destination` has a path that has no single reading: %v", err), Hint: "write the path without escapes of dots and slashes"}
	}
	if redirect || clean != path {
		return &Error{Text: "`destination` has a path that is not normalised", Hint: "leave out empty segments, . and .."}
	}
	return nil
}

// buildPath puts the values into a part of the destination.
func (d *destination) buildPath(tokens []patternToken, v Values) (string, error) {
	if len(tokens) == 1 && tokens[0].text != "" {
		return tokens[0].text, nil
	}
	var b strings.Builder
	for _, t := range tokens {
		if t.text != "" {
			b.WriteString(t.text)
			continue
		}
		value := v.find(t.name)
		switch {
		case value == nil || value.unset:
			if t.mod == "?" || t.mod == "*" {
				continue
			}
			kind := "a string"
			if t.repeats() {
				kind = "an array"
			}
			return "", &Error{
				Text: fmt.Sprintf("expected %q to be %s", t.name, kind),
				Hint: fmt.Sprintf("the request has no :%s, and the destination %q needs it", t.name, short(d.text)),
			}
		case value.List != nil && t.repeats():
			for _, s := range value.List {
				b.WriteString(t.prefix + value.inPath(s) + t.suffix)
			}
		default:
			b.WriteString(t.prefix + value.inPath(value.Text) + t.suffix)
		}
	}
	return b.String(), nil
}

// inPath returns s, which is the value or a part of it, as a path has it: as it
// was sent if it was part of one, and else percent-encoded but for slashes.
func (v *Value) inPath(s string) string {
	if !v.plain {
		return s
	}
	return escapeBytes(s, func(c byte) bool { return pathByte[c] })
}

// inQuery returns s, which is the value or a part of it, as the value of a query
// parameter that cannot become two.
func (v *Value) inQuery(s string) string {
	if v.plain {
		return escapeBytes(s, func(c byte) bool { return alnum(c) || strings.IndexByte("-_.!~*'()", c) >= 0 })
	}
	return escapeBytes(s, func(c byte) bool { return c == '%' || pathByte[c] && strings.IndexByte("&+;", c) < 0 })
}

// target builds path, query and hash for the values. fill says that all values
// go into the query if path and hash use none of them.
func (d *destination) target(v Values, rawQuery string, fill bool) (path, query, hash string, err error) {
	if path, err = d.buildPath(d.path, v); err != nil {
		return "", "", "", err
	}
	if hash, err = d.buildPath(d.hash, v); err != nil {
		return "", "", "", err
	}
	if path == "" {
		path = "/"
	}
	if len(d.query) == 0 && (!fill || len(v) == 0) {
		return path, rawQuery, hash, nil
	}
	var add []queryPair
	for _, q := range d.query {
		text, err := q.value.build(v, (*Value).inQuery)
		if err != nil {
			return "", "", "", err
		}
		add = append(add, queryPair{q.key, q.name + "=" + text})
	}
	if fill && !slices.ContainsFunc(v, func(value Value) bool { return slices.Contains(d.uses, value.Name) }) {
		own := len(add)
		for i := range v {
			value := &v[i]
			if slices.ContainsFunc(add[:own], func(p queryPair) bool { return p.key == value.Name }) {
				continue
			}
			name := escapeBytes(value.Name, func(c byte) bool { return alnum(c) || c == '_' })
			if value.List == nil {
				add = append(add, queryPair{value.Name, name + "=" + value.inQuery(value.Text)})
			}
			for _, s := range value.List {
				add = append(add, queryPair{value.Name, name + "=" + value.inQuery(s)})
			}
		}
	}
	return path, mergeQuery(rawQuery, add), hash, nil
}

// queryPair is a parameter to be put into a query: its decoded name, and its
// text with name and value.
type queryPair struct{ key, text string }

// mergeQuery puts parameters into a query, in the place of the first one of the
// same name, or at the end. All else stays byte for byte, so that what follows
// reads what the rules have read.
func mergeQuery(raw string, add []queryPair) string {
	if len(add) == 0 {
		return raw
	}
	var out []string
	placed := map[string]bool{}
	put := func(key string) {
		placed[key] = true
		for _, p := range add {
			if p.key == key {
				out = append(out, p.text)
			}
		}
	}
	if raw != "" {
		for part := range strings.SplitSeq(raw, "&") {
			name, _, _ := strings.Cut(part, "=")
			key := formText(name)
			ours := part != "" && slices.ContainsFunc(add, func(p queryPair) bool { return p.key == key })
			switch {
			case !ours:
				out = append(out, part)
			case !placed[key]:
				put(key)
			}
		}
	}
	for _, p := range add {
		if !placed[p.key] {
			put(p.key)
		}
	}
	return strings.Join(out, "&")
}

// A template is text with parameters: a value of a destination's query, or the
// name or value of a header rule.
type template struct {
	text  string
	parts []templatePart
}

type templatePart struct {
	text string // literal, or the parameter as it is written
	name string // "" for a literal
	mod  string
	// sep stands before each further segment of a list, and lead before the
	// first: the slash or dot before the parameter belongs to it.
	sep, lead string
}

// newTemplate reads a template: :name, which may have *, + or ? after it. What
// is no parameter of the match stays text.
func newTemplate(s string) template {
	t := template{text: s}
	if strings.IndexByte(s, ':') < 0 {
		return t
	}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, templatePart{text: literal.String()})
			literal.Reset()
		}
	}
	free := true // whether a slash or dot before a parameter is a letter of its own
	for i := 0; i < len(s); {
		c := s[i]
		if c == '\\' && i+1 < len(s) {
			literal.WriteByte(s[i+1])
			free = false
			i += 2
			continue
		}
		end := i + 1
		for end < len(s) && isWord(s[end:end+1]) {
			end++
		}
		if c != ':' || end == i+1 {
			literal.WriteByte(c)
			free = true
			i++
			continue
		}
		p := templatePart{name: s[i+1 : end]}
		if before := literal.String(); before != "" && free && (strings.HasSuffix(before, "/") || strings.HasSuffix(before, ".")) {
			p.sep = before[len(before)-1:]
			p.lead = p.sep
			literal.Reset()
			literal.WriteString(before[:len(before)-1])
		} else if i == 0 {
			p.sep = "/"
		}
		flush()
		if end < len(s) && strings.IndexByte("*+?", s[end]) >= 0 {
			p.mod = s[end : end+1]
			end++
		}
		p.text = p.lead + s[i:end]
		t.parts = append(t.parts, p)
		free = false
		i = end
	}
	flush()
	return t
}

// check refuses a list where one value is wanted.
func (t *template) check(list map[string]bool) *Error {
	for _, p := range t.parts {
		if p.name != "" && list[p.name] && p.mod != "*" && p.mod != "+" {
			return manyError(p.name)
		}
	}
	return nil
}

// fixed reports whether none of the parameters stands in the template.
func (t *template) fixed(list map[string]bool) bool {
	for _, p := range t.parts {
		if _, known := list[p.name]; known && p.name != "" {
			return false
		}
	}
	return true
}

// build puts the values in; quote says how.
func (t *template) build(v Values, quote func(v *Value, s string) string) (string, error) {
	if len(t.parts) == 0 {
		return t.text, nil
	}
	var b strings.Builder
	for _, p := range t.parts {
		var value *Value
		if p.name != "" {
			value = v.find(p.name)
		}
		switch {
		case value == nil:
			b.WriteString(p.text)
		case value.unset && (p.mod == "*" || p.mod == "?"):
		case value.unset:
			return "", &Error{Text: fmt.Sprintf("expected %q to be a string", p.name), Hint: "the group took no part in the match; give it an alternative that is empty"}
		case value.List != nil && (p.mod == "*" || p.mod == "+"):
			for i, s := range value.List {
				if i == 0 {
					b.WriteString(p.lead + quote(value, s))
				} else {
					b.WriteString(p.sep + quote(value, s))
				}
			}
		default:
			b.WriteString(p.lead + quote(value, value.Text))
		}
	}
	return b.String(), nil
}

// queryByte has the bytes that stand for themselves in a query or a fragment.
var queryByte = func() (set [256]bool) {
	for c := 0x21; c < 0x7f; c++ {
		set[c] = strings.IndexByte("\"#<>'`", byte(c)) < 0
	}
	return set
}()

// encodeLiteral percent-encodes what is not in the set; escapes that are there
// stay.
func encodeLiteral(s string, set [256]bool) string {
	return escapeBytes(s, func(c byte) bool { return c == '%' || set[c] })
}

func escapeBytes(s string, keep func(byte) bool) string {
	i := 0
	for i < len(s) && keep(s[i]) {
		i++
	}
	if i == len(s) {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if keep(s[i]) {
			b.WriteByte(s[i])
		} else {
			writeEscape(&b, s[i])
		}
	}
	return b.String()
}
