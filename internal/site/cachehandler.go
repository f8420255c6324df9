package site

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/memory"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/route"
)

// cacheScript is the script that Next.js's cacheHandler names, ready to be
// started as a store.
type cacheScript struct {
	sum   string // of all that it is made from: an equal one need not be started
	start func() (cache.Store, error)
}

// cacheScriptOf builds the script of the settings; nil where there is none. It
// notes the files that it depends on in in.
func (l *Loader) cacheScriptOf(ctx context.Context, s *Site, in *Inputs, env *Env) (*cacheScript, error) {
	set := s.Settings
	if set.CacheHandler == "" || set.Cache.Store != "" { // Portico's own key says more than that
		return nil, nil
	}
	file, err := l.cacheScriptFile(in.Root, set.File, set.CacheHandler, in)
	if err != nil {
		return nil, err
	}
	define, err := defines(env, set)
	if err != nil {
		return nil, err
	}
	built, err := bundle.Build(ctx, bundle.Options{Dir: in.Root, Entries: []string{file}, Define: define, Dev: l.o.Dev, Host: l.hosted}, js.Check)
	var failed *bundle.Error
	switch {
	case errors.As(err, &failed):
		in.Files = append(in.Files, failed.Inputs...)
		for _, m := range failed.Messages {
			m.Hint = cmp.Or(m.Hint, "this is the cacheHandler of "+cmp.Or(set.File, "the configuration"))
		}
	case built != nil:
		in.Files = append(in.Files, built.Inputs...)
	}
	if err != nil {
		return nil, err
	}
	for _, w := range built.Warnings {
		s.Warnings = append(s.Warnings, w.Error())
	}

	root := in.Root
	if l.o.FS != nil {
		root = "" // the folder is gone when the site runs
	}
	o := next.CacheHandlerOptions{
		Entry:          file,
		HandlerTimeout: set.Cache.Timeout,
		MaxMemory:      max(cmp.Or(set.Cache.MaxMemory, set.CacheMaxMemorySize, memory.DefaultBytes), 0),
		ServerDir:      filepath.Join(cmp.Or(root, string(filepath.Separator)), ".portico", "server"),
		Now:            l.o.Now,
		Web:            web.Options{Dir: root, Vars: maps.Clone(env.Vars), Logger: l.o.Logger, Dev: l.o.Dev, Client: web.NewClient("Portico")},
		Pool:           js.Options{JobLimit: bounded(set.Server.JobLimit), MemoryLimit: set.Server.MemoryLimit},
		Modules:        l.expose,
	}
	sum := sha256.New()
	add(sum, built.Code, file, root, fmt.Sprint(o.HandlerTimeout, o.MaxMemory, o.Pool.JobLimit, o.Pool.MemoryLimit, l.o.Dev))
	for _, name := range slices.Sorted(maps.Keys(env.Vars)) {
		add(sum, name, env.Vars[name])
	}
	return &cacheScript{
		sum: string(sum.Sum(nil)),
		start: func() (cache.Store, error) {
			program, err := js.Compile(bundle.ScriptName, built.Code, built.SourceMap)
			if err != nil {
				return nil, err
			}
			if program.Names, err = built.Renamed(); err != nil {
				return nil, err
			}
			ctx, cancel := context.WithTimeout(ctx, loadLimit)
			defer cancel()
			h, err := next.NewCacheHandler(ctx, program, o)
			if err != nil {
				return nil, l.explainCacheScript(file, err)
			}
			return h, nil
		},
	}, nil
}

// add writes texts into a hash, each with its length.
func add(h hash.Hash, texts ...string) {
	for _, s := range texts {
		fmt.Fprintf(h, "%d %s", len(s), s) // a hash takes everything
	}
}

// scriptEndings are what may be left out of a module's name.
var scriptEndings = []string{"", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", "/index.js", "/index.mjs", "/index.cjs", "/index.ts"}

// cacheScriptFile finds the file that a configuration names: by a path from the
// project's root, as require.resolve gives it, an absolute one or a file: URL,
// or as a file of a package. Those that would have been it are watched.
func (l *Loader) cacheScriptFile(dir, config, name string, in *Inputs) (string, error) {
	given := name
	if u, err := url.Parse(name); err == nil && u.Scheme == "file" {
		name = filepath.FromSlash(u.Path)
	}
	name = filepath.FromSlash(name)
	bases := []string{name}
	if !filepath.IsAbs(name) {
		bases = []string{filepath.Join(dir, name)}
		if !strings.HasPrefix(name, ".") {
			bases = append(bases, filepath.Join(dir, "node_modules", name))
		}
	}
	for _, base := range bases {
		for _, ending := range scriptEndings {
			file := base + filepath.FromSlash(ending)
			if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
				if ending == "" {
					in.Files = append(in.Files, file)
				}
				continue
			}
			rel, err := filepath.Rel(dir, file)
			if err != nil {
				return "", &route.Error{File: l.place(config, "cacheHandler", ""), Text: err.Error()}
			}
			return filepath.ToSlash(rel), nil
		}
	}
	e := &route.Error{File: l.place(config, "cacheHandler", ""), Text: fmt.Sprintf("cacheHandler names %q, and there is no such file", given),
		Hint: "write cacheHandler: require.resolve('./cache-handler.js'); the path is from the folder of the configuration"}
	for _, near := range []string{"cache-handler", "cacheHandler", "lib/cache-handler", "src/cache-handler"} {
		for _, ending := range scriptEndings[1:7] {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(near+ending))); err == nil {
				e.Hint = "there is " + near + ending + ": write cacheHandler: require.resolve('./" + near + ending + "')"
				return "", e
			}
		}
	}
	return "", e
}

// explainCacheScript makes one clear error of why a script cannot be a store.
func (l *Loader) explainCacheScript(file string, err error) error {
	e := &route.Error{File: file}
	var bad *next.ExportError
	var thrown *js.ScriptError
	switch {
	case errors.As(err, &bad):
		e.File, e.Text, e.Hint = l.locate(file, "default"), bad.Text, bad.Hint
	case errors.As(err, &thrown):
		e.File = cmp.Or(thrown.Place(), file)
		e.Text = "the cache handler threw when it was made: " + thrown.Detail()
		e.Hint = "it is made once, when the server starts; there are no files and no sockets in scripts, so that a store is reached with fetch, or in Go with app.Expose"
	default:
		e.Text = "the cache handler: " + err.Error()
		e.Hint = "it is made once, when the server starts; is there something that it waits for in vain"
	}
	return e
}
