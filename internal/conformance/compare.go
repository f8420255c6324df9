package conformance

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// dropped are headers that are not compared: framing and hop-by-hop fields, the
// clock, and Next.js's mark on its own pages. record/answer.mjs has the same list.
var dropped = map[string]bool{
	"connection": true, "content-length": true, "date": true, "keep-alive": true,
	"transfer-encoding": true, "x-powered-by": true, "x-request-id": true, // ours, on errors
	"x-nextjs-prerender": true, // of Next.js 15 alone, and says no more than x-nextjs-cache
}

// failureHeaders may be on the answer of a handler that failed: the id by which its
// log line is found, and that nobody is to keep the answer.
var failureHeaders = map[string]bool{"x-request-id": true, "cache-control": true}

// internalHeader is what Next.js lets out of its inside (x-middleware-rewrite on what
// middleware rewrote). Portico must not.
var internalHeader = regexp.MustCompile(`^x-middleware-(rewrite|next|override-headers|request-.*)$`)

// rscVary are the tokens of Vary that are about React's payloads.
var rscVary = regexp.MustCompile(`(?i)^(rsc|next-router-[a-z-]+|next-url)$`)

// escape writes bytes as a transcript does.
func escape(b []byte) string {
	var out strings.Builder
	binary := !utf8.Valid(b)
	for i := 0; i < len(b); {
		c, n := b[i], 1
		switch {
		case c == '\\':
			out.WriteString(`\\`)
		case c == '\n':
			out.WriteString(`\n`)
		case c == '\r':
			out.WriteString(`\r`)
		case c == '\t':
			out.WriteString(`\t`)
		case c < 0x20 || c == 0x7f || binary && c >= 0x80:
			fmt.Fprintf(&out, `\x%02x`, c)
		case c < 0x80:
			out.WriteByte(c)
		default:
			var r rune
			r, n = utf8.DecodeRune(b[i:])
			switch r {
			case 0xfeff, 0x85, 0x2028, 0x2029:
				// Characters that a reader or an editor would lose.
				for _, c := range b[i : i+n] {
					fmt.Fprintf(&out, `\x%02x`, c)
				}
			default:
				out.Write(b[i : i+n])
			}
		}
		i += n
	}
	s := out.String()
	if strings.HasSuffix(s, " ") {
		s = s[:len(s)-1] + `\x20`
	}
	return s
}

// escapeBody writes a body line by line.
func escapeBody(b []byte) string {
	lines := bytes.Split(b, []byte("\n"))
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = escape(line)
	}
	return strings.Join(out, "\n")
}

// hide applies masks: the first group of each match, or the whole match.
func hide(s string, masks []mask) string {
	for _, m := range masks {
		var out strings.Builder
		from := 0
		for _, at := range m.pattern.FindAllStringSubmatchIndex(s, -1) {
			start, end := at[0], at[1]
			if len(at) > 2 && at[2] >= 0 {
				start, end = at[2], at[3]
			}
			out.WriteString(s[from:start])
			out.WriteString(m.name)
			from = end
		}
		out.WriteString(s[from:])
		s = out.String()
	}
	return s
}

// decode undoes the content coding, so that texts are compared and not how well
// they were packed.
func decode(coding string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return body, nil
	}
	var r io.Reader
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate":
		if r, err = zlib.NewReader(bytes.NewReader(body)); errors.Is(err, zlib.ErrHeader) {
			r, err = flate.NewReader(bytes.NewReader(body)), nil
		}
	case "br":
		r = brotli.NewReader(bytes.NewReader(body))
	case "zstd":
		d, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		return io.ReadAll(d)
	default:
		return body, nil
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// values are an answer's headers by name, normalised; lines of one name are one
// list (RFC 9110 §5.3), except Set-Cookie's, which stay apart.
func (e *Entry) values(got *received) map[string]string {
	all := map[string]string{}
	for name, lines := range got.header {
		name = strings.ToLower(name)
		if dropped[name] && !e.checked[name] {
			continue
		}
		if v := e.join(name, lines); v != "" || name != "vary" {
			all[name] = v
		}
	}
	// net/http takes these out of the header while it reads an answer.
	if e.checked["content-length"] && got.length >= 0 && !got.chunked {
		all["content-length"] = strconv.FormatInt(got.length, 10)
	}
	return all
}

func (e *Entry) join(name string, lines []string) string {
	written := make([]string, 0, len(lines))
	for _, v := range lines {
		if name != "vary" {
			written = append(written, hide(escape([]byte(v)), e.masks))
			continue
		}
		for token := range strings.SplitSeq(v, ",") {
			token = strings.TrimSpace(token)
			if token == "" || rscVary.MatchString(token) || strings.EqualFold(token, "accept-encoding") && !e.checked["vary"] {
				continue
			}
			written = append(written, token)
		}
	}
	if name == "set-cookie" {
		return strings.Join(written, "\n")
	}
	return strings.Join(written, ", ")
}

// compare says in what an answer differs from what is expected; nil if in
// nothing.
func (e *Entry) compare(want *Answer, got *received, method string, vars Vars) []string {
	var diff []string
	differ := func(what, want, got string) {
		diff = append(diff, fmt.Sprintf("%s:\n  want %s\n  have %s", what, indent(want), indent(got)))
	}
	if want.Stuck {
		return []string{"Next.js leaves the client waiting for ever: write what is right instead (! reason: …)"}
	}
	if want.Closed || got.closed {
		if want.Closed != got.closed {
			differ("connection", state(want.Closed), fmt.Sprintf("%s, status %d", state(got.closed), got.status))
		}
		return diff
	}
	if want.Status != got.status {
		differ("status", strconv.Itoa(want.Status), strconv.Itoa(got.status))
	}
	if want.Page {
		// Next.js's own document; ours says the same in its own words.
		if len(got.body) == 0 && method != "HEAD" {
			diff = append(diff, "body: want a page that says what is wrong, have nothing")
		}
		return diff
	}
	if reason := vars.fill(want.Reason); reason != "" && reason != escape([]byte(got.reason)) {
		differ("status text", reason, got.reason)
	}
	if want.Cut != got.cut {
		differ("end of the body", ending(want.Cut), ending(got.cut))
	}

	failed := want.Status == 500 && len(want.Headers) == 0 && want.Body == "" && want.SHA256 == ""
	if failed && len(got.body) > 0 {
		return append(diff, fmt.Sprintf("body: a failed handler says nothing to the client, have %q", clip(got.body)))
	}
	wantLines := map[string][]string{}
	for _, h := range want.Headers {
		if internalHeader.MatchString(h.Name) {
			continue
		}
		wantLines[h.Name] = append(wantLines[h.Name], vars.fill(h.Value))
	}
	have := e.values(got)
	if state := wantLines["x-nextjs-cache"]; state != nil {
		diff = append(diff, keptHeaders(have, wantLines, state[0], want)...)
	}
	names := slices.Sorted(maps.Keys(have))
	for name := range wantLines {
		if _, ok := have[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if want.free[name] || failed && failureHeaders[name] {
			continue
		}
		sep := ", "
		if name == "set-cookie" {
			sep = "\n"
		}
		w, wanted := strings.Join(wantLines[name], sep), wantLines[name] != nil
		h, present := have[name]
		switch {
		case !wanted:
			differ("header "+name, "(none)", h)
		case !present:
			differ("header "+name, w, "(none)")
		case w != h:
			differ("header "+name, w, h)
		}
	}

	if want.anyBody {
		return diff
	}
	body, err := decode(got.header.Get("Content-Encoding"), got.body)
	if err != nil {
		return append(diff, fmt.Sprintf("body: %v", err))
	}
	if want.SHA256 != "" {
		sum := sha256.Sum256(body)
		if h := hex.EncodeToString(sum[:]); h != want.SHA256 {
			differ("body", fmt.Sprintf("%d bytes, sha256 %s", want.Length, want.SHA256),
				fmt.Sprintf("%d bytes, sha256 %s, beginning %q", len(body), h, clip(body)))
		}
		return diff
	}
	w := vars.fill(want.Body)
	h := hide(escapeBody(body), e.masks)
	// A body line that begins with @ is written so that it is not a directive.
	h = strings.ReplaceAll("\n"+h, "\n@", "\n"+`\x40`)[1:]
	if w != h {
		if len(h) > 4000 {
			h = h[:4000] + "…"
		}
		differ("body", quoteEmpty(w), quoteEmpty(h))
	}
	return diff
}

// keptHeaders judges, and takes away, what Portico says of a kept answer and
// Next.js does not: Cache-Status (RFC 9211), which must say the same as
// x-nextjs-cache, and a validator, which a whole answer must have.
func keptHeaders(have map[string]string, wanted map[string][]string, state string, want *Answer) (diff []string) {
	if wanted["cache-status"] == nil && !want.free["cache-status"] {
		pattern := cacheStatus[state]
		if pattern == nil { // masked
			pattern = anyStatus
		}
		if !pattern.MatchString(have["cache-status"]) {
			diff = append(diff, fmt.Sprintf("header cache-status:\n  want what says %s\n  have %s", state, quoteEmpty(have["cache-status"])))
		}
		delete(have, "cache-status")
	}
	if wanted["etag"] == nil && want.Status == 200 && (want.Body != "" || want.SHA256 != "") {
		if !strongTag.MatchString(have["etag"]) {
			diff = append(diff, "header etag:\n  want a strong validator\n  have "+quoteEmpty(have["etag"]))
		}
	}
	if wanted["etag"] == nil {
		delete(have, "etag")
	}
	return diff
}

var (
	cacheStatus = map[string]*regexp.Regexp{
		"HIT":   regexp.MustCompile(`^Portico; hit(; ttl=\d+)?$`),
		"STALE": regexp.MustCompile(`^Portico; hit; ttl=-\d+$`),
		"MISS":  regexp.MustCompile(`^Portico; fwd=[a-z-]+; stored(; collapsed)?$`),
	}
	anyStatus = regexp.MustCompile(`^Portico; `)
	strongTag = regexp.MustCompile(`^"[!#-~]+"$`)
)

func quoteEmpty(s string) string {
	if s == "" {
		return "(empty)"
	}
	return s
}

func indent(s string) string { return strings.ReplaceAll(s, "\n", "\n       ") }

func state(closed bool) string {
	if closed {
		return "closed without an answer"
	}
	return "an answer"
}

func ending(cut bool) string {
	if cut {
		return "broken off"
	}
	return "complete"
}
