package portico

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"

	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/site"
)

// Exported is the outcome of an export.
type Exported struct {
	// Dir is the folder, as an absolute path.
	Dir string
	// Files are the names of the files in it, with slashes, sorted.
	Files []string
	// Warnings explain what of the project a host of files does not do.
	Warnings []string
}

// Export writes what the project answers statically as files, for any host of
// files: what GET handlers answer that are static, with the parameters of
// generateStaticParams; metadata files; public/. It is `output: 'export'` of
// Next.js: a file has the name of the path, without an extension of its own, and
// neither status nor headers. A handler that looks at its request is an error,
// and one that answers anything but 200. One that is not static is an error
// when the configuration has `output: 'export'`, and else left out. Handlers of
// other methods, middleware and rules of the configuration are left out, too. What is left out is in
// Exported.Warnings.
//
// dir is the folder to write, from Config.Dir; empty is "out", or distDir of
// the configuration. It takes the place of what an earlier export has written when all of
// it is there; on an error nothing has changed. A folder that holds anything else
// is an error. The App need not be loaded, and what it serves does not change.
func (a *App) Export(ctx context.Context, dir string) (*Exported, error) {
	a.mu.Lock()
	if a.closed {
		a.mu.Unlock()
		return nil, ErrClosed
	}
	o := a.options()
	a.mu.Unlock()
	if o.Dir == "" {
		return nil, errors.New("portico: Export needs a project on disk: Config.Dir")
	}
	root, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	apply := o.Settings
	o.Export, o.Dev = true, false
	o.Settings = func(s *config.Settings) {
		apply(s)
		s.Cache = config.Cache{Store: config.CacheOff} // what it makes is for the files
	}
	loader := site.NewLoader(o)
	defer loader.Close()
	s, _, err := loader.Load(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }() // after() of the handlers: as long as it takes
	dir = cmp.Or(dir, s.Settings.DistDir, "out")
	names, err := s.Export(ctx, root, dir, a.c.OnPrerender)
	if err != nil {
		return nil, err
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	return &Exported{Dir: dir, Files: names, Warnings: s.Warnings}, nil
}
