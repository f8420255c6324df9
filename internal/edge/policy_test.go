package edge

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func reader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

func below(prefix string) func(string) bool {
	return func(path string) bool { return strings.HasPrefix(path, prefix) }
}

func cors(t *testing.T, rules ...CORSRule) *CORS {
	t.Helper()
	c, err := NewCORS(rules)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCORS(t *testing.T) {
	c := cors(t,
		CORSRule{Match: below("/open"), Origins: []string{"*"}, Headers: []string{"*"}, ExposedHeaders: []string{"X-A", "X-B"}, MaxAge: 90 * time.Second},
		CORSRule{Match: below("/user"), Origins: []string{"https://foo.com", "https://bar.com:443", "capacitor://localhost"}, Credentials: true, Methods: []string{"PUT"}},
		CORSRule{Match: below("/"), Origins: []string{"http://localhost:5173"}},
	)
	for _, q := range []struct {
		method, path, origin, ask string
		status                    int
		want                      string
	}{
		{"GET", "/open", "", "", 200, ""},
		{"GET", "/open", "https://x.test", "", 200, "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: X-A, X-B"},
		{"OPTIONS", "/open", "https://x.test", "DELETE", 204, "Access-Control-Allow-Headers: *\nAccess-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\nAccess-Control-Allow-Origin: *\nAccess-Control-Max-Age: 90"},
		{"OPTIONS", "/open", "https://x.test", "", 200, "Access-Control-Allow-Origin: *\nAccess-Control-Expose-Headers: X-A, X-B"},
		{"GET", "/open", "null", "", 200, ""},
		{"GET", "/user", "", "", 200, "Vary: Origin"},
		{"GET", "/user", "https://foo.com", "", 200, "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: https://foo.com\nVary: Origin"},
		{"GET", "/user", "https://bar.com", "", 200, "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: https://bar.com\nVary: Origin"},
		{"GET", "/user", "capacitor://localhost", "", 200, "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Origin: capacitor://localhost\nVary: Origin"},
		{"OPTIONS", "/user", "https://foo.com", "PUT", 204, "Access-Control-Allow-Credentials: true\nAccess-Control-Allow-Headers: Content-Type, Authorization\nAccess-Control-Allow-Methods: PUT\nAccess-Control-Allow-Origin: https://foo.com\nVary: Origin"},
		// Card S5: no part of an origin is compared.
		{"GET", "/user", "https://barfoo.com", "", 200, "Vary: Origin"},
		{"GET", "/user", "https://foo.com.evil.test", "", 200, "Vary: Origin"},
		{"GET", "/user", "http://foo.com", "", 200, "Vary: Origin"},
		{"GET", "/user", "https://foo.com:8443", "", 200, "Vary: Origin"},
		{"GET", "/user", "null", "", 200, "Vary: Origin"},
		{"OPTIONS", "/user", "https://evil.test", "PUT", 204, "Vary: Origin"},
		{"OPTIONS", "/user", "", "PUT", 200, "Vary: Origin"},
		{"GET", "/other", "http://localhost:5173", "", 200, "Access-Control-Allow-Origin: http://localhost:5173\nVary: Origin"},
		{"GET", "nowhere", "http://localhost:5173", "", 200, ""},
	} {
		r := asked("1.1.1.1:1", "a")
		r.Method = q.method
		if q.origin != "" {
			r.Header.Set("Origin", q.origin)
		}
		if q.ask != "" {
			r.Header.Set("Access-Control-Request-Method", q.ask)
			// Card D5: it is not read, and what it asks for is not granted by echo.
			r.Header.Set("Access-Control-Request-Headers", strings.Repeat("x,", 4000))
			r.Header.Set("Access-Control-Request-Private-Network", "true")
		}
		w := httptest.NewRecorder()
		answered := c.Handle(w, r, q.path)
		var b strings.Builder
		if err := w.Result().Header.Write(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.ReplaceAll(strings.TrimSpace(b.String()), "\r", ""); got != q.want || answered != (q.status == 204) || w.Code != q.status {
			t.Errorf("%s %s %s: answered %v %d\n%s\nwant %d\n%s", q.method, q.path, q.origin, answered, w.Code, got, q.status, q.want)
		}
	}
}

func TestCORSNothing(t *testing.T) {
	var c *CORS
	if c.Handle(httptest.NewRecorder(), asked("1.1.1.1:1", "a", "Origin", "https://b"), "/") || c.Decide(CORSAsk{}).Preflight || c.allows("/", "https://b", false) {
		t.Error("no rules answer")
	}
	if c, err := NewCORS(nil); c != nil || err != nil {
		t.Errorf("no rules are %v, %v", c, err)
	}
}

func TestCORSTwoOrigins(t *testing.T) {
	c := cors(t, CORSRule{Origins: []string{"https://a.test"}})
	w := httptest.NewRecorder()
	w.Header()["Vary"] = []string{"Accept, origin"}
	c.Handle(w, asked("1.1.1.1:1", "a", "Origin", "https://a.test", "Origin", "https://evil.test"), "/")
	if got := w.Header(); len(got) != 1 || len(got["Vary"]) != 1 {
		t.Errorf("got %v", got)
	}
}

func TestCORSErrors(t *testing.T) {
	for want, r := range map[string]CORSRule{
		"cors: origins is empty":                               {},
		"next.config.ts: cors[0]: credentials for all origins": {Origins: []string{"*"}, Credentials: true, Place: "next.config.ts: cors[0]"}, // card S4
		`cors: the origin "null" cannot be allowed`:            {Origins: []string{"null"}},
		`cors: the origin "https://*.a.test" has a wildcard`:   {Origins: []string{"https://*.a.test"}},
		`cors: the origin "https://a.test/" is not valid`:      {Origins: []string{"https://a.test/"}},
		`cors: the origin "a.test" is not valid`:               {Origins: []string{"a.test"}},
		"cors: origins has * beside others":                    {Origins: []string{"*", "https://a.test"}},
		"cors: headers has * with credentials":                 {Origins: []string{"https://a.test"}, Headers: []string{"*"}, Credentials: true},
		"cors: methods has * with credentials":                 {Origins: []string{"https://a.test"}, Methods: []string{"*"}, Credentials: true},
		"cors: exposedHeaders has * with credentials":          {Origins: []string{"https://a.test"}, ExposedHeaders: []string{"*"}, Credentials: true},
		`cors: headers: "a b" is no name`:                      {Origins: []string{"https://a.test"}, Headers: []string{"a b"}},
		`cors: methods: "" is no name`:                         {Origins: []string{"https://a.test"}, Methods: []string{""}},
		`cors: exposedHeaders: "a\r\nb" is no name`:            {Origins: []string{"https://a.test"}, ExposedHeaders: []string{"a\r\nb"}},
		"cors: maxAge is negative":                             {Origins: []string{"https://a.test"}, MaxAge: -1},
	} {
		_, err := NewCORS([]CORSRule{r})
		if err == nil || strings.SplitN(err.Error(), "\n", 2)[0] != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
	}
}

func TestCSRF(t *testing.T) {
	open := cors(t,
		CORSRule{Match: below("/open"), Origins: []string{"*"}},
		CORSRule{Match: below("/spa"), Origins: []string{"https://spa.test"}, Credentials: true},
		CORSRule{Match: below("/read"), Origins: []string{"https://spa.test"}},
	)
	config := CSRFConfig{TrustedOrigins: []string{"https://Friend.test:443"}, Exempt: []string{"/hook"}, CORS: open}
	check, err := NewCSRF(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Off = true
	off, err := NewCSRF(config)
	if err != nil {
		t.Fatal(err)
	}
	us, err := clients(t, ClientsConfig{PublicOrigin: "https://us.test"}).Peer(asked("1.1.1.1:1", "us.test"))
	if err != nil {
		t.Fatal(err)
	}
	const cookie, site, origin = "Cookie", "Sec-Fetch-Site", "Origin"
	for _, c := range []struct {
		name   string
		csrf   *CSRF
		method string
		path   string
		fields []string
		want   string // of the error, in part
	}{
		{"same origin", check, "POST", "/", []string{cookie, "a=b", site, "same-origin", origin, "https://us.test"}, ""},
		{"same origin without a referrer", check, "POST", "/", []string{cookie, "a=b", site, "same-origin", origin, "null"}, ""},
		{"typed", check, "POST", "/", []string{cookie, "a=b", site, "none"}, ""},
		{"cross site", check, "POST", "/", []string{cookie, "a=b", site, "cross-site", origin, "https://evil.test"}, "the request comes from another site: Sec-Fetch-Site is \"cross-site\"\nhint: to allow that origin: csrf: { trustedOrigins: ['https://evil.test'] }"},
		{"same site", check, "DELETE", "/", []string{cookie, "a=b", site, "same-site", origin, "https://a.us.test"}, `Sec-Fetch-Site is "same-site"`},
		{"a site that is no word", check, "PUT", "/", []string{cookie, "a=b", site, "Same-Origin"}, `Sec-Fetch-Site is "Same-Origin"`},
		{"two sites", check, "PUT", "/", []string{cookie, "a=b", site, "same-origin", site, "none"}, "sent twice"},
		{"two origins", check, "PUT", "/", []string{cookie, "a=b", origin, "https://us.test", origin, "https://us.test"}, "sent twice"},
		{"trusted", check, "PATCH", "/", []string{cookie, "a=b", site, "cross-site", origin, "https://friend.test"}, ""},
		{"trusted, not https", check, "PATCH", "/", []string{cookie, "a=b", site, "cross-site", origin, "http://friend.test"}, "Sec-Fetch-Site"},
		{"old browser", check, "POST", "/", []string{cookie, "a=b", origin, "https://US.test:443"}, ""},
		{"old browser, other site", check, "POST", "/", []string{cookie, "a=b", origin, "https://evil.test"}, `Origin is "https://evil.test" and not https://us.test`},
		{"card S1", check, "POST", "/", []string{cookie, "a=b", origin, "null"}, "hint: a page without an origin"},
		{"card S3", check, "POST", "/", []string{cookie, "a=b", origin, "http://us.test"}, `Origin is "http://us.test"`},
		{"another port", check, "POST", "/", []string{cookie, "a=b", origin, "https://us.test:8443"}, "Origin is"},
		{"no origin at all", check, "POST", "/", []string{cookie, "a=b", origin, "garbage"}, `Origin is "garbage"`},
		{"no browser", check, "POST", "/", []string{cookie, "a=b"}, ""},
		{"no cookie", check, "POST", "/", []string{site, "cross-site", origin, "https://evil.test"}, ""},
		{"a method of one's own", check, "LAUNCH", "/", []string{cookie, "a=b", site, "cross-site"}, "Sec-Fetch-Site"},
		{"get", check, "GET", "/", []string{cookie, "a=b", site, "cross-site", origin, "https://evil.test"}, ""},
		{"head", check, "HEAD", "/", []string{cookie, "a=b", site, "cross-site"}, ""},
		{"options", check, "OPTIONS", "/", []string{cookie, "a=b", site, "cross-site"}, ""},
		{"exempt", check, "POST", "/hook", []string{cookie, "a=b", site, "cross-site"}, ""},
		{"below an exempt one", check, "POST", "/hook/x", []string{cookie, "a=b", site, "cross-site"}, "Sec-Fetch-Site"},
		{"off", off, "POST", "/", []string{cookie, "a=b", site, "cross-site"}, ""},
		{"CORS with credentials", check, "POST", "/spa", []string{cookie, "a=b", site, "cross-site", origin, "https://spa.test"}, ""},
		{"CORS without", check, "POST", "/read", []string{cookie, "a=b", site, "cross-site", origin, "https://spa.test"}, "Sec-Fetch-Site"},
		{"CORS for all", check, "POST", "/open", []string{cookie, "a=b", site, "cross-site", origin, "https://evil.test"}, "Sec-Fetch-Site"},

		{"socket", check, "GET", "/", []string{"Upgrade", "websocket", origin, "https://us.test"}, ""},
		{"socket of a program", check, "GET", "/", []string{"Upgrade", "websocket", cookie, "a=b"}, ""},
		{"card S11", check, "GET", "/", []string{"Upgrade", "WebSocket", cookie, "a=b", origin, "https://evil.test"}, "the Origin of the WebSocket is"},
		{"socket without a cookie", check, "GET", "/", []string{"Upgrade", "foo, websocket/13", origin, "https://evil.test"}, "the Origin of the WebSocket is"},
		{"socket, null", check, "GET", "/", []string{"Upgrade", "websocket", origin, "null"}, "the Origin of the WebSocket is"},
		{"socket, http", check, "GET", "/", []string{"Upgrade", "websocket", origin, "http://us.test"}, "the Origin of the WebSocket is"},
		{"socket, two origins", check, "GET", "/", []string{"Upgrade", "websocket", origin, "https://us.test", origin, "https://evil.test"}, "sent twice"},
		{"socket, trusted", check, "GET", "/", []string{"Upgrade", "websocket", cookie, "a=b", origin, "https://friend.test"}, ""},
		{"socket, CORS with credentials", check, "GET", "/spa", []string{"Upgrade", "websocket", cookie, "a=b", origin, "https://spa.test"}, ""},
		{"socket, CORS for all", check, "GET", "/open", []string{"Upgrade", "websocket", origin, "https://evil.test"}, ""},
		{"socket with a cookie, CORS for all", check, "GET", "/open", []string{"Upgrade", "websocket", cookie, "a=b", origin, "https://evil.test"}, "WebSocket"},
		{"socket, off", off, "GET", "/", []string{"Upgrade", "websocket", cookie, "a=b", origin, "https://evil.test"}, "WebSocket"},
		{"socket, exempt", check, "GET", "/hook", []string{"Upgrade", "websocket", cookie, "a=b", origin, "https://evil.test"}, "WebSocket"},
		{"another upgrade", check, "GET", "/", []string{"Upgrade", "h2c", origin, "https://evil.test"}, ""},
	} {
		r := asked("1.1.1.1:1", "us.test", c.fields...)
		r.Method = c.method
		err := c.csrf.Check(r, us, c.path)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (status(err) != http.StatusForbidden || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestCSRFBehindProxy(t *testing.T) {
	check, err := NewCSRF(CSRFConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r := asked("1.1.1.1:1", "us.test", "Cookie", "a=b", "Origin", "https://us.test")
	r.Method = "POST"
	p, err := clients(t, ClientsConfig{}).Peer(r)
	if err != nil {
		t.Fatal(err)
	}
	err = check.Check(r, p, "/")
	if want := "hint: if a proxy in front ends TLS, set publicOrigin: 'https://us.test', or trustedProxies to its address"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the error is %v", err)
	}
}

func TestCSRFErrors(t *testing.T) {
	_, err := NewCSRF(CSRFConfig{TrustedOrigins: []string{"a.test", "null", "https://a.test/x"}, Exempt: []string{"hook", "/a/*", "/a/:id", "/ok"}})
	if err == nil || strings.Count(err.Error(), "hint: ") != 6 || strings.Contains(err.Error(), "/ok") {
		t.Errorf("the error is %v", err)
	}
}
