// Command bench measures portico beside plain net/http, Next.js and Hono, on
// one machine in one run, and prints one table. README.md beside it says how it
// measures and how to read it.
//
//	go run ./bench
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// note tells what is being done; the table alone goes to standard output.
func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "bench: "+format+"\n", args...)
}

// options are the command line's.
type options struct {
	duration time.Duration
	rounds   int
	only     map[string]bool // rows; nil is all
	peers    map[string]bool // nil is all
	startup  bool
	keys     bool
	out      string
	upstream string
}

func parse() (*options, error) {
	duration := flag.Duration("duration", 3*time.Second, "length of one load; wrk counts whole seconds")
	rounds := flag.Int("rounds", 3, "how often each peer has its turn; the best counts")
	var names []string
	for i := range rows {
		names = append(names, rows[i].name)
	}
	only := flag.String("only", "", "rows to measure, separated by commas: "+strings.Join(append(names, "startup", "keys"), ","))
	peers := flag.String("peers", "", "peers to compare with, separated by commas: plain,next,node,bun,nginx,caddy,none")
	out := flag.String("out", filepath.Join("bench", "out"), "folder for what is built, installed and written, in the module unless absolute")
	upstream := flag.String("upstream", "", "serve the upstream alone on this address, for profiling")
	flag.Parse()

	o := &options{duration: *duration, rounds: max(1, *rounds), startup: true, keys: true, out: *out, upstream: *upstream}
	if *only != "" {
		o.only, o.startup, o.keys = map[string]bool{}, false, false
		for n := range strings.SplitSeq(*only, ",") {
			switch {
			case n == "startup":
				o.startup = true
			case n == "keys":
				o.keys = true
			case slices.Contains(names, n):
				o.only[n] = true
			default:
				return nil, fmt.Errorf("-only: there is no row %q", n)
			}
		}
	}
	if *peers != "" {
		short := map[string]string{"plain": plain, "next": nextjs, "node": honoNd, "bun": honoBun, "nginx": nginx, "caddy": caddy, "none": ""}
		o.peers = map[string]bool{}
		for n := range strings.SplitSeq(*peers, ",") {
			name, ok := short[n]
			if !ok {
				return nil, fmt.Errorf("-peers: there is no peer %q", n)
			}
			o.peers[name] = true
		}
	}
	return o, nil
}

func run(ctx context.Context) error {
	o, err := parse()
	if err != nil {
		return err
	}
	if o.upstream != "" {
		up, err := startUpstream(o.upstream)
		if err != nil {
			return err
		}
		<-ctx.Done()
		up.close()
		return nil
	}
	root, err := module(ctx)
	if err != nil {
		return err
	}
	b := &bench{root: root, out: o.out, versions: map[string]string{}, servers: map[string]*child{}, skipped: map[string]string{}}
	if !filepath.IsAbs(b.out) {
		b.out = filepath.Join(root, b.out)
	}
	if err := os.MkdirAll(filepath.Join(b.out, "bin"), 0o755); err != nil {
		return err
	}
	if b.up, err = startUpstream("127.0.0.1:0"); err != nil {
		return err
	}
	defer b.up.close()
	defer b.close()
	gen, err := newGenerator(b.out)
	if err != nil {
		return err
	}
	if gen.name() != "wrk" {
		note("wrk is not installed (apt-get install wrk): the built-in load generator stands in for it and takes a large part of the machine")
	}
	if b.binary, err = b.goBuild(ctx, "./cmd/portico", "portico"); err != nil {
		return err
	}

	rep := newReport(b, gen, o)
	if o.startup {
		if rep.Startup, err = b.measureStartup(ctx); err != nil {
			return err
		}
	}
	if o.keys {
		if rep.Keys, err = b.measureKeys(ctx); err != nil {
			return err
		}
	}
	if o.only == nil || len(o.only) > 0 {
		groups := chosen(o.only)
		if err := b.startPeers(ctx, func(p string) bool { return o.peers == nil || o.peers[p] }, apps(groups)); err != nil {
			return err
		}
		rep.rest()
		for _, g := range groups {
			res, err := b.measure(ctx, gen, g, o)
			if err != nil {
				return err
			}
			rep.Rows = append(rep.Rows, res...)
		}
		rep.loaded()
	}
	rep.Versions, rep.Skipped = b.versions, b.skipped
	rep.print(os.Stdout)
	return rep.write(filepath.Join(b.out, "result.json"))
}

// chosen are the rows to measure, nil for all; those that are measured in turns
// stand together.
func chosen(only map[string]bool) (groups [][]*row) {
	for i := range rows {
		r := &rows[i]
		if only != nil && !only[r.name] {
			continue
		}
		if r.over == "" {
			groups = append(groups, []*row{r})
			continue
		}
		base := &rows[i-1]
		if base.name != r.over {
			panic("the row " + r.name + " does not stand behind " + r.over)
		}
		if n := len(groups); n == 0 || groups[n-1][0] != base {
			groups = append(groups, []*row{base})
		}
		n := len(groups)
		groups[n-1] = append(groups[n-1], r)
	}
	return groups
}

// apps are the projects that rows want.
func apps(groups [][]*row) map[app]bool {
	m := map[app]bool{}
	for _, g := range groups {
		for _, r := range g {
			m[r.app] = true
		}
	}
	return m
}

// module is the folder of the module that bench is part of.
func module(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", err
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("run me inside the module: go run ./bench")
	}
	return filepath.Dir(file), nil
}

// server is who answers a row for a peer; nil when it does not take part.
func (b *bench) server(r *row, peer string) *child {
	switch {
	case r.app == appFiles:
		return b.servers[peer+withFiles]
	case peer == plain:
		return b.servers[plain] // it has the routes of all
	case r.app == appGo && peer == us:
		return b.servers[goServer]
	case r.app == appGo:
		return nil
	case r.app == appRules:
		return b.servers[peer+withRules]
	}
	return b.servers[peer]
}

// result is a row's outcome.
type result struct {
	row   *row
	Name  string             `json:"name"`
	Title string             `json:"title"`
	Peers map[string]*series `json:"peers"`
	// Cost is what this row takes more than the one before it, by peer: the
	// least processor time of this less the least of that, in microseconds a
	// request.
	Cost map[string]float64 `json:"cost_us_per_request,omitempty"`
}

// series are the loads of one peer in one row.
type series struct {
	Loads []*load `json:"loads"`
	Error string  `json:"error,omitempty"` // why the peer does not count
}

// measure checks that all peers answer a row alike, then gives each its turn,
// round by round: what disturbs the machine disturbs all of them. Rows that are
// compared with each other have their turns together.
func (b *bench) measure(ctx context.Context, gen generator, group []*row, o *options) ([]*result, error) {
	type turn struct {
		r *row
		c *child
		s *series
	}
	var turns []turn
	var out []*result
	for _, r := range group {
		res, peers, err := b.compare(ctx, r)
		if err != nil {
			return nil, err
		}
		out = append(out, res)
		note("%s: %s", r.title, strings.Join(peers, ", "))
		for _, p := range peers {
			t := turn{r, b.server(r, p), res.Peers[p]}
			// Until it is compiled and connected.
			if _, err := gen.run(ctx, r, t.c.url+r.path, min(o.duration, 2*time.Second)); err != nil {
				return nil, err
			}
			turns = append(turns, t)
		}
	}
	for range o.rounds {
		for _, t := range turns {
			before, _ := t.c.use()
			l, err := gen.run(ctx, t.r, t.c.url+t.r.path, o.duration)
			if err != nil {
				return nil, err
			}
			if after, ok := t.c.use(); ok && l.Requests > 0 {
				l.CPU = float64((after.cpu - before.cpu).Nanoseconds()) / 1e3 / float64(l.Requests)
			}
			t.s.Loads = append(t.s.Loads, l)
		}
	}
	for i, r := range group {
		if r.over == "" {
			continue
		}
		out[i].Cost = map[string]float64{}
		for p, s := range out[i].Peers {
			if base := out[i-1].Peers[p]; base != nil && base.cpu() > 0 && s.cpu() > 0 {
				out[i].Cost[p] = s.cpu() - base.cpu()
			}
		}
	}
	return out, nil
}

// compare asks all peers of a row and returns those that answer alike.
func (b *bench) compare(ctx context.Context, r *row) (res *result, peers []string, err error) {
	res = &result{row: r, Name: r.name, Title: r.title, Peers: map[string]*series{}}
	var want *answer
	for _, p := range slices.Concat([]string{plain}, peerOrder) { // plain's answer is the measure
		c := b.server(r, p)
		if c == nil || res.Peers[p] != nil {
			continue
		}
		s := &series{}
		res.Peers[p] = s
		got, err := b.verify(ctx, r, c)
		if err == nil && want != nil {
			err = want.differs(got)
		}
		if err != nil {
			if ctx.Err() != nil {
				return nil, nil, ctx.Err()
			}
			s.Error = err.Error()
			note("%s, %s: %v", r.title, p, err)
			continue
		}
		if want == nil {
			want = got
		}
		peers = append(peers, p)
	}
	slices.SortFunc(peers, func(a, b string) int { return slices.Index(peerOrder, a) - slices.Index(peerOrder, b) })
	return res, peers, nil
}

// answer is what counts of an answer: of a redirect its place, else type and
// body.
type answer struct {
	status   int
	location string
	typ      string
	body     []byte
}

// differs is nil when got says the same as want.
func (want *answer) differs(got *answer) error {
	switch {
	case got.status != want.status:
		return fmt.Errorf("status %d, want %d", got.status, want.status)
	case got.location != want.location:
		return fmt.Errorf("location %q, want %q", got.location, want.location)
	case got.typ != want.typ:
		return fmt.Errorf("content type %q, want %q", got.typ, want.typ)
	case !bytes.Equal(got.body, want.body):
		return fmt.Errorf("another body: %.80q, want %.80q", got.body, want.body)
	}
	return nil
}

// verify asks twice and checks that the upstream was asked as often as the row
// says: an answer from a cache would not be comparable.
func (b *bench) verify(ctx context.Context, r *row, c *child) (*answer, error) {
	var last *answer
	for range 2 {
		before, err := b.quiet(ctx)
		if err != nil {
			return nil, err
		}
		a, err := ask(ctx, r, c.url)
		if err != nil {
			return nil, err
		}
		if a.status != r.want() {
			return nil, fmt.Errorf("status %d: %.300q\n%s", a.status, a.body, c.log)
		}
		if n := b.up.hits.Load() - before; n != r.hits && !(r.keeps && n <= 1) {
			return nil, fmt.Errorf("the upstream was asked %d times, want %d", n, r.hits)
		}
		last = a
	}
	if r.login {
		stranger := *r
		stranger.header = slices.DeleteFunc(slices.Clone(r.header), func(h [2]string) bool { return h[0] == "Cookie" })
		a, err := ask(ctx, &stranger, c.url)
		if err != nil {
			return nil, err
		}
		if a.status != http.StatusTemporaryRedirect || a.location != "/login" {
			return nil, fmt.Errorf("without a cookie: status %d, location %q, want 307 and /login", a.status, a.location)
		}
	}
	return last, nil
}

// quiet waits until the upstream is asked no more: a load that has ended may
// leave requests behind. It returns how often the upstream has been asked.
func (b *bench) quiet(ctx context.Context) (int64, error) {
	for hits := b.up.hits.Load(); ; {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
		now := b.up.hits.Load()
		if now == hits {
			return now, nil
		}
		hits = now
	}
}

func ask(ctx context.Context, r *row, server string) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	req, err := r.request(ctx, server+r.path)
	if err != nil {
		return nil, err
	}
	client := &http.Client{CheckRedirect: stay}
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		return &answer{status: res.StatusCode, location: strings.TrimPrefix(res.Header.Get("Location"), server)}, nil
	}
	typ, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("content type %q: %w", res.Header.Get("Content-Type"), err)
	}
	return &answer{status: res.StatusCode, typ: typ, body: data}, nil
}

// startup is what one start of the guide app costs.
type startup struct {
	First  []float64 `json:"first_answer_ms"` // each start's
	Rest   int64     `json:"rest_bytes"`      // the least of them, after the first answer
	Binary int64     `json:"binary_bytes"`
}

// measureStartup starts portico on the guide app ten times, from exec to the
// first answer.
func (b *bench) measureStartup(ctx context.Context) (*startup, error) {
	info, err := os.Stat(b.binary)
	if err != nil {
		return nil, err
	}
	s := &startup{Binary: info.Size()}
	guide := filepath.Join(b.root, "examples", "guide")
	for range 10 {
		c, err := start(ctx, b.root, nil, "/hello-world", func(port string) []string {
			return []string{b.binary, "start", guide, "--port", port, "--hostname", "127.0.0.1", "--cache", "memory"}
		})
		if err != nil {
			return nil, err
		}
		s.First = append(s.First, float64(time.Since(c.started).Microseconds())/1e3)
		select { // what loading left behind is given back or not by then
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
		if u, ok := c.use(); ok && (s.Rest == 0 || u.rss < s.Rest) {
			s.Rest = u.rss
		}
		c.stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return s, nil
}

func jsonField(data []byte, name string) string {
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return ""
	}
	s, _ := m[name].(string)
	return s
}
