package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/route"
)

// exportsAll reports whether the configuration says that the whole project is
// one to export: what cannot be is an error then, as in Next.js. Of another
// project what can be exported is, and the rest told of.
func (s *Site) exportsAll() bool { return s.Settings.Output == "export" }

// leftOut tells of a route that is not exported, and why.
func leftOut(err error) string {
	var e *route.Error
	if errors.As(err, &e) {
		return e.File + ": left out: " + e.Text
	}
	return "left out: " + err.Error()
}

// exportable looks whether a route file can be exported: everything of it that a
// host of files could answer, and nothing else. A file of which nothing is left
// is told of.
func (l *Loader) exportable(s *Site, f route.File, m *next.Module, ahead []static) error {
	dynamic := !f.Pattern.Static()
	get := slices.Contains(m.Methods, http.MethodGet)
	var others []string
	for _, method := range m.Methods {
		if method != http.MethodGet && method != http.MethodHead {
			others = append(others, method)
		}
	}
	switch {
	case !get && len(others) > 0:
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s: %s is left out: a host of files answers GET alone", f.Path, strings.Join(others, " ")))
		return nil
	case !get:
		return nil
	case m.Segment.Dynamic == "force-dynamic":
		return &route.Error{File: l.locate(f.Path, "dynamic"), Text: fmt.Sprintf(`export const dynamic = "force-dynamic" on page %q cannot be used with "output: export"`, f.Pattern.String()), Hint: "a host of files runs no code; make the answer static, or leave the route out of the project that is exported"}
	case (m.Segment.Dynamic == "force-static" || m.Segment.Dynamic == "error") && m.Segment.HasRevalidate && m.Segment.Revalidate == 0:
		// As in Next.js, which does not say so.
		s.Warnings = append(s.Warnings, f.Path+": left out: with revalidate = 0 its answer holds for no time")
		return nil
	case !m.Segment.Static(dynamic):
		return &route.Error{File: l.locate(f.Path, http.MethodGet), Text: fmt.Sprintf(`export const dynamic = "force-static"/export const revalidate not configured on route %q with "output: export"`, f.Pattern.String()), Hint: "export const dynamic = 'force-static' has the answer made once"}
	case dynamic && !m.Segment.StaticParams:
		return &route.Error{File: l.locate(f.Path, http.MethodGet), Text: fmt.Sprintf(`page %q is missing "generateStaticParams()" so it cannot be used with "output: export" config`, f.Pattern.String()), Hint: "it says for which parameters there are answers"}
	case dynamic && len(ahead) == 0:
		return &route.Error{File: l.locate(f.Path, "generateStaticParams"), Text: "generateStaticParams gave no parameters, so that nothing of this route would be exported", Hint: "return at least one object"}
	}
	if len(others) > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%s: %s is left out: a host of files answers GET alone", f.Path, strings.Join(others, " ")))
	}
	return nil
}

// exportWarnings are what the project has that a host of files does not do.
func (s *Site) exportWarnings(middleware string) {
	set := s.Settings
	tell := func(n int, what string) {
		if n > 0 {
			s.Warnings = append(s.Warnings, fmt.Sprintf("%s: %s do not work with an export: a host of files has its own configuration for them", set.File, what))
		}
	}
	tell(len(set.Redirects), "redirects")
	tell(len(set.Rewrites.BeforeFiles)+len(set.Rewrites.AfterFiles)+len(set.Rewrites.Fallback), "rewrites")
	tell(len(set.Headers), "headers")
	if middleware != "" {
		s.Warnings = append(s.Warnings, middleware+": middleware does not work with an export: a host of files runs no code")
	}
}

// exportMark is the file that tells an exported folder from one that somebody
// keeps something in.
const exportMark = ".portico-export"

// notFoundPage is what most hosts of files answer where there is no file.
const notFoundPage = "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>404: This page could not be found.</title>\n<h1>404</h1>\n<p>This page could not be found.</p>\n</html>\n"

// Export writes what the project answers statically to a folder, which takes the
// place of the one before when all of it is there. It returns the names of the
// files, sorted. The site must have been loaded with Options.Export.
func (s *Site) Export(ctx context.Context, root, out string, progress func(done, all int)) (names []string, err error) {
	out, err = exportTarget(root, out)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp(filepath.Dir(out), "."+filepath.Base(out)+"-*")
	if err != nil {
		return nil, err
	}
	defer func() {
		if rerr := os.RemoveAll(temp); err == nil {
			err = rerr
		}
	}()
	if err := os.Chmod(temp, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.OpenRoot(temp)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	x := &exporter{site: s, dir: dir, from: map[string]string{}}
	if err := x.public(root); err != nil {
		return nil, err
	}
	if err := x.answers(ctx, progress); err != nil {
		return nil, err
	}
	if _, ok := x.from["404.html"]; !ok {
		if err := x.write("404.html", "the page for what is not there", []byte(notFoundPage)); err != nil {
			return nil, err
		}
	}
	if err := dir.WriteFile(exportMark, []byte("portico export made this folder, and replaces it.\n"), 0o644); err != nil {
		return nil, err
	}
	for name := range x.from {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, replace(temp, out)
}

// exportTarget is the folder to write, as an absolute path: not one that holds
// anything else.
func exportTarget(root, out string) (string, error) {
	if !filepath.IsAbs(out) {
		out = filepath.Join(root, out)
	}
	out, err := filepath.Abs(out)
	if err != nil {
		return "", err
	}
	if rel, err := filepath.Rel(out, root); err == nil && (rel == "." || !strings.HasPrefix(rel, "..")) {
		return "", &route.Error{File: out, Text: "the export would take the place of the project", Hint: "name a folder of its own: -o out"}
	}
	list, err := os.ReadDir(out)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return out, nil
	case err != nil:
		return "", err
	case len(list) == 0:
		return out, nil
	}
	if _, err := os.Lstat(filepath.Join(out, exportMark)); err != nil {
		return "", &route.Error{File: out, Text: "the folder holds what no export has written, and would be replaced", Hint: "name another folder with -o, or remove this one"}
	}
	return out, nil
}

// replace puts a folder in the place of another. At each moment there is one of
// them, whole, but for the one between two renames; then the old one is beside.
func replace(temp, out string) error {
	old := temp + ".old"
	err := os.Rename(out, old)
	if errors.Is(err, fs.ErrNotExist) {
		old = ""
	} else if err != nil {
		return err
	}
	if err := os.Rename(temp, out); err != nil {
		if old != "" {
			err = errors.Join(err, os.Rename(old, out))
		}
		return err
	}
	if old == "" {
		return nil
	}
	return os.RemoveAll(old)
}

// exporter writes the files of one export.
type exporter struct {
	site *Site
	dir  *os.Root

	mu   sync.Mutex
	from map[string]string // what each file was written for
}

// public copies the project's public folder.
func (x *exporter) public(root string) error {
	r, err := os.OpenRoot(filepath.Join(root, public))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	return fs.WalkDir(r.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := r.Open(name) // a link may lead elsewhere in the folder, and not out of it
		if err != nil {
			return &route.Error{File: public + "/" + name, Text: "the file cannot be exported: " + err.Error()}
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil {
			return err
		} else if info.IsDir() {
			return nil
		}
		if err := x.parent(name); err != nil {
			return err
		}
		to, err := x.dir.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, f)
		x.from[name] = public + "/" + name
		return errors.Join(err, to.Close())
	})
}

// answers makes all static answers.
func (x *exporter) answers(ctx context.Context, progress func(done, all int)) error {
	err := each(ctx, x.site.ahead, progress, func(a static) error { return x.answer(ctx, a) })
	return errors.Join(err, ctx.Err())
}

// answer makes one answer and writes it.
func (x *exporter) answer(ctx context.Context, a static) error {
	if a.file != nil {
		name, err := exportName(a.path)
		if err != nil {
			return &route.Error{File: a.rt.Source, Text: fmt.Sprintf("%s cannot be exported: %s", a.path, err), Hint: "rename the folder"}
		}
		return x.write(name, a.rt.Source, a.file.data)
	}
	e, err := a.rt.Render(ctx, pipeline.Rendering{Path: pipeline.CanonicalPath(a.path), Params: a.params, Export: true})
	var broken *next.OnlyStaticError
	switch {
	case errors.As(err, &broken):
		return &route.Error{File: a.rt.Source, Text: broken.Error(), Hint: "in an export no handler sees anything of its request, with force-static neither; remove what uses " + broken.What}
	case err != nil:
		return &route.Error{File: a.rt.Source, Text: fmt.Sprintf("%s cannot be exported: %s", a.path, err), Hint: "the handler runs once for the export, with nothing but its path"}
	case e == nil:
		return &route.Error{File: a.rt.Source, Text: a.path + " cannot be exported: its answer depends on the request"}
	}
	if err := exportStatus(a, e); err != nil {
		return err
	}
	name, err := exportName(a.path)
	if err != nil {
		return &route.Error{File: a.rt.Source, Text: fmt.Sprintf("%s cannot be exported: %s", a.path, err), Hint: "a parameter becomes the name of a file"}
	}
	return x.write(name, a.rt.Source, e.Body)
}

// exportStatus refuses what a host of files would answer otherwise.
func exportStatus(a static, e *cache.Entry) error {
	if e.Status == http.StatusOK {
		return nil
	}
	text := fmt.Sprintf("%s cannot be exported: it answers %d, and a host of files would answer 200", a.path, e.Status)
	hint := "answer 200, or leave the path out of the project that is exported"
	if to := e.Header.Get("Location"); to != "" {
		text = fmt.Sprintf("%s cannot be exported: it redirects to %s, and a host of files would answer 200", a.path, to)
		hint = "a host of files has its own configuration for redirects"
	}
	return &route.Error{File: a.rt.Source, Text: text, Hint: hint}
}

// exportName is the file of a path: its segments, each decoded but for what ends
// a segment, as in Next.js.
func exportName(path string) (string, error) {
	if path == "/" {
		return "index.html", nil
	}
	ends := strings.NewReplacer("/", "%2F", "#", "%23", "?", "%3F")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		plain, err := url.PathUnescape(s)
		if err != nil {
			return "", err
		}
		for part := range strings.FieldsFuncSeq(plain, func(r rune) bool { return r == '/' || r == '\\' }) {
			if part == ".." || part == "." {
				return "", fmt.Errorf("%q leads to another folder", plain)
			}
		}
		if plain == "" || strings.ContainsAny(plain, "\x00\\") || strings.ContainsFunc(plain, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return "", fmt.Errorf("%q is no name of a file", plain)
		}
		segments[i] = ends.Replace(plain)
		if len(segments[i]) > 255 {
			return "", fmt.Errorf("%.40q… is longer than the name of a file may be", plain)
		}
	}
	if !filepath.IsLocal(filepath.FromSlash(strings.Join(segments, "/"))) {
		return "", fmt.Errorf("%q is no name of a file everywhere", path)
	}
	return strings.Join(segments, "/"), nil
}

// write writes a file. One of public is replaced, as in Next.js; two answers of
// one name, or a file where a folder has to be, are an error.
func (x *exporter) write(name, from string, body []byte) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if old, ok := x.from[name]; ok && !strings.HasPrefix(old, public+"/") {
		return &route.Error{File: from, Text: fmt.Sprintf("its answer would be the file %s, which is that of %s", name, old)}
	}
	for other, old := range x.from {
		short, long := other, name
		if len(short) > len(long) {
			short, long = long, short
		}
		if strings.HasPrefix(long, short+"/") {
			return &route.Error{File: from, Text: fmt.Sprintf("%s would be a file, and a folder for %s (of %s and %s)", short, long, from, old), Hint: "no path of an export is the beginning of another; rename one, such as /items to /items/all"}
		}
	}
	if err := x.parent(name); err != nil {
		return err
	}
	x.from[name] = from
	return x.dir.WriteFile(filepath.FromSlash(name), body, 0o644)
}

func (x *exporter) parent(name string) error {
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		return x.dir.MkdirAll(filepath.FromSlash(name[:i]), 0o755)
	}
	return nil
}
