package edge

import (
	"errors"
	"net/http"
	"strings"
)

// CSRFConfig says which requests of other sites are let through. The zero
// value lets none through.
type CSRFConfig struct {
	// Off leaves only the check of WebSocket upgrades.
	Off bool
	// TrustedOrigins are exact origins whose pages may send requests with the
	// user's cookies.
	TrustedOrigins []string
	// Exempt are exact paths, as rules see them, that need no check: those of
	// webhooks and the like, which do not go by cookies.
	Exempt []string
	// CORS, when not nil, adds the origins that it lets send credentials: their
	// pages may read the answers already.
	CORS *CORS
}

// CSRF refuses requests that a page of another site makes with the cookies of
// its visitor. It is safe for use by many goroutines.
type CSRF struct {
	off     bool
	trusted map[string]bool
	exempt  map[string]bool
	cors    *CORS
}

// NewCSRF checks the settings.
func NewCSRF(c CSRFConfig) (*CSRF, error) {
	s := &CSRF{off: c.Off, trusted: map[string]bool{}, exempt: map[string]bool{}, cors: c.CORS}
	var all []error
	for _, o := range c.TrustedOrigins {
		a, ok := parseOrigin(o)
		if !ok {
			all = append(all, &Error{Setting: "csrf.trustedOrigins", Entry: o, Text: "csrf.trustedOrigins: " + quote(o) + " is no origin", Hint: "it is a scheme and a host and nothing behind them, such as https://app.example.com"})
			continue
		}
		s.trusted[a.origin] = true
	}
	for _, p := range c.Exempt {
		if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "*?#") || strings.Contains(p, "/:") {
			all = append(all, &Error{Setting: "csrf.exempt", Entry: p, Text: "csrf.exempt: " + quote(p) + " is no path", Hint: "entries are whole paths such as /api/webhook; there are no patterns"})
			continue
		}
		s.exempt[p] = true
	}
	return s, errors.Join(all...)
}

// Check refuses a request with an *Error of status 403, whose text says which
// check failed and how to allow the origin. peer is who sent it; path is the
// path as rules see it.
//
// An unsafe method with a cookie must come from a page of ours or a trusted
// one. Browsers say so in Sec-Fetch-Site on https and localhost, and in Origin
// elsewhere; who sends neither is no browser of the last years, and has no
// visitor to deceive. A WebSocket upgrade is a GET, is not held back by CORS,
// and gives its page all that is sent: there Origin must be ours, a trusted one
// or one that CORS allows, also when Off and on exempt paths.
func (s *CSRF) Check(r *http.Request, peer Peer, path string) error {
	switch r.Method {
	case http.MethodGet:
		if len(r.Header["Upgrade"]) > 0 && isWebSocket(r.Header) {
			return s.checkUpgrade(r, peer, path)
		}
		return nil
	case http.MethodHead, http.MethodOptions:
		return nil
	}
	if s.off || len(r.Header["Cookie"]) == 0 || s.exempt[path] {
		return nil
	}
	origins, sites := r.Header["Origin"], r.Header["Sec-Fetch-Site"]
	if len(sites) == 1 && (sites[0] == "same-origin" || sites[0] == "none") {
		return nil
	}
	if len(origins) > 1 || len(sites) > 1 {
		return refused("Origin or Sec-Fetch-Site is sent twice", "")
	}
	if len(origins) == 1 && s.trusts(path, origins[0], true) {
		return nil
	}
	if len(sites) == 1 {
		return s.explain("Sec-Fetch-Site is "+quote(sites[0]), origins, peer)
	}
	if len(origins) == 0 {
		return nil
	}
	if a, ok := parseOrigin(origins[0]); ok && a.origin == peer.Origin {
		return nil
	}
	return s.explain("Origin is "+quote(origins[0])+" and not "+peer.Origin, origins, peer)
}

func (s *CSRF) checkUpgrade(r *http.Request, peer Peer, path string) error {
	origins := r.Header["Origin"]
	if len(origins) == 0 {
		return nil // every browser sends it (RFC 6455 §4.1)
	}
	if len(origins) > 1 {
		return refused("Origin is sent twice", "")
	}
	if a, ok := parseOrigin(origins[0]); ok && a.origin == peer.Origin {
		return nil
	}
	if s.trusts(path, origins[0], len(r.Header["Cookie"]) > 0) {
		return nil
	}
	return s.explain("the Origin of the WebSocket is "+quote(origins[0])+" and not "+peer.Origin, origins, peer)
}

// trusts compares whole origins. cookie says that the request has one.
func (s *CSRF) trusts(path, origin string, cookie bool) bool {
	a, ok := parseOrigin(origin)
	if !ok {
		return false // "null" among them
	}
	return s.trusted[a.origin] || s.cors.allows(path, a.origin, cookie)
}

// explain says how to let a request through when it is one that may be.
func (s *CSRF) explain(why string, origins []string, peer Peer) error {
	hint := ""
	if len(origins) == 1 {
		a, ok := parseOrigin(origins[0])
		ours, _ := parseOrigin(peer.Origin)
		switch {
		case origins[0] == "null":
			hint = "a page without an origin, such as a sandboxed frame, cannot be allowed"
		case ok && a.host == ours.host && a.proto != ours.proto && ours.proto == "http":
			hint = "if a proxy in front ends TLS, set publicOrigin: '" + a.origin + "', or trustedProxies to its address"
		case ok:
			hint = "to allow that origin: csrf: { trustedOrigins: ['" + a.origin + "'] }"
		}
	}
	return refused(why, hint)
}

func refused(why, hint string) error {
	return &Error{Status: http.StatusForbidden, Text: "the request comes from another site: " + why, Hint: hint}
}

// isWebSocket finds the protocol in a list of those to upgrade to.
func isWebSocket(h http.Header) bool {
	for _, line := range h["Upgrade"] {
		for item := range strings.SplitSeq(line, ",") {
			if name, _, _ := strings.Cut(item, "/"); strings.EqualFold(strings.TrimSpace(name), "websocket") {
				return true
			}
		}
	}
	return false
}
