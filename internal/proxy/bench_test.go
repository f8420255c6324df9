package proxy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync"
	"testing"
)

// BenchmarkProxy compares with httputil.ReverseProxy set up as well as it can
// be: buffers pooled, connections kept.
func BenchmarkProxy(b *testing.B) {
	for _, size := range []int{256, 16 << 10, 1 << 20} {
		body := bytes.Repeat([]byte("a"), size)
		up := backend(b, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body)
		})
		chunked := backend(b, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			http.NewResponseController(w).Flush()
			_, _ = w.Write(body)
		})
		for _, to := range []struct {
			name string
			url  string
		}{{"length", up.URL}, {"chunked", chunked.URL}} {
			u, err := url.Parse(to.url)
			if err != nil {
				b.Fatal(err)
			}
			name := strconv.Itoa(size) + "/" + to.name
			b.Run(name+"/portico", func(b *testing.B) { benchmark(b, ourselves(b, u), size) })
			b.Run(name+"/httputil", func(b *testing.B) { benchmark(b, theirs(b, u), size) })
		}
	}
}

func ourselves(b *testing.B, u *url.URL) http.Handler {
	p, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := *u
		t.Path, t.RawPath, t.RawQuery = r.URL.Path, r.URL.RawPath, r.URL.RawQuery
		host, _, _ := net.SplitHostPort(r.RemoteAddr)
		if err := p.Serve(w, r, Target{URL: &t, ForwardedFor: host, Proto: "http", Host: r.Host}); err != nil {
			b.Error(err)
		}
	})
}

type pool struct{ sync.Pool }

func (p *pool) Get() []byte  { return *p.Pool.Get().(*[]byte) }
func (p *pool) Put(b []byte) { p.Pool.Put(&b) }

func theirs(b *testing.B, u *url.URL) http.Handler {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.DisableCompression = 0, maxIdle, true
	b.Cleanup(t.CloseIdleConnections)
	p := &pool{}
	p.New = func() any { s := make([]byte, 64<<10); return &s }
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.SetXForwarded()
		},
		Transport:  t,
		BufferPool: p,
	}
}

func benchmark(b *testing.B, h http.Handler, size int) {
	s := httptest.NewServer(h)
	defer s.Close()
	t := &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}
	defer t.CloseIdleConnections()
	c := &http.Client{Transport: t}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			res, err := c.Get(s.URL + "/api/items?page=2")
			if err != nil {
				b.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			if err != nil || n != int64(size) {
				b.Errorf("%d bytes, %v", n, err)
			}
			_ = res.Body.Close()
		}
	})
}
