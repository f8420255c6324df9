package browser

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/binary"

	"github.com/chromedp/chromedp"
	"github.com/evanw/esbuild/pkg/api"
)

// lab is what all tests share.
var lab struct {
	dir      string          // projects are folders of it, and node_modules is
	portico  string          // the binary under test
	chromium context.Context // nil where there is none
	vite     func() (string, error)
	cert     []string // the environment that names a certificate of localhost and its key
}

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "portico-browser-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	lab.dir, lab.vite = dir, sync.OnceValues(installVite)
	chromium := find("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell", "chrome")
	if chromium == "" {
		return m.Run()
	}
	if lab.portico, err = binary.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	spki, err := certificate(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	lab.cert = []string{"CERT=" + filepath.Join(dir, "cert.pem"), "KEY=" + filepath.Join(dir, "key.pem")}
	ctx, stop := chromedp.NewContext(context.Background(), chromedp.WithAllocatorOptions(
		chromedp.ExecPath(chromium),
		// The pages are ours, and CI runs in containers where it has no user
		// namespaces of its own.
		chromedp.NoSandbox,
		// The one certificate is good. Were all errors ignored, Chromium would cache
		// nothing that comes over TLS.
		chromedp.Flag("ignore-certificate-errors-spki-list", spki),
		// A page that is left is gone. Chromium keeps it, with its connections, to
		// show it again; the first two are chromedp's own.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,BackForwardCache"),
		chromedp.WindowSize(900, 600),
		// A name that is not localhost: to browsers plain HTTP is secure there.
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"),
	))
	defer stop()
	if err := chromedp.Do(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "%s does not start: %v\n", chromium, err)
		return 1
	}
	defer func() {
		if err := chromedp.Cancel(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "Chromium does not end:", err)
		}
	}()
	lab.chromium = ctx
	return m.Run()
}

// find returns the first program that is there, or "".
func find(names ...string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// patience bounds every wait for something that must happen.
const patience = time.Minute

const fixture = "testdata/app"

// project copies a folder to one of its own.
func project(t *testing.T, from string) string {
	t.Helper()
	dir, err := os.MkdirTemp(lab.dir, "app-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// built is a project whose frontend has been built.
func built(t *testing.T, bundler string) string {
	t.Helper()
	switch bundler {
	case "vite":
		dir := project(t, fixture)
		cmd := vite(t, filepath.Join(dir, "web"), "build")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("vite build: %v\n%s", err, out)
		}
		return dir
	default:
		dir := project(t, fixture)
		buildPlainly(t, filepath.Join(dir, "web"))
		return dir
	}
}

// buildPlainly writes dist/ as Vite does, without Vite.
func buildPlainly(t *testing.T, web string) {
	t.Helper()
	r := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(web, "src", "main.ts")},
		Outdir:      filepath.Join(web, "dist", "assets"),
		EntryNames:  "[name]-[hash]",
		Bundle:      true,
		Format:      api.FormatESModule,
		Charset:     api.CharsetUTF8,
		Define:      map[string]string{"import.meta.hot": "undefined"},
		Write:       true,
	})
	if len(r.Errors) > 0 {
		t.Fatal(r.Errors)
	}
	page, err := os.ReadFile(filepath.Join(web, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	tags := ""
	for _, f := range r.OutputFiles {
		switch name := filepath.Base(f.Path); filepath.Ext(name) {
		case ".js":
			tags += `<script type="module" src="/assets/` + name + `"></script>`
		case ".css":
			tags += `<link rel="stylesheet" href="/assets/` + name + `">`
		}
	}
	const source = `<script type="module" src="/src/main.ts"></script>`
	if !strings.Contains(string(page), source) {
		t.Fatal("index.html names no src/main.ts")
	}
	if err := os.WriteFile(filepath.Join(web, "dist", "index.html"), []byte(strings.Replace(string(page), source, tags, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

var errNoRegistry = errors.New("npm reaches no registry")

// installVite returns the path of Vite's command. It stands above the projects,
// where Node looks for packages too.
func installVite() (string, error) {
	npm := find("npm")
	manifest, err := os.ReadFile(filepath.Join(fixture, "web", "package.json"))
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(filepath.Join(lab.dir, "package.json"), manifest, 0o644); err != nil {
		return "", err
	}
	cmd := exec.Command(npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--prefer-offline")
	cmd.Dir = lab.dir
	out, err := cmd.CombinedOutput()
	if err != nil && regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED`).Match(out) {
		return "", errNoRegistry
	}
	if err != nil {
		return "", fmt.Errorf("npm install: %w\n%s", err, out)
	}
	return filepath.Join(lab.dir, "node_modules", "vite", "bin", "vite.js"), nil
}

// vite is its command, or the test is skipped.
func vite(t *testing.T, web string, args ...string) *exec.Cmd {
	t.Helper()
	if find("npm") == "" || find("node") == "" {
		t.Skip("needs node and npm, which are not here")
	}
	const recent = "const [a, b] = process.versions.node.split('.'); process.exit(a > 22 || a == 22 && b >= 12 || a == 20 && b >= 19 ? 0 : 1)"
	if err := exec.Command(find("node"), "-e", recent).Run(); err != nil {
		t.Skip("needs a Node that Vite runs in, 20.19 or 22.12, which is not here")
	}
	script, err := lab.vite()
	if errors.Is(err, errNoRegistry) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(find("node"), append([]string{script}, args...)...)
	cmd.Dir = web
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	return cmd
}

// serve starts portico on a project, which is killed when the test is over, and
// returns its port.
func serve(t *testing.T, mode, dir string, env ...string) (port string) {
	t.Helper()
	cmd := exec.Command(lab.portico, mode, dir, "-p", "0", "-H", "127.0.0.1")
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PORT", "HOSTNAME", "NODE_ENV", "FRONTEND", "PARTNER", "CERT", "KEY":
		default:
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, env...)
	return start(t, cmd, regexp.MustCompile(`ready in .* on https?://[^:\s]+:(\d+)`))
}

// start runs a server until the test is over, and returns what it says of its
// port.
func start(t *testing.T, cmd *exec.Cmd, ready *regexp.Regexp) string {
	t.Helper()
	out := &output{line: ready, ready: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	over := make(chan struct{})
	go func() { ended <- cmd.Wait(); close(over) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		<-over
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(cmd.Path), out)
		}
	})
	select {
	case port := <-out.ready:
		return port
	case err := <-ended:
		t.Fatalf("%s has ended, %v:\n%s", cmd, err, out)
	case <-time.After(patience):
		t.Fatalf("%s is not ready:\n%s", cmd, out)
	}
	return ""
}

// output is what a process prints.
type output struct {
	line  *regexp.Regexp
	ready chan string // the port, once

	mu   sync.Mutex
	b    bytes.Buffer
	told bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.b.Write(p)
	if m := o.line.FindSubmatch(o.b.Bytes()); m != nil && !o.told {
		o.told = true
		o.ready <- string(m[1])
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// certificate writes one for localhost into a folder, and returns the hash of
// its key as Chromium takes it.
func certificate(dir string) (spki string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return "", err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return "", err
		}
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return "", err
	}
	hash := sha256.Sum256(public)
	return base64.StdEncoding.EncodeToString(hash[:]), nil
}

// ask sends a request beside the browser and returns the body.
func ask(t *testing.T, method, url, body string, status int) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // its certificate was made a moment ago
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: patience}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("%s %s: %s %.200q %v, want %d", method, url, res.Status, b, err, status)
	}
	return string(b)
}
