package next

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/route"
)

// metadata is what a module that generates a metadata file exports.
type metadata struct {
	kind route.MetadataKind
	make goja.Callable // the default export
	// list is generateSitemaps or generateImageMetadata; nil where the file is
	// one. Ids of sitemaps have .xml in the path.
	list     goja.Callable
	listName string
}

// ShapeError is a value that a metadata file returned and no answer can be made
// of.
type ShapeError struct{ Entry, Text, Hint string }

func (e *ShapeError) Error() string {
	return (&route.Error{File: e.Entry, Text: e.Text, Hint: e.Hint}).Error()
}

// metadataHints are how a default export looks.
var metadataHints = [...]string{
	route.Robots:   "export default function robots() { return { rules: { userAgent: '*', allow: '/' } } }",
	route.Manifest: "export default function manifest() { return { name: 'My app' } }",
	route.Sitemap:  "export default function sitemap() { return [{ url: 'https://example.com/' }] }",
}

const imageHint = "export default function Image() { return new Response(bytes, { headers: { 'content-type': 'image/png' } }) }"

func metadataHint(kind route.MetadataKind) string {
	if kind.Image() {
		return imageHint
	}
	return metadataHints[kind]
}

// examineMetadata looks at the exports of a module that generates a metadata
// file.
func (m *Modules) examineMetadata(path string, ns *goja.Object, kind route.MetadataKind) *entry {
	d := &metadata{kind: kind, listName: lists(kind)}
	e := &entry{module: &Module{Methods: []string{"GET"}}, metadata: d}
	function := func(name, hint string) goja.Callable {
		v := ns.Get(name)
		if v == nil || goja.IsUndefined(v) {
			return nil
		}
		f, ok := m.iso.Handler(v)
		if !ok && e.bad == nil {
			text := "export " + name + " is not a function but " + article(kindOf(v))
			if name == "default" {
				text = "the default export is not a function but " + article(kindOf(v))
			}
			e.bad = &ExportError{Entry: path, Name: name, Text: text, Hint: hint}
		}
		return f
	}
	if d.make = function("default", metadataHint(kind)); d.make == nil && e.bad == nil {
		e.bad = &ExportError{Entry: path, Name: "default", Text: "there is no default export, which makes the " + kind.String(), Hint: metadataHint(kind)}
	}
	switch {
	case kind == route.Sitemap:
		d.list = function(d.listName, "export async function generateSitemaps() { return [{ id: 0 }, { id: 1 }] }")
	case kind.Image():
		d.list = function(d.listName, "export function generateImageMetadata() { return [{ id: 'small' }, { id: 'large' }] }")
	}
	if e.bad != nil {
		return e
	}
	m.segmentOf(path, ns, e)
	s := &e.module.Segment
	s.Metadata = true
	if d.list != nil {
		e.module.Many, s.StaticParams, e.staticParams = true, true, d.list
	}
	for _, name := range Methods {
		if v := ns.Get(name); v != nil && !goja.IsUndefined(v) {
			e.module.Warnings = append(e.module.Warnings, fmt.Sprintf("%s: the export %s does nothing here: the default export makes the %s", path, name, kind))
		}
	}
	return e
}

// lists is the function that lists the ids of a kind.
func lists(kind route.MetadataKind) string {
	if kind == route.Sitemap {
		return "generateSitemaps"
	}
	return "generateImageMetadata"
}

// kindOf is kind, and tells null.
func kindOf(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return "value that is not there"
	}
	if isArray(v) {
		return "array"
	}
	return kind(v)
}

// then calls a function of the module and goes on with what it gives.
func (x *Exchange) then(m *Modules, f goja.Callable, next func(v goja.Value), args ...goja.Value) {
	v, err := m.iso.Call(f, goja.Undefined(), args...)
	if err != nil {
		x.settle(m, nil, err)
		return
	}
	m.iso.Await(v, func(v goja.Value, err error) {
		if x.settled {
			return
		}
		if err != nil {
			x.settle(m, nil, err)
			return
		}
		if thrown := m.rt.Try(func() { next(v) }); thrown != nil { // by a getter, or a toString
			x.settle(m, nil, thrown)
		}
	})
}

// metadata answers with what a metadata file generates. Arguments and order are
// those of Next.js 16: what is listed is asked first, and ids are strings.
func (x *Exchange) metadata(m *Modules, d *metadata) {
	props := m.rt.NewObject()
	if d.kind.Image() {
		put(props, "params", x.params(m))
	}
	if d.list == nil {
		if d.kind.Image() {
			x.generate(m, d, props)
		} else {
			x.generate(m, d)
		}
		return
	}
	asked, _ := x.call.Params.Get(route.MetadataID)
	id, here := asked.Value, true
	var args []goja.Value
	if d.kind == route.Sitemap {
		id, here = strings.CutSuffix(id, ".xml")
	} else {
		arg := m.rt.NewObject()
		put(arg, "params", x.paramsObject(m))
		args = append(args, arg)
	}
	x.then(m, d.list, func(v goja.Value) {
		ids, err := d.ids(v)
		if err != nil {
			x.fail(x.shape(err))
			return
		}
		found := false
		for _, listed := range ids {
			found = found || here && listed == id
		}
		if !found {
			x.text(m, 404, "text/plain;charset=UTF-8", "", []byte("Not Found"))
			return
		}
		put(props, "id", m.iso.Resolved(m.env.UTF8Text(id)))
		x.generate(m, d, props)
	}, args...)
}

// generate calls the default export.
func (x *Exchange) generate(m *Modules, d *metadata, args ...goja.Value) {
	x.then(m, d.make, func(v goja.Value) {
		if d.kind.Image() {
			x.settle(m, v, nil)
			return
		}
		var text []byte
		var err error
		typ := "application/xml"
		switch d.kind {
		case route.Robots:
			typ = "text/plain"
			text, err = robotsText(v)
		case route.Sitemap:
			text, err = sitemapText(v)
		case route.Manifest:
			typ = "application/manifest+json"
			if _, ok := v.(*goja.Object); !ok || isArray(v) {
				err = &ShapeError{Text: "manifest returned " + article(kindOf(v)) + ", want an object", Hint: metadataHint(d.kind)}
				break
			}
			text, _, err = m.iso.AppendJSON(nil, v)
		}
		if err != nil {
			x.fail(x.shape(err))
			return
		}
		x.text(m, 200, typ, "public, max-age=0, must-revalidate", text)
	}, args...)
}

// shape says which file returned what has no such shape.
func (x *Exchange) shape(err error) error {
	if bad, ok := err.(*ShapeError); ok {
		bad.Entry = x.call.Entry
		return bad
	}
	return x.iso.ErrorOf(err)
}

// text answers with text.
func (x *Exchange) text(m *Modules, status int, typ, control string, text []byte) {
	res := web.NewResponse(status)
	h := res.Headers()
	h.Append("content-type", typ)
	if control != "" {
		h.Append("cache-control", control)
	}
	x.result = result{status: status, header: x.headersOf(m, res), data: text, length: int64(len(text))}
	x.end()
}

// metadataParams are the ids as parameters of the path.
func (m *Modules) metadataParams(path string, d *metadata, v goja.Value) (list []map[string]any, err error) {
	var ids []string
	if thrown := m.rt.Try(func() { ids, err = d.ids(v) }); thrown != nil {
		return nil, m.iso.ErrorOf(thrown)
	}
	if bad, ok := err.(*ShapeError); ok {
		bad.Entry = path
	}
	for _, id := range ids {
		if d.kind == route.Sitemap {
			id += ".xml"
		}
		list = append(list, map[string]any{route.MetadataID: id})
	}
	return list, err
}

// ids are those that a list has.
func (d *metadata) ids(v goja.Value) ([]string, error) {
	const hint = "return an array of objects, each with an id: [{ id: 0 }, { id: 1 }]"
	if !isArray(v) {
		return nil, &ShapeError{Text: d.listName + " returned " + article(kindOf(v)) + ", want an array", Hint: hint}
	}
	var ids []string
	err := each(v, func(i int, item goja.Value) error {
		id := member(item, "id")
		if absent(id) {
			return &ShapeError{Text: fmt.Sprintf("the id property is required for every item that %s returns: item %d has none", d.listName, i), Hint: hint}
		}
		ids = append(ids, id.String())
		return nil
	})
	return ids, err
}

// isArray reports whether a value is an array.
func isArray(v goja.Value) bool {
	o, ok := v.(*goja.Object)
	return ok && o.ClassName() == "Array"
}

// absent reports whether a value is undefined or null.
func absent(v goja.Value) bool { return v == nil || goja.IsUndefined(v) || goja.IsNull(v) }

// member is a property; undefined of what is no object.
func member(v goja.Value, name string) goja.Value {
	if o, ok := v.(*goja.Object); ok {
		return orUndefined(o.Get(name))
	}
	return goja.Undefined()
}

// each goes through an array; of what is none, through that one value.
func each(v goja.Value, f func(i int, item goja.Value) error) error {
	if !isArray(v) {
		return f(0, v)
	}
	o := v.(*goja.Object)
	n := o.Get("length").ToInteger()
	for i := range n {
		if err := f(int(i), orUndefined(o.Get(fmt.Sprint(i)))); err != nil {
			return err
		}
	}
	return nil
}

// robotsText is a robots.txt as Next.js 16 writes it (RFC 9309, with Host and
// Crawl-delay, which some crawlers read).
func robotsText(v goja.Value) ([]byte, error) {
	rules := member(v, "rules")
	if absent(rules) {
		text := "robots returned no rules"
		if _, ok := v.(*goja.Object); !ok {
			text = "robots returned " + article(kindOf(v)) + ", want an object with rules"
		}
		return nil, &ShapeError{Text: text, Hint: metadataHints[route.Robots]}
	}
	var b []byte
	line := func(name string) func(int, goja.Value) error {
		return func(_ int, v goja.Value) error {
			b = append(append(append(append(b, name...), ": "...), v.String()...), '\n')
			return limited(b, "robots.txt")
		}
	}
	err := each(rules, func(i int, rule goja.Value) error {
		o, ok := rule.(*goja.Object)
		if !ok {
			return &ShapeError{Text: fmt.Sprintf("rule %d of robots is %s, want an object", i, article(kindOf(rule))), Hint: metadataHints[route.Robots]}
		}
		if agent := member(o, "userAgent"); truthy(agent) {
			if err := each(agent, line("User-Agent")); err != nil {
				return err
			}
		} else {
			b = append(b, "User-Agent: *\n"...)
		}
		for _, f := range [...]struct{ name, key string }{{"Allow", "allow"}, {"Disallow", "disallow"}} {
			if list := member(o, f.key); truthy(list) {
				if err := each(list, line(f.name)); err != nil {
					return err
				}
			}
		}
		if delay := member(o, "crawlDelay"); truthy(delay) {
			if err := line("Crawl-delay")(0, delay); err != nil {
				return err
			}
		}
		if other, ok := member(o, "other").(*goja.Object); ok {
			for _, key := range other.Keys() {
				if list := member(other, key); !absent(list) {
					if err := each(list, line(key)); err != nil {
						return err
					}
				}
			}
		}
		b = append(b, '\n')
		return nil
	})
	if err != nil {
		return nil, err
	}
	if host := member(v, "host"); truthy(host) {
		if err := line("Host")(0, host); err != nil {
			return nil, err
		}
	}
	if sitemap := member(v, "sitemap"); truthy(sitemap) {
		if err := each(sitemap, line("Sitemap")); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// maxMetadata bounds the text of a file, in bytes: it is the most that a sitemap
// may have (sitemaps.org), and ends what would go on without an end.
const maxMetadata = 50 << 20

func limited(b []byte, what string) error {
	if len(b) > maxMetadata {
		return &ShapeError{Text: fmt.Sprintf("the %s is larger than %d MiB", what, maxMetadata>>20), Hint: "split it: generateSitemaps gives several sitemaps"}
	}
	return nil
}

// sitemapText is a sitemap as Next.js 16 writes it, but escaped.
func sitemapText(v goja.Value) ([]byte, error) {
	if !isArray(v) {
		return nil, &ShapeError{Text: "sitemap returned " + article(kindOf(v)) + ", want an array", Hint: metadataHints[route.Sitemap]}
	}
	var alternates, images, videos bool
	s := &sitemap{}
	err := each(v, func(i int, item goja.Value) error {
		if _, ok := item.(*goja.Object); !ok {
			return &ShapeError{Text: fmt.Sprintf("entry %d of the sitemap is %s, want an object with a url", i, article(kindOf(item))), Hint: metadataHints[route.Sitemap]}
		}
		if o, ok := member(item, "alternates").(*goja.Object); ok && len(o.Keys()) > 0 {
			alternates = true
		}
		images = images || truthy(member(member(item, "images"), "length"))
		videos = videos || truthy(member(member(item, "videos"), "length"))
		return s.entry(i, item)
	})
	if err != nil {
		return nil, err
	}
	head := "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\""
	if images {
		head += ` xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"`
	}
	if videos {
		head += ` xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"`
	}
	if alternates {
		head += ` xmlns:xhtml="http://www.w3.org/1999/xhtml"`
	}
	out := make([]byte, 0, len(head)+len(s.b)+16)
	out = append(append(append(out, head...), ">\n"...), s.b...)
	return append(out, "</urlset>\n"...), nil
}

// sitemap is the text of the entries so far.
type sitemap struct{ b []byte }

// element writes an element with text, on a line of its own.
func (s *sitemap) element(name string, v goja.Value) {
	s.b = append(append(append(s.b, '<'), name...), '>')
	s.b = appendXML(s.b, v.String(), false)
	s.end(name)
}

func (s *sitemap) end(name string) {
	s.b = append(append(append(s.b, "</"...), name...), ">\n"...)
}

// attribute writes an attribute of a tag that is open.
func (s *sitemap) attribute(name, value string) {
	s.b = append(append(append(append(s.b, ' '), name...), '='), '"')
	s.b = append(appendXML(s.b, value, true), '"')
}

func (s *sitemap) entry(i int, item goja.Value) error {
	url := member(item, "url")
	if absent(url) || url.String() == "" {
		return &ShapeError{Text: fmt.Sprintf("entry %d of the sitemap has no url", i), Hint: metadataHints[route.Sitemap]}
	}
	s.b = append(s.b, "<url>\n"...)
	s.element("loc", url)
	if languages, ok := member(member(item, "alternates"), "languages").(*goja.Object); ok {
		for _, language := range languages.Keys() {
			if absent(member(languages, language)) {
				continue
			}
			s.b = append(s.b, "<xhtml:link"...)
			s.attribute("rel", "alternate")
			s.attribute("hreflang", language)
			s.attribute("href", member(languages, language).String())
			s.b = append(s.b, " />\n"...)
		}
	}
	if images := member(item, "images"); truthy(member(images, "length")) {
		err := each(images, func(_ int, image goja.Value) error {
			if absent(image) {
				return nil
			}
			s.b = append(s.b, "<image:image>\n"...)
			s.element("image:loc", image)
			s.end("image:image")
			return limited(s.b, "sitemap")
		})
		if err != nil {
			return err
		}
	}
	if videos := member(item, "videos"); truthy(member(videos, "length")) {
		err := each(videos, func(n int, video goja.Value) error {
			return s.video(fmt.Sprintf("video %d of entry %d of the sitemap", n, i), video)
		})
		if err != nil {
			return err
		}
	}
	if at := member(item, "lastModified"); truthy(at) {
		if date, ok := at.(*goja.Object); ok && date.ClassName() == "Date" {
			iso, ok := goja.AssertFunction(date.Get("toISOString"))
			if !ok {
				return &ShapeError{Text: fmt.Sprintf("lastModified of entry %d of the sitemap is a Date without toISOString", i)}
			}
			text, err := iso(date)
			if err != nil {
				return &ShapeError{Text: fmt.Sprintf("lastModified of entry %d of the sitemap is a Date that is none", i), Hint: "look at what it was made of: new Date('…') takes an ISO date"}
			}
			at = text
		}
		s.element("lastmod", at)
	}
	if frequency := member(item, "changeFrequency"); truthy(frequency) {
		s.element("changefreq", frequency)
	}
	if priority := member(item, "priority"); !absent(priority) {
		switch priority.Export().(type) {
		case int64, float64:
			s.element("priority", priority)
		}
	}
	s.b = append(s.b, "</url>\n"...)
	return limited(s.b, "sitemap")
}

// videoFields are the elements of a video that are plain text, in the order of
// Next.js; the first three are not optional.
var videoFields = [...]string{
	"title", "thumbnail_loc", "description",
	"content_loc", "player_loc", "duration", "view_count", "tag", "rating", "expiration_date", "publication_date", "family_friendly", "requires_subscription", "live",
}

// videoObjects are those with an attribute.
var videoObjects = [...]struct{ name, attribute string }{
	{"restriction", "relationship"}, {"platform", "relationship"}, {"uploader", "info"},
}

func (s *sitemap) video(place string, video goja.Value) error {
	s.b = append(s.b, "<video:video>\n"...)
	for i, name := range videoFields {
		v := member(video, name)
		if i < 3 && absent(v) {
			return &ShapeError{Text: place + " has no " + name, Hint: "a video has a title, a thumbnail_loc and a description"}
		}
		if i < 3 || truthy(v) {
			s.element("video:"+name, v)
		}
	}
	for _, f := range videoObjects {
		v := member(video, f.name)
		if !truthy(v) {
			continue
		}
		if absent(member(v, "content")) {
			return &ShapeError{Text: place + ": " + f.name + " has no content", Hint: f.name + ": { " + f.attribute + ": '…', content: '…' }"}
		}
		s.b = append(append(s.b, "<video:"...), f.name...)
		if a := member(v, f.attribute); truthy(a) {
			s.attribute(f.attribute, a.String())
		}
		s.b = appendXML(append(s.b, '>'), member(v, "content").String(), false)
		s.end("video:" + f.name)
	}
	s.end("video:video")
	return limited(s.b, "sitemap")
}

// appendXML escapes text (XML 1.0 §2.4), for an attribute its quotes too. Next.js
// does not, so code that was written for it may have done so itself: what is a
// reference already stays one. Characters that XML cannot hold are U+FFFD.
func appendXML(b []byte, text string, attribute bool) []byte {
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '&':
			if ref := reference(text[i:]); ref > 0 {
				b = append(b, text[i:i+ref]...)
				i += ref
				continue
			}
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"' && attribute:
			b = append(b, "&quot;"...)
		case r == '\r':
			b = append(b, "&#13;"...)
		case !xmlChar(r) || r == utf8.RuneError:
			b = append(b, "\uFFFD"...)
		default:
			b = append(b, text[i:i+n]...)
		}
		i += n
	}
	return b
}

// reference is the length of a reference that text begins with: one of XML's
// own names or a number of a character (XML 1.0 §4.1, §4.6); 0 is none.
func reference(text string) int {
	end := strings.IndexByte(text[:min(len(text), 12)], ';')
	if end < 0 {
		return 0
	}
	name := text[1:end]
	switch name {
	case "amp", "lt", "gt", "quot", "apos":
		return end + 1
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0
	}
	base := rune(10)
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	var r rune
	for _, c := range []byte(digits) {
		d := rune(99)
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		}
		if d >= base || r > utf8.MaxRune {
			return 0
		}
		r = r*base + d
	}
	if digits == "" || !xmlChar(r) {
		return 0
	}
	return end + 1
}

// xmlChar reports whether XML can hold a character (XML 1.0 §2.2).
func xmlChar(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}
