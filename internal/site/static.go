package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/route"
)

// buildOrigin is the origin of a static handler's request where the
// configuration has no publicOrigin, as in Next.js.
const buildOrigin = "http://localhost:3000"

// buildID names what the project's answers are made by: its code and its .env
// files. What an earlier version of either has made is not given any more.
func buildID(dir fs.FS, built *bundle.Bundle, env *Env) (string, error) {
	h := sha256.New()
	h.Write([]byte(built.Code))
	for _, name := range env.Files {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "\x00%s\x00%d\x00", name, len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
}

// expireTime is how long a stale answer may be given.
func expireTime(set *config.Settings) time.Duration {
	switch {
	case set.ExpireTime == 0:
		return cache.Year
	case set.ExpireTime < 0:
		return 0
	}
	return set.ExpireTime
}

// static is a route whose answers are made ahead.
type static struct {
	rt     *pipeline.Route
	path   string
	params route.Params
	file   *staticMetadata // of an export: it is there already
}

// scriptStatic has the answers of a route file kept, if it asks for that, and
// gives what is to be made ahead.
func (l *Loader) scriptStatic(ctx context.Context, s *Site, sc *scripts, f route.File, place string, m *next.Module, rt *pipeline.Route) ([]static, error) {
	dynamic := !f.Pattern.Static()
	if !slices.Contains(m.Methods, http.MethodGet) || !m.Segment.Static(dynamic) {
		return nil, nil
	}
	origin := s.Settings.PublicOrigin
	if origin == "" {
		origin = buildOrigin
	}
	life := m.Segment.Lifetime(expireTime(s.Settings))
	var told atomic.Bool
	say := func(level slog.Level, text, why string) {
		if told.CompareAndSwap(false, true) {
			l.o.Logger.Log(ctx, level, text, "route", f.Pattern.String(), "file", f.Path, "because", why)
		}
	}
	st := &pipeline.Static{
		Space:    s.build,
		Lifetime: life,
		Blank:    m.Segment.Dynamic == "force-static",
		Render: func(ctx context.Context, r pipeline.Rendering) (*cache.Entry, error) {
			c := next.Call{Entry: f.Path, Place: place, Export: http.MethodGet, Pattern: f.Pattern.String(), URL: origin + r.Path,
				Params: r.Params, Dynamic: dynamic, Segment: &m.Segment, Draft: r.Draft}
			if r.Export {
				only := m.Segment
				only.Dynamic, c.Segment = "error", &only
			}
			out, err := sc.app.Render(ctx, c, life)
			switch {
			case err != nil:
				return nil, l.shaped(scriptError(err))
			case out.Dynamic != "":
				say(slog.LevelDebug, "the route is dynamic", "it used "+out.Dynamic)
				return nil, nil
			case out.Unkept != "":
				say(slog.LevelWarn, "the answers of a static route are not kept", out.Unkept)
			}
			return out.Entry, nil
		},
	}
	var ahead []static
	if !dynamic {
		ahead = append(ahead, static{rt: rt, path: f.Pattern.String()})
	}
	if dynamic && m.Segment.ListedParams {
		st.Listed = map[string]bool{}
	}
	// In development nothing is made ahead, but what is not listed is not there.
	list := dynamic && m.Segment.StaticParams && (!l.o.Dev || st.Listed != nil)
	if m.Many && f.Pattern.Params() > 1 {
		list = false // nobody says for which of the other parameters
	}
	if list {
		list, err := sc.app.StaticParams(ctx, f.Path, m.Many)
		if err != nil && m.Many {
			if err := l.ids(f, err); err != nil {
				return nil, err
			}
		} else if err != nil {
			return nil, l.explain(f.Path, err)
		}
		for _, given := range list {
			params, path, err := paramsFor(f.Pattern, given)
			if err != nil {
				return nil, &route.Error{File: l.locate(f.Path, "generateStaticParams"), Text: "generateStaticParams: " + err.Error(), Hint: "return objects that have a string for each parameter, and an array of strings for a catch-all"}
			}
			if path == "" {
				continue // as in Next.js, one without all parameters does not count
			}
			if st.Listed != nil {
				st.Listed[path] = true
			}
			ahead = append(ahead, static{rt: rt, path: path, params: params})
		}
	}
	rt.Keep(st)
	return ahead, nil
}

// paramsFor are the parameters of a pattern that an object of
// generateStaticParams gives, and the path that they make; "" where one is
// missing.
func paramsFor(p route.Pattern, given map[string]any) (route.Params, string, error) {
	var params route.Params
	var path strings.Builder
	for _, seg := range p.Segments() {
		if seg.Kind == route.Static {
			path.WriteString("/" + seg.Text)
			continue
		}
		v, ok := given[seg.Text]
		if !ok || v == nil {
			if seg.Kind == route.Optional {
				continue
			}
			return nil, "", nil
		}
		switch v := v.(type) {
		case string:
			if seg.Kind != route.One {
				return nil, "", fmt.Errorf("%s is the string %q, want an array of strings", seg.Text, v)
			}
			if v == "" {
				return nil, "", fmt.Errorf("%s is empty", seg.Text)
			}
			params = append(params, route.Param{Name: seg.Text, Value: v})
			path.WriteString("/" + url.PathEscape(v))
		case []any:
			if seg.Kind == route.One {
				return nil, "", fmt.Errorf("%s is an array, want a string", seg.Text)
			}
			if len(v) == 0 {
				if seg.Kind == route.Optional {
					continue
				}
				return nil, "", nil
			}
			values := make([]string, len(v))
			for i, item := range v {
				text, ok := item.(string)
				if !ok || text == "" {
					return nil, "", fmt.Errorf("%s holds %v, want strings that are not empty", seg.Text, item)
				}
				values[i] = text
				path.WriteString("/" + url.PathEscape(text))
			}
			params = append(params, route.Param{Name: seg.Text, Value: strings.Join(values, "/"), Values: values})
		default:
			return nil, "", fmt.Errorf("%s is %v, want a string", seg.Text, v)
		}
	}
	if path.Len() == 0 {
		path.WriteByte('/')
	}
	return params, pipeline.CanonicalPath(path.String()), nil
}

// each does something for all answers, some at a time, and gives what went
// wrong. Progress is told of each that is done; nil is nobody.
func each(ctx context.Context, all []static, progress func(done, all int), do func(static) error) error {
	var (
		mu       sync.Mutex
		problems []error
		done     int
		wg       sync.WaitGroup
	)
	slots := make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))
	for _, a := range all {
		if ctx.Err() != nil {
			break
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			err := do(a)
			mu.Lock()
			defer mu.Unlock()
			if done++; err != nil {
				problems = append(problems, err)
			}
			if progress != nil {
				progress(done, len(all))
			}
		})
	}
	wg.Wait()
	return errors.Join(problems...)
}

// prerender makes static answers ahead. A handler that fails is no reason not to
// start: what it needs may be there when it is asked for. One that breaks its own
// promise is.
func (l *Loader) prerender(ctx context.Context, p *pipeline.Pipeline, ahead []static) error {
	return each(ctx, ahead, l.o.Progress, func(a static) error {
		err := p.Prerender(ctx, a.rt, a.path, a.params)
		var broken *next.OnlyStaticError
		switch {
		case errors.As(err, &broken):
			return &route.Error{File: a.rt.Source, Text: broken.Error(), Hint: "a handler with dynamic = 'error' sees nothing of its request; remove the export, or what uses " + broken.What}
		case err != nil && ctx.Err() == nil:
			l.o.Logger.Warn("a static answer could not be made ahead; it is made when it is asked for", "path", a.path, "file", a.rt.Source, "error", err)
		}
		return nil
	})
}

// program names this executable: Go handlers' answers that another one has made
// are not given any more.
var program = sync.OnceValues(func() (string, error) {
	file, err := os.Executable()
	if err != nil {
		return "", err
	}
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := f.WriteTo(h); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)[:16]), nil
})

// goStatic has the answers of a Go handler kept.
func (l *Loader) goStatic(s *Site, g GoRoute, p route.Pattern, rt *pipeline.Route) error {
	id, err := program()
	if err != nil {
		return fmt.Errorf("%s: the executable cannot be read, by which kept answers are told from those of other versions: %w", g.Source, err)
	}
	life := cache.Lifetime{Revalidate: g.Revalidate, Expire: cache.Forever}
	if g.Revalidate < 0 {
		life.Revalidate = cache.Forever
	} else {
		life.Expire = max(g.Revalidate, expireTime(s.Settings))
	}
	tags, dropped := cache.CleanTags(g.Tags)
	if len(dropped) > 0 {
		return &route.Error{File: g.Source, Text: fmt.Sprintf("tags that cannot be: %q", dropped), Hint: "a tag has 1 to 256 characters, and there are at most 128"}
	}
	origin := s.Settings.PublicOrigin
	if origin == "" {
		origin = buildOrigin
	}
	h := g.Handlers[http.MethodGet]
	rt.Keep(&pipeline.Static{Space: id, Lifetime: life, Blank: true, Render: func(ctx context.Context, r pipeline.Rendering) (*cache.Entry, error) {
		ctx, parts := Collect(Within(ctx, l.o.Context), life, append(cache.PathTags(p.String()+"/route", r.Path), tags...))
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+r.Path, http.NoBody) // a server's request has one always
		if err != nil {
			return nil, err
		}
		req.RequestURI, req.RemoteAddr, req.Pattern = r.Path, "", p.String()
		for _, v := range r.Params {
			req.SetPathValue(v.Name, v.Value)
		}
		rec := &recorder{header: http.Header{}}
		h.ServeHTTP(rec, req)
		e := &cache.Entry{Kind: cache.Route, Name: "GET " + r.Path}
		e.Lifetime, e.Tags = parts.Sum()
		rec.fill(e)
		return e, nil
	}})
	return nil
}

// recorder takes what a Go handler answers.
type recorder struct {
	header http.Header
	sent   http.Header // as it was when the answer began
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status != 0 || status < 200 {
		return
	}
	r.status, r.sent = status, r.header.Clone()
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(b)
}

// Flush is there for handlers that need it; all of the answer is kept.
func (r *recorder) Flush() { r.WriteHeader(http.StatusOK) }

func (r *recorder) fill(e *cache.Entry) {
	r.WriteHeader(http.StatusOK)
	e.Status, e.Header, e.Body = r.status, r.sent, r.body.Bytes()
	for _, name := range []string{"Content-Length", "Transfer-Encoding", "Connection", "Date"} {
		delete(e.Header, name)
	}
	if e.Header["Content-Type"] == nil && len(e.Body) > 0 { // as net/http would
		if _, none := e.Header["Content-Type"]; !none {
			e.Header.Set("Content-Type", http.DetectContentType(e.Body))
		}
	}
	if e.Header["Set-Cookie"] != nil || next.Private(e.Header) {
		e.Lifetime = cache.Lifetime{}
	}
}
