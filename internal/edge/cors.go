package edge

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CORSRule says which other origins' pages may read the answers of some paths.
type CORSRule struct {
	// Match chooses the paths. Nil is all.
	Match func(path string) bool
	// Origins are exact, such as https://app.example.com, or the one entry "*"
	// for all, which needs Credentials to be off. An origin of "null" is
	// everybody's and cannot be allowed.
	Origins []string
	// Methods are the methods beside GET, HEAD and POST, which browsers send
	// without asking. Nil is GET, HEAD, POST, PUT, PATCH and DELETE.
	Methods []string
	// Headers are the request headers that pages may set. Nil is Content-Type
	// and Authorization; "*" is all but Authorization (Fetch §3.3.4).
	Headers []string
	// ExposedHeaders are the response headers that pages may read, besides those
	// that they always may.
	ExposedHeaders []string
	// Credentials lets pages send cookies and read the answer.
	Credentials bool
	// MaxAge is how long a browser remembers a preflight's answer, in whole
	// seconds. 0 is the browser's own (5 seconds).
	MaxAge time.Duration
	// Place is where the rule stands, for errors: "portico.config.ts: cors[0]".
	// Empty is "cors".
	Place string
}

// Field is a header field.
type Field struct{ Name, Value string }

// CORS answers preflights and marks answers for other origins. A nil *CORS
// does nothing. It is safe for use by many goroutines.
type CORS struct{ rules []corsRule }

type corsRule struct {
	match       func(string) bool
	any         bool
	origins     map[string]bool
	credentials bool
	preflight   []Field // what a preflight is told beyond the origin
	exposed     string
}

// NewCORS checks rules; of those that match a path, the first decides. It
// returns nil for no rules.
func NewCORS(rules []CORSRule) (*CORS, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	c := &CORS{}
	var all []error
	for _, r := range rules {
		cr, err := newCORSRule(r)
		if err != nil {
			all = append(all, err)
		}
		c.rules = append(c.rules, cr)
	}
	return c, errors.Join(all...)
}

func newCORSRule(r CORSRule) (corsRule, error) {
	place := r.Place
	if place == "" {
		place = "cors"
	}
	fail := func(text, hint string) (corsRule, error) {
		return corsRule{}, &Error{Place: place, Text: text, Hint: hint}
	}
	cr := corsRule{match: r.Match, origins: map[string]bool{}, credentials: r.Credentials}
	if len(r.Origins) == 0 {
		return fail("origins is empty", "list the origins whose pages may read the answers, such as https://app.example.com")
	}
	for _, s := range r.Origins {
		switch a, ok := parseOrigin(s); {
		case s == "*":
			cr.any = true
		case strings.EqualFold(s, "null"):
			return fail(`the origin "null" cannot be allowed`, "sandboxed frames and local files of anybody have it; serve the page from an origin of its own")
		case strings.Contains(s, "*"):
			return fail("the origin "+quote(s)+" has a wildcard", "list each origin: a pattern lets in who registers a name that fits it")
		case !ok:
			return fail("the origin "+quote(s)+" is not valid", "it is a scheme and a host and nothing behind them, such as https://app.example.com")
		default:
			cr.origins[a.origin] = true
		}
	}
	switch {
	case cr.any && len(r.Origins) > 1:
		return fail("origins has * beside others", "leave out the others, or the *")
	case cr.any && r.Credentials:
		return fail("credentials for all origins", "list the origins: with * any site could read what a signed-in user sees")
	case r.MaxAge < 0:
		return fail("maxAge is negative", "")
	}
	list := func(key string, names, standard []string) (string, error) {
		if names == nil {
			names = standard
		}
		for _, n := range names {
			if n == "*" && r.Credentials {
				_, err := fail(key+" has * with credentials", "browsers take * as a name then; list them")
				return "", err
			}
			if !isToken(n) {
				_, err := fail(key+": "+quote(n)+" is no name", "")
				return "", err
			}
		}
		return strings.Join(names, ", "), nil
	}
	methods, err := list("methods", r.Methods, []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
	headers, err2 := list("headers", r.Headers, []string{"Content-Type", "Authorization"})
	exposed, err3 := list("exposedHeaders", r.ExposedHeaders, nil)
	if err := errors.Join(err, err2, err3); err != nil {
		return corsRule{}, err
	}
	cr.exposed = exposed
	for _, f := range []Field{{"Access-Control-Allow-Methods", methods}, {"Access-Control-Allow-Headers", headers}} {
		if f.Value != "" {
			cr.preflight = append(cr.preflight, f)
		}
	}
	if s := int64(r.MaxAge / time.Second); s > 0 {
		cr.preflight = append(cr.preflight, Field{"Access-Control-Max-Age", strconv.FormatInt(s, 10)})
	}
	return cr, nil
}

// CORSAsk is what a decision depends on, and nothing else does.
// Access-Control-Request-Headers does not: the answer says what is allowed, and
// the browser compares (Fetch §4.9), so nothing of a stranger's is parsed.
type CORSAsk struct {
	Path, Method string
	// Origin is the Origin header; "" when there is none, or more than one.
	Origin string
	// RequestMethod is Access-Control-Request-Method.
	RequestMethod string
}

// CORSAnswer is a decision.
type CORSAnswer struct {
	// Preflight says that the request is one, and is answered by 204 with Fields.
	Preflight bool
	// Allowed says that pages of the origin may read the answer.
	Allowed bool
	// VaryOrigin says that another origin would get another answer.
	VaryOrigin bool
	// Fields are set on the answer, whatever its status.
	Fields []Field
}

// Decide is CORS as a pure function. The zero answer is that of a path without
// rules, whose OPTIONS handler may do as it likes.
func (c *CORS) Decide(q CORSAsk) CORSAnswer {
	r := c.rule(q.Path)
	if r == nil {
		return CORSAnswer{}
	}
	a := CORSAnswer{VaryOrigin: !r.any, Preflight: q.Method == http.MethodOptions && q.Origin != "" && q.RequestMethod != ""}
	if !r.allows(q.Origin) {
		return a // a preflight without these headers is a refusal
	}
	a.Allowed = true
	if r.any {
		a.Fields = append(a.Fields, Field{"Access-Control-Allow-Origin", "*"})
	} else {
		a.Fields = append(a.Fields, Field{"Access-Control-Allow-Origin", q.Origin})
	}
	if r.credentials {
		a.Fields = append(a.Fields, Field{"Access-Control-Allow-Credentials", "true"})
	}
	switch {
	case a.Preflight:
		a.Fields = append(a.Fields, r.preflight...)
	case r.exposed != "":
		a.Fields = append(a.Fields, Field{"Access-Control-Expose-Headers", r.exposed})
	}
	return a
}

func (c *CORS) rule(path string) *corsRule {
	if c == nil {
		return nil
	}
	for i := range c.rules {
		if r := &c.rules[i]; r.match == nil || r.match(path) {
			return r
		}
	}
	return nil
}

// allows compares whole origins, byte for byte: browsers write them in one way.
func (r *corsRule) allows(origin string) bool {
	return origin != "" && (r.any && origin != "null" || r.origins[origin])
}

// Handle sets the headers of the answer to r, and answers it when it is a
// preflight. path is the path as rules see it.
func (c *CORS) Handle(w http.ResponseWriter, r *http.Request, path string) (answered bool) {
	rule := c.rule(path)
	if rule == nil {
		return false
	}
	h := w.Header()
	if !rule.any {
		addVary(h, "Origin")
	}
	origins := r.Header["Origin"]
	if len(origins) != 1 || origins[0] == "" {
		return false
	}
	a := c.Decide(CORSAsk{Path: path, Method: r.Method, Origin: origins[0], RequestMethod: r.Header.Get("Access-Control-Request-Method")})
	for _, f := range a.Fields {
		h.Set(f.Name, f.Value)
	}
	if !a.Preflight {
		return false
	}
	w.WriteHeader(http.StatusNoContent)
	return true
}

// addVary adds a name unless it is there.
func addVary(h http.Header, name string) {
	for _, line := range h["Vary"] {
		for item := range strings.SplitSeq(line, ",") {
			if item = strings.TrimSpace(item); item == "*" || strings.EqualFold(item, name) {
				return
			}
		}
	}
	// Not appended in place: middleware may share the slice it has set.
	h["Vary"] = append(slices.Clip(h["Vary"]), name)
}

// allows reports whether pages of an origin may act for a user who is signed
// in (credentials), or at all.
func (c *CORS) allows(path, origin string, credentials bool) bool {
	r := c.rule(path)
	return r != nil && r.allows(origin) && (r.credentials || !credentials)
}
