// Package admin is how an operator talks to a running server: what it answers on
// its admin socket, and the client that asks there.
//
// The socket is a unix socket that its owner alone may open, so that neither a
// page in a browser nor another machine or user gets there, and no password is
// needed. There is no TCP: whoever reaches it may see and drop all that is kept.
// What it speaks is HTTP with JSON:
//
//	GET  /cache?kind=route&limit=100   a List, without headers and bodies
//	GET  /cache/KEY                    a Detail; KEY may be the first eight digits or more
//	GET  /cache/show?path=/api/items   a Detail, by the path that the entry answers
//	POST /cache/purge                  a Purge, answered with Purged
//
// An answer that is not 200 is a Problem.
package admin

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/portico-dev/portico/internal/cache"
)

// Entry is what is told of an entry in a list.
type Entry struct {
	// Key is 64 hexadecimal digits.
	Key string `json:"key"`
	// Kind is "route", "fetch" or "value".
	Kind string `json:"kind"`
	// Name says in people's words what it is: "GET /api/items".
	Name string `json:"name"`
	// Status is that of an answer, 0 for a value.
	Status int `json:"status,omitempty"`
	// Size is about the number of bytes that it takes.
	Size int `json:"size"`
	// Made is when its making began.
	Made time.Time `json:"made"`
	// State is "fresh", "stale" or "expired".
	State string `json:"state"`
	// Revalidate is how long it is fresh and Expire until when it is given at
	// all, in seconds from Made; nil is without an end.
	Revalidate *float64 `json:"revalidate"`
	Expire     *float64 `json:"expire"`
	Tags       []string `json:"tags"`
}

// List is a part of what is kept, by kind and name.
type List struct {
	Entries []Entry `json:"entries"`
	// Total and Size are of all that was asked for, also beyond the limit.
	Total int   `json:"total"`
	Size  int64 `json:"size"`
}

// Detail is an entry with what is in it.
type Detail struct {
	Entry
	Header http.Header `json:"header,omitempty"`
	Body   []byte      `json:"body"`
}

// Purge says what is to be dropped: one of its fields.
type Purge struct {
	All   bool     `json:"all,omitempty"`
	Tags  []string `json:"tags,omitempty"`
	Path  string   `json:"path,omitempty"`  // all that answers it, as revalidatePath(path)
	Route string   `json:"route,omitempty"` // the pattern of a route: all that it answers
	Key   string   `json:"key,omitempty"`   // or its first digits
}

// Purged is what was dropped.
type Purged struct {
	// Entries counts those that are gone, where they are counted: not for tags,
	// paths and routes, whose entries are not looked for but not given any more.
	Entries int `json:"entries,omitempty"`
	// Tags are those that were marked.
	Tags []string `json:"tags,omitempty"`
}

// Problem is an answer that is none.
type Problem struct {
	Text string `json:"error"`
	Hint string `json:"hint,omitempty"`

	status int
}

// Error is the text, and the hint on a line of its own.
func (p *Problem) Error() string {
	if p.Hint == "" {
		return p.Text
	}
	return p.Text + "\nhint: " + p.Hint
}

// CheckFolder makes sure that nobody else can put a socket of theirs in the
// place of one at path: the folder is for its owner to write to, or nobody can
// move what others have there.
func CheckFolder(path string) error {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Problem{Text: "unix:" + path + ": its folder does not exist", Hint: "make " + dir + " before"}
	case err != nil:
		return &Problem{Text: "unix:" + path + ": " + err.Error()}
	case !info.IsDir():
		return &Problem{Text: "unix:" + path + ": " + dir + " is no folder"}
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0:
		return &Problem{Text: "unix:" + path + ": others may write to its folder, and could put a socket of theirs there", Hint: "chmod go-w " + dir}
	}
	return nil
}

// entryOf tells of an entry, but for its state.
func entryOf(key cache.Key, e *cache.Entry) Entry {
	seconds := func(d time.Duration) *float64 {
		if d == cache.Forever {
			return nil
		}
		return new(d.Seconds())
	}
	return Entry{Key: key.String(), Kind: e.Kind.String(), Name: e.Name, Status: e.Status, Size: e.Size(), Made: e.Made.Time().UTC(),
		Revalidate: seconds(e.Lifetime.Revalidate), Expire: seconds(e.Lifetime.Expire), Tags: append([]string{}, e.Tags...)}
}
