package route

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Condition is an item of a rule's has or missing.
type Condition struct {
	// Type is header, cookie, query or host.
	Type string
	// Key is the name of the header field, cookie or query parameter; a host has
	// none.
	Key string
	// Value is a regular expression of ECMAScript, for the whole value and with
	// its letters as they are; its named groups are parameters. "" is any value
	// that is not empty, which is then a parameter itself: it has the key's name
	// without all that is not a letter of ASCII.
	Value string
}

// Request is what rules and matchers ask of a request. Path and RawQuery may be
// changed between two rules, as rewrites do. It is not safe for concurrent use.
type Request struct {
	// Path is such as [Clean] returns it, with basePath.
	Path string
	// RawQuery is as it was sent, without the question mark.
	RawQuery string
	// Host is the Host header, with or without a port.
	Host string
	// Header has no Host; rules that ask for it get the field above.
	Header http.Header

	// What has been parsed so far, with that from which it was.
	query     []pair
	queryOf   string
	cookies   []pair
	cookiesOf string
}

// pair is a parameter of a query or a cookie, decoded.
type pair struct{ name, value string }

// conditions are the has and missing of a rule.
type conditions struct {
	has, missing []condition
}

type condition struct {
	kind  conditionKind
	key   string
	param string // the name of the value as a parameter, if there is no expression
	value *expr
}

type conditionKind uint8

const (
	onHeader conditionKind = iota
	onCookie
	onQuery
	onHost
)

var conditionKinds = map[string]conditionKind{"header": onHeader, "cookie": onCookie, "query": onQuery, "host": onHost}

// newConditions validates and compiles the items of has or missing; field is
// which. The problems have no File.
func newConditions(items []Condition, field string, backtrack BacktrackFunc) (out []condition, problems []*Error) {
	for i, item := range items {
		c, problem := newCondition(item, fmt.Sprintf("%s[%d]", field, i), backtrack)
		if problem != nil {
			problem.Text = fmt.Sprintf("invalid `%s` item: %s", field, problem.Text)
			problems = append(problems, problem)
			continue
		}
		out = append(out, c)
	}
	return out, problems
}

func newCondition(item Condition, place string, backtrack BacktrackFunc) (condition, *Error) {
	var c condition
	var known bool
	if c.kind, known = conditionKinds[item.Type]; !known {
		return c, &Error{Text: fmt.Sprintf("invalid type %q at %s", item.Type, place), Hint: "type is header, cookie, query or host"}
	}
	c.key, c.param = item.Key, letters(item.Key)
	switch {
	case c.kind == onHost && item.Value == "":
		return c, &Error{Text: fmt.Sprintf("value is required for \"host\" type at %s", place), Hint: `write the host's name, such as value: 'example\\.com'`}
	case c.kind != onHost && item.Key == "":
		return c, &Error{Text: fmt.Sprintf("key is required when type is header, query or cookie at %s", place), Hint: "write the name of the " + item.Type}
	case c.kind == onHeader:
		c.key, c.param = textproto.CanonicalMIMEHeaderKey(item.Key), strings.ToLower(c.param)
	}
	if item.Value == "" {
		return c, nil
	}
	// Next.js puts the anchors around the text, so that an alternative has only
	// one of them: ^a|b$.
	e, err := compileExpr("^"+item.Value+"$", false, keepNamed, backtrack)
	var syntax *syntaxError
	switch {
	case errors.Is(err, errBacktracks):
		return c, &Error{
			Text: fmt.Sprintf("value %q cannot be matched in linear time at %s", short(item.Value), place),
			Hint: "leave out back references such as \\1, named groups in a look-ahead, and counts such as {1,1000}",
		}
	case errors.As(err, &syntax):
		return c, &Error{Text: fmt.Sprintf("value %q is an invalid regular expression: %s at %s", short(item.Value), lower(syntax.text), place), Hint: "it is a regular expression of ECMAScript"}
	case err != nil:
		return c, &Error{Text: fmt.Sprintf("value %q: %v at %s", short(item.Value), err, place)}
	}
	c.value = e
	return c, nil
}

// letters returns the letters of ASCII in s: the name that Next.js gives to a
// condition's value.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return r
		}
		return -1
	}, s)
}

// names returns the parameters that the conditions of has may set.
func (c *conditions) names() []string {
	var names []string
	for i := range c.has {
		item := &c.has[i]
		switch {
		case item.value == nil:
			if item.param != "" {
				names = append(names, item.param)
			}
		case len(item.value.names) > 0:
			names = append(names, item.value.names...)
		case item.kind == onHost:
			names = append(names, "host")
		}
	}
	return names
}

func (c *conditions) backtrack() bool {
	slow := func(item condition) bool { return item.value != nil && item.value.back != nil }
	return slices.ContainsFunc(c.has, slow) || slices.ContainsFunc(c.missing, slow)
}

// hold reports whether all of has and none of missing hold, and returns the
// parameters of has.
func (c *conditions) hold(r *Request) (Values, bool, error) {
	var v Values
	for i := range c.has {
		ok, err := c.has[i].holds(r, &v)
		if !ok || err != nil {
			return nil, false, err
		}
	}
	for i := range c.missing {
		ok, err := c.missing[i].holds(r, nil)
		if ok || err != nil {
			return nil, false, err
		}
	}
	return v, true, nil
}

// holds decides one condition, and adds its parameters to v unless that is nil.
// An error does not mean that it does not hold.
func (c *condition) holds(r *Request, v *Values) (bool, error) {
	text, list, enc := c.ask(r)
	if text == "" && len(list) < 2 {
		return false, nil
	}
	if c.value == nil {
		if v != nil && c.param != "" {
			value := Value{Name: c.param, Text: text, plain: true}
			if len(list) > 1 {
				value.List = list
			}
			*v = v.set(value)
		}
		return true, nil
	}
	m, err := c.value.match(text, enc)
	if m == nil {
		return false, tooLong(err, c.what())
	}
	defer m.release()
	if v == nil {
		return true, nil
	}
	for i, name := range c.value.names {
		group, ok := m.group(i)
		*v = v.set(Value{Name: name, Text: group, plain: true, unset: !ok})
	}
	if host := m.whole(); c.kind == onHost && len(c.value.names) == 0 && host != "" {
		*v = v.set(Value{Name: "host", Text: host, plain: true})
	}
	return true, nil
}

// what names the value that the condition looks at.
func (c *condition) what() string {
	switch c.kind {
	case onHeader:
		return fmt.Sprintf("header %q", c.key)
	case onCookie:
		return fmt.Sprintf("cookie %q", c.key)
	case onQuery:
		return fmt.Sprintf("query parameter %q", c.key)
	}
	return "the host"
}

// ask returns the value that is tested, and all of them for a query parameter
// that is repeated: the last one is tested.
func (c *condition) ask(r *Request) (text string, list []string, enc encoding) {
	switch c.kind {
	case onHeader:
		return r.field(c.key), nil, latin1Text
	case onCookie:
		for _, cookie := range r.parsedCookies() {
			if cookie.name == c.key {
				return cookie.value, nil, encodingOf(cookie.value)
			}
		}
	case onQuery:
		n := 0
		for _, p := range r.parsedQuery() {
			if p.name == c.key {
				text = p.value
				n++
			}
		}
		if n > 1 {
			for _, p := range r.parsedQuery() {
				if p.name == c.key {
					list = append(list, p.value)
				}
			}
		}
		return text, list, encodingOf(text)
	case onHost:
		text = hostname(r.Host)
		return text, nil, encodingOf(text)
	}
	return "", nil, utf8Text
}

func encodingOf(s string) encoding {
	if utf8.ValidString(s) {
		return utf8Text
	}
	return latin1Text
}

// field returns a header field as Node has it: lines of the same name are
// joined, but for those that can stand only once, where the first counts.
func (r *Request) field(name string) string {
	lines := r.Header[name]
	switch {
	case name == "Host":
		return r.Host
	case len(lines) == 0:
		return ""
	case len(lines) == 1 || onceOnly[name]:
		return lines[0]
	case name == "Cookie":
		return strings.Join(lines, "; ")
	}
	return strings.Join(lines, ", ")
}

// onceOnly has the fields of which Node drops all but the first line.
var onceOnly = map[string]bool{
	"Age": true, "Authorization": true, "Content-Length": true, "Content-Type": true, "Etag": true,
	"Expires": true, "From": true, "If-Modified-Since": true, "If-Unmodified-Since": true,
	"Last-Modified": true, "Location": true, "Max-Forwards": true, "Proxy-Authorization": true,
	"Referer": true, "Retry-After": true, "Server": true, "User-Agent": true,
}

// hostname returns the host in small letters and without its port.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	return strings.ToLower(host)
}

// parsedQuery decodes the query as URLSearchParams does, which takes anything:
// what cannot be decoded stays as it is.
func (r *Request) parsedQuery() []pair {
	if r.queryOf != r.RawQuery {
		r.query, r.queryOf = r.query[:0:0], r.RawQuery
		for part := range strings.SplitSeq(r.RawQuery, "&") {
			if part == "" {
				continue
			}
			name, value, _ := strings.Cut(part, "=")
			r.query = append(r.query, pair{formText(name), formText(value)})
		}
	}
	return r.query
}

// formText decodes a name or a value of a query (URL Standard §5.1).
func formText(s string) string {
	if strings.IndexByte(s, '+') >= 0 {
		s = strings.ReplaceAll(s, "+", " ")
	}
	s = unescapeValid(s)
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// parsedCookies decodes the cookies: the first of a name counts, quotes around
// a value go, and what cannot be decoded stays as it is.
func (r *Request) parsedCookies() []pair {
	header := r.field("Cookie")
	if r.cookiesOf == header {
		return r.cookies
	}
	r.cookies, r.cookiesOf = r.cookies[:0:0], header
	for part := range strings.SplitSeq(header, ";") {
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if strings.HasPrefix(value, `"`) {
			value = value[1:max(1, len(value)-1)]
		}
		if text, err := url.PathUnescape(value); err == nil && utf8.ValidString(text) {
			value = text
		}
		r.cookies = append(r.cookies, pair{name, value})
	}
	return r.cookies
}
