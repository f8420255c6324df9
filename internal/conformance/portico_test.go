package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/binary"
)

// command is the program under test, built once by TestMain.
var command string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "portico-conformance-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if command, err = binary.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestPortico replays every app's transcript against the real binary.
func TestPortico(t *testing.T) {
	for _, file := range transcripts(t) {
		app := filepath.Dir(file)
		t.Run(filepath.Base(app), func(t *testing.T) {
			tr, err := Load(file)
			if err != nil {
				t.Fatal(err)
			}
			upstream, err := StartUpstream()
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := upstream.Close(); err != nil {
					t.Error(err)
				}
			}()
			o := Options{Upstream: upstream}
			env := append(tr.Env, "UPSTREAM=http://"+upstream.Addr())
			var s server
			if tr.Clocked() {
				c := startClocked(t, app, env)
				o.Advance = c.advance
				s = c.server
			} else if tr.Export != "" {
				s = export(t, app, env)
			} else {
				dir := withModules(t, app)
				if !tr.Modified.IsZero() {
					dir = modified(t, app, tr.Modified)
				}
				p := start(t, dir, env)
				s = p.server
				s.stop = p.stop
			}
			o.NotLoaded = !s.loaded
			failures := CheckLoad(tr, s.output.String(), o)
			failures = append(failures, Replay(t.Context(), s.addr, tr, o)...)
			if s.loaded {
				if err := s.stop(); err != nil {
					t.Errorf("stop: %v", err)
				}
				if why := tr.Known[wholeApp]; why != "" {
					t.Errorf("%s loads: take * out of known_failures.txt (%s)", app, why)
				}
			}
			unloaded := 0
			for _, f := range failures {
				if o.NotLoaded && !f.Expected() && !f.Build {
					// They all say the same.
					unloaded++
				} else if f.Expected() {
					t.Logf("known failure: %s (%s)", f.ID, f.Known)
				} else {
					t.Error(f)
				}
			}
			if unloaded > 0 {
				t.Errorf("%s does not load, so %d entries have no answer", app, unloaded)
			}
			if t.Failed() {
				t.Logf("the server said:\n%s", s.output.String())
			}
		})
	}
}

// transcripts are the files of all apps that have one.
func transcripts(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"../../testdata/apps/*/transcript.txt", "../../examples/*/transcript.txt", "../../examples/middleware/*/transcript.txt"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatal("no transcripts found")
	}
	return files
}

// withModules gives the folder to serve: the app itself, or a copy with its
// fixture_modules as node_modules, a name that is never committed, or with the
// packages that its npm_modules names, installed by npm. Without npm such an app
// is skipped by name.
func withModules(t *testing.T, app string) string {
	t.Helper()
	if list, err := os.ReadFile(filepath.Join(app, "npm_modules")); err == nil {
		npm, err := exec.LookPath("npm")
		if err != nil {
			t.Skipf("%s needs npm, which is not here", filepath.Base(app))
		}
		dir := filepath.Join(t.TempDir(), filepath.Base(app))
		if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(npm, append([]string{"install", "--no-audit", "--no-fund", "--no-save"}, strings.Fields(string(list))...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("npm install: %v\n%s", err, out)
		}
		return dir
	}
	modules := filepath.Join(app, "fixture_modules")
	if _, err := os.Stat(modules); errors.Is(err, os.ErrNotExist) {
		return app
	}
	dir := filepath.Join(t.TempDir(), filepath.Base(app))
	if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "node_modules"), os.DirFS(modules)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// server is what a transcript is replayed against.
type server struct {
	addr   string
	loaded bool
	output *lockedBuffer
	stop   func() error // ends it as an operator does
}

// process is a running `portico start`.
type process struct {
	server
	cmd    *exec.Cmd
	exited chan error
}

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 15 * time.Second
)

// readyLine is in the line that `portico start` prints when it serves.
const readyLine = "ready in "

// start runs the binary on an app and waits until it says it is ready, or ends.
func start(t *testing.T, app string, env []string) *process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(addr, ":")

	s := &process{
		server: server{addr: addr, output: &lockedBuffer{awaited: readyLine, seen: make(chan struct{})}},
		exited: make(chan error, 1),
	}
	s.cmd = exec.Command(command, "start", app, "-p", port, "-H", "127.0.0.1", "--cache", "memory")
	s.cmd.Env = environment(env)
	s.cmd.Stdout, s.cmd.Stderr = s.output, s.output
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.exited <- s.cmd.Wait() }()
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill()
		}
	})

	// The port is taken before the app is loaded, so a connection says nothing.
	limit := time.NewTimer(startTimeout)
	defer limit.Stop()
	select {
	case <-s.output.seen:
		s.loaded = true
	case err := <-s.exited:
		if err == nil {
			t.Fatalf("portico start ended without an error:\n%s", s.output.String())
		}
	case <-limit.C:
		_ = s.cmd.Process.Kill()
		t.Fatalf("portico start neither listens nor ends:\n%s", s.output.String())
	}
	return s
}

// stop ends the server as an operator does, and wants it to end well.
func (s *process) stop() error {
	if runtime.GOOS == "windows" {
		_ = s.cmd.Process.Kill()
		<-s.exited
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.exited:
		return err
	case <-time.After(stopTimeout):
		_ = s.cmd.Process.Kill()
		return fmt.Errorf("did not end within %v of SIGTERM", stopTimeout)
	}
}

// environment is ours without what steers the server, plus what is given.
func environment(extra []string) []string {
	var env []string
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PORT", "HOSTNAME", "NODE_ENV", "UPSTREAM", "PORTICO_CACHE":
		default:
			env = append(env, v)
		}
	}
	// Every server begins with an empty cache.
	return append(append(env, "PORTICO_CACHE=memory"), extra...)
}

// lockedBuffer collects what a process prints while we look at it.
type lockedBuffer struct {
	awaited string
	seen    chan struct{} // closed once awaited is in the text

	mu   sync.Mutex
	b    bytes.Buffer
	told bool
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.b.Write(p)
	if !l.told && bytes.Contains(l.b.Bytes(), []byte(l.awaited)) {
		l.told = true
		close(l.seen)
	}
	return n, err
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
