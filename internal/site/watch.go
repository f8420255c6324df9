package site

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/portico-dev/portico/internal/pipeline"
)

// Watcher calls back when a project changes.
type Watcher struct {
	w    *fsnotify.Watcher
	done sync.WaitGroup
}

// settle is how long a change waits for others of the same save: editors write
// a file in several steps.
const settle = 15 * time.Millisecond

// Watch calls changed, from one goroutine, after files below the watched
// folders have changed. inputs names the files and folders and is asked anew
// after each change, because new folders come with it.
func Watch(ctx context.Context, inputs func() []string, changed func()) (*Watcher, error) {
	fw, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{w: fw}
	w.cover(inputs())
	w.done.Go(func() {
		timer := time.NewTimer(time.Hour)
		timer.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case ev, ok := <-fw.Events:
				if !ok {
					return
				}
				if ev.Op == fsnotify.Chmod || ignored(ev.Name) {
					continue
				}
				timer.Reset(settle)
			case _, ok := <-fw.Errors:
				if !ok {
					return
				}
				timer.Reset(settle) // events were lost: look for ourselves
			case <-timer.C:
				changed()
				w.cover(inputs())
			}
		}
	})
	return w, nil
}

// ignored are files that change without meaning anything: editors' own.
func ignored(name string) bool {
	base := filepath.Base(name)
	return strings.HasSuffix(base, "~") || strings.HasSuffix(base, ".swp") || strings.HasSuffix(base, ".swx") || strings.HasPrefix(base, ".#") || base == "4913"
}

// cover watches the folders of the inputs, and every folder below those that
// are folders themselves, but for node_modules and hidden build output. Files
// are not watched one by one: an editor that replaces a file would lose them.
func (w *Watcher) cover(inputs []string) {
	dirs := map[string]bool{}
	for _, in := range inputs {
		info, err := os.Stat(in)
		if err != nil {
			continue // it is gone; its folder is watched
		}
		if !info.IsDir() {
			if !strings.Contains(in, string(filepath.Separator)+"node_modules"+string(filepath.Separator)) {
				dirs[filepath.Dir(in)] = true
			}
			continue
		}
		dirs[in] = true
		if base := filepath.Base(in); base != "app" {
			continue
		}
		_ = filepath.WalkDir(in, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.IsDir() {
				return nil
			}
			if d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			dirs[p] = true
			return nil
		})
	}
	for d := range dirs {
		_ = w.w.Add(d) // one that vanished meanwhile is reported by its parent
	}
}

// Close ends the watching.
func (w *Watcher) Close() {
	w.w.Close()
	w.done.Wait()
}

// ErrorAnswer answers a request with an error of loading, in development.
func ErrorAnswer(w http.ResponseWriter, r *http.Request, status int, err error) {
	pipeline.ErrorAnswer(w, r, status, err)
}
