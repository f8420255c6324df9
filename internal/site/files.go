package site

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/files"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// public is the folder whose files are served as they are.
const public = "public"

// manyFiles is how many files are named when all have the same trouble.
const manyFiles = 5

// files opens public/ and the frontend for a pipeline that has its table.
func (l *Loader) files(s *Site, c *pipeline.Config) error {
	if err := l.public(s, c); err != nil {
		return err
	}
	f := s.Settings.Frontend
	if f == nil {
		return nil
	}
	if l.o.Dev && f.Dev != "" {
		c.FrontendServer = f.Dev
		s.Rules = append(s.Rules, RuleInfo{Kind: "frontend", Source: "every other path", Destination: f.Dev, File: s.Settings.File})
		return nil
	}
	if err := l.frontend(s, c, f); err != nil {
		return err
	}
	s.Rules = append(s.Rules, RuleInfo{Kind: "frontend", Source: "every other path", Destination: f.Dir, File: s.Settings.File})
	return nil
}

// checkFrontend looks at what only a program can have set wrongly.
func checkFrontend(f *config.Frontend) error {
	if f == nil {
		return nil
	}
	if f.Dir == "" && f.FS == nil {
		return &route.Error{File: "Config.Frontend", Text: "there is neither Dir nor FS", Hint: "name the folder that the build of the frontend writes, such as dist"}
	}
	if f.Dev == "" {
		return nil
	}
	if u, err := url.Parse(f.Dev); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Scheme+"://"+u.Host != f.Dev {
		return &route.Error{File: "Config.Frontend", Text: fmt.Sprintf("Dev is %q, which is not an origin", f.Dev), Hint: "it is a scheme and a host, such as http://localhost:5173"}
	}
	return nil
}

// frontendUpstream has the frontend's development server among those that may
// be asked, and asked however often it has failed: it is being worked on.
func frontendUpstream(set *config.Settings, upstreams map[string]proxy.Options, allow []string) []string {
	origin := set.Frontend.Dev
	o, known := upstreams[origin]
	if !known {
		o = upstream(set.Proxy.Default)
	}
	o.BreakerFailures = -1
	upstreams[origin] = o
	if u, err := url.Parse(origin); err == nil && len(allow) > 0 { // it has been checked
		allow = append(slices.Clip(allow), u.Host)
	}
	return allow
}

// public opens the folder of that name.
func (l *Loader) public(s *Site, c *pipeline.Config) error {
	o := files.Options{Live: l.o.Dev, NoETags: s.Settings.NoETags, Place: public}
	var folder *files.Folder
	var err error
	switch {
	case l.o.FS != nil:
		folder, err = sub(l.o.FS, public, o)
	case l.o.Dir != "":
		folder, err = files.Open(filepath.Join(l.o.Dir, public), o)
	default:
		return nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &route.Error{File: public, Text: "the folder cannot be served: " + err.Error()}
	}
	s.folders = append(s.folders, folder)
	s.warn(folder.Warnings)
	c.Public = folder
	for _, e := range c.Table.All() {
		if !e.Pattern.Static() {
			continue
		}
		if name, hidden := folder.Find((&url.URL{Path: e.Pattern.String()}).EscapedPath()); hidden {
			s.Warnings = append(s.Warnings, pipeline.Conflict(public+"/"+name, e.Pattern.String(), e.Source).Error())
		}
	}
	return nil
}

// sub opens a folder of a file system.
func sub(fsys fs.FS, dir string, o files.Options) (*files.Folder, error) {
	if !fs.ValidPath(dir) {
		return nil, &fs.PathError{Op: "open", Path: dir, Err: fs.ErrNotExist}
	}
	if _, err := fs.Stat(fsys, dir); err != nil && !o.Live {
		return nil, err
	}
	below, err := fs.Sub(fsys, dir)
	if err != nil {
		return nil, err
	}
	return files.New(below, o)
}

// frontend opens the folder of the build.
func (l *Loader) frontend(s *Site, c *pipeline.Config, f *config.Frontend) error {
	set := s.Settings
	wrong := func(key, text, hint string) error {
		return &route.Error{File: cmp.Or(l.place(set.File, key, ""), "Config.Frontend"), Text: text, Hint: hint}
	}
	o := files.Options{Live: l.o.Dev, Pages: true, Fallback: cmp.Or(f.Fallback, "index.html"), NoETags: set.NoETags, Immutable: f.Immutable, NoImmutable: f.NoImmutable, Place: f.Dir}
	if f.Fallback == "-" {
		o.Fallback = ""
	}
	var folder *files.Folder
	var err error
	switch {
	case f.FS != nil:
		o.Place = "Config.Frontend.FS"
		folder, err = files.New(f.FS, o)
	case l.o.FS != nil:
		folder, err = sub(l.o.FS, strings.TrimPrefix(filepath.ToSlash(filepath.Clean(f.Dir)), "/"), o)
	default:
		dir := f.Dir
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(l.o.Dir, filepath.FromSlash(dir))
		}
		if holds(dir, l.o.Dir) {
			return wrong("frontend.dir", fmt.Sprintf("frontend.dir: %s holds the project itself, whose sources nobody may read", f.Dir), "name the folder that the build writes, such as 'dist'")
		}
		folder, err = files.Open(dir, o)
	}
	const build = "build the frontend first, with npm run build for example; in development frontend.dev is asked in its place"
	if errors.Is(err, fs.ErrNotExist) {
		return wrong("frontend.dir", fmt.Sprintf("frontend.dir: there is no folder %s", f.Dir), build)
	}
	if err != nil {
		return wrong("frontend.dir", "frontend.dir: the folder cannot be served: "+err.Error(), "")
	}
	s.folders = append(s.folders, folder)
	s.warn(folder.Warnings)
	if o.Fallback != "" && !folder.Has(o.Fallback) {
		text := fmt.Sprintf("frontend.fallback: there is no file %s in %s", o.Fallback, o.Place)
		if !l.o.Dev {
			return wrong("frontend.fallback", text, build+"; for a frontend of many pages write fallback: false")
		}
		s.Warnings = append(s.Warnings, wrong("frontend.fallback", text, build).Error())
	}
	c.Frontend = folder
	l.unreached(s, c.Table, folder, o.Place)
	return nil
}

// unreached warns of files of the frontend that routes stand in front of.
func (l *Loader) unreached(s *Site, table *route.Table[*pipeline.Route], folder *files.Folder, place string) {
	type hidden struct {
		files []string
		more  int
	}
	by := map[*route.Entry[*pipeline.Route]]*hidden{}
	for _, path := range folder.Paths() {
		asked := path
		if dir, ok := strings.CutSuffix(path, "index.html"); ok {
			asked = cmp.Or(strings.TrimSuffix(dir, "/"), "/")
		}
		e, _, err := table.Lookup(asked)
		if err != nil || e == nil {
			continue
		}
		h := by[e]
		if h == nil {
			h = &hidden{}
			by[e] = h
		}
		if len(h.files) == manyFiles {
			h.more++
			continue
		}
		h.files = append(h.files, strings.TrimPrefix(path, "/"))
	}
	for _, e := range table.All() {
		h := by[e]
		if h == nil {
			continue
		}
		list := strings.Join(h.files, ", ")
		if h.more > 0 {
			list += fmt.Sprintf(" and %d more", h.more)
		}
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s: the route %s answers in the place of files of the frontend: %s in %s\nhint: routes are asked first; give the route a path of its own, such as /api, or move the files to %s/, which comes before routes", e.Source, e.Pattern, list, place, public))
	}
}

// holds reports whether a folder is another one, or above it.
func holds(dir, other string) bool {
	real := func(dir string) string {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
		if to, err := filepath.EvalSymlinks(dir); err == nil { // else it is not there
			dir = to
		}
		return dir
	}
	rel, err := filepath.Rel(real(dir), real(other))
	return err == nil && (rel == "." || filepath.IsLocal(rel))
}

// warn adds warnings that there may be very many of.
func (s *Site) warn(list []string) {
	s.Warnings = append(s.Warnings, list[:min(len(list), manyFiles)]...)
	if more := len(list) - manyFiles; more > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("and %d more such files", more))
	}
}

// closeFolders lets go of what files opened.
func (s *Site) closeFolders() error {
	var errs []error
	for _, f := range s.folders {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
