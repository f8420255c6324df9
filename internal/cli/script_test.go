package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"portico": func() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs testdata/script: the command as a process of its own, with
// these commands besides testscript's:
//
//	serve ARG...           start "portico ARG..." and wait until it listens; sets $URL and $PORT
//	request METHOD PATH [Name:value...] [body]
//	                       ask the server; stdout is status, headers and body
//	await PATH PATTERN     GET the path after all that the server prints, until the answer has the pattern
//	begin PATH             begin a POST whose body does not end, and wait for "began" in the log
//	finish                 end that body; stdout is the answer
//	log stdout|stderr PATTERN
//	                       wait until the server has printed the pattern
//	signal INT|TERM        send a signal
//	ended CODE             wait for the server to end with that code; stdout and stderr are its own
//	refused                the port takes no more connections
//	[!] reachable          the port is open on an address that is not loopback
//	write FILE TEXT        replace a file as an editor does, with one line
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = &server{}
			for _, name := range []string{"PORT", "NODE_ENV", "NO_COLOR"} {
				e.Vars = append(e.Vars, name+"=")
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve":     positive(serve),
			"request":   positive(request),
			"await":     positive(awaitAnswer),
			"begin":     positive(begin),
			"finish":    positive(finish),
			"log":       positive(awaitLog),
			"signal":    positive(signalServer),
			"ended":     positive(ended),
			"refused":   positive(refused),
			"reachable": reachable,
			"write":     positive(write),
		},
	})
}

// patience is how long the slowest machine may take for one step.
const patience = 30 * time.Second

type serverKey struct{}

// server is the process that a script has started.
type server struct {
	cmd            *exec.Cmd
	stdout, stderr output
	exited         chan struct{}

	body   *io.PipeWriter
	answer chan string
}

// output collects what a process prints, and tells of it.
type output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{} // closed at the next write
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.b.Write(p)
}

func (o *output) text() (string, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.b.String(), o.changed
}

func positive(f func(ts *testscript.TestScript, s *server, args []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be negated")
		}
		f(ts, ts.Value(serverKey{}).(*server), args)
	}
}

var listening = regexp.MustCompile(` on (http://\S+:(\d+))`)

func serve(ts *testscript.TestScript, s *server, args []string) {
	if s.cmd != nil {
		ts.Fatalf("a server is running already")
	}
	path, err := exec.LookPath("portico") // testscript puts it on this process's PATH
	ts.Check(err)
	*s = server{exited: make(chan struct{})}
	s.cmd = exec.Command(path, args...)
	s.cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "PORT", "NODE_ENV", "SYSTEMROOT", "EXTRA", "GOMEMLIMIT"} {
		if v := ts.Getenv(name); v != "" {
			s.cmd.Env = append(s.cmd.Env, name+"="+v)
		}
	}
	s.cmd.Stdout, s.cmd.Stderr = &s.stdout, &s.stderr
	ts.Check(s.cmd.Start())
	cmd := s.cmd
	exited := s.exited
	go func() {
		_ = cmd.Wait() // ProcessState has the outcome
		close(exited)
	}()
	ts.Defer(func() {
		if s.body != nil {
			_ = s.body.CloseWithError(io.ErrUnexpectedEOF)
		}
		_ = cmd.Process.Kill() // it may have ended
		<-exited
	})
	m := s.await(ts, &s.stdout, 0, listening)
	ts.Setenv("URL", m[1])
	ts.Setenv("PORT", m[2])
}

// await waits until an output matches from an offset on.
func (s *server) await(ts *testscript.TestScript, o *output, from int, pattern *regexp.Regexp) []string {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for over := false; ; {
		text, changed := o.text()
		if m := pattern.FindStringSubmatch(text[from:]); m != nil {
			return m
		}
		if over {
			out, _ := s.stdout.text()
			errs, _ := s.stderr.text()
			ts.Fatalf("the server has not printed %q. stdout:\n%s\nstderr:\n%s", pattern, out, errs)
		}
		select {
		case <-changed:
		case <-s.exited:
			over = true // look once more: all has been printed
		case <-limit.C:
			over = true
		}
	}
}

func awaitLog(ts *testscript.TestScript, s *server, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: log stdout|stderr PATTERN")
	}
	o := &s.stdout
	if args[0] == "stderr" {
		o = &s.stderr
	}
	s.await(ts, o, 0, regexp.MustCompile("(?m)"+args[1]))
}

// request does not follow redirects, and keeps no connection.
func request(ts *testscript.TestScript, s *server, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: request METHOD PATH [Name:value...] [body]")
	}
	var body io.Reader
	header := http.Header{}
	for _, a := range args[2:] {
		if name, value, ok := strings.Cut(a, ":"); ok && !strings.ContainsAny(name, " {") {
			header.Set(name, value)
		} else {
			body = strings.NewReader(a)
		}
	}
	req, err := http.NewRequest(args[0], ts.Getenv("URL")+args[1], body)
	ts.Check(err)
	req.Header = header
	req.Close = true
	ts.Check(transact(ts.Stdout(), req))
}

func awaitAnswer(ts *testscript.TestScript, s *server, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: await PATH PATTERN")
	}
	pattern := regexp.MustCompile("(?m)" + args[1])
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		_, out := s.stdout.text()
		_, errs := s.stderr.text()
		req, err := http.NewRequest("GET", ts.Getenv("URL")+args[0], nil)
		ts.Check(err)
		req.Close = true
		var b strings.Builder
		ts.Check(transact(&b, req))
		if pattern.MatchString(b.String()) {
			return
		}
		select {
		case <-out:
		case <-errs:
		case <-limit.C:
			ts.Fatalf("the answer has no %q:\n%s", args[1], b.String())
		}
	}
}

func transact(w io.Writer, req *http.Request) error {
	client := &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d\n", res.StatusCode)
	if err := res.Header.Write(w); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", b)
	return nil
}

func begin(ts *testscript.TestScript, s *server, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: begin PATH")
	}
	r, w := io.Pipe()
	req, err := http.NewRequest("POST", ts.Getenv("URL")+args[0], r)
	ts.Check(err)
	req.Close = true
	s.body, s.answer = w, make(chan string, 1)
	go func() {
		var b strings.Builder
		if err := transact(&b, req); err != nil {
			b.WriteString("failed: " + err.Error())
		}
		s.answer <- b.String()
	}()
	_, err = io.WriteString(w, "first ")
	ts.Check(err)
	s.await(ts, &s.stderr, 0, regexp.MustCompile("began"))
}

func finish(ts *testscript.TestScript, s *server, args []string) {
	// Whoever reads the body may have gone, which the answer says.
	_, _ = io.WriteString(s.body, "second")
	_ = s.body.Close()
	fmt.Fprint(ts.Stdout(), <-s.answer)
	s.body = nil
}

func signalServer(ts *testscript.TestScript, s *server, args []string) {
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM}
	if len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal INT|TERM")
	}
	ts.Check(s.cmd.Process.Signal(signals[args[0]]))
}

func ended(ts *testscript.TestScript, s *server, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: ended CODE")
	}
	select {
	case <-s.exited:
	case <-time.After(patience):
		ts.Fatalf("the server has not ended")
	}
	out, _ := s.stdout.text()
	errs, _ := s.stderr.text()
	fmt.Fprint(ts.Stdout(), out)
	fmt.Fprint(ts.Stderr(), errs)
	if code := fmt.Sprint(s.cmd.ProcessState.ExitCode()); code != args[0] {
		ts.Fatalf("the server ended with code %s, want %s", code, args[0])
	}
	s.cmd = nil
}

func refused(ts *testscript.TestScript, s *server, args []string) {
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", strings.TrimPrefix(ts.Getenv("URL"), "http://"))
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			c.Close()
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the port still takes connections")
		}
	}
}

func reachable(ts *testscript.TestScript, neg bool, args []string) {
	addrs, err := net.InterfaceAddrs()
	ts.Check(err)
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.IsLoopback() || n.IP.IsLinkLocalUnicast() {
			continue
		}
		c, err := net.DialTimeout("tcp", net.JoinHostPort(n.IP.String(), ts.Getenv("PORT")), patience)
		if err == nil {
			c.Close()
		}
		if (err == nil) == neg {
			ts.Fatalf("on %s the port is open: %v", n.IP, err == nil)
		}
	}
}

func write(ts *testscript.TestScript, s *server, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: write FILE TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(args[1]+"\n"), 0o644))
}
