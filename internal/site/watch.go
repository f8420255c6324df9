package site

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Inputs are what a load read, for a Watcher. The paths are absolute and have
// no symbolic links in them.
type Inputs struct {
	// Root is the project, App its app directory; App is empty when there is none.
	Root, App string
	// Files were read, or would be if they existed.
	Files []string
	// Failed says that the load failed: then a file that nobody imports yet may
	// be what is missing.
	Failed bool
	// Started is when the load began.
	Started time.Time
}

// Watcher calls back when a project changes.
type Watcher struct {
	w    *fsnotify.Watcher
	done sync.WaitGroup

	in      *Inputs
	files   map[string]bool // in.Files
	covered map[string]bool // folders
}

const (
	// settle is how long a change waits for others of the same save: editors
	// write a file in several steps.
	settle = 15 * time.Millisecond
	// maxFolders bounds the folders that are watched though nothing in them has
	// been imported: each takes a watch of the system's, and on BSDs and macOS
	// a descriptor for each file in it.
	maxFolders = 1000
)

// Watch calls changed, from one goroutine, after something has changed that a
// load depends on. inputs gives those of the last load; it is asked at once and
// after each call of changed. Watching ends with ctx, or with Close.
func Watch(ctx context.Context, inputs func() *Inputs, changed func()) (*Watcher, error) {
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{w: fw, covered: map[string]bool{}}
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	if w.cover(inputs()) {
		timer.Reset(settle)
	}
	w.done.Go(func() {
		defer timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case ev, ok := <-fw.Events:
				if !ok {
					return
				}
				if w.matters(ev) {
					timer.Reset(settle)
				}
			case _, ok := <-fw.Errors:
				if !ok {
					return
				}
				timer.Reset(settle) // events were lost: look for ourselves
			case <-timer.C:
				changed()
				if w.cover(inputs()) {
					timer.Reset(settle)
				}
			}
		}
	})
	return w, nil
}

// matters decides whether an event is worth a load. A project's folders also
// hold what its frontend, its tests and other programs write.
func (w *Watcher) matters(ev fsnotify.Event) bool {
	base := filepath.Base(ev.Name)
	if ev.Op == fsnotify.Chmod || editors(base) {
		return false
	}
	if w.files[ev.Name] || strings.HasPrefix(base, ".env") && filepath.Dir(ev.Name) == w.in.Root {
		return true
	}
	if ev.Op&fsnotify.Create != 0 {
		if info, err := os.Stat(ev.Name); err == nil && info.IsDir() {
			// Before anything is read, or files that come into it meanwhile
			// would be missed.
			w.tree(ev.Name, nil)
		}
	}
	inApp := w.in.App != "" && strings.HasPrefix(ev.Name, w.in.App+string(filepath.Separator))
	switch {
	case ev.Op&fsnotify.Write != 0 && ev.Op&(fsnotify.Create|fsnotify.Remove|fsnotify.Rename) == 0:
		// What nobody reads has changed. Text is what a log is written to: that of
		// this load, it may be, which would load again and again.
		return w.in.Failed && script(base) && filepath.Ext(base) != ".txt"
	case inApp:
		return true // routes come and go
	case w.in.Failed:
		return script(base) || filepath.Ext(base) == ""
	}
	if name, _, _ := strings.Cut(base, "."); script(base) && (name == "middleware" || name == "proxy") {
		return filepath.Dir(ev.Name) == w.in.Root || filepath.Dir(ev.Name) == filepath.Join(w.in.Root, "src")
	}
	if strings.HasPrefix(base, "next.config.") || strings.HasPrefix(base, "portico.config.") {
		return filepath.Dir(ev.Name) == w.in.Root
	}
	// A new app directory or configuration, or one that is gone.
	return filepath.Dir(ev.Name) == w.in.Root && (base == "app" || base == "src" || base == "tsconfig.json" || base == "jsconfig.json" || base == "package.json") ||
		ev.Name == filepath.Join(w.in.Root, "src", "app")
}

// editors are files of editors' own, which change without meaning anything.
func editors(base string) bool {
	return strings.HasSuffix(base, "~") || strings.HasSuffix(base, ".swp") || strings.HasSuffix(base, ".swx") || strings.HasPrefix(base, ".#") || base == "4913"
}

// script reports whether a file can be imported.
func script(base string) bool {
	switch filepath.Ext(base) {
	case ".ts", ".tsx", ".js", ".jsx", ".mjs", ".mts", ".cjs", ".cts", ".json", ".txt", ".wasm":
		return true
	}
	return false
}

// cover watches the folders of the inputs, the app directory, and the project
// as far as it is not too large. Files are not watched one by one: an editor
// that replaces a file would lose them. It reports whether an input that was
// not watched before has changed since the load began.
func (w *Watcher) cover(in *Inputs) (missed bool) {
	w.in, w.files = in, make(map[string]bool, len(in.Files))
	before := len(w.covered)
	w.add(in.Root)
	for _, f := range in.Files {
		w.files[f] = true
		if !strings.Contains(f, sep+"node_modules"+sep) {
			w.add(filepath.Dir(f))
		}
	}
	if in.App != "" {
		w.tree(in.App, nil)
	}
	w.tree(in.Root, func(name string) bool { return !strings.HasPrefix(name, ".") && len(w.covered) < maxFolders })
	if len(w.covered) == before {
		return false
	}
	for _, f := range in.Files {
		if info, err := os.Stat(f); err == nil && info.ModTime().After(in.Started) {
			return true
		}
	}
	return false
}

const sep = string(filepath.Separator)

// tree watches a folder and all below it whose names are wanted, but for
// installed packages.
func (w *Watcher) tree(dir string, wanted func(name string) bool) {
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return nil // what vanishes meanwhile is reported by its folder
		case p != dir && (d.Name() == "node_modules" || wanted != nil && !wanted(d.Name())):
			return filepath.SkipDir
		}
		w.add(p)
		return nil
	})
}

func (w *Watcher) add(dir string) {
	// A folder that was removed and made again needs a new watch, which Add
	// gives it; for one that is watched it does nothing.
	if w.w.Add(dir) == nil {
		w.covered[dir] = true
	} else {
		delete(w.covered, dir)
	}
}

// Close ends the watching; changed does not run any more when it returns.
func (w *Watcher) Close() {
	w.w.Close()
	w.done.Wait()
}
