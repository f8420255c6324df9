package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// child is a server that bench has started.
type child struct {
	cmd     *exec.Cmd
	log     *tail
	started time.Time
	url     string
	gone    chan struct{} // closed when the process has ended
}

// tail keeps the end of what a process prints, for when it fails.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if n := len(t.buf) - 8<<10; n > 0 {
		t.buf = t.buf[n:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}

// freePort returns a loopback port that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// start runs a server and waits until path answers with 200. args gets the
// port, which is also in the environment as PORT.
func start(ctx context.Context, dir string, env []string, path string, args func(port string) []string) (*child, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	argv := args(port)
	c := &child{cmd: exec.Command(argv[0], argv[1:]...), log: &tail{}, url: "http://127.0.0.1:" + port, gone: make(chan struct{})}
	c.cmd.Dir = dir
	c.cmd.Env = append(append(os.Environ(), env...), "PORT="+port)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	bind(c.cmd)
	c.started = time.Now()
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.cmd.Wait() // how it ended is in its log
		close(c.gone)
	}()
	if err := c.ready(ctx, path); err != nil {
		c.stop()
		return nil, fmt.Errorf("%v: %w\n%s", argv, err, c.log)
	}
	return c, nil
}

// ready asks for path until it is answered.
func (c *child) ready(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+path, nil)
		if err != nil {
			return err
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
			return fmt.Errorf("GET %s answered %s", path, res.Status)
		}
		select {
		case <-c.gone:
			return errors.New("the server ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
}

// stop ends the server and all that it has started.
func (c *child) stop() {
	terminate(c.cmd)
	select {
	case <-c.gone:
	case <-time.After(5 * time.Second):
		kill(c.cmd)
		<-c.gone
	}
}

// usage is what a server has used so far.
type usage struct {
	cpu time.Duration // user and system time
	rss int64         // bytes
}

// use adds up the server's process and its children. ok is false where the
// system has no /proc.
func (c *child) use() (u usage, ok bool) {
	pids := append(descendants(c.cmd.Process.Pid), c.cmd.Process.Pid)
	for _, pid := range pids {
		cpu, err := cpuTime(pid)
		if err != nil {
			continue // it has ended since
		}
		ok = true
		u.cpu += cpu
		u.rss += memory(pid)
	}
	return u, ok
}

// tick is the unit of times in /proc/<pid>/stat: USER_HZ, 100 on all Linux
// systems that Go runs on.
const tick = 10 * time.Millisecond

// stat returns the fields of /proc/<pid>/stat behind the command's name.
func stat(pid int) ([][]byte, error) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return nil, err
	}
	i := bytes.LastIndexByte(b, ')')
	f := bytes.Fields(b[i+1:])
	if len(f) < 20 {
		return nil, errors.New("/proc/<pid>/stat is too short")
	}
	return f, nil
}

func cpuTime(pid int) (time.Duration, error) {
	f, err := stat(pid)
	if err != nil {
		return 0, err
	}
	user, err1 := strconv.ParseInt(string(f[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(f[12]), 10, 64)
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// memory is VmRSS in bytes.
func memory(pid int) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			n, err := strconv.ParseInt(string(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(" kB"))), 10, 64)
			if err != nil {
				return 0
			}
			return n << 10
		}
	}
	return 0
}

// descendants are the processes that pid has started, and theirs.
func descendants(pid int) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	parents := map[int]int{}
	for _, e := range entries {
		n, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if f, err := stat(n); err == nil {
			if parent, err := strconv.Atoi(string(f[1])); err == nil {
				parents[n] = parent
			}
		}
	}
	var out []int
	for n := range parents {
		for p := parents[n]; p > 1; p = parents[p] {
			if p == pid {
				out = append(out, n)
				break
			}
		}
	}
	return out
}
