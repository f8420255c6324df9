package cache

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Everything is the tag that every entry carries without having it written.
const Everything = ""

// Mark is what revalidating does to a tag. The zero Mark expires the tag's
// entries at once: `revalidateTag(tag)` and `{expire: 0}`.
type Mark struct {
	// Stale has entries given once more while they are made anew:
	// `revalidateTag(tag, profile)`.
	Stale bool
	// Expire is when stale entries end after all; Forever and 0 are never.
	// It counts with Stale alone.
	Expire time.Duration
}

// TagState is what was done to a tag, or to any of several: Merge has both. The
// zero TagState is that of a tag that was never revalidated.
type TagState struct {
	// Stale and Expired are the last stamps of either. Entries that began no
	// later are stale, or not given.
	Stale, Expired Stamp
	// Entries that began no later than Due are not given from At on. Where
	// marks with different ends meet, the later Due and the earlier At stand:
	// an entry may end early, never late.
	Due, At Stamp
}

func (t TagState) expires(made Stamp, now time.Time) bool {
	return made <= t.Expired || made <= t.Due && StampOf(now) >= t.At
}

// After is the state after a mark that was made at a stamp.
func (t TagState) After(m Mark, at Stamp) TagState {
	if t.At != 0 && at >= t.At { // an end that has come is none that others may meet
		t.Expired, t.Due, t.At = max(t.Expired, t.Due), 0, 0
	}
	if !m.Stale {
		return t.Merge(TagState{Expired: at})
	}
	u := TagState{Stale: at}
	if m.Expire > 0 && m.Expire != Forever {
		u.Due, u.At = at, StampOf(at.Time().Add(m.Expire))
	}
	return t.Merge(u)
}

// Merge is the state of an entry that has both tags.
func (t TagState) Merge(u TagState) TagState {
	m := TagState{Stale: max(t.Stale, u.Stale), Expired: max(t.Expired, u.Expired)}
	switch {
	case t.At == 0:
		m.Due, m.At = u.Due, u.At
	case u.At == 0:
		m.Due, m.At = t.Due, t.At
	default:
		m.Due, m.At = max(t.Due, u.Due), min(t.At, u.At)
	}
	return m
}

// last is the latest stamp of the state.
func (t TagState) last() Stamp { return max(t.Stale, t.Expired, t.Due) }

// TagTable has the states of tags in memory, and gives stamps. Tags come from
// users' input, too, so it is bounded: when there are too many, those that were
// revalidated longest ago are forgotten and all entries that began before are
// dropped. So too much is made anew, never too little. The zero TagTable is not
// usable.
type TagTable struct {
	mu    sync.Mutex
	now   func() time.Time
	max   int
	last  Stamp
	tags  map[string]TagState
	floor TagState // of Everything
}

// NewTagTable makes a table of at most max tags; 0 is 100,000.
func NewTagTable(now func() time.Time, max int) *TagTable {
	if max == 0 {
		max = 100_000
	}
	return &TagTable{now: now, max: max, tags: map[string]TagState{}}
}

// Stamp is a new stamp.
func (t *TagTable) Stamp() Stamp {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stamp()
}

func (t *TagTable) stamp() Stamp {
	t.last = max(t.last+1, StampOf(t.now()))
	return t.last
}

// Seen has the table give stamps after s only: one that was read from a disk,
// or that another node gave.
func (t *TagTable) Seen(s Stamp) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = max(t.last, s)
}

// Mark marks tags at one new stamp and says how they stand then, in their
// order.
func (t *TagTable) Mark(tags []string, m Mark) (Stamp, []TagState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.stamp()
	states := make([]TagState, len(tags))
	for i, tag := range tags {
		states[i] = t.put(tag, t.get(tag).After(m, at))
	}
	t.bound()
	return at, states
}

// Put adds what is known of a tag from elsewhere.
func (t *TagTable) Put(tag string, s TagState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = max(t.last, s.last())
	t.put(tag, t.get(tag).Merge(s))
	t.bound()
}

func (t *TagTable) get(tag string) TagState {
	if tag == Everything {
		return t.floor
	}
	return t.tags[tag]
}

func (t *TagTable) put(tag string, s TagState) TagState {
	if tag == Everything {
		t.floor = s
	} else {
		t.tags[tag] = s
	}
	return s
}

// bound forgets the older half when there are too many, so that the sorting is
// paid for by as many marks.
func (t *TagTable) bound() {
	if len(t.tags) <= t.max {
		return
	}
	stamps := make([]Stamp, 0, len(t.tags))
	for _, s := range t.tags {
		stamps = append(stamps, s.last())
	}
	slices.Sort(stamps)
	cut := stamps[len(stamps)/2]
	for tag, s := range t.tags {
		if s.last() <= cut {
			delete(t.tags, tag)
		}
	}
	t.floor = t.floor.Merge(TagState{Expired: cut})
}

// State is the state of an entry that has all these tags.
func (t *TagTable) State(tags ...[]string) TagState {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.floor
	if len(t.tags) == 0 {
		return s
	}
	for _, list := range tags {
		for _, tag := range list {
			if u, ok := t.tags[tag]; ok {
				s = s.Merge(u)
			}
		}
	}
	return s
}

// All is the state of each tag that is known, that of Everything too.
func (t *TagTable) All() map[string]TagState {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := maps.Clone(t.tags)
	if t.floor != (TagState{}) {
		all[Everything] = t.floor
	}
	return all
}

// Next.js takes at most 128 tags an entry, of at most 256 characters each.
const (
	MaxTags      = 128
	MaxTagLength = 256 // UTF-16 code units, as a script counts
)

// CleanTags is the tags that count, each once and in their order, and those
// that were dropped: too long, empty, or too many.
func CleanTags(tags []string) (kept, dropped []string) {
	for _, tag := range tags {
		switch {
		case tag == "" || utf16Length(tag) > MaxTagLength:
			dropped = append(dropped, tag)
		case slices.Contains(kept, tag):
		case len(kept) == MaxTags:
			dropped = append(dropped, tag)
		default:
			kept = append(kept, tag)
		}
	}
	return kept, dropped
}

func utf16Length(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xffff {
			n++
		}
	}
	return n
}

// pathTag begins the tags that stand for paths, as in Next.js.
const pathTag = "_N_T_"

// MaxPath is the longest path that can be revalidated, as in Next.js.
const MaxPath = 1024

// PathTags is the tags that an entry has by its place. File is the place of its
// file in the app directory without the extension and with route groups
// (`/(shop)/items/[id]/route`), and path the path it answers (`/items/1`).
// For `/st/fs` these are, as Next.js 16 writes them,
//
//	_N_T_/layout _N_T_/st/layout _N_T_/st/fs/layout _N_T_/st/fs/route _N_T_/st/fs
func PathTags(file, path string) []string {
	tags := []string{pathTag + "/layout"}
	for i := 1; i <= len(file); i++ {
		if i < len(file) && file[i] != '/' {
			continue
		}
		part := file[:i]
		if i < len(file) || !strings.HasSuffix(part, "/route") && !strings.HasSuffix(part, "/page") {
			part += "/layout"
		}
		if tag := pathTag + part; !slices.Contains(tags, tag) {
			tags = append(tags, tag)
		}
	}
	return append(tags, pathTag+cleanPath(path))
}

// RevalidatedPath is the tag that `revalidatePath(path, kind)` marks. Kind is
// "", "page", "layout" or "route".
func RevalidatedPath(path, kind string) (string, error) {
	if utf16Length(path) > MaxPath {
		return "", errors.New("the path is longer than 1024 characters")
	}
	switch kind {
	case "":
		return pathTag + cleanPath(path), nil
	case "page", "layout", "route":
		path = strings.TrimRight(path, "/")
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		return pathTag + strings.TrimSuffix(path, "/") + "/" + kind, nil
	}
	return "", errors.New(`the kind of path is "page", "layout" or "route", not "` + kind + `"`)
}

// cleanPath is one writing of a path: with a slash in front and none behind,
// and decoded but for a slash within a segment. Next.js 16 takes both writings.
func cleanPath(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, s := range segments {
		if d, err := url.PathUnescape(s); err == nil && !strings.ContainsAny(d, "/%") {
			segments[i] = d
		}
	}
	return "/" + strings.Join(segments, "/")
}
