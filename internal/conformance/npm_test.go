package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// packages is the folder of TestPackages: package.json pins npm packages, app/
// has a handler for each, requests.json what it is asked, driver.mjs asks it in
// Node.
const packages = "../../testdata/npm"

// threw is the status that driver.mjs gives a handler that throws.
const threw = 599

type packageRequest struct {
	Method  string            `json:"method,omitempty"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    *string           `json:"body,omitempty"`
}

type packageAnswer struct {
	Status  int         `json:"status"`
	Headers [][2]string `json:"headers"`
	Body    string      `json:"body"`
}

// TestPackages asks the handlers of testdata/npm the same under Portico and in
// Node 20, and compares the answers. known_failures.txt there has what differs,
// and why.
func TestPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("installs half a gigabyte of npm packages")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("needs Node 20, which is not here")
	}
	if v, err := exec.Command(node, "--version").Output(); err != nil || !strings.HasPrefix(string(v), "v20.") {
		t.Skipf("needs Node 20, this is %s", strings.TrimSpace(string(v)))
	}
	dir := installPackages(t)
	b, err := os.ReadFile(filepath.Join(packages, "requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var requests map[string][]packageRequest
	if err := json.Unmarshal(b, &requests); err != nil {
		t.Fatal(err)
	}
	known := knownPackages(t)
	for name := range known {
		if _, ok := requests[name]; !ok {
			t.Errorf("known_failures.txt lists %s, which has no requests", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(requests)) {
		t.Run(name, func(t *testing.T) {
			want := askNode(t, node, dir, name, requests[name])
			got, output := askPortico(t, dir, name, requests[name])
			var problems []string
			for i, r := range requests[name] {
				if want[i].Status == threw {
					t.Fatalf("%s throws in Node: %s", r.Path, want[i].Body)
				}
				if got == nil {
					problems = append(problems, "does not load")
					break
				}
				if g, w := got[i].text(), want[i].text(); g != w {
					problems = append(problems, fmt.Sprintf("%s %s\n%s", r.Method, r.Path, differing(g, w)))
				}
			}
			reason, listed := known[name]
			switch {
			case len(problems) == 0 && listed:
				t.Errorf("answers as in Node: take it out of known_failures.txt (%s)", reason)
			case len(problems) > 0 && listed:
				t.Logf("known failure (%s):\n%s", reason, strings.Join(problems, "\n"))
			case len(problems) > 0:
				t.Errorf("%s\nthe server said:\n%s", strings.Join(problems, "\n"), output)
			}
		})
	}
}

// installPackages gives a folder with the handlers and their packages.
// PORTICO_NPM_DIR names one that is kept for the next run.
func installPackages(t *testing.T) string {
	t.Helper()
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("needs npm, which is not here")
	}
	dir := os.Getenv("PORTICO_NPM_DIR")
	if dir == "" {
		dir = t.TempDir()
	}
	manifest, err := os.ReadFile(filepath.Join(packages, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	there, _ := os.ReadFile(filepath.Join(dir, "package.json"))
	_, err = os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	complete := err == nil && bytes.Equal(manifest, there)
	for _, old := range []string{"app", "sites", "driver.mjs", "requests.json", "package.json", "known_failures.txt"} {
		if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(dir, os.DirFS(packages)); err != nil {
		t.Fatal(err)
	}
	if !complete {
		cmd := exec.Command(npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefer-offline")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil && regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED`).Match(out) {
			t.Skip("npm reaches no registry")
		}
		if err != nil {
			t.Fatalf("npm install: %v\n%s", err, out)
		}
	}
	return dir
}

func knownPackages(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(packages, "known_failures.txt"))
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, reason, _ := strings.Cut(line, " ")
		if reason == "" {
			t.Errorf("known_failures.txt: %s has no reason", name)
		}
		known[name] = reason
	}
	return known
}

func askNode(t *testing.T, node, dir, name string, requests []packageRequest) []packageAnswer {
	t.Helper()
	upstream := httptest.NewServer(&packageUpstream{})
	defer upstream.Close()
	in, err := json.Marshal(requests)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "--no-warnings", "driver.mjs", name)
	cmd.Dir = dir
	cmd.Env = environment([]string{"NODE_ENV=production", "TZ=UTC", "UPSTREAM=" + upstream.URL})
	cmd.Stdin = bytes.NewReader(in)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	var answers []packageAnswer
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatalf("node wrote %q: %v", out, err)
	}
	return answers
}

// askPortico serves the handler on its own. The answers are nil when it does not
// load.
func askPortico(t *testing.T, dir, name string, requests []packageRequest) ([]packageAnswer, string) {
	t.Helper()
	site := filepath.Join(dir, "sites", name)
	if err := os.CopyFS(filepath.Join(site, "app", name), os.DirFS(filepath.Join(dir, "app", name))); err != nil {
		t.Fatal(err)
	}
	upstream := httptest.NewServer(&packageUpstream{})
	defer upstream.Close()
	s := start(t, site, []string{"TZ=UTC", "UPSTREAM=" + upstream.URL})
	if !s.loaded {
		return nil, s.output.String()
	}
	client := &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var answers []packageAnswer
	for _, r := range requests {
		var body io.Reader
		if r.Body != nil {
			body = strings.NewReader(*r.Body)
		}
		req, err := http.NewRequestWithContext(t.Context(), r.Method, "http://"+s.addr+r.Path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "localhost:3000" // as the driver has it
		if r.Body != nil && r.Headers["content-type"] == "" {
			req.Header.Set("Content-Type", "text/plain;charset=UTF-8") // what Request gives a string
		}
		for k, v := range r.Headers {
			req.Header.Set(k, v)
		}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Errorf("%s: %v", r.Path, err)
		}
		if err := res.Body.Close(); err != nil {
			t.Error(err)
		}
		a := packageAnswer{Status: res.StatusCode, Body: string(b)}
		for k, values := range res.Header {
			for _, v := range values {
				a.Headers = append(a.Headers, [2]string{strings.ToLower(k), v})
			}
		}
		answers = append(answers, a)
	}
	if err := s.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	return answers, s.output.String()
}

// What is random or of the moment, and what servers add.
var (
	randomText    = regexp.MustCompile(`[0-9a-f]{32,}|Expires=[^;]*`)
	serverHeaders = []string{"date", "content-length", "connection", "keep-alive", "transfer-encoding"}
)

func (a packageAnswer) text() string {
	var lines []string
	for _, h := range a.Headers {
		// Encoding answers is the server's work, too.
		if !slices.Contains(serverHeaders, h[0]) && !(h[0] == "vary" && h[1] == "Accept-Encoding") {
			lines = append(lines, h[0]+": "+h[1])
		}
	}
	slices.Sort(lines)
	return randomText.ReplaceAllString(fmt.Sprintf("%d\n%s\n\n%s", a.Status, strings.Join(lines, "\n"), a.Body), "…")
}

// differing is where two texts begin to differ.
func differing(got, want string) string {
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	i = max(0, i-60)
	cut := func(s string) string { return strings.ToValidUTF8(s[min(i, len(s)):min(i+600, len(s))], "") }
	return "  here " + cut(got) + "\n  node " + cut(want)
}

// packageUpstream answers as OpenAI's API and Upstash's do, as far as the
// handlers ask.
type packageUpstream struct {
	mu    sync.Mutex
	keys  map[string]string
	count int
}

func (u *packageUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path == "/openai/v1/chat/completions" && bytes.Contains(body, []byte(`"stream":true`)):
		w.Header().Set("Content-Type", "text/event-stream")
		for _, text := range []string{"Hel", "lo ", "wörld"} {
			fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}}]}\n\n", text)
			w.(http.Flusher).Flush()
		}
		io.WriteString(w, "data: [DONE]\n\n")
	case r.URL.Path == "/openai/v1/chat/completions":
		io.WriteString(w, `{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}`)
	case strings.HasPrefix(r.URL.Path, "/openai/"):
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, `{"error":{"message":"no such model","type":"invalid_request_error","param":null,"code":"model_not_found"}}`)
	case strings.HasPrefix(r.URL.Path, "/redis"):
		u.redis(w, body)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// redis answers a command or a list of them, with strings in base64, as the
// client asks for.
func (u *packageUpstream) redis(w http.ResponseWriter, body []byte) {
	u.mu.Lock()
	defer u.mu.Unlock()
	var list [][]any
	if json.Unmarshal(body, &list) == nil {
		results := make([]any, len(list))
		for i, c := range list {
			results[i], _ = u.command(c)
		}
		_ = json.NewEncoder(w).Encode(results)
		return
	}
	var one []any
	if err := json.Unmarshal(body, &one); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	result, status := u.command(one)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(result)
}

func (u *packageUpstream) command(c []any) (any, int) {
	if u.keys == nil {
		u.keys = map[string]string{}
	}
	switch strings.ToLower(fmt.Sprint(c[0])) {
	case "set":
		u.keys[fmt.Sprint(c[1])] = fmt.Sprint(c[2])
		return map[string]any{"result": "OK"}, http.StatusOK
	case "get":
		v, ok := u.keys[fmt.Sprint(c[1])]
		if !ok {
			return map[string]any{"result": nil}, http.StatusOK
		}
		return map[string]any{"result": base64.StdEncoding.EncodeToString([]byte(v))}, http.StatusOK
	case "eval", "evalsha":
		u.count++
		return map[string]any{"result": []int{u.count, 2}}, http.StatusOK
	}
	return map[string]any{"error": "WRONGTYPE Operation against a key holding the wrong kind of value"}, http.StatusBadRequest
}
