package admin

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/portico-dev/portico/internal/cache"
)

// Handler answers on the socket for what a cache has; nil has nothing. Now is
// the clock that the cache goes by.
func Handler(c *cache.Cache, now func() time.Time) http.Handler {
	h := &handler{c, now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cache", h.answer(h.list))
	mux.HandleFunc("GET /cache/show", h.answer(h.show))
	mux.HandleFunc("GET /cache/{key}", h.answer(h.show))
	mux.HandleFunc("POST /cache/purge", h.answer(h.purge))
	return mux
}

type handler struct {
	cache *cache.Cache
	now   func() time.Time
}

// answer writes what f gives, or its error.
func (h *handler) answer(f func(r *http.Request, store cache.Store) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h.cache == nil {
			Refuse(w, &Problem{Text: "this server keeps nothing", Hint: "the configuration has cache: false", status: http.StatusNotFound})
			return
		}
		v, err := f(r, h.cache.Store())
		if err != nil {
			Refuse(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v) // the client may have left
	}
}

// Refuse answers with an error; what is no Problem is the server's fault.
func Refuse(w http.ResponseWriter, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{Text: err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(cmp.Or(p.status, http.StatusInternalServerError))
	_ = json.NewEncoder(w).Encode(p) // the client may have left
}

// Unavailable is the problem of a server that has no cache now.
func Unavailable(text string) error {
	return &Problem{Text: text, status: http.StatusServiceUnavailable}
}

func bad(text, hint string) error {
	return &Problem{Text: text, Hint: hint, status: http.StatusBadRequest}
}

func missing(text, hint string) error {
	return &Problem{Text: text, Hint: hint, status: http.StatusNotFound}
}

// each goes through a store.
func each(ctx context.Context, store cache.Store, f func(cache.Key, *cache.Entry) bool) error {
	l, ok := store.(cache.Lister)
	if !ok {
		return &Problem{Text: "the store cannot tell what is in it", Hint: "tags, paths and --all can be purged all the same", status: http.StatusNotImplemented}
	}
	return l.Each(ctx, f)
}

// listLimit is how many entries a list has that does not say.
const listLimit = 1000

func (h *handler) list(r *http.Request, store cache.Store) (any, error) {
	q := r.URL.Query()
	kind := q.Get("kind")
	switch kind {
	case "", "route", "fetch", "value":
	default:
		return nil, bad("there is no kind "+strconv.Quote(kind), "the kinds are route, fetch and value")
	}
	limit := listLimit
	if s := q.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, bad(strconv.Quote(s)+" is no limit", "")
		}
		limit = n
	}
	type found struct {
		key   cache.Key
		entry *cache.Entry // without its body
	}
	var all []found
	list := &List{Entries: []Entry{}}
	err := each(r.Context(), store, func(key cache.Key, e *cache.Entry) bool {
		if kind != "" && e.Kind.String() != kind {
			return true
		}
		list.Total++
		list.Size += int64(e.Size())
		short := *e
		short.Header, short.Body = nil, nil
		all = append(all, found{key, &short})
		list.Entries = append(list.Entries, entryOf(key, e))
		return r.Context().Err() == nil
	})
	if err != nil {
		return nil, err
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &list.Entries[a], &list.Entries[b]
		return cmp.Or(cmp.Compare(all[a].entry.Kind, all[b].entry.Kind), cmp.Compare(x.Name, y.Name), cmp.Compare(x.Key, y.Key))
	})
	order = order[:min(limit, len(order))]
	entries := make([]Entry, len(order))
	for i, at := range order {
		entries[i] = list.Entries[at]
	}
	list.Entries = entries

	// The states of tags are the store's to tell; with a server that is a round
	// trip each.
	var wg sync.WaitGroup
	var mu sync.Mutex
	var problem error
	slots := make(chan struct{}, 16)
	for i, at := range order {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			state, err := h.state(r.Context(), store, all[at].entry)
			if err != nil {
				mu.Lock()
				problem = err
				mu.Unlock()
				return
			}
			entries[i].State = state
		})
	}
	wg.Wait()
	return list, problem
}

// state is what an entry is good for. The store is asked for the tags beside an
// entry that is not there: asking for the entry would have a store think that it
// is wanted, and bring it to memory in another's place.
func (h *handler) state(ctx context.Context, store cache.Store, e *cache.Entry) (string, error) {
	hit, err := store.Get(ctx, cache.Key{}, e.Tags)
	if err != nil {
		return "", err
	}
	return e.State(h.now(), hit.Tags).String(), nil
}

func (h *handler) show(r *http.Request, store cache.Store) (any, error) {
	var key cache.Key
	var e *cache.Entry
	var err error
	if path := r.URL.Query().Get("path"); path != "" {
		key, e, err = byPath(r.Context(), store, path)
	} else {
		key, e, err = byKey(r.Context(), store, r.PathValue("key"))
	}
	if err != nil {
		return nil, err
	}
	d := &Detail{Entry: entryOf(key, e), Header: e.Header, Body: e.Body}
	if d.Body == nil {
		d.Body = []byte{}
	}
	d.State, err = h.state(r.Context(), store, e)
	return d, err
}

// minDigits is how many digits name a key at least.
const minDigits = 8

// byKey finds an entry by its key, or the beginning of it.
func byKey(ctx context.Context, store cache.Store, given string) (key cache.Key, e *cache.Entry, err error) {
	text := strings.ToLower(given)
	if len(text) < minDigits || len(text) > 2*len(key) || strings.Trim(text, "0123456789abcdef") != "" {
		return key, nil, bad(strconv.Quote(given)+" is no key", "a key is 64 hexadecimal digits, of which the first "+strconv.Itoa(minDigits)+" or more are enough; portico cache ls has them")
	}
	if len(text) == 2*len(key) {
		if _, err := hex.Decode(key[:], []byte(text)); err != nil {
			return key, nil, err
		}
		hit, err := store.Get(ctx, key, nil)
		if err == nil && hit.Entry == nil {
			err = missing("there is no entry "+given, "")
		}
		return key, hit.Entry, err
	}
	several := false
	err = each(ctx, store, func(k cache.Key, x *cache.Entry) bool {
		if !strings.HasPrefix(k.String(), text) {
			return true
		}
		several = e != nil
		key, e = k, x
		return !several
	})
	switch {
	case err != nil:
	case several:
		err = bad("several entries begin with "+given, "give more digits")
	case e == nil:
		err = missing("there is no entry that begins with "+given, "")
	}
	return key, e, err
}

// byPath finds the latest answer of a path.
func byPath(ctx context.Context, store cache.Store, path string) (key cache.Key, e *cache.Entry, err error) {
	name := http.MethodGet + " " + path
	err = each(ctx, store, func(k cache.Key, x *cache.Entry) bool {
		if x.Kind == cache.Route && x.Name == name && (e == nil || x.Made > e.Made) {
			key, e = k, x
		}
		return true
	})
	if err == nil && e == nil {
		err = missing("no answer of "+path+" is kept", "portico cache ls --kind route lists them")
	}
	return key, e, err
}

// maxPurge bounds the body of a Purge.
const maxPurge = 1 << 20

func (h *handler) purge(r *http.Request, store cache.Store) (any, error) {
	var p Purge
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxPurge))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return nil, bad("this is no purge: "+err.Error(), "")
	}
	given := 0
	for _, is := range []bool{p.All, p.Tags != nil, p.Path != "", p.Route != "", p.Key != ""} {
		if is {
			given++
		}
	}
	if given != 1 {
		return nil, bad("one thing is purged at a time, and this names "+strconv.Itoa(given), "name tags, a path, a route, a key, or all")
	}
	ctx := r.Context()
	switch {
	case p.Key != "":
		key, _, err := byKey(ctx, store, p.Key)
		if err != nil {
			return nil, err
		}
		return &Purged{Entries: 1}, store.Delete(ctx, key)
	case p.All:
		return h.purgeAll(ctx, store)
	}
	tags := p.Tags
	if p.Tags == nil {
		path, kind := p.Path, ""
		if p.Route != "" {
			path, kind = p.Route, "route"
		}
		if !strings.HasPrefix(path, "/") {
			return nil, bad(strconv.Quote(path)+" does not begin with a slash", "")
		}
		tag, err := cache.RevalidatedPath(path, kind)
		if err != nil {
			return nil, bad(err.Error(), "")
		}
		tags = []string{tag}
	}
	tags, dropped := cache.CleanTags(tags)
	if len(dropped) > 0 || len(tags) == 0 {
		return nil, bad("there are tags that no entry can have", "a tag has 1 to "+strconv.Itoa(cache.MaxTagLength)+" characters, and "+strconv.Itoa(cache.MaxTags)+" are purged at a time")
	}
	if err := h.cache.Revalidate(ctx, tags, cache.Mark{}); err != nil {
		return nil, err
	}
	return &Purged{Tags: tags}, nil
}

// purgeAll has nothing given any more, also of what is being made, and then
// frees the space.
func (h *handler) purgeAll(ctx context.Context, store cache.Store) (any, error) {
	if err := h.cache.Revalidate(ctx, []string{cache.Everything}, cache.Mark{}); err != nil {
		return nil, err
	}
	var keys []cache.Key
	// Deleted afterwards: a store may list and change one after the other only.
	err := each(ctx, store, func(key cache.Key, _ *cache.Entry) bool {
		keys = append(keys, key)
		return true
	})
	var p *Problem
	if errors.As(err, &p) && p.status == http.StatusNotImplemented {
		return &Purged{}, nil // they go by themselves
	}
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if err := store.Delete(ctx, key); err != nil {
			return &Purged{Entries: i}, err
		}
	}
	return &Purged{Entries: len(keys)}, nil
}

// Serve answers on a listener until stop is called, which closes it.
func Serve(l net.Listener, h http.Handler, logger *slog.Logger) (stop func()) {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: time.Minute, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the admin socket has ended", slog.Any("error", err))
		}
	}()
	return func() {
		_ = s.Close() // of connections that end anyway
		<-done
	}
}
