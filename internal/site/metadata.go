package site

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/portico-dev/portico/internal/files"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/pipeline"
	"github.com/portico-dev/portico/internal/route"
)

// metadata adds the metadata files to the table: those that are served as they
// are, and those that a module generates. What is to be made ahead is returned.
func (l *Loader) metadata(ctx context.Context, s *Site, sc *scripts, entries *[]route.Entry[*pipeline.Route]) (ahead []static, problems []error) {
	add := func(p route.Pattern, source string, h pipeline.Handler) *pipeline.Route {
		rt := pipeline.NewRoute(p.String(), source, map[string]pipeline.Handler{http.MethodGet: h}, nil)
		*entries = append(*entries, route.Entry[*pipeline.Route]{Pattern: p, Source: source, Value: rt})
		return rt
	}
	for i := range sc.tree.Metadata {
		f := &sc.tree.Metadata[i]
		if !f.Generated {
			h, err := l.metadataFile(s, f)
			switch {
			case err != nil:
				problems = append(problems, err)
			case h != nil:
				rt := add(f.Pattern, f.Path, h)
				if l.o.Export {
					ahead = append(ahead, static{rt: rt, path: exportedPath(f.Pattern), file: h})
				}
			}
			continue
		}
		m, err := sc.app.Describe(ctx, f.Path)
		if err != nil {
			problems = append(problems, l.explain(f.Path, err))
			continue
		}
		s.Warnings = append(s.Warnings, m.Warnings...)
		at, place := route.File{Path: f.Path, Pattern: f.Pattern}, f.Place
		if m.Many {
			at.Pattern, place = f.Many, f.PlaceMany
		}
		rt := add(at.Pattern, f.Path, metadataHandler{scriptHandler{sc.app, f.Path, place, !at.Pattern.Static(), &m.Segment}, l})
		first, err := l.scriptStatic(ctx, s, sc, at, place, m, rt)
		if err != nil {
			problems = append(problems, err)
		} else if l.o.Export {
			err := l.exportable(s, at, m, first)
			if m.Many && at.Pattern.Params() > 1 {
				err = &route.Error{File: f.Path, Text: fmt.Sprintf("%s cannot be exported: nothing says for which parameters there are files", at.Pattern), Hint: "move it out of the folder with a parameter, or leave it out of the project that is exported"}
			}
			if err != nil && s.exportsAll() {
				problems = append(problems, err)
			} else if err != nil {
				s.Warnings, first = append(s.Warnings, leftOut(err)), nil
			}
		}
		ahead = append(ahead, first...)
	}
	return ahead, problems
}

// exportedPath is the path of a file for an export: one below a parameter is the
// same for all of its values, and there once, with "-" in its place, as in
// Next.js 16.
func exportedPath(p route.Pattern) string {
	var b strings.Builder
	for _, seg := range p.Segments() {
		text := seg.Text
		if seg.Kind != route.Static {
			text = "-"
		}
		b.WriteString("/" + text)
	}
	return b.String()
}

// metadataHandler generates a metadata file for each request.
type metadataHandler struct {
	scriptHandler
	l *Loader
}

func (h metadataHandler) Handle(x *pipeline.Exchange) error {
	return h.l.shaped(h.scriptHandler.Handle(x))
}

// shaped gives the error of a metadata file its place.
func (l *Loader) shaped(err error) error {
	var bad *next.ShapeError
	if errors.As(err, &bad) {
		return &route.Error{File: l.locate(bad.Entry, "default"), Text: bad.Text, Hint: bad.Hint}
	}
	return err
}

// ids is for a metadata file whose ids could not be listed when the site was
// loaded: it may be that what lists them is not there yet. What it listed
// wrongly is an error.
func (l *Loader) ids(f route.File, err error) error {
	var bad *next.ShapeError
	if errors.As(err, &bad) {
		return l.shaped(err)
	}
	l.o.Logger.Warn("metadata files could not be made ahead; they are made when they are asked for", "file", f.Path, "error", err)
	return nil
}

// The most that a file may have, in bytes. Of images that others show it is what
// Next.js allows, because those others do not take more; of a sitemap what
// sitemaps.org says.
const (
	maxTwitterImage   = 5 << 20
	maxOpenGraphImage = 8 << 20
	maxMetadataFile   = 50 << 20
)

// staticMetadata is a metadata file that is served as it is. It is held in
// memory: as in Next.js, it is part of what was loaded.
type staticMetadata struct {
	data     []byte
	typ      string
	tag      string // empty is none
	modified time.Time
}

// metadataFile reads a file. It is nil, with a warning, for one that is not in
// the project.
func (l *Loader) metadataFile(s *Site, f *route.Metadata) (*staticMetadata, error) {
	limit := int64(maxMetadataFile)
	switch f.Kind {
	case route.TwitterImage:
		limit = maxTwitterImage
	case route.OpenGraphImage:
		limit = maxOpenGraphImage
	}
	fsys := l.o.FS
	if fsys == nil {
		root, err := os.OpenRoot(l.o.Dir)
		if err != nil {
			return nil, &route.Error{File: f.Path, Text: "the file cannot be read: " + err.Error()}
		}
		defer root.Close()
		fsys = root.FS()
	}
	info, err := fs.Stat(fsys, f.Path)
	if err != nil && !errors.Is(err, fs.ErrPermission) || err == nil && !info.Mode().IsRegular() {
		s.Warnings = append(s.Warnings, f.Path+": this symbolic link leads to no file inside of the project, and is not served\nhint: copy what it leads to")
		return nil, nil
	}
	var data []byte
	if err == nil {
		data, err = readUpTo(fsys, f.Path, limit)
	}
	switch {
	case err != nil:
		return nil, &route.Error{File: f.Path, Text: "the file cannot be read: " + err.Error()}
	case int64(len(data)) > limit:
		return nil, &route.Error{File: f.Path, Text: fmt.Sprintf("the file is larger than %d MiB, the most that a %s may have", limit>>20, f.Kind), Hint: "make it smaller, or serve it from public/"}
	}
	h := &staticMetadata{data: data, typ: metadataType(f), modified: info.ModTime()}
	if !s.Settings.NoETags {
		sum := sha256.Sum256(data)
		h.tag = `"` + base64.RawURLEncoding.EncodeToString(sum[:15]) + `"`
	}
	return h, nil
}

// readUpTo reads a file, of one that is longer than limit a byte more.
func readUpTo(fsys fs.FS, name string, limit int64) ([]byte, error) {
	file, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit+1))
}

// metadataType is the media type of a file, as Next.js has it: without charset.
func metadataType(f *route.Metadata) string {
	switch f.Kind {
	case route.Robots:
		return "text/plain"
	case route.Sitemap:
		return "application/xml"
	case route.Manifest:
		return "application/manifest+json"
	case route.Favicon:
		return "image/x-icon"
	}
	typ, _, _ := strings.Cut(files.Type(path.Base(f.Path)), ";")
	return typ
}

func (f *staticMetadata) Handle(x *pipeline.Exchange) error {
	h := x.W.Header()
	h.Set("Content-Type", f.typ)
	h.Set("Cache-Control", "public, max-age=0, must-revalidate")
	h.Set("X-Nextjs-Cache", "HIT") // as Next.js has it of what the build made
	if f.tag != "" {
		h.Set("Etag", f.tag)
	}
	http.ServeContent(x.W, x.R, "", f.modified, bytes.NewReader(f.data))
	return nil
}
