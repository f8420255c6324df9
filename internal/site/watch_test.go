package site

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Which events are worth a load: /p is the project.
func TestMatters(t *testing.T) {
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	const create, write, remove, rename, chmod = fsnotify.Create, fsnotify.Write, fsnotify.Remove, fsnotify.Rename, fsnotify.Chmod
	for _, c := range []struct {
		name     string
		op       fsnotify.Op
		ok, fail bool // whether it matters after a load that succeeded, or failed
	}{
		{"app/a/route.ts", write, true, true},
		{"app/a/route.ts", chmod, false, false},
		{"app/a/route.ts", rename, true, true},
		{"app/a/new.ts", create, true, true},
		{"app/a/page.tsx", write, false, true}, // the frontend's
		{"app/a/page.tsx", create, true, true},
		{"app/a", remove, true, true},
		{"lib/x.ts", write, true, true},
		{"lib/x.ts", remove, true, true},
		{"lib/other.ts", write, false, true},
		{"lib/other.ts", create, false, true},
		{"lib/new", create, false, true}, // a folder, perhaps
		{"lib/picture.png", create, false, false},
		{".env", write, true, true},
		{".env.local", create, true, true},
		{".env.local", remove, true, true},
		{"lib/.env", write, false, false},
		{"tsconfig.json", create, true, true},
		{"package.json", create, true, true},
		{"data.db", write, false, false},
		{"server.log", write, false, false},
		{"app/a/route.ts~", create, false, false},
		{"app/a/.#route.ts", create, false, false},
		{"app/a/.route.ts.swp", write, false, false},
		{"app/a/4913", create, false, false},
		{"src", create, true, true},
		{"src/app", create, true, true},
		{"app", remove, true, true},
	} {
		for _, failed := range []bool{false, true} {
			fw, err := fsnotify.NewWatcher()
			if err != nil {
				t.Fatal(err)
			}
			w := &Watcher{w: fw, covered: map[string]bool{}}
			w.cover(&Inputs{Root: root, App: in("app"), Failed: failed, Files: []string{in("app/a/route.ts"), in("lib/x.ts")}})
			want := c.ok
			if failed {
				want = c.fail
			}
			if got := w.matters(fsnotify.Event{Name: in(c.name), Op: c.op}); got != want {
				t.Errorf("%v of %s after a load that failed=%v: matters is %v, want %v", c.op, c.name, failed, got, want)
			}
			if err := fw.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A change that comes between the reading of a file and the watching of its
// folder is seen: the load that follows finds the file newer than its start.
func TestWatchMissedChange(t *testing.T) {
	dir := project(t, "app/a/route.ts", hello)
	file := filepath.Join(dir, "app", "a", "route.ts")
	in := &Inputs{Root: dir, App: filepath.Join(dir, "app"), Files: []string{file}, Started: time.Now().Add(-time.Hour)}
	loads := make(chan struct{}, 10)
	w, err := Watch(t.Context(), func() *Inputs { return in }, func() { loads <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	<-loads
	w.Close()

	// What has not changed since is not loaded again.
	in.Started = time.Now().Add(time.Hour)
	w, err = Watch(t.Context(), func() *Inputs { return in }, func() { loads <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := os.WriteFile(filepath.Join(dir, ".env"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	<-loads
	if len(loads) > 0 {
		t.Error("there was a load before anything changed")
	}
}

func TestWatchEnds(t *testing.T) {
	dir := project(t, "app/a/route.ts", hello)
	in := &Inputs{Root: dir, App: filepath.Join(dir, "app"), Started: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	w, err := Watch(ctx, func() *Inputs { return in }, func() {})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	w.done.Wait()
	w.Close()
}

// Packages and hidden folders are not watched, except below app, where a
// hidden folder is a route's.
func TestCover(t *testing.T) {
	dir := project(t,
		"app/.well-known/x/route.ts", hello, "app/node_modules/y/z.ts", "", "lib/deep/x.ts", "",
		"node_modules/p/index.js", "", ".git/config", "", ".next/build.js", "")
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	defer fw.Close()
	w := &Watcher{w: fw, covered: map[string]bool{}}
	w.cover(&Inputs{Root: dir, App: filepath.Join(dir, "app"), Files: []string{filepath.Join(dir, "node_modules", "p", "index.js")}})
	want := map[string]bool{
		".": true, "app": true, "app/.well-known": true, "app/.well-known/x": true, "lib": true, "lib/deep": true,
		"app/node_modules": false, "app/node_modules/y": false, "node_modules": false, "node_modules/p": false, ".git": false, ".next": false,
	}
	for name, watched := range want {
		if got := w.covered[filepath.Join(dir, filepath.FromSlash(name))]; got != watched {
			t.Errorf("%s is watched: %v, want %v", name, got, watched)
		}
	}
}
