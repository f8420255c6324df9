package cache

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func at(seconds float64) time.Time {
	return time.UnixMicro(1_700_000_000_000_000 + int64(seconds*1e6))
}

func TestState(t *testing.T) {
	const s = time.Second
	mark := func(seconds float64) Stamp { return StampOf(at(seconds)) }
	for _, c := range []struct {
		name    string
		life    Lifetime
		checked float64 // 0 is never
		tags    TagState
		now     float64
		want    State
	}{
		{"new", Lifetime{10 * s, Forever}, 0, TagState{}, 0, Fresh},
		{"before its end", Lifetime{10 * s, Forever}, 0, TagState{}, 9.99, Fresh},
		{"at its end", Lifetime{10 * s, Forever}, 0, TagState{}, 10, Stale},
		{"long after", Lifetime{10 * s, Forever}, 0, TagState{}, 1e6, Stale},
		{"expired", Lifetime{10 * s, 20 * s}, 0, TagState{}, 20, Expired},
		{"expires before it is stale", Lifetime{10 * s, 5 * s}, 0, TagState{}, 5, Expired},
		{"revalidate: false", Lifetime{Forever, Forever}, 0, TagState{}, 1e9, Fresh},
		{"revalidate: 0", Lifetime{0, Forever}, 0, TagState{}, 0, Expired},
		{"the zero lifetime", Lifetime{}, 0, TagState{}, 0, Expired},
		{"the clock went back", Lifetime{10 * s, 20 * s}, 0, TagState{}, -1e6, Fresh},
		{"tag expired before", Lifetime{Forever, Forever}, 0, TagState{Expired: mark(-1)}, 5, Fresh},
		{"tag expired after", Lifetime{Forever, Forever}, 0, TagState{Expired: mark(1)}, 5, Expired},
		{"tag expired at the same stamp", Lifetime{Forever, Forever}, 0, TagState{Expired: mark(0)}, 5, Expired},
		{"tag stale before", Lifetime{Forever, Forever}, 0, TagState{Stale: mark(-1)}, 5, Fresh},
		{"tag stale after", Lifetime{Forever, Forever}, 0, TagState{Stale: mark(1)}, 5, Stale},
		{"tag stale, its end not yet", Lifetime{Forever, Forever}, 0, TagState{Stale: mark(1), Due: mark(1), At: mark(60)}, 59, Stale},
		{"tag stale, its end", Lifetime{Forever, Forever}, 0, TagState{Stale: mark(1), Due: mark(1), At: mark(60)}, 60, Expired},
		{"made after a tag with an end", Lifetime{Forever, Forever}, 0, TagState{Stale: mark(-1), Due: mark(-1), At: mark(60)}, 61, Fresh},
		// Next.js: tried again after min(max(revalidate, 3), 30) seconds.
		{"retry of 1 is 3", Lifetime{1 * s, Forever}, 100, TagState{}, 102.9, Fresh},
		{"retry of 1 is over", Lifetime{1 * s, Forever}, 100, TagState{}, 103, Stale},
		{"retry of 10", Lifetime{10 * s, Forever}, 100, TagState{}, 109.9, Fresh},
		{"retry of 60 is 30", Lifetime{60 * s, Forever}, 100, TagState{}, 130, Stale},
		{"retry of false is 30", Lifetime{Forever, Forever}, 100, TagState{Stale: mark(1)}, 129, Fresh},
		{"a failure lengthens expire", Lifetime{10 * s, 11 * s}, 100, TagState{}, 112.9, Stale},
		{"but not for ever", Lifetime{10 * s, 11 * s}, 100, TagState{}, 113, Expired},
		{"a tag expired meanwhile", Lifetime{10 * s, Forever}, 100, TagState{Expired: mark(50)}, 101, Expired},
		{"a tag stale since the failure", Lifetime{10 * s, Forever}, 100, TagState{Stale: mark(101)}, 102, Stale},
	} {
		e := &Entry{Made: StampOf(at(0)), Lifetime: c.life}
		if c.checked != 0 {
			e = e.Postponed(StampOf(at(c.checked)))
		}
		if got := e.State(at(c.now), c.tags); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestLifetime(t *testing.T) {
	const s = time.Second
	for _, c := range []struct {
		life Lifetime
		want string
	}{
		{Lifetime{Forever, Forever}, "s-maxage=31536000"},
		{Lifetime{60 * s, Forever}, "s-maxage=60, stale-while-revalidate=31535940"},
		{Lifetime{3600 * s, 86400 * s}, "s-maxage=3600, stale-while-revalidate=82800"}, // Next.js 16: cacheLife('hours')
		{Lifetime{60 * s, 60 * s}, "s-maxage=60"},
		{Lifetime{2 * Year, Forever}, "s-maxage=63072000"},
		{Lifetime{0, Forever}, ""},
		{Lifetime{}, ""},
	} {
		if got := c.life.CacheControl(); got != c.want {
			t.Errorf("%v: %q, want %q", c.life, got, c.want)
		}
	}
	if got := (Lifetime{Forever, 10}).Min(Lifetime{5, Forever}); got != (Lifetime{5, 10}) {
		t.Errorf("the shorter is %v", got)
	}
	e := (&Entry{Made: StampOf(at(0)), Lifetime: Lifetime{s, Forever}}).Postponed(StampOf(at(5)))
	if _, l := e.Current(); l.CacheControl() != "s-maxage=3, stale-while-revalidate=31535997" {
		t.Errorf("after a failure: %s", l.CacheControl())
	}
	if got := e.TTL(at(6)); got != 2*s {
		t.Errorf("the time to live is %s", got)
	}
}

// written makes a Keyer that shows what it writes.
func written(k *Keyer) (*Keyer, *bytes.Buffer) {
	var b bytes.Buffer
	k.w = &b
	return k, &b
}

// unwrite reads parts back: what can be read back to the same parts has no
// second meaning.
func unwrite(t interface{ Fatalf(string, ...any) }, b []byte) []any {
	var parts []any
	var one func() any
	one = func() any {
		kind := b[0]
		n, used := binary.Uvarint(b[1:])
		b = b[1+used:]
		switch kind {
		case partText, partBytes:
			s := string(b[:n])
			b = b[n:]
			if kind == partText {
				return s
			}
			return []byte(s)
		case partNumber:
			return int64(n)
		case partList:
			list := []string{}
			for range n {
				list = append(list, one().(string))
			}
			return list
		case partHeader:
			h := http.Header{}
			for range n {
				name := one().(string)
				h[name] = one().([]string)
			}
			return h
		}
		t.Fatalf("unknown part %q", kind)
		return nil
	}
	for len(b) > 0 {
		parts = append(parts, one())
	}
	return parts
}

func TestKeyMeansOneThing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k, b := written(&Keyer{})
		var want []any
		for range rapid.IntRange(0, 6).Draw(t, "parts") {
			switch rapid.IntRange(0, 4).Draw(t, "kind") {
			case 0:
				s := rapid.String().Draw(t, "text")
				k.Text(s)
				want = append(want, s)
			case 1:
				p := rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")
				k.Bytes(p)
				want = append(want, append([]byte{}, p...))
			case 2:
				n := rapid.Int64().Draw(t, "number")
				k.Number(n)
				want = append(want, n)
			case 3:
				l := rapid.SliceOf(rapid.String()).Draw(t, "list")
				k.List(l)
				want = append(want, append([]string{}, l...))
			case 4:
				h := http.Header(rapid.MapOf(rapid.StringMatching(`[a-z-]{1,5}`), rapid.SliceOfN(rapid.String(), 1, 3)).Draw(t, "header"))
				k.Header(h)
				want = append(want, h)
			}
		}
		if got := unwrite(t, b.Bytes()); !reflect.DeepEqual(got, want) {
			t.Fatalf("wrote %#v, reads as %#v", want, got)
		}
	})
}

func TestKeyOfHeaders(t *testing.T) {
	key := func(h http.Header) Key { return NewKey("fetch").Header(h, "traceparent").Key() }
	base := http.Header{"Authorization": {"Bearer a"}, "Accept": {"x", "y"}}
	for _, h := range []http.Header{
		{"authorization": {"Bearer a"}, "ACCEPT": {"x", "y"}},
		{"Authorization": {"Bearer a"}, "Accept": {"x", "y"}, "Traceparent": {"00-1"}},
	} {
		if key(h) != key(base) {
			t.Errorf("%v has another key", h)
		}
	}
	for _, h := range []http.Header{
		{"Authorization": {"Basic a"}, "Accept": {"x", "y"}},
		{"Authorization": {"Bearer A"}, "Accept": {"x", "y"}},
		{"Authorization": {"Bearer a"}, "Accept": {"y", "x"}},
		{"Authorization": {"Bearer a"}, "Accept": {"x, y"}},
		{"Authorization": {"Bearer a"}, "Accept": {"x", "y", ""}},
		{"Authorization": {"Bearer a"}, "Accept": {"x", "y"}, "Cookie": {""}},
		{},
	} {
		if key(h) == key(base) {
			t.Errorf("%v has the same key", h)
		}
	}
	if NewKey("a").Text("b").Key() == NewKey("ab").Key() || NewKey("a").Key() == NewKey("b").Key() {
		t.Error("two spaces meet")
	}
}

func TestPathTags(t *testing.T) {
	for _, c := range []struct{ file, path, want string }{
		// Recorded from Next.js 16: the .meta files of a build.
		{"/st/fs/route", "/st/fs", "_N_T_/layout,_N_T_/st/layout,_N_T_/st/fs/layout,_N_T_/st/fs/route,_N_T_/st/fs"},
		{"/gsp/[id]/route", "/gsp/1", "_N_T_/layout,_N_T_/gsp/layout,_N_T_/gsp/[id]/layout,_N_T_/gsp/[id]/route,_N_T_/gsp/1"},
		{"/route", "/", "_N_T_/layout,_N_T_/route,_N_T_/"},
		{"/(shop)/x/route", "/x/", "_N_T_/layout,_N_T_/(shop)/layout,_N_T_/(shop)/x/layout,_N_T_/(shop)/x/route,_N_T_/x"},
		{"/d/[id]/route", "/d/%C3%A9%2Fb%20c", "_N_T_/layout,_N_T_/d/layout,_N_T_/d/[id]/layout,_N_T_/d/[id]/route,_N_T_/d/%C3%A9%2Fb%20c"},
	} {
		if got := strings.Join(PathTags(c.file, c.path), ","); got != c.want {
			t.Errorf("%s %s:\n got %s\nwant %s", c.file, c.path, got, c.want)
		}
	}
}

func TestRevalidatedPath(t *testing.T) {
	tags := PathTags("/a/[b]/route", "/a/x%20y")
	for _, c := range []struct {
		path, kind string
		drops      bool
	}{
		{"/a/x%20y", "", true},
		{"/a/x y", "", true},
		{"/a/x y/", "", true},
		{"a/x y", "", true},
		{"/a/X y", "", false},
		{"/a", "", false},
		{"/a", "layout", true},
		{"/a/", "layout", true},
		{"/", "layout", true},
		{"/a/[b]", "layout", true},
		{"/a/[b]", "", false},
		{"/a/[b]", "page", false},
		{"/a/[b]", "route", true},
		{"/b", "layout", false},
	} {
		tag, err := RevalidatedPath(c.path, c.kind)
		if err != nil || slices.Contains(tags, tag) != c.drops {
			t.Errorf("revalidatePath(%q, %q) marks %s (%v); dropped: %v, want %v", c.path, c.kind, tag, err, !c.drops, c.drops)
		}
	}
	if _, err := RevalidatedPath("/"+strings.Repeat("x", 1024), ""); err == nil {
		t.Error("a path of 1025 characters is taken")
	}
	if _, err := RevalidatedPath("/", "pages"); err == nil {
		t.Error("an unknown kind is taken")
	}
}

func TestCleanTags(t *testing.T) {
	long := strings.Repeat("𝒳", 128)
	kept, dropped := CleanTags([]string{"a", "", "a", long, long + "x"})
	if !slices.Equal(kept, []string{"a", long}) || !slices.Equal(dropped, []string{"", long + "x"}) {
		t.Errorf("kept %q, dropped %q", kept, dropped)
	}
	var many []string
	for i := range 130 {
		many = append(many, fmt.Sprint(i))
	}
	if kept, dropped = CleanTags(many); len(kept) != 128 || !slices.Equal(dropped, []string{"128", "129"}) {
		t.Errorf("kept %d, dropped %q", len(kept), dropped)
	}
}

// A bounded table forgets tags, and never that an entry was dropped.
func TestTagTableForgetsSafely(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := at(0)
		table := NewTagTable(func() time.Time { return clock }, 8)
		begun := map[string]Stamp{}
		gone := map[string]bool{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			clock = clock.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "microseconds")) * time.Microsecond)
			tag := fmt.Sprint(rapid.IntRange(0, 20).Draw(t, "tag"))
			if rapid.Bool().Draw(t, "mark") {
				table.Mark([]string{tag}, Mark{})
				gone[tag] = true
			} else {
				begun[tag], gone[tag] = table.Stamp(), false
			}
			if n := len(table.tags); n > 8 {
				t.Fatalf("%d tags are kept", n)
			}
			for tag, made := range begun {
				if s := table.State([]string{tag}); gone[tag] && !s.expires(made, clock) {
					t.Fatalf("tag %s was revalidated after %d and forgotten: %+v", tag, made, s)
				}
			}
		}
		if s := table.State([]string{"never"}); s.expires(table.Stamp(), clock) {
			t.Fatal("a new entry is dropped")
		}
	})
}

func FuzzDecode(f *testing.F) {
	e := &Entry{Kind: Fetch, Name: "GET /", URL: "https://a/", Status: 200, Header: http.Header{"a": {"b", "c"}}, Tags: []string{"x"}, Body: []byte("body"), Made: 5, Lifetime: Lifetime{time.Second, Forever}}
	f.Add(Encode(e))
	f.Add(Encode(&Entry{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Decode(b); err != nil && len(b) > 4 {
			// With its checksum put right the fields are read, too.
			b = binary.BigEndian.AppendUint32(b[:len(b)-4:len(b)-4], castagnoli(b[:len(b)-4]))
		}
		e, err := Decode(b)
		if err != nil {
			return
		}
		again, err := Decode(Encode(e))
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("%+v is written and read as %+v, %v", e, again, err)
		}
	})
}

// Whichever byte is changed or missing, the entry is torn.
func TestDecodeTorn(t *testing.T) {
	b := Encode(&Entry{Kind: Route, Name: "n", Status: 200, Body: []byte("body"), Made: 5})
	if _, err := Decode(b); err != nil {
		t.Fatal(err)
	}
	for i := range b {
		if _, err := Decode(b[:i]); err == nil {
			t.Errorf("%d of %d bytes are read", i, len(b))
		}
		c := bytes.Clone(b)
		c[i] ^= 0x10
		if _, err := Decode(c); err == nil {
			t.Errorf("a changed byte %d is read", i)
		}
	}
}
