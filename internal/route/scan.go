package route

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// ErrNoApp is wrapped by the error of [Scan] when a project has neither an app
// nor a src/app directory.
var ErrNoApp = errors.New("no app directory")

// File is a route file and the pattern that its place gives it.
type File struct {
	Path    string // slash path below the project, such as "app/api/[id]/route.ts"
	Pattern Pattern
}

// Ignored is a file that Next.js would serve, or that looks as if it meant to be
// a route, and that is not served.
type Ignored struct {
	Path   string
	Reason string // in lower case, with no full stop: "pages are not served"
}

// Tree is what an app directory holds.
type Tree struct {
	App    string // "app" or "src/app"
	Routes []File // sorted by path
	// Metadata are the metadata files, sorted by path.
	Metadata []Metadata
	Ignored  []Ignored
}

// Scan reads the app directory of a project, app or else src/app, by Next.js's
// conventions:
//
//   - a file route.<ext> is a route, its folders are the segments
//   - (group) and @slot folders are not part of the path
//   - what is below an _folder is private; %5Ffolder is the segment _folder
//   - a file named robots, sitemap, manifest, favicon, icon, apple-icon,
//     opengraph-image or twitter-image is metadata, with the extensions that
//     each may have: it is served, or a module that makes what is served
//
// The extensions are Next.js's pageExtensions, without a leading dot. Nil means
// tsx, ts, jsx and js, and for route files mjs and mts as well, which Next.js
// passes over in silence.
//
// All problems are collected: the error joins one [*Error] for each. The tree
// is nil only when there is no app directory to read, and otherwise holds what
// was sound. Conflicts between the patterns are for [NewTable] to find, which
// sees the routes of Go code too.
func Scan(fsys fs.FS, pageExtensions []string) (*Tree, error) {
	s := scanner{fsys: fsys, pages: pageExtensions, routes: pageExtensions, page: map[string]string{}}
	if pageExtensions == nil {
		s.pages = []string{"tsx", "ts", "jsx", "js"}
		s.routes = []string{"tsx", "ts", "jsx", "js", "mjs", "mts"}
	}
	if err := s.find(); err != nil {
		return nil, err
	}
	s.folder(s.tree.App, place{})
	s.comparePages()
	s.compareMetadata()
	slices.SortFunc(s.tree.Routes, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.tree.Metadata, func(a, b Metadata) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(s.tree.Ignored, func(a, b Ignored) int { return strings.Compare(a.Path, b.Path) })
	return &s.tree, errors.Join(s.problems...)
}

type scanner struct {
	fsys          fs.FS
	pages, routes []string
	tree          Tree
	problems      []error
	page          map[string]string // a page's pattern to its file
}

// place is where a folder stands.
type place struct {
	parts       []string // segments of the pattern so far
	slot        bool     // below an @slot
	intercepted bool     // below an intercepting folder: (.)x, (..)x, (...)x
}

// find picks the app directory as Next.js does: the one at the root wins.
func (s *scanner) find() error {
	var found []string
	for _, dir := range []string{"app", "src/app"} {
		info, err := fs.Stat(s.fsys, dir)
		switch {
		case err == nil && info.IsDir():
			found = append(found, dir)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	if len(found) == 0 {
		return &noApp{Error{
			Text: "no app directory here, nor a src/app",
			Hint: "name the directory that holds app, or make app/api/hello/route.ts",
		}}
	}
	s.tree.App = found[0]
	if len(found) > 1 {
		s.ignore("src/app", "the app directory at the root is used")
	}
	for _, dir := range []string{"pages/api", "src/pages/api"} {
		if info, err := fs.Stat(s.fsys, dir); err == nil && info.IsDir() {
			s.ignore(dir, "the pages router is not served; make a route file below "+s.tree.App)
		}
	}
	return nil
}

// noApp is an *Error that also is ErrNoApp.
type noApp struct{ err Error }

func (e *noApp) Error() string   { return e.err.Error() }
func (e *noApp) Unwrap() []error { return []error{&e.err, ErrNoApp} }

func (s *scanner) ignore(path, reason string) {
	s.tree.Ignored = append(s.tree.Ignored, Ignored{path, reason})
}

func (s *scanner) problem(err *Error) { s.problems = append(s.problems, err) }

func (s *scanner) folder(dir string, at place) {
	entries, err := fs.ReadDir(s.fsys, dir)
	if err != nil {
		s.problem(&Error{File: dir, Text: "cannot read the folder: " + cause(err)})
		return
	}
	var routes []string
	for _, entry := range entries {
		name, file, below := entry.Name(), path.Join(dir, entry.Name()), at
		isDir := entry.IsDir()
		if entry.Type()&fs.ModeSymlink != 0 {
			// Next.js follows links. One that leads back to a folder above
			// would never end.
			info, err := fs.Stat(s.fsys, file)
			if err != nil {
				s.problem(&Error{File: file, Text: "cannot follow the link: " + cause(err)})
				continue
			}
			if isDir = info.IsDir(); isDir {
				if s.loops(dir, info) {
					s.problem(&Error{File: file, Text: "the link leads back to a folder above it", Hint: "remove the link"})
					continue
				}
			}
		}
		if isDir {
			if s.enter(name, &below) {
				s.folder(file, below)
			}
			continue
		}
		if s.file(name, file, at) {
			routes = append(routes, file)
		}
	}
	if len(routes) == 0 {
		return
	}
	if len(routes) > 1 {
		s.problem(&Error{
			File: routes[1],
			Text: fmt.Sprintf("this folder has another route file, %s", path.Base(routes[0])),
			Hint: "keep one route file in a folder",
		})
		return
	}
	if at.intercepted {
		s.ignore(routes[0], "a route in an intercepting folder, (.)name, is reached by no request")
		return
	}
	pattern, err := parse(at.parts)
	if err != nil {
		s.misplaced(routes[0], err)
		return
	}
	s.tree.Routes = append(s.tree.Routes, File{routes[0], pattern})
}

// loops reports whether a link's target is the folder dir or one above it.
func (s *scanner) loops(dir string, target fs.FileInfo) bool {
	for ; dir != "."; dir = path.Dir(dir) {
		if info, err := fs.Stat(s.fsys, dir); err == nil && os.SameFile(info, target) {
			return true
		}
	}
	return false
}

// misplaced reports what is wrong with a route file's folders.
func (s *scanner) misplaced(file string, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Text: err.Error()}
	}
	s.problem(&Error{File: file, Text: e.Text, Hint: e.Hint})
}

// cause is an error without the path, which the message has already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// enter applies a folder's name to the place and reports whether routes can be
// below it.
func (s *scanner) enter(name string, at *place) bool {
	switch {
	case strings.HasPrefix(name, "_"):
		return false // private, with all that is below
	case strings.HasPrefix(name, "@"):
		at.slot = true
		return true
	case strings.HasPrefix(name, "(.)"), strings.HasPrefix(name, "(..)"), strings.HasPrefix(name, "(...)"):
		at.intercepted = true
		return true
	case strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")"):
		return true
	}
	at.parts = append(slices.Clip(at.parts), name)
	return true
}

// file looks at one file and reports whether it is a route file.
func (s *scanner) file(name, file string, at place) bool {
	base, ext, _ := strings.Cut(name, ".")
	switch {
	case base == "route" && slices.Contains(s.routes, ext):
		return true
	case base == "route" && (isScript(ext) || slices.Contains(s.pages, ext)):
		s.ignore(file, fmt.Sprintf("a route file ends in one of: .%s", strings.Join(s.routes, ", .")))
	case strings.EqualFold(base, "route") && base != "route" && slices.Contains(s.routes, ext):
		s.ignore(file, "a route file's name is in lower case: route."+ext)
	case slices.Contains(s.pages, ext) && slices.Contains(pageFiles, base):
		if base == "page" && !at.slot && !at.intercepted {
			if pattern, err := parse(at.parts); err == nil {
				s.page[pattern.String()] = file
			}
		}
		s.ignore(file, "pages are not served")
	default:
		s.metadata(name, file, at)
	}
	return false
}

// comparePages reports pages that have a route's path: Next.js refuses to build
// such an app, and two servers of one app must not answer differently.
func (s *scanner) comparePages() {
	for _, r := range s.tree.Routes {
		if page := s.page[r.Pattern.String()]; page != "" {
			s.problem(&Error{
				File: r.Path,
				Text: fmt.Sprintf("conflicting route and page at %s: the page is %s", r.Pattern, page),
				Hint: "move the route, to app/api for example",
			})
		}
	}
}

// pageFiles are the names by which the app router renders React.
var pageFiles = []string{
	"page", "layout", "template", "loading", "error", "global-error", "default",
	"not-found", "global-not-found", "forbidden", "unauthorized",
}

// isScript reports whether a file with this extension could mean to be a route.
func isScript(ext string) bool {
	switch ext {
	case "ts", "tsx", "js", "jsx", "mjs", "mts", "cjs", "cts":
		return true
	}
	return false
}
