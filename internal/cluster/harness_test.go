package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/binary"

	"github.com/alicebob/miniredis/v2"
)

// portico is the binary under test, built once.
var portico string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "portico-cluster-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if portico, err = binary.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// patience bounds every wait for something that must happen.
const patience = 30 * time.Second

// often is how much is repeated: much where time is cheap.
func often(ci, else_ int) int {
	if os.Getenv("CI") != "" && !testing.Short() {
		return ci
	}
	return else_
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// project is what all nodes serve. Each kind of what can be kept has a route,
// whose answer is what the upstream says at /<kind>/<id>, with the tag t-<id>.
var project = map[string]string{
	"portico.config.ts": `
const url = process.env.REDIS_URL
export default {
	// The limits of time are for a machine that is busy: a server that is gone
	// is noticed by its connections.
	cache: url ? { url, timeout: '10s', lease: process.env.LEASE } : { dir: process.env.CACHE_DIR },
	rateLimits: [{ source: '/limited', limit: 30, window: '1d' }],
	rateLimit: { whenStoreIsAway: process.env.AWAY ?? 'local' },
}`,
	"app/upstream.ts": `
export async function ask(path: string, next?: object) {
	const r = await fetch(process.env.UP + path, { headers: { 'x-node': process.env.NODE! }, next } as any)
	if (!r.ok) throw new Error('the upstream answered ' + r.status)
	return r.text()
}`,
	"app/kept/[id]/route.ts": `
import { ask } from '../../upstream'
export const revalidate = 3600
export const generateStaticParams = () => [] // as they are asked for
export async function GET(_: Request, { params }: any) {
	const { id } = await params
	return new Response(await ask('/kept/' + id, { tags: ['t-' + id] }))
}`,
	"app/fetch/[id]/route.ts": `
export async function GET(_: Request, { params }: any) {
	const { id } = await params
	const r = await fetch(process.env.UP + '/fetch/' + id, { next: { revalidate: 3600, tags: ['t-' + id] } } as any)
	return new Response(await r.text(), { status: r.status })
}`,
	"app/value/[id]/route.ts": `
import { unstable_cache } from 'next/cache'
import { ask } from '../../upstream'
export async function GET(_: Request, { params }: any) {
	const { id } = await params
	return new Response(await unstable_cache(async (id: string) => ask('/value/' + id), ['value'], { revalidate: 3600, tags: ['t-' + id] })(id))
}`,
	"app/used/[id]/route.ts": `
import { cacheLife, cacheTag } from 'next/cache'
import { ask } from '../../upstream'
async function used(id: string) {
	'use cache'
	cacheTag('t-' + id)
	cacheLife('hours')
	return ask('/used/' + id)
}
export async function GET(_: Request, { params }: any) {
	const { id } = await params
	return new Response(await used(id))
}`,
	"app/revalidate/route.ts": `
import { revalidatePath, revalidateTag } from 'next/cache'
export async function POST(request: Request) {
	const q = new URL(request.url).searchParams
	if (q.has('path')) revalidatePath(q.get('path')!)
	else if (q.has('profile')) revalidateTag(q.get('tag')!, q.get('profile')!)
	else revalidateTag(q.get('tag')!)
	return new Response('done')
}`,
	"app/limited/route.ts": "export const GET = () => new Response('in')",
}

var kinds = []string{"kept", "fetch", "value", "used"}

// upstream counts what it is asked for, and answers with the count: the serial
// number of the making.
type upstream struct {
	url string

	mu     sync.Mutex
	counts map[string]int
	truth  map[string]int           // answers of paths whose count does not matter
	hold   map[string]chan struct{} // answers of a path wait until it is closed
	asked  map[string]chan string   // who asks for a path
	free   []func()                 // closes what answers wait for
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	u := &upstream{counts: map[string]int{}, truth: map[string]int{}, hold: map[string]chan struct{}{}, asked: map[string]chan string{}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u.mu.Lock()
		u.counts[r.URL.Path]++
		n, ok := u.truth[r.URL.Path]
		if !ok {
			n = u.counts[r.URL.Path]
		}
		hold, asked := u.hold[r.URL.Path], u.asked[r.URL.Path]
		u.mu.Unlock()
		if asked != nil {
			asked <- r.Header.Get("X-Node")
		}
		if hold != nil {
			<-hold
		}
		_, _ = fmt.Fprint(w, n) // who has asked may have been killed
	}))
	t.Cleanup(func() {
		u.mu.Lock()
		for _, f := range u.free { // a test that failed has not
			f()
		}
		u.mu.Unlock()
		s.Close()
	})
	u.url = s.URL
	return u
}

// count is how often a path was asked for.
func (u *upstream) count(path string) int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.counts[path]
}

// set has paths answer with a number from now on.
func (u *upstream) set(n int, paths ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range paths {
		u.truth[p] = n
	}
}

// held has the answers of a path wait until release, and tells who asks.
func (u *upstream) held(path string) (asked <-chan string, release func()) {
	hold, who := make(chan struct{}), make(chan string, 100)
	release = sync.OnceFunc(func() { close(hold) })
	u.mu.Lock()
	u.hold[path], u.asked[path], u.free = hold, who, append(u.free, release)
	u.mu.Unlock()
	return who, release
}

// who is the next who asks.
func who(t *testing.T, asked <-chan string) string {
	t.Helper()
	select {
	case name := <-asked:
		return name
	case <-time.After(patience):
		t.Fatal("nobody asks the upstream")
		return ""
	}
}

// pass has later requests for a path not wait.
func (u *upstream) pass(path string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.hold, path)
}

// node is a running portico.
type node struct {
	name   string
	url    string
	client *http.Client
	cmd    *exec.Cmd
	output *output
	over   chan struct{} // closed when the process has ended
}

var readyLine = regexp.MustCompile(`ready in .* on https?://[^:\s]+:(\d+)`)

// cluster is nodes of one project, their upstream and their server.
type cluster struct {
	*upstream
	dir   string
	redis *redis // nil is none
	nodes []*node
}

// newCluster starts nodes.
func newCluster(t *testing.T, r *redis, nodes int, env ...string) *cluster {
	t.Helper()
	c := &cluster{upstream: newUpstream(t), dir: t.TempDir(), redis: r}
	for name, text := range project {
		file := filepath.Join(c.dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range nodes {
		c.nodes = append(c.nodes, c.start(t, string(rune('a'+i)), env...))
	}
	for _, n := range c.nodes {
		n.wait(t)
	}
	return c
}

// start starts one more node, without waiting for it.
func (c *cluster) start(t *testing.T, name string, env ...string) *node {
	t.Helper()
	n := &node{name: name, output: &output{ready: make(chan struct{})}, over: make(chan struct{})}
	// No request is repeated behind the test's back: each has a connection that
	// nobody has used before it.
	n.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	n.cmd = exec.Command(portico, "start", c.dir, "-p", "0", "-H", "127.0.0.1")
	for _, v := range os.Environ() {
		switch name, _, _ := strings.Cut(v, "="); name {
		case "PORT", "HOSTNAME", "NODE_ENV":
		default:
			n.cmd.Env = append(n.cmd.Env, v)
		}
	}
	n.cmd.Env = append(n.cmd.Env, "UP="+c.upstream.url, "NODE="+name)
	if c.redis != nil {
		n.cmd.Env = append(n.cmd.Env, "REDIS_URL=redis://"+c.redis.addr)
	}
	n.cmd.Env = append(n.cmd.Env, env...)
	n.cmd.Stdout, n.cmd.Stderr = n.output, n.output
	if err := n.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = n.cmd.Wait(); close(n.over) }() // how it ends, the tests decide
	t.Cleanup(func() {
		n.kill()
		if t.Failed() {
			t.Logf("node %s said:\n%s", n.name, n.output)
		}
	})
	return n
}

func (n *node) wait(t *testing.T) {
	t.Helper()
	select {
	case <-n.output.ready:
	case <-n.over:
		t.Fatalf("node %s has ended:\n%s", n.name, n.output)
	case <-time.After(patience):
		t.Fatalf("node %s is not ready:\n%s", n.name, n.output)
	}
	n.url = "http://127.0.0.1:" + readyLine.FindStringSubmatch(n.output.String())[1]
}

// kill is kill -9, which also ends what is stopped.
func (n *node) kill() {
	_ = n.cmd.Process.Kill() // it may have ended
	<-n.over
}

// output is what a process prints.
type output struct {
	ready chan struct{} // closed once the process says that it serves

	mu   sync.Mutex
	b    bytes.Buffer
	told bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.b.Write(p)
	if !o.told && readyLine.Match(o.b.Bytes()) {
		o.told = true
		close(o.ready)
	}
	return n, err
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// answer is an HTTP answer, read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %v %.300q", a.status, a.header, a.body) }

// number is the number that the upstream has given the answer.
func (a answer) number() (n int, err error) {
	if a.status != http.StatusOK {
		return 0, fmt.Errorf("got %v", a)
	}
	_, err = fmt.Sscan(a.body, &n)
	return n, err
}

func (n *node) do(method, target string) (answer, error) {
	r, err := http.NewRequest(method, n.url+target, nil)
	if err != nil {
		return answer{}, err
	}
	return n.send(r)
}

func (n *node) send(r *http.Request) (answer, error) {
	res, err := n.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body)}, err
}

// get is an answer that there must be.
func (n *node) get(t *testing.T, target string) answer {
	t.Helper()
	a, err := n.do("GET", target)
	if err != nil {
		t.Fatalf("node %s: %v", n.name, err)
	}
	return a
}

// number is the number at a path.
func (n *node) number(t *testing.T, path string) int {
	t.Helper()
	i, err := n.get(t, path).number()
	if err != nil {
		t.Fatalf("node %s: GET %s: %v", n.name, path, err)
	}
	return i
}

// revalidate asks the node to revalidate: tag, profile or path, and values.
func (n *node) revalidate(t *testing.T, pairs ...string) {
	t.Helper()
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	a, err := n.do("POST", "/revalidate?"+q.Encode())
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("node %s: revalidating %v: %v, %v", n.name, pairs, a, err)
	}
}

// health is what /healthz says of the cache, "" where all is well.
func (n *node) health(t *testing.T) string {
	t.Helper()
	a := n.get(t, "/healthz")
	var said struct{ Status, Cache string }
	if err := json.Unmarshal([]byte(a.body), &said); err != nil || a.status != http.StatusOK || said.Status != "ready" {
		t.Fatalf("node %s: /healthz is %v", n.name, a)
	}
	return said.Cache
}

// redis is a real server where one is installed, else one in this process.
type redis struct {
	addr    string
	program string
	dir     string
	cmd     *exec.Cmd
	mini    *miniredis.Miniredis
}

// startRedis starts a server that forgets nothing when it is killed.
func startRedis(t *testing.T) *redis {
	t.Helper()
	r := &redis{dir: t.TempDir()}
	for _, name := range []string{"redis-server", "valkey-server"} {
		if p, err := exec.LookPath(name); err == nil {
			r.program = p
		}
	}
	if r.program == "" {
		r.mini = miniredis.RunT(t)
		r.addr = r.mini.Addr()
		// Its keys do not run out by themselves.
		const step = 20 * time.Millisecond
		tick, ended, over := time.NewTicker(step), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(over)
			for {
				select {
				case <-tick.C:
					r.mini.FastForward(step)
				case <-ended:
					return
				}
			}
		}()
		t.Cleanup(func() { tick.Stop(); close(ended); <-over })
		return r
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	r.again(t)
	t.Cleanup(r.kill)
	return r
}

// again starts a server that was killed.
func (r *redis) again(t *testing.T) {
	t.Helper()
	if r.mini != nil {
		if err := r.mini.Restart(); err != nil {
			t.Fatal(err)
		}
		return
	}
	_, port, err := net.SplitHostPort(r.addr)
	if err != nil {
		t.Fatal(err)
	}
	r.cmd = exec.Command(r.program, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "yes", "--appendfsync", "always", "--dir", r.dir)
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, said := bufio.NewScanner(out), ""
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Ready to accept connections") {
			go func() {
				for lines.Scan() { // what is not read, it would wait for
				}
			}()
			return
		}
	}
	t.Fatalf("the server did not start:\n%s", said)
}

// kill is kill -9.
func (r *redis) kill() {
	switch {
	case r.mini != nil:
		r.mini.Close()
	case r.cmd != nil:
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait() // killed, as it should
		r.cmd = nil
	}
}
