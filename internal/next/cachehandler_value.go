package next

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/cache"
)

// An entry as Next.js 16 hands it to a cache handler (server/response-cache,
// CachedRouteValue and CachedFetchValue):
//
//	{ kind: "APP_ROUTE", body: Buffer, status, headers }
//	{ kind: "FETCH", data: { headers, body: base64, status, url }, revalidate, tags }
//
// Headers have names in lower case, and are strings, or lists of them for those
// that have several lines. What a cached function returned is a FETCH without a
// URL, as with unstable_cache.
// What these shapes cannot say is in one more field, which a handler may lose:
//
//	portico: { version: 1, kind: "route", name: "GET /api/users", made: 1763854464000000,
//	           revalidate: "1h0m0s", expire: false, tags: ["users"] }
//
// made and checked are stamps, in microseconds since 1970; revalidate and expire
// are durations as Go writes them, and false is without end.
const (
	ownField   = "portico"
	ownVersion = 1
	// tagsHeader is where Next.js has the tags of a route's entry.
	tagsHeader = "x-next-cache-tags"

	kindRoute = "APP_ROUTE"
	kindFetch = "FETCH"
)

// handlerAnswerError is a result of get that is no entry.
type handlerAnswerError struct{ text string }

func (e *handlerAnswerError) Error() string { return e.text }

func noEntry(format string, args ...any) error {
	return &handlerAnswerError{fmt.Sprintf(format, args...)}
}

// scriptKind is what Next.js calls an entry of a kind.
func scriptKind(k cache.Kind) string {
	if k == cache.Fetch || k == cache.Value {
		return kindFetch
	}
	return kindRoute
}

// list makes a list of texts.
func (in *handlerInstance) list(texts []string) goja.Value {
	values := make([]any, len(texts))
	for i, s := range texts {
		values[i] = s
	}
	return in.m.rt.NewArray(values...)
}

// seconds is a duration as Next.js gives it.
func (in *handlerInstance) seconds(d time.Duration) goja.Value {
	if d%time.Second == 0 {
		return in.m.rt.ToValue(int64(d / time.Second))
	}
	return in.m.rt.ToValue(d.Seconds())
}

// revalidate is how long an entry is fresh: a route's that holds forever has
// false there, a fetch's a year.
func (in *handlerInstance) revalidate(e *cache.Entry) goja.Value {
	switch {
	case e.Lifetime.Revalidate != cache.Forever:
		return in.seconds(e.Lifetime.Revalidate)
	case e.Kind == cache.Route:
		return in.m.rt.ToValue(false)
	}
	return in.seconds(cache.Year)
}

// fetchURL is the URL in the name of a fetch's entry, which is METHOD URL.
func fetchURL(kind cache.Kind, name string) string {
	_, url, _ := strings.Cut(name, " ")
	if kind != cache.Fetch || !strings.Contains(url, "://") {
		return ""
	}
	return url
}

// getContext is the second argument of get.
func (in *handlerInstance) getContext(q question) goja.Value {
	rt := in.m.rt
	o := rt.NewObject()
	put(o, "kind", rt.ToValue(scriptKind(q.kind)))
	put(o, "tags", in.list(q.tags))
	put(o, "softTags", in.list(q.further))
	if scriptKind(q.kind) == kindRoute {
		put(o, "isFallback", rt.ToValue(false))
		put(o, "isRoutePPREnabled", rt.ToValue(false))
	} else if url := fetchURL(q.kind, q.name); url != "" {
		put(o, "fetchUrl", rt.ToValue(url))
	}
	return o
}

// setContext is the third argument of set. Next.js has tags there for a fetch
// alone; handlers written to its documentation want them for all.
func (in *handlerInstance) setContext(e *cache.Entry) goja.Value {
	rt := in.m.rt
	o := rt.NewObject()
	put(o, "tags", in.list(e.Tags))
	put(o, "revalidate", in.revalidate(e))
	if scriptKind(e.Kind) == kindFetch {
		put(o, "fetchCache", rt.ToValue(true))
		if url := cmp.Or(fetchURL(e.Kind, e.Name), e.URL); url != "" {
			put(o, "fetchUrl", rt.ToValue(url))
		}
		return o
	}
	control := rt.NewObject()
	put(control, "revalidate", in.revalidate(e))
	if e.Lifetime.Expire != cache.Forever {
		put(control, "expire", in.seconds(e.Lifetime.Expire))
	}
	put(o, "cacheControl", control)
	put(o, "isFallback", rt.ToValue(false))
	put(o, "isRoutePPREnabled", rt.ToValue(false))
	return o
}

// data is the second argument of set: objects and bytes of the script's own.
func (in *handlerInstance) data(e *cache.Entry) goja.Value {
	rt := in.m.rt
	o := rt.NewObject()
	put(o, "kind", rt.ToValue(scriptKind(e.Kind)))
	headers, names := in.headers(e.Header)
	if scriptKind(e.Kind) == kindRoute {
		body, err := in.m.iso.Call(in.from, in.buffer, rt.ToValue(rt.NewArrayBuffer(slices.Clone(e.Body))))
		if err != nil {
			panic(err)
		}
		put(o, "body", body)
		put(o, "status", rt.ToValue(e.Status))
		if len(e.Tags) > 0 {
			put(headers, tagsHeader, rt.ToValue(strings.Join(e.Tags, ",")))
		}
		put(o, "headers", headers)
	} else {
		status := e.Status
		if e.Kind == cache.Value {
			status = http.StatusOK
		}
		data := rt.NewObject()
		put(data, "headers", headers)
		put(data, "body", rt.ToValue(base64.StdEncoding.EncodeToString(e.Body)))
		put(data, "status", rt.ToValue(status))
		put(data, "url", rt.ToValue(e.URL))
		put(o, "data", data)
		put(o, "revalidate", in.revalidate(e))
		put(o, "tags", in.list(e.Tags))
	}
	own := in.own(e)
	if names != nil {
		put(own, "names", names)
	}
	put(o, ownField, own)
	return o
}

// headers makes Next.js's object of a header: names in lower case. They are
// spelt as Go does in entries; names has those that are not, nil for none.
func (in *handlerInstance) headers(h http.Header) (headers, names *goja.Object) {
	rt := in.m.rt
	headers = rt.NewObject()
	used := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		key := strings.ToLower(name)
		if used[key] {
			key = name
		}
		used[key] = true
		put(headers, key, in.headerValues(h[name]))
		if http.CanonicalHeaderKey(key) != name {
			if names == nil {
				names = rt.NewObject()
			}
			put(names, key, rt.ToValue(name))
		}
	}
	return headers, names
}

func (in *handlerInstance) headerValues(values []string) goja.Value {
	if len(values) == 1 {
		return in.m.env.Text(values[0])
	}
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = in.m.env.Text(v)
	}
	return in.m.rt.NewArray(list...)
}

// own is the field with what Next.js has no place for.
func (in *handlerInstance) own(e *cache.Entry) *goja.Object {
	rt := in.m.rt
	o := rt.NewObject()
	put(o, "version", rt.ToValue(ownVersion))
	put(o, "kind", rt.ToValue(e.Kind.String()))
	put(o, "name", rt.ToValue(e.Name))
	put(o, "made", rt.ToValue(int64(e.Made)))
	if e.Checked != 0 {
		put(o, "checked", rt.ToValue(int64(e.Checked)))
	}
	if e.Kind == cache.Value && e.Status != 0 {
		put(o, "status", rt.ToValue(e.Status))
	}
	put(o, "revalidate", in.span(e.Lifetime.Revalidate))
	put(o, "expire", in.span(e.Lifetime.Expire))
	put(o, "tags", in.list(e.Tags))
	return o
}

func (in *handlerInstance) span(d time.Duration) goja.Value {
	if d == cache.Forever {
		return in.m.rt.ToValue(false)
	}
	return in.m.rt.ToValue(d.String())
}

// entryOf reads what get returned: nil where there is no entry. It throws what
// the result's getters throw. The entry shares nothing with the script.
func (in *handlerInstance) entryOf(v goja.Value, q question, now time.Time) (*cache.Entry, error) {
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return nil, nil
	}
	result, ok := v.(*goja.Object)
	if !ok {
		return nil, noEntry("get() gave %s, want { value, lastModified } or null", article(kind(v)))
	}
	v = orUndefined(result.Get("value"))
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return nil, nil // Next.js's own handlers say so, too
	}
	value, ok := v.(*goja.Object)
	if !ok {
		return nil, noEntry("get() gave a value that is %s, want what set() was given", article(kind(v)))
	}
	modified, dated := finite(result.Get("lastModified"))
	if modified == -1 {
		return nil, nil // Next.js: to be made anew before anybody is answered
	}

	e := &cache.Entry{}
	var revalidate goja.Value
	switch k := orUndefined(value.Get("kind")).String(); k {
	case kindRoute:
		e.Kind = cache.Route
		if err := in.routeEntry(e, value); err != nil {
			return nil, err
		}
	case kindFetch:
		e.Kind = cache.Fetch
		if err := in.fetchEntry(e, value); err != nil {
			return nil, err
		}
		revalidate = value.Get("revalidate")
	default:
		return nil, noEntry("get() gave a value of kind %.40q, want %q or %q", k, kindRoute, kindFetch)
	}
	if in.readOwn(e, value.Get(ownField), now) {
		return e, nil
	}
	if e.Kind == cache.Fetch {
		// A fetch's result has its URL; a cached function's has none.
		if q.kind == cache.Value || q.kind == 0 && e.URL == "" {
			e.Kind, e.Status = cache.Value, 0
		}
	}

	// The script has dropped our field. If the entry is the one that was set here
	// last, what it said is known still.
	k := q.known
	at := time.UnixMilli(int64(modified))
	if k.kind != 0 && scriptKind(k.kind) == scriptKind(e.Kind) && !k.from.IsZero() && (!dated || !at.Before(k.from.Truncate(time.Millisecond)) && !at.After(k.to)) {
		e.Name, e.Made, e.Checked, e.Lifetime, e.Tags = k.name, k.made, k.checked, k.lifetime, k.tags
		return e, nil
	}
	e.Name = q.name
	e.Made = cache.StampOf(now) // Next.js takes one without a date for new
	if dated && at.Before(now) {
		e.Made = cache.StampOf(at)
	}
	// Next.js 16 lets handlers keep set's cacheControl beside the value. An entry
	// of which nobody knows how long it holds is stale after a second there.
	e.Lifetime = cache.Lifetime{Revalidate: time.Second, Expire: cache.Forever}
	if control, ok := orUndefined(result.Get("cacheControl")).(*goja.Object); ok {
		revalidate = control.Get("revalidate")
		if d, ok := lifetime(control.Get("expire")); ok {
			e.Lifetime.Expire = d
		}
	}
	if d, ok := lifetime(revalidate); ok {
		e.Lifetime.Revalidate = d
	}
	return e, nil
}

// routeEntry reads { body, status, headers }.
func (in *handlerInstance) routeEntry(e *cache.Entry, value *goja.Object) error {
	var err error
	if e.Body, err = in.body(value.Get("body")); err != nil {
		return err
	}
	if e.Status, err = status(value.Get("status")); err != nil {
		return err
	}
	if e.Header, err = in.header(value.Get("headers"), value.Get(ownField)); err != nil {
		return err
	}
	tagsName := http.CanonicalHeaderKey(tagsHeader)
	if line := e.Header[tagsName]; len(line) == 1 {
		e.Tags, _ = cache.CleanTags(strings.Split(line[0], ","))
		if delete(e.Header, tagsName); len(e.Header) == 0 {
			e.Header = nil
		}
	}
	return nil
}

// fetchEntry reads { data: { headers, body, status, url }, tags }.
func (in *handlerInstance) fetchEntry(e *cache.Entry, value *goja.Object) error {
	data, ok := orUndefined(value.Get("data")).(*goja.Object)
	if !ok {
		return noEntry("get() gave a FETCH value without data")
	}
	text, ok := data.Get("body").(goja.String)
	if !ok {
		return noEntry("get() gave a FETCH value whose body is no string")
	}
	var err error
	if e.Body, err = base64.StdEncoding.DecodeString(text.String()); err != nil {
		return noEntry("get() gave a FETCH value whose body is not base64")
	}
	if e.Status, err = status(data.Get("status")); err != nil {
		return err
	}
	if e.Header, err = in.header(data.Get("headers"), value.Get(ownField)); err != nil {
		return err
	}
	e.URL = optional(data.Get("url"))
	tags, _ := texts(value.Get("tags"))
	e.Tags, _ = cache.CleanTags(tags)
	return nil
}

// body reads bytes: a Buffer or another view, what JSON makes of a Buffer, or a
// text.
func (in *handlerInstance) body(v goja.Value) ([]byte, error) {
	if b, ok := in.m.env.BytesOf(orUndefined(v)); ok {
		return b, nil
	}
	if s, ok := v.(goja.String); ok {
		return in.m.iso.AppendText([]byte{}, s), nil
	}
	if o, ok := v.(*goja.Object); ok && optional(o.Get("type")) == "Buffer" {
		if list, ok := orUndefined(o.Get("data")).(*goja.Object); ok && list.ClassName() == "Array" {
			buffer, err := in.m.iso.Call(in.from, in.buffer, list)
			if err != nil {
				return nil, err
			}
			if b, ok := in.m.env.BytesOf(buffer); ok {
				return b, nil
			}
		}
	}
	return nil, noEntry("get() gave an APP_ROUTE value whose body has no bytes")
}

func status(v goja.Value) (int, error) {
	n, ok := finite(v)
	if !ok || n != math.Trunc(n) || n < 0 || n > 999 {
		return 0, noEntry("get() gave a value whose status is no status")
	}
	return int(n), nil
}

// header reads an object of texts, numbers and lists of texts. An empty one is
// nil. Own is our field, which may have the spelling of names.
func (in *handlerInstance) header(v, own goja.Value) (http.Header, error) {
	var names *goja.Object
	if o, ok := own.(*goja.Object); ok {
		names, _ = o.Get("names").(*goja.Object)
	}
	v = orUndefined(v)
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return nil, nil
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, noEntry("get() gave a value whose headers are %s", article(kind(v)))
	}
	var h http.Header
	for _, name := range o.Keys() {
		v := orUndefined(o.Get(name))
		var values []string
		if list, ok := v.(*goja.Object); ok && list.ClassName() == "Array" {
			n := list.Get("length").ToInteger()
			for i := int64(0); i < n; i++ {
				s, ok := byteText(list.Get(fmt.Sprint(i)))
				if !ok {
					return nil, noEntry("get() gave a header %.40q that is no text", name)
				}
				values = append(values, s)
			}
		} else if !goja.IsUndefined(v) && !goja.IsNull(v) {
			s, ok := byteText(v)
			if !ok {
				return nil, noEntry("get() gave a header %.40q that is no text", name)
			}
			values = []string{s}
		}
		if !plainHeader(name, values) {
			return nil, noEntry("get() gave a header %.40q that cannot be sent", name)
		}
		if values != nil {
			if h == nil {
				h = http.Header{}
			}
			spelt := http.CanonicalHeaderKey(name)
			if names != nil {
				if s := optional(names.Get(name)); strings.EqualFold(s, name) {
					spelt = s
				}
			}
			h[spelt] = values
		}
	}
	return h, nil
}

// plainHeader reports whether a header from outside can be sent without making
// two of it.
func plainHeader(name string, values []string) bool {
	if name == "" || strings.ContainsAny(name, ":\r\n\x00 ") {
		return false
	}
	return !slices.ContainsFunc(values, func(v string) bool { return strings.ContainsAny(v, "\r\n\x00") })
}

// byteText is a header's value: one byte a code unit. Numbers are taken, as by
// Node.
func byteText(v goja.Value) (string, bool) {
	if n, ok := finite(v); ok {
		return strconv.FormatFloat(n, 'f', -1, 64), true
	}
	s, ok := v.(goja.String)
	if !ok {
		return "", false
	}
	text := s.String()
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return text, true
	}
	b := make([]byte, s.Length())
	for i := range b {
		c := s.CharAt(i)
		if c > 0xff {
			return "", false
		}
		b[i] = byte(c)
	}
	return string(b), true
}

// finite is numberOf without those that stand for no number.
func finite(v goja.Value) (float64, bool) {
	n, ok := numberOf(v)
	return n, ok && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// texts reads a list of texts.
func texts(v goja.Value) ([]string, bool) {
	list, ok := v.(*goja.Object)
	if !ok || list.ClassName() != "Array" {
		return nil, false
	}
	n := list.Get("length").ToInteger()
	if n > 8*cache.MaxTags { // an entry has a few more than a user may give it
		return nil, false
	}
	var all []string
	for i := int64(0); i < n; i++ {
		s, ok := list.Get(fmt.Sprint(i)).(goja.String)
		if !ok {
			return nil, false
		}
		all = append(all, s.String())
	}
	return all, true
}

// lifetime reads seconds, or false for those without end.
func lifetime(v goja.Value) (time.Duration, bool) {
	if orUndefined(v).Export() == false {
		return cache.Forever, true
	}
	n, ok := numberOf(v)
	if !ok || !(n >= 0) {
		return 0, false
	}
	return secondsOf(n), true
}

// tomorrow bounds what a stamp may be ahead of the clock: all later stamps would
// follow it.
const tomorrow = 24 * time.Hour

// readOwn reads the field with what Next.js has no place for. It is false, and
// the entry is as it was, where the field is not there or not sound.
func (in *handlerInstance) readOwn(e *cache.Entry, v goja.Value, now time.Time) bool {
	o, ok := v.(*goja.Object)
	if !ok {
		return false
	}
	if version, ok := finite(o.Get("version")); !ok || version != ownVersion {
		return false
	}
	own := *e
	switch optional(o.Get("kind")) {
	case cache.Route.String():
		own.Kind = cache.Route
	case cache.Fetch.String():
		own.Kind = cache.Fetch
	case cache.Value.String():
		own.Kind, own.Status = cache.Value, 0
		if n, ok := finite(o.Get("status")); ok {
			own.Status = int(n)
		}
	default:
		return false
	}
	made, ok := finite(o.Get("made"))
	checked, _ := finite(o.Get("checked"))
	latest := float64(cache.StampOf(now.Add(tomorrow)))
	if !ok || made < 0 || checked < 0 || made > latest || checked > latest || scriptKind(own.Kind) != scriptKind(e.Kind) {
		return false
	}
	own.Made, own.Checked = cache.Stamp(made), cache.Stamp(checked)
	own.Name = optional(o.Get("name"))
	if own.Tags, ok = texts(o.Get("tags")); !ok {
		return false
	}
	var sound [2]bool
	own.Lifetime.Revalidate, sound[0] = span(o.Get("revalidate"))
	own.Lifetime.Expire, sound[1] = span(o.Get("expire"))
	if !sound[0] || !sound[1] {
		return false
	}
	*e = own
	return true
}

// span reads a duration of our own field.
func span(v goja.Value) (time.Duration, bool) {
	v = orUndefined(v)
	if v.Export() == false {
		return cache.Forever, true
	}
	s, ok := v.(goja.String)
	if !ok {
		return 0, false
	}
	d, err := time.ParseDuration(s.String())
	return d, err == nil && d >= 0
}
