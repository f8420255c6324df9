package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Peers by name, in the order of the table. us comes first: the others
// are what it is compared with.
const (
	us      = "portico"
	plain   = "net/http"
	nextjs  = "next start"
	honoNd  = "hono node"
	honoBun = "hono bun"
	nginx   = "nginx" // of files alone
	caddy   = "caddy"
)

var peerOrder = []string{us, plain, nextjs, honoNd, honoBun, nginx, caddy}

// row is one kind of request.
type row struct {
	name  string // for -only
	title string
	path  string
	body  []byte // POST when there is one
	conns int
	hits  int64 // requests that the upstream sees for each
	keeps bool  // but for the first, of which the server keeps the answer
	app   app
	aims  map[string]float64
	// header is sent with each request.
	header [][2]string
	// status is what is answered; 0 is 200.
	status int
	// login says that without its Cookie header the request is sent to /login.
	login bool
	// over names the row before this one, which is the same without what this
	// one is about: both are loaded in turns, and the difference is its cost.
	over string
	// costAim is the most that portico may spend on it, in microseconds of
	// processor time a request.
	costAim float64
	// baselines are named where the table would not say it all.
	baselines map[string]string
}

// app is the project that answers a row.
type app int

const (
	appRoutes app = iota // bench/app: route files alone
	appRules             // bench/rules: a middleware file and rules of next.config
	appGo                // bench/embed: a Go route
	appFiles             // files in public/
)

// visitor is who asks for the rows of the middleware: what it says of itself
// in X-User counts only where nobody checks.
var visitor = [][2]string{{"Cookie", "theme=dark; session=ada"}, {"X-User", "nobody"}, {"Accept", "application/json"}}

var rows = []row{
	{name: "json", title: "JSON handler", path: "/api/json?name=ada", conns: 32,
		aims: map[string]float64{plain: 0.75, nextjs: 25, honoNd: 1.2}},
	{name: "echo", title: "JSON echo, 1 KB", path: "/api/echo", body: echoBody(), conns: 32,
		aims: map[string]float64{plain: 0.7}},
	{name: "param", title: "[id] route", path: "/api/items/42", conns: 32},
	{name: "proxy-small", title: "proxy of 0.5 KB", path: "/api/proxy/small", conns: 32, hits: 1,
		aims: map[string]float64{plain: 0.8}, baselines: map[string]string{plain: "httputil.ReverseProxy"}},
	{name: "proxy-large", title: "proxy of 1 MiB", path: "/api/proxy/large", conns: 8, hits: 1,
		aims: map[string]float64{plain: 0.8}, baselines: map[string]string{plain: "httputil.ReverseProxy"}},
	{name: "merge", title: "three fetches merged", path: "/api/merge", conns: 32, hits: 3,
		aims: map[string]float64{honoNd: 2}},
	{name: "transform", title: "60 KB JSON transformed", path: "/api/transform", conns: 16, hits: 1,
		aims: map[string]float64{honoNd: 0.8}},
	{name: "cached", title: "kept answer", path: "/api/cached", conns: 32,
		aims: map[string]float64{plain: 0.8}},
	{name: "cached-fetch", title: "kept fetch in a handler", path: "/api/cached-fetch", conns: 32, keeps: true},
	{name: "go", title: "Go route", path: "/go/items/42", conns: 32, app: appGo,
		aims: map[string]float64{plain: 0.92}, baselines: map[string]string{plain: "http.ServeMux"}},
	{name: "file-small", title: "file of 10 KB", path: "/files/small.txt", conns: 32, app: appFiles,
		baselines: map[string]string{plain: "http.FileServer"}},
	{name: "file-large", title: "file of 1 MiB", path: "/files/large.bin", conns: 8, app: appFiles,
		baselines: map[string]string{plain: "http.FileServer"}},
	{name: "open", title: "handler, no middleware", path: "/api/user", header: visitor, conns: 32},
	{name: "middleware", title: "handler and middleware", path: "/member/user", header: visitor, conns: 32, app: appRules,
		login: true, over: "open", costAim: 25},
	{name: "redirect", title: "config redirect", path: "/old/42", conns: 32, app: appRules, status: http.StatusPermanentRedirect},
	{name: "rewrite-small", title: "config rewrite, 0.5 KB", path: "/up/small", conns: 32, hits: 1, app: appRules,
		aims: map[string]float64{plain: 0.85}, baselines: map[string]string{plain: "httputil.ReverseProxy"}},
	{name: "rewrite-large", title: "config rewrite, 1 MiB", path: "/up/large", conns: 8, hits: 1, app: appRules,
		aims: map[string]float64{plain: 0.85}, baselines: map[string]string{plain: "httputil.ReverseProxy"}},
}

func (r *row) method() string {
	if r.body != nil {
		return "POST"
	}
	return "GET"
}

// want is the status that counts.
func (r *row) want() int { return cmp.Or(r.status, http.StatusOK) }

// aim is the smallest good ratio of portico to a peer; ok is false for none.
func (r *row) aim(peer string) (float64, bool) {
	a, ok := r.aims[peer]
	return a, ok
}

func (r *row) baseline(peer string) string {
	if n, ok := r.baselines[peer]; ok {
		return n
	}
	return peer
}

// echoBody is a JSON document of 1 KB, written as Go, Node and Bun write it.
func echoBody() []byte {
	doc := func(text string) []byte {
		var b bytes.Buffer
		fmt.Fprintf(&b, `{"id":4711,"subject":"A message about the benchmark","author":{"name":"Grace Hopper","email":"grace@example.com","age":85},"read":false,"parent":null,"labels":["inbox","work","go","json"],"body":%q,"comments":[`, text)
		for i := range 4 {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"by":"reader %d","text":"I have read this and agree with it","score":%d.5}`, i, i)
		}
		b.WriteString("]}")
		return b.Bytes()
	}
	n := 1024 - len(doc(""))
	out := doc(strings.Repeat("lorem ipsum dolor sit amet ", 40)[:n])
	if len(out) != 1024 || !json.Valid(out) {
		panic("the echo row's document is not 1 KB of JSON")
	}
	return out
}
