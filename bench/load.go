package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load is the outcome of one run of load on one server.
type load struct {
	Requests int64   `json:"requests"`
	Seconds  float64 `json:"seconds"`
	Errors   int64   `json:"errors"` // answers that were no 200, and broken connections
	P50      float64 `json:"p50_us"`
	P99      float64 `json:"p99_us"`
	CPU      float64 `json:"cpu_us_per_request"` // the server's; 0 when unknown
}

func (l *load) rate() float64 {
	if l.Seconds == 0 {
		return 0
	}
	return float64(l.Requests) / l.Seconds
}

// generator produces load.
type generator interface {
	name() string
	run(ctx context.Context, r *row, url string, d time.Duration) (*load, error)
}

// newGenerator returns wrk when it is installed, else the one written in Go.
func newGenerator(dir string) (generator, error) {
	path, err := exec.LookPath("wrk")
	if err != nil {
		return goLoad{}, nil
	}
	w := &wrk{path: path, dir: dir}
	return w, os.WriteFile(filepath.Join(dir, "wrk.lua"), []byte(wrkScript), 0o644)
}

// wrkScript sends what the environment says and prints wrk's own counts as
// JSON. A status above 399 is an error for wrk.
const wrkScript = `
wrk.method = os.getenv("BENCH_METHOD")
local body = os.getenv("BENCH_BODY")
if body ~= "" then
  wrk.body = body
  wrk.headers["Content-Type"] = "application/json"
end
for name, value in os.getenv("BENCH_HEADER"):gmatch("([^\n:]+): ([^\n]*)") do
  wrk.headers[name] = value
end
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("\nBENCH{\"requests\":%d,\"seconds\":%f,\"errors\":%d,\"p50_us\":%f,\"p99_us\":%f}\n",
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
`

type wrk struct{ path, dir string }

func (w *wrk) name() string { return "wrk" }

func (w *wrk) run(ctx context.Context, r *row, url string, d time.Duration) (*load, error) {
	seconds := max(1, int(d.Round(time.Second)/time.Second))
	cmd := exec.CommandContext(ctx, w.path, "-t1", "-c"+strconv.Itoa(r.conns), "-d"+strconv.Itoa(seconds)+"s",
		"-s", filepath.Join(w.dir, "wrk.lua"), url)
	var header strings.Builder
	for _, h := range r.header {
		header.WriteString(h[0] + ": " + h[1] + "\n")
	}
	cmd.Env = append(os.Environ(), "BENCH_METHOD="+r.method(), "BENCH_BODY="+string(r.body), "BENCH_HEADER="+header.String())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	_, line, ok := bytes.Cut(out, []byte("\nBENCH"))
	if !ok {
		return nil, fmt.Errorf("wrk printed no counts:\n%s", out)
	}
	l := &load{}
	if err := json.Unmarshal(line, l); err != nil {
		return nil, fmt.Errorf("wrk's counts: %w\n%s", err, line)
	}
	return l, nil
}

// goLoad stands in for wrk. It costs several times as much of the machine, so
// figures that were made with it compare with no others.
type goLoad struct{}

func (goLoad) name() string { return "built-in" }

func (goLoad) run(ctx context.Context, r *row, url string, d time.Duration) (*load, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConns: r.conns, MaxIdleConnsPerHost: r.conns, DisableCompression: true}, CheckRedirect: stay}
	defer client.CloseIdleConnections()
	var (
		mu    sync.Mutex
		all   []time.Duration
		fails int64
		wait  sync.WaitGroup
	)
	begin := time.Now()
	for range r.conns {
		wait.Go(func() {
			var took []time.Duration
			var failed int64
			for ctx.Err() == nil && time.Since(begin) < d {
				t := time.Now()
				if err := once(ctx, client, r, url); err != nil {
					failed++
					continue
				}
				took = append(took, time.Since(t))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			fails += failed
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l := &load{Requests: int64(len(all)), Seconds: time.Since(begin).Seconds(), Errors: fails}
	if len(all) > 0 {
		slices.Sort(all)
		l.P50 = float64(all[len(all)/2].Microseconds())
		l.P99 = float64(all[len(all)*99/100].Microseconds())
	}
	return l, nil
}

// stay answers with a redirect rather than follow it.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// request is one request of a row.
func (r *row) request(ctx context.Context, url string) (*http.Request, error) {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), url, body)
	if err != nil {
		return nil, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, h := range r.header {
		req.Header.Set(h[0], h[1])
	}
	return req, nil
}

func once(ctx context.Context, client *http.Client, r *row, url string) error {
	req, err := r.request(ctx, url)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != r.want() {
		return fmt.Errorf("status %d", res.StatusCode)
	}
	return nil
}
