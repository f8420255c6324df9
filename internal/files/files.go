// Package files serves a folder over HTTP: types, validators, ranges,
// precompressed siblings and cache headers. Nothing outside of the folder can be
// reached, whatever a path or a symbolic link says.
package files

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
)

// Options say how a folder is served. The zero value is how Next.js serves
// public/.
type Options struct {
	// Live looks a file up when it is asked for, as development wants it. Else
	// the files are those that there were when the folder was opened, as in
	// Next.js; what they hold is read when it is asked for all the same.
	Live bool
	// Pages serves a built frontend: index.html answers for its folder, and HTML
	// is asked for again each time, because it names what else belongs to it.
	Pages bool
	// Fallback is the file that answers navigations to what is no file, such as
	// "index.html"; empty is none. See [Folder.Page].
	Fallback string
	// NoETags leaves entity tags out.
	NoETags bool
	// Immutable are folders, such as "assets", whose files never change under
	// their names. Names that look like those of a bundler count always, unless
	// NoImmutable. In a live folder nothing is immutable.
	Immutable   []string
	NoImmutable bool
	// Place is what the folder is called in Warnings; empty is its name.
	Place string
}

// maxFiles bounds the list of a folder's files: more is some folder that was
// named by mistake, and the list is held in memory.
const maxFiles = 1 << 20

// maxDepth bounds how deep folders are nested.
const maxDepth = 64

// Folder is a folder that is served. It is safe for concurrent use.
type Folder struct {
	// Warnings say which files of the folder are not served, and why.
	Warnings []string

	o    Options
	dir  string // of a live one
	root *os.Root
	fsys fs.FS
	list map[string]*entry // nil when it is live
	// exact has live names compared letter by letter, where the system's file
	// names are not: there is one name for a file, as for rules and matchers.
	exact bool
}

// entry is what is known of a file without looking at it.
type entry struct {
	typ       string
	tag       string // of the content, where there is no time of change; else empty
	immutable bool
	codings   []string // those in which there are siblings
}

// codings are the content codings (RFC 9110 §8.4.1) of siblings, in the order
// of preference where a client has none. What was encoded ahead took all the
// time that it wanted, and so Brotli's comes first: it is the smallest.
var codings = []string{"br", "zstd", "gzip"}

// suffix is that of a coding on file names.
func suffix(coding string) string {
	switch coding {
	case "zstd":
		return ".zst"
	case "gzip":
		return ".gz"
	}
	return "." + coding
}

// Open serves a directory of the system. A live one need not be there yet; else
// an error is that of the directory.
func Open(dir string, o Options) (*Folder, error) {
	if o.Place == "" {
		o.Place = dir
	}
	f := &Folder{o: o, dir: dir, exact: runtime.GOOS == "windows" || runtime.GOOS == "darwin" || runtime.GOOS == "ios"}
	if o.Live {
		return f, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f.root, f.fsys = root, root.FS()
	if err := f.scan(); err != nil {
		_ = root.Close()
		return nil, err
	}
	return f, nil
}

// New serves a file system, such as an embed.FS. Where its files have no time
// of change, entity tags are made of what they hold, once, now.
func New(fsys fs.FS, o Options) (*Folder, error) {
	if o.Place == "" {
		o.Place = "."
	}
	f := &Folder{o: o, fsys: fsys}
	if o.Live {
		return f, nil
	}
	if err := f.scan(); err != nil {
		return nil, err
	}
	return f, nil
}

// Close lets go of the directory. Answers under way go on.
func (f *Folder) Close() error {
	if f.root == nil {
		return nil
	}
	return f.root.Close()
}

// Find tells which file a path leads to: the clean path of a request, escaped.
func (f *Folder) Find(path string) (name string, ok bool) {
	name, slash, ok := Name(path)
	if !ok {
		return "", false
	}
	if f.list == nil {
		return f.findLive(name, slash)
	}
	if !slash && f.list[name] != nil {
		return name, true
	}
	if !f.o.Pages {
		return "", false
	}
	name = join(name, "index.html")
	return name, f.list[name] != nil
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// findLive looks into the directory.
func (f *Folder) findLive(name string, slash bool) (string, bool) {
	fsys, done, err := f.open()
	if err != nil {
		return "", false // it is not there yet
	}
	defer done()
	if !slash && f.has(fsys, name) {
		return name, true
	}
	if !f.o.Pages {
		return "", false
	}
	name = join(name, "index.html")
	return name, f.has(fsys, name)
}

// has reports whether a live name is a file.
func (f *Folder) has(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if !f.exact {
		return true
	}
	for dir := name; dir != "."; {
		var base string
		dir, base = path.Dir(dir), path.Base(dir)
		list, err := fs.ReadDir(fsys, dir)
		if err != nil || !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == base }) {
			return false
		}
	}
	return true
}

// open gives the files. A live directory is opened each time: a build may have
// removed it and made it anew.
func (f *Folder) open() (fs.FS, func(), error) {
	if f.fsys != nil {
		return f.fsys, func() {}, nil
	}
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, nil, err
	}
	return root.FS(), func() { _ = root.Close() }, nil // what was opened through it stays open
}

// Paths are the paths of all files, escaped, in order; none where the folder is
// live.
func (f *Folder) Paths() []string {
	list := make([]string, 0, len(f.list))
	for name := range f.list {
		list = append(list, (&url.URL{Path: "/" + name}).EscapedPath())
	}
	slices.Sort(list)
	return list
}

// scan lists the files.
func (f *Folder) scan() error {
	f.list = map[string]*entry{}
	top, err := fs.Stat(f.fsys, ".")
	if err != nil {
		return err
	}
	if !top.IsDir() {
		return &fs.PathError{Op: "open", Path: f.o.Place, Err: errors.New("this is a file, not a folder")}
	}
	times := map[string]int64{} // of change, in milliseconds
	if err := f.walk("", []fs.FileInfo{top}, times); err != nil {
		return err
	}
	for name, e := range f.list {
		e.immutable = f.immutable(name)
		if times[name] == 0 {
			if e.tag, err = f.contentTag(name); err != nil {
				return err
			}
		}
	}
	f.bundled()
	for name, e := range f.list {
		for _, c := range codings {
			sibling := name + suffix(c)
			switch {
			case f.list[sibling] == nil:
			case !e.immutable && older(times[sibling], times[name]):
				f.warn(sibling, "it is older than "+path.Base(name)+", and not served in its place", "compress it again when the file has changed")
			default:
				e.codings = append(e.codings, c)
			}
		}
	}
	slices.Sort(f.Warnings)
	return nil
}

// older reports whether what was compressed, at a time in milliseconds, was
// made of an older file than there is. Copies of a folder have times that are in
// no order, but near to each other.
func older(sibling, file int64) bool { return sibling+1000 < file }

func (f *Folder) warn(name, text, hint string) {
	f.Warnings = append(f.Warnings, fmt.Sprintf("%s: %s\nhint: %s", join(f.o.Place, name), text, hint))
}

// walk lists the files below a folder. Above are the folders that it stands
// in, itself included: a symbolic link to one of them has no end.
func (f *Folder) walk(dir string, above []fs.FileInfo, times map[string]int64) error {
	entries, err := fs.ReadDir(f.fsys, cleanDir(dir))
	if err != nil {
		return err
	}
	for _, d := range entries {
		name := join(dir, d.Name())
		if reason := refuse(d.Name(), dir == ""); reason != "" {
			if d.Name()[0] != '.' {
				f.warn(name, "it is not served: "+reason, "give it another name")
			}
			continue
		}
		info, err := fs.Stat(f.fsys, name) // follows links, as far as they stay inside
		if err != nil {
			if d.Type()&fs.ModeSymlink == 0 {
				return err
			}
			f.warn(name, "this symbolic link leads to nothing inside of the folder, and is not served", "copy what it leads to")
			continue
		}
		switch {
		case info.IsDir() && (len(above) == maxDepth || slices.ContainsFunc(above, func(a fs.FileInfo) bool { return os.SameFile(a, info) })):
			f.warn(name, "folders are nested without an end here, and are not served any deeper", "remove the symbolic link to a folder above")
		case info.IsDir():
			if err := f.walk(name, append(slices.Clip(above), info), times); err != nil {
				return err
			}
		case info.Mode().IsRegular():
			if len(f.list) == maxFiles {
				return &fs.PathError{Op: "list", Path: f.o.Place, Err: fmt.Errorf("there are more than %d files", maxFiles)}
			}
			f.list[name] = &entry{typ: Type(name)}
			if t := info.ModTime(); !t.IsZero() {
				times[name] = milliseconds(t)
			}
		}
	}
	return nil
}

func cleanDir(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// contentTag is a strong entity tag's text.
func (f *Folder) contentTag(name string) (string, error) {
	file, err := f.fsys.Open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:15]), nil
}

// look is the entry of a live file.
func (f *Folder) look(fsys fs.FS, name string) *entry {
	e := &entry{typ: Type(name)}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return e // whoever opens it will see
	}
	for _, c := range codings {
		sibling, err := fs.Stat(fsys, name+suffix(c))
		if err == nil && sibling.Mode().IsRegular() && !older(milliseconds(sibling.ModTime()), milliseconds(info.ModTime())) {
			e.codings = append(e.codings, c)
		}
	}
	return e
}

// immutable reports whether a file does not change under its name, as far as
// the name says.
func (f *Folder) immutable(name string) bool {
	if f.o.NoImmutable {
		return false
	}
	for _, dir := range f.o.Immutable {
		if strings.HasPrefix(name, strings.Trim(dir, "/")+"/") {
			return true
		}
	}
	return hashed(name)
}
