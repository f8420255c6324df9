package route

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// MetadataKind is what a metadata file is for.
type MetadataKind uint8

// The kinds. Those from Icon to TwitterImage are images.
const (
	Robots MetadataKind = iota
	Manifest
	Sitemap
	Favicon
	Icon
	AppleIcon
	OpenGraphImage
	TwitterImage
)

// metadataKinds are the conventions of Next.js 16, by the name of the file.
var metadataKinds = [...]struct {
	name string
	exts string // of files that are served as they are
	root bool   // in the root of app only
}{
	Robots:         {"robots", "txt", true},
	Manifest:       {"manifest", "json webmanifest", true},
	Sitemap:        {"sitemap", "xml", false},
	Favicon:        {"favicon", "ico", true},
	Icon:           {"icon", "ico jpg jpeg png svg", false},
	AppleIcon:      {"apple-icon", "jpg jpeg png", false},
	OpenGraphImage: {"opengraph-image", "jpg jpeg png gif", false},
	TwitterImage:   {"twitter-image", "jpg jpeg png gif", false},
}

// String is the name of such files, without number and extension.
func (k MetadataKind) String() string { return metadataKinds[k].name }

// Image reports whether files of the kind are images.
func (k MetadataKind) Image() bool { return k >= Favicon }

// MetadataID is the parameter of a generated file that is many: the id that
// generateSitemaps or generateImageMetadata lists, as Next.js names it.
const MetadataID = "__metadata_id__"

// Metadata is a metadata file and where it is served.
type Metadata struct {
	File
	Kind MetadataKind
	// Generated files are modules that make the answer; others are the answer.
	Generated bool
	// Many is where a generated file is served in place of Pattern if it lists
	// ids; it is the zero Pattern for kinds that cannot.
	Many Pattern
	// Place is where it is in the app directory, groups and all, for the tags of
	// what it answers: "/(shop)/sitemap.xml". PlaceMany is that of Many.
	Place, PlaceMany string
}

// Lists reports whether a file may be many.
func (m *Metadata) Lists() bool {
	return m.Generated && (m.Kind == Sitemap || m.Kind.Image())
}

// metadata looks whether a file is one of Next.js's metadata files, and takes
// note of it.
func (s *scanner) metadata(name, file string, at place) {
	base, ext, _ := strings.Cut(name, ".")
	kind, numbered, ok := metadataKind(base)
	if !ok {
		return
	}
	generated := kind != Favicon && slices.Contains(s.pages, ext)
	k := &metadataKinds[kind]
	switch {
	case !generated && !slices.Contains(strings.Fields(k.exts), ext):
		return // icon.alt.txt is one: the text is for pages, which link to the image
	case numbered && !kind.Image() || numbered && kind == Favicon:
		return // robots1.ts is a file like any other
	case k.root && path.Dir(file) != s.tree.App:
		s.ignore(file, fmt.Sprintf("%s is served from %s itself only", name, s.tree.App))
		return
	case at.intercepted:
		s.ignore(file, "a file in an intercepting folder, (.)name, is reached by no request")
		return
	}
	m := Metadata{File: File{Path: file}, Kind: kind, Generated: generated}
	dir := strings.TrimPrefix(path.Dir(file), s.tree.App) // "" or "/(shop)/cart"
	url := base
	if kind.Image() {
		url += metadataSuffix(dir)
	}
	many := url
	switch {
	case !generated:
		url += "." + ext
	case kind == Robots:
		url += ".txt"
	case kind == Manifest:
		url += ".webmanifest"
	case kind == Sitemap:
		url += ".xml"
	}
	var err error
	if m.Pattern, err = parse(append(slices.Clip(at.parts), url)); err != nil {
		s.misplaced(file, err)
		return
	}
	m.Place = dir + "/" + url
	if m.Lists() {
		m.PlaceMany = dir + "/" + many + "/[" + MetadataID + "]"
		if m.Many, err = parse(append(slices.Clip(at.parts), many, "["+MetadataID+"]")); err != nil {
			s.misplaced(file, err)
			return
		}
	}
	s.tree.Metadata = append(s.tree.Metadata, m)
}

// metadataKind is the kind that a name without extension is of. Images may have
// one digit, for several of a kind in a folder.
func metadataKind(base string) (kind MetadataKind, numbered, ok bool) {
	if n := len(base) - 1; n > 0 && '0' <= base[n] && base[n] <= '9' {
		base, numbered = base[:n], true
	}
	for kind := range metadataKinds {
		if metadataKinds[kind].name == base {
			return MetadataKind(kind), numbered, true
		}
	}
	return 0, false, false
}

// metadataSuffix is what the names of images have below groups and slots, which
// are not in the path: a hash tells those of one folder of the path apart. It is
// Next.js's: djb2 of the folder's place, in 32 bits, six digits in base 36.
func metadataSuffix(dir string) string {
	special := false
	for seg := range strings.SplitSeq(dir, "/") {
		special = special || strings.HasPrefix(seg, "(") && strings.HasSuffix(seg, ")") || strings.HasPrefix(seg, "@") && seg != "@children"
	}
	if !special {
		return ""
	}
	h := uint32(5381)
	for _, unit := range utf16.Encode([]rune(dir)) {
		h = h*33 + uint32(unit)
	}
	text := strconv.FormatUint(uint64(h), 36)
	return "-" + text[:min(6, len(text))]
}

// compareMetadata has a file that is served as it is win over one of the same
// path that is generated, as in Next.js, which says nothing.
func (s *scanner) compareMetadata() {
	static := map[string]string{}
	for _, m := range s.tree.Metadata {
		if !m.Generated {
			static[m.Pattern.String()] = m.Path
		}
	}
	s.tree.Metadata = slices.DeleteFunc(s.tree.Metadata, func(m Metadata) bool {
		winner := static[m.Pattern.String()]
		if !m.Generated || winner == "" {
			return false
		}
		s.ignore(m.Path, "it is not asked, as "+winner+" has the same path "+m.Pattern.String())
		return true
	})
}
