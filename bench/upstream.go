package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// upstream is the loopback server behind the proxy, merge and transform rows.
// It runs in bench itself, so its time is in no server's figures.
type upstream struct {
	URL  string
	hits atomic.Int64

	server *http.Server
	bodies map[string][]byte
	types  map[string]string
}

func startUpstream(addr string) (*upstream, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	u := &upstream{URL: "http://" + l.Addr().String(), bodies: map[string][]byte{}, types: map[string]string{}}
	u.add("/small", "text/plain; charset=utf-8", []byte(strings.Repeat("0123456789abcdef", 32)))
	u.add("/large", "application/octet-stream", bytes.Repeat([]byte("0123456789abcdef"), 1<<16))
	u.json("/user", map[string]any{"id": 7, "name": "Ada Lovelace", "email": "ada@example.com", "roles": []string{"admin", "editor"}})
	var orders []any
	for i := range 5 {
		orders = append(orders, map[string]any{"id": 1000 + i, "total": 1999 + 37*i, "paid": i%2 == 0, "items": i + 1})
	}
	u.json("/orders", orders)
	var news []any
	for i := range 3 {
		news = append(news, map[string]any{"title": fmt.Sprintf("News number %d of the day", i), "url": fmt.Sprintf("https://example.com/news/%d", i), "score": 40 - i})
	}
	u.json("/news", news)
	u.json("/products", map[string]any{"products": products()})
	u.server = &http.Server{Handler: u}
	go func() { _ = u.server.Serve(l) }() // it returns when it is closed
	return u, nil
}

// products is a list whose JSON has about 60 KB.
func products() []any {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("amber basin cedar delta ember fjord grove harbor indigo juniper kelp lagoon meadow nectar orchid prairie quartz river summit tundra umber valley willow yarrow zephyr")
	word := func() string { return words[random.IntN(len(words))] }
	list := make([]any, 400)
	for i := range list {
		tags := make([]string, 1+random.IntN(4))
		for j := range tags {
			tags[j] = word()
		}
		list[i] = map[string]any{
			"id": 10_000 + i, "name": word() + " " + word() + " " + word(), "category": word(),
			"price": 100 + random.IntN(9_900), "stock": random.IntN(5), "tags": tags,
			"sku": fmt.Sprintf("%08x", random.Uint32()),
		}
	}
	return list
}

func (u *upstream) json(path string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the data above is wrong
	}
	u.add(path, "application/json", b)
}

func (u *upstream) add(path, typ string, body []byte) { u.bodies[path], u.types[path] = body, typ }

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	u.hits.Add(1)
	body, ok := u.bodies[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", u.types[r.URL.Path])
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone
}

func (u *upstream) close() { _ = u.server.Close() }
