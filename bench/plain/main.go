// Command plain is what a Go developer writes by hand for the routes of
// bench/app: net/http, encoding/json and httputil.ReverseProxy.
package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/portico-dev/portico/bench/item"
)

func main() {
	upstream, err := url.Parse(os.Getenv("UPSTREAM"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// The default transport keeps two idle connections a host, which would
	// measure connecting. With this it is the fastest that net/http has.
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 1024, 256
	s := &server{upstream: upstream.String(), client: &http.Client{Transport: transport}}
	proxy := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/api/proxy")
	}}

	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/json", s.json)
	mux.HandleFunc("POST /api/echo", s.echo)
	mux.HandleFunc("GET /api/items/{id}", s.item)
	mux.Handle("GET /api/proxy/small", proxy)
	mux.Handle("GET /api/proxy/large", proxy)
	mux.HandleFunc("GET /api/merge", s.merge)
	mux.HandleFunc("GET /api/transform", s.transform)
	mux.HandleFunc("GET /api/cached", s.cached)
	mux.HandleFunc("GET /api/cached-fetch", s.cachedFetch)
	mux.HandleFunc("GET /go/items/{id}", item.Get)
	mux.HandleFunc("GET /api/user", s.user)
	mux.Handle("GET /member/user", session(http.HandlerFunc(s.user)))
	mux.HandleFunc("GET /old/{id}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/items/"+url.PathEscape(r.PathValue("id")), http.StatusPermanentRedirect)
	})
	mux.Handle("GET /up/", &httputil.ReverseProxy{Transport: transport, BufferPool: &buffers{}, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.SetXForwarded() // as rewrites to other servers do
		r.Out.URL.Path = strings.TrimPrefix(r.In.URL.Path, "/up")
	}})
	if dir := os.Getenv("FILES"); dir != "" {
		mux.Handle("GET /files/", http.FileServer(http.Dir(dir)))
	}
	err = http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux)
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// buffers are what the rewrites copy with.
type buffers struct{ pool sync.Pool }

func (b *buffers) Get() []byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 64<<10)
}

func (b *buffers) Put(p []byte) { b.pool.Put(&p) }

// session is the middleware of bench/rules: who has a session cookie is named
// to the handler, who has none is sent to the login.
func session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := r.Cookie("session")
		if err != nil {
			http.Redirect(w, r, "/login", http.StatusTemporaryRedirect)
			return
		}
		r.Header.Set("X-User", c.Value)
		next.ServeHTTP(w, r)
	})
}

type server struct {
	upstream string
	client   *http.Client

	once sync.Once
	body []byte   // what cached answers
	kept sync.Map // what the upstream said
}

// send writes v as JSON.
func send(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the client may be gone
}

func (s *server) json(w http.ResponseWriter, r *http.Request) {
	send(w, struct {
		Hello string `json:"hello"`
		OK    bool   `json:"ok"`
	}{r.URL.Query().Get("name"), true})
}

func (s *server) user(w http.ResponseWriter, r *http.Request) {
	send(w, struct {
		User string `json:"user"`
		OK   bool   `json:"ok"`
	}{r.Header.Get("X-User"), true})
}

// message is what the echo row sends.
type message struct {
	ID       int      `json:"id"`
	Subject  string   `json:"subject"`
	Author   author   `json:"author"`
	Read     bool     `json:"read"`
	Parent   *int     `json:"parent"`
	Labels   []string `json:"labels"`
	Body     string   `json:"body"`
	Comments []struct {
		By    string  `json:"by"`
		Text  string  `json:"text"`
		Score float64 `json:"score"`
	} `json:"comments"`
}

type author struct {
	Name  string `json:"name"`
	Email string `json:"email"`
	Age   int    `json:"age"`
}

func (s *server) echo(w http.ResponseWriter, r *http.Request) {
	var m message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	send(w, m)
}

func (s *server) item(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	send(w, struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}{id, "Item " + id})
}

// get fetches a JSON from the upstream.
func (s *server) get(r *http.Request, name string, into any) error {
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, s.upstream+"/"+name, nil)
	if err != nil {
		return err
	}
	res, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func (s *server) merge(w http.ResponseWriter, r *http.Request) {
	names := []string{"user", "orders", "news"}
	parts := make([]json.RawMessage, len(names))
	errs := make(chan error, len(names))
	for i, n := range names {
		go func() { errs <- s.get(r, n, &parts[i]) }()
	}
	for range names {
		if err := <-errs; err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
	}
	send(w, struct {
		User   json.RawMessage `json:"user"`
		Orders json.RawMessage `json:"orders"`
		News   json.RawMessage `json:"news"`
	}{parts[0], parts[1], parts[2]})
}

// cached answers the same bytes to everybody.
func (s *server) cached(w http.ResponseWriter, r *http.Request) {
	s.once.Do(func() {
		type product struct {
			ID    int    `json:"id"`
			Name  string `json:"name"`
			Price int    `json:"price"`
			Stock int    `json:"stock"`
		}
		var all struct {
			Items []product `json:"items"`
		}
		for id := range 16 {
			all.Items = append(all.Items, product{id, "Item " + strconv.Itoa(id), 100 * id, id % 5})
		}
		body, err := json.Marshal(all)
		if err != nil {
			panic(err)
		}
		s.body = body
	})
	h := w.Header()
	h.Set("Content-Type", "application/json")
	// The header is that of portico's answer: the same bytes go out.
	h.Set("Cache-Control", "s-maxage=31536000")
	h.Set("Cache-Status", "Portico; hit")
	h.Set("Etag", `"p6Xx8PQaV7TSnuwDiTyb"`)
	h.Set("Vary", "Accept-Encoding")
	h.Set("X-Nextjs-Cache", "HIT")
	h.Set("Content-Length", strconv.Itoa(len(s.body)))
	_, _ = w.Write(s.body) // the client may be gone
}

// cachedFetch makes an answer of what the upstream said once.
func (s *server) cachedFetch(w http.ResponseWriter, r *http.Request) {
	user, ok := s.kept.Load("user")
	if !ok {
		var fresh json.RawMessage
		if err := s.get(r, "user", &fresh); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		user = fresh
		s.kept.Store("user", user)
	}
	send(w, struct {
		User json.RawMessage `json:"user"`
	}{user.(json.RawMessage)})
}

func (s *server) transform(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Products []struct {
			ID       int      `json:"id"`
			Name     string   `json:"name"`
			Category string   `json:"category"`
			Price    int      `json:"price"`
			Stock    int      `json:"stock"`
			Tags     []string `json:"tags"`
		} `json:"products"`
	}
	if err := s.get(r, "products", &in); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	type product struct {
		ID    int    `json:"id"`
		Name  string `json:"name"`
		Gross int    `json:"gross"`
		Tags  int    `json:"tags"`
	}
	list := []product{}
	for _, p := range in.Products {
		if p.Stock > 0 && p.Price < 5000 {
			list = append(list, product{p.ID, strings.ToUpper(p.Name), int(math.Floor(float64(p.Price)*1.19 + 0.5)), len(p.Tags)})
		}
	}
	slices.SortFunc(list, func(a, b product) int {
		return cmp.Or(cmp.Compare(a.Gross, b.Gross), cmp.Compare(a.ID, b.ID))
	})
	send(w, struct {
		Count    int       `json:"count"`
		Products []product `json:"products"`
	}{len(list), list})
}
