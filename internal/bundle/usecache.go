package bundle

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
)

// UseCacheModule is the host module that cached functions are made with. Its
// exports are
//
//	cached(id, kind, fn, params)
//	cachedWith(id, kind, () => captured, fn, params)
//
// Each gives a function that calls fn, or gives what it gave: id tells the
// function from all others of the bundle, kind is what stands behind the colon
// of the directive or "default", captured are the values of variables of
// functions around fn, and arguments from the params-th on are not looked at.
const UseCacheModule = "portico/use-cache"

const useCache = "use cache"

// cacheable is a file that may have the directive and is read for it.
type cacheable struct {
	path  string // absolute
	rel   string // slashes, from the project's root
	entry bool   // the host loads it by name

	source string    // as it was written
	code   string    // as esbuild writes it: JavaScript without types
	mapped sourceMap // from code to source
	places *sourcemap.Consumer
	out    *Outline
	empty  map[int]bool

	edits    []edit
	problems []api.Message
	memos    int // variables for wrappers
	done     map[int]bool
	ids      map[string]bool
}

// edit is a text that goes in.
type edit struct {
	at   int
	text string
}

// sourceMap is what is read and written of a version 3 source map.
type sourceMap struct {
	Version  int      `json:"version"`
	Sources  []string `json:"sources"`
	Names    []string `json:"names"`
	Mappings string   `json:"mappings"`
}

// remapped is a file that esbuild saw other text of, to find places in it.
type remapped struct {
	places *sourcemap.Consumer
	lines  []string // of the source
}

// original is the place in the source of a place in a file that was edited.
func (p *plugin) original(l *api.Location) *api.Location {
	p.mu.Lock()
	r := p.remapped[filepath.ToSlash(l.File)]
	p.mu.Unlock()
	if r == nil {
		return l
	}
	column := len(utf16.Encode([]rune(l.LineText[:min(l.Column, len(l.LineText))])))
	_, _, line, column, ok := r.places.Source(l.Line, column)
	if !ok {
		return &api.Location{File: l.File, Line: 1, LineText: r.lines[0]}
	}
	return locationOf(l.File, r.lines, line, column)
}

// useCache gives each function with the directive 'use cache' to the host, as
// Next.js does. It returns false where the text is to stay as it is, and what is
// wrong: in a package that is a warning where nothing was edited.
//
// The text is edited after esbuild has taken the types off, without a new line
// anywhere, and the map that leads back to the source goes with it.
func (p *plugin) useCache(file, source string) (code string, problems []api.Message, ok bool) {
	if p.o.Outline == nil || !strings.Contains(source, useCache) || p.o.Host == nil || !p.o.Host(UseCacheModule) {
		return "", nil, false
	}
	rel, err := filepath.Rel(p.o.Dir, file)
	if err != nil {
		return "", nil, false // on another drive
	}
	c := &cacheable{path: file, rel: filepath.ToSlash(rel), source: source, done: map[int]bool{}, ids: map[string]bool{}}
	p.mu.Lock()
	c.entry = slices.Contains(p.entries, c.rel)
	p.mu.Unlock()
	var failure error
	for _, lower := range []bool{false, true} { // as Rebuild does, for the same engine
		if !c.plain(p, lower) {
			return "", nil, false // the build itself finds the error
		}
		if c.out, failure = p.o.Outline(c.masked(), isUseCache); failure == nil {
			break
		}
	}
	if failure != nil {
		if !looksUsed.MatchString(source) {
			return "", nil, false
		}
		return "", []api.Message{c.problem(0, "the functions with 'use cache' cannot be found here: "+sentence(failure.Error()),
			"this is syntax that the script engine lacks; write it another way, or move these functions into a file of their own")}, !inNodeModules(file)
	}
	c.transform()
	if len(c.problems) > 0 {
		return "", c.problems, true
	}
	if len(c.edits) == 0 {
		return "", nil, false
	}
	code, mappings := c.edited()
	m := c.mapped
	m.Mappings = mappings
	text, err := json.Marshal(m)
	if err != nil {
		return "", []api.Message{{Text: err.Error()}}, true
	}
	places, err := sourcemap.Parse("", text)
	if err != nil {
		return "", []api.Message{{Text: err.Error()}}, true
	}
	p.mu.Lock()
	p.remapped[c.rel] = &remapped{places: places, lines: strings.Split(source, "\n")}
	p.mu.Unlock()
	return code + "\n//# sourceMappingURL=data:application/json;base64," + base64.StdEncoding.EncodeToString(text) + "\n", nil, true
}

// looksUsed finds a directive, or what looks much like one.
var looksUsed = regexp.MustCompile(`(?m)(?:^|[{;])\s*["']use cache(?::[^"'\n]*)?["']\s*(?:$|[;}])`)

func isUseCache(text string) bool { return text == useCache || strings.HasPrefix(text, useCache+":") }

// plain has esbuild write the file without types and JSX, with imports and
// exports as they are.
func (c *cacheable) plain(p *plugin, lower bool) bool {
	options := plainOptions(p.o.Dir, lower)
	options.EntryPoints = []string{c.path}
	options.Outfile = filepath.Join(filepath.Dir(c.path), ScriptName) // sources are relative to it
	options.Plugins = []api.Plugin{{Name: "portico-source", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: ".*"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{Contents: &c.source, Loader: api.LoaderDefault}, nil
		})
	}}}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return false
	}
	var text []byte
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			text = f.Contents
		} else {
			c.code = withAsyncGenerators(string(f.Contents))
		}
	}
	places, err := sourcemap.Parse("", text)
	if err != nil || json.Unmarshal(text, &c.mapped) != nil {
		return false
	}
	c.places = places
	return true
}

// Statements of modules, as esbuild writes them. What looks like one inside of a
// template is masked too, which moves nothing; that is told from a statement by
// the empty statement that the outline has in its place.
const (
	moduleName   = `"(?:[^"\\\n]|\\.)*"`
	moduleClause = `(?: with \{[^}` + "`" + `]*\})?;$`
)

var (
	importLine   = regexp.MustCompile(`(?m)^import (?:(?:[\w$*,{}\\\s]|` + moduleName + `)+ from )?` + moduleName + moduleClause)
	exportLine   = regexp.MustCompile(`(?m)^export (?:\{(?:[\w$,{}\\\s]|` + moduleName + `)*\}|\*(?: as (?:[\w$\\{}]+|` + moduleName + `))?)(?: from ` + moduleName + `)?` + moduleClause)
	exportPrefix = regexp.MustCompile(`(?m)^export (default )?`)
	importCall   = regexp.MustCompile(`\bimport(\s*[.(])`)
)

// masked is the code as a script, with every byte in its place.
func (c *cacheable) masked() string {
	blank := func(match string) string {
		if strings.Contains(match, "${") {
			return match // a template
		}
		text := []byte(match)
		for i := range text {
			if text[i] != '\n' {
				text[i] = ' '
			}
		}
		text[0] = ';'
		return string(text)
	}
	text := importLine.ReplaceAllStringFunc(c.code, blank)
	text = exportLine.ReplaceAllStringFunc(text, blank)
	text = exportPrefix.ReplaceAllStringFunc(text, func(match string) string {
		if strings.HasSuffix(match, "default ") {
			// A declaration without a name is none in a script.
			return ";void 0,       "
		}
		return ";      "
	})
	return importCall.ReplaceAllString(text, "impor_$1")
}

// original is the place in the source of an offset in the code.
func (c *cacheable) original(at int) (line, column int) {
	l, col := position(c.code, at)
	if _, _, line, column, ok := c.places.Source(l, col); ok {
		return line, column
	}
	return 1, 0
}

// position is the line from 1 and the column from 0 of an offset.
func position(text string, at int) (line, column int) {
	before := text[:min(max(at, 0), len(text))]
	return strings.Count(before, "\n") + 1, at - (strings.LastIndexByte(before, '\n') + 1)
}

func (c *cacheable) problem(at int, text, hint string) api.Message {
	line, column := c.original(at)
	m := explained(text, hint)
	m.Location = locationOf(c.rel, strings.Split(c.source, "\n"), line, column)
	return m
}

// locationOf is a place for a message; column counts UTF-16 units from 0.
func locationOf(file string, lines []string, line, column int) *api.Location {
	l := &api.Location{File: file, Line: line}
	if line <= len(lines) {
		l.LineText = strings.TrimSuffix(lines[line-1], "\r")
		units := utf16.Encode([]rune(l.LineText))
		l.Column = len(string(utf16.Decode(units[:min(column, len(units))])))
	}
	return l
}

func (c *cacheable) report(at int, text, hint string) {
	c.problems = append(c.problems, c.problem(at, text, hint))
}

func (c *cacheable) insert(at int, text string) {
	c.edits = append(c.edits, edit{at, text})
}

// transform finds the functions and edits them.
func (c *cacheable) transform() {
	c.empty = map[int]bool{}
	for _, at := range c.out.Empty {
		c.empty[at] = true
	}
	ours := !inNodeModules(c.path)
	if ours {
		for _, d := range c.out.Stray {
			if isUseCache(d.Text) {
				where := "function's body"
				if d.Module {
					where = "file"
				}
				c.report(d.At, fmt.Sprintf("the directive %q must be at the top of the %s", d.Text, where), "put it before all other statements, or take it out")
			}
		}
		for _, list := range append([][]Directive{c.out.Directives}, c.inner()...) {
			for _, d := range list {
				c.checkSpelling(d)
			}
		}
	}
	exports := c.exports()
	module, moduleAt, whole := c.kind(c.out.Directives)
	for i := range c.out.Functions {
		f := &c.out.Functions[i]
		if kind, at, ok := c.kind(f.Directives); ok && len(c.problems) == 0 {
			if c.handler(exports, i, at) {
				continue
			}
			c.function(i, kind, at)
		}
	}
	if whole {
		c.file(exports, module, moduleAt)
	}
	if len(c.edits) > 0 {
		// Imports are evaluated first wherever they stand.
		memos := ""
		for i := range c.memos {
			memos += " var " + memo(i+1) + ";"
		}
		c.insert(len(c.code), memos+" import { cached as __portico_cached, cachedWith as __portico_cachedWith } from "+quote(UseCacheModule)+";")
	}
}

func (c *cacheable) inner() [][]Directive {
	var all [][]Directive
	for _, f := range c.out.Functions {
		all = append(all, f.Directives)
	}
	return all
}

// checkSpelling reports what Next.js takes for a misspelt directive.
func (c *cacheable) checkSpelling(d Directive) {
	rest, ok := strings.CutPrefix(d.Text, useCache)
	if !ok {
		if editDistance(d.Text, useCache, 2) < 2 {
			c.report(d.At, fmt.Sprintf("%q is no directive", d.Text), fmt.Sprintf("did you mean %q", useCache))
		}
		return
	}
	kind, ok := strings.CutPrefix(rest, ": ")
	if rest == "" || ok && strings.TrimSpace(kind) == kind && kind != "" {
		return
	}
	want := useCache
	if kind := strings.TrimSpace(strings.TrimLeft(rest, " :")); kind != "" {
		want += ": " + kind
	}
	c.report(d.At, fmt.Sprintf("%q is no directive", d.Text), fmt.Sprintf("did you mean %q", want))
}

// kind is the kind of cache that directives ask for.
func (c *cacheable) kind(list []Directive) (kind string, at int, ok bool) {
	server := false
	for _, d := range list {
		switch {
		case d.Text == "use server":
			server = true
		case isUseCache(d.Text):
			kind, at, ok = "default", d.At, true
			if _, name, found := strings.Cut(d.Text, ": "); found {
				kind = name
			}
		}
	}
	switch {
	case ok && server:
		c.report(at, `"use server" and "use cache" exclude each other`, "take one of them out")
	case ok && kind == "private":
		c.report(at, "'use cache: private' is not supported", "it keeps nothing on a server; read cookies and headers in the handler, and give what they say to a function with 'use cache'")
	}
	return kind, at, ok
}

// export is a name that the module exports.
type export struct {
	name  string // "*" for all of another module
	local string // the name in this module; "" when there is none
	at    int
	value int // of a default export: where it begins
}

var exportItem = regexp.MustCompile(`([\w$\\{}]+|` + moduleName + `)(?: as ([\w$\\{}]+|` + moduleName + `))?`)

// exports are the names that the module exports, in their order.
func (c *cacheable) exports() []export {
	var all []export
	for _, at := range c.out.Empty {
		rest := c.code[at:]
		if m := exportLine.FindString(rest); m != "" && strings.HasPrefix(rest, m) {
			body, from, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(m, "export "), ";"), " from ")
			if strings.HasPrefix(body, "*") {
				all = append(all, export{name: "*", at: at})
				continue
			}
			for _, item := range exportItem.FindAllStringSubmatch(strings.Trim(body, "{}"), -1) {
				e := export{local: item[1], name: item[2], at: at}
				if e.name == "" {
					e.name = e.local
				}
				if from != "" {
					e.local = ""
				}
				all = append(all, e)
			}
			continue
		}
		switch {
		case strings.HasPrefix(rest, "export default "):
			e := export{name: "default", at: at, value: at + len("export default ")}
			for _, f := range c.out.Functions {
				if f.Start == e.value && (f.Kind == "declaration" || f.Kind == "expression") {
					e.local = f.Name
				}
			}
			if e.local == "" {
				e.local = identifierAt(c.code[e.value:], 0)
				if !strings.HasPrefix(c.code[e.value+len(e.local):], ";") {
					e.local = ""
				}
			}
			all = append(all, e)
		case strings.HasPrefix(rest, "export "):
			end := len(c.code)
			// The names that are declared there, up to the next statement.
			for _, other := range c.out.Statements {
				if other > at+len("export ") {
					end = other
					break
				}
			}
			for _, d := range c.out.Declarations {
				if d.At > at && d.At < end {
					all = append(all, export{name: d.Name, local: d.Name, at: d.At})
				}
			}
		}
	}
	return all
}

func (c *cacheable) declaration(name string) *Declaration {
	for i := range c.out.Declarations {
		if c.out.Declarations[i].Name == name {
			return &c.out.Declarations[i]
		}
	}
	return nil
}

// exported is the function that an export is, or -1.
func (c *cacheable) exported(e export) int {
	if e.value > 0 {
		for i, f := range c.out.Functions {
			if f.Start == e.value {
				return i
			}
		}
	}
	if d := c.declaration(e.local); d != nil {
		return d.Function
	}
	return -1
}

var routeFile = regexp.MustCompile(`^route\.[cm]?[jt]sx?$`)

// handler reports a route's method that would be kept itself: a Response cannot
// be, nor can a request be part of a key.
func (c *cacheable) handler(exports []export, i, at int) bool {
	if !c.entry || !routeFile.MatchString(path.Base(c.rel)) {
		return false
	}
	for _, e := range exports {
		switch e.name {
		case "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS":
			if c.exported(e) == i {
				c.report(at, fmt.Sprintf("'use cache' cannot stand in %s itself: a Response cannot be kept so", e.name),
					"move what is to be kept into a function of its own, and call that from "+e.name)
				return true
			}
		}
	}
	return false
}

// file caches what a file with the directive at its top exports.
func (c *cacheable) file(exports []export, kind string, at int) {
	const text = "a file with 'use cache' at its top can only export async functions"
	for _, e := range exports {
		if len(c.problems) > 0 {
			return
		}
		if e.name == "*" {
			c.report(e.at, text, "export * gives names that are not known here; export async functions that call those of the other module")
			continue
		}
		if i := c.exported(e); i >= 0 {
			if _, _, own := c.kind(c.out.Functions[i].Directives); !own && !c.done[i] {
				if c.handler(exports, i, at) {
					return
				}
				c.function(i, kind, c.out.Functions[i].Start)
			}
			continue
		}
		d := c.declaration(e.local)
		switch {
		case d != nil && d.Literal && !d.Class:
			// Next.js leaves it as it is, for `export const revalidate`.
		case d != nil && d.Value > 0 && d.ValueEnd > 0 && !d.Class && !d.Pattern:
			// Only running it will tell.
			if id := c.id(d.Name, d.At); !c.done[-1-d.At] {
				c.done[-1-d.At] = true
				c.insert(d.Value, `((value) => typeof value === "function" ? __portico_cached(`+quote(id)+", "+quote(kind)+", value, Infinity) : value)(")
				c.insert(d.ValueEnd, ")")
			}
		case d == nil && e.local != "" || d == nil && e.value == 0:
			c.report(e.at, text, fmt.Sprintf("%q comes from another module; put 'use cache' there, or export an async function that calls it", e.name))
		case d != nil && d.Pattern:
			c.report(e.at, text, fmt.Sprintf("%q is taken out of another value; export an async function that calls it", e.name))
		default:
			c.report(max(e.at, e.value), text, "make it an async function, or put the directive into each function that is to be cached")
		}
	}
}

// exportedName is what the function can be found by from the top of the module.
func (c *cacheable) exportedName(i int) string {
	for _, d := range c.out.Declarations {
		if d.Function == i {
			return d.Name
		}
	}
	if c.isDefault(c.out.Functions[i]) {
		return cmp.Or(c.out.Functions[i].Name, "default")
	}
	return ""
}

// id is the name of the file with that of the function, or with its place.
func (c *cacheable) id(name string, at int) string {
	id := c.rel + "#" + name
	if name == "" || c.ids[id] {
		line, column := c.original(at)
		id = fmt.Sprintf("%s#%d:%d", c.rel, line, column+1)
	}
	c.ids[id] = true
	return id
}

func memo(i int) string { return "__portico_cache" + strconv.Itoa(i) }

// function gives one function to the host. at is where a fault of it is shown.
func (c *cacheable) function(i int, kind string, at int) {
	f := c.out.Functions[i]
	if !c.check(f, at) {
		return
	}
	c.done[i] = true
	id := c.id(c.exportedName(i), f.Start)
	params := strconv.Itoa(f.Arity)
	if f.Rest || f.Arguments {
		params = "Infinity"
	}
	call := "__portico_cached(" + quote(id) + ", " + quote(kind) + ", "
	if len(f.Captured) > 0 {
		call = "__portico_cachedWith(" + quote(id) + ", " + quote(kind) + ", () => [" + ascii(strings.Join(f.Captured, ", ")) + "], "
	}
	if (f.Kind == "arrow" || f.Kind == "expression") && !f.Own && (f.Kind == "arrow" || !c.isDefault(f)) {
		// As the value of a property it keeps the name that it would get.
		before, behind := "", ""
		if f.Name != "" {
			before, behind = "{ "+ascii(quote(f.Name))+": ", " }["+ascii(quote(f.Name))+"]"
		}
		c.insert(f.Start, call+before)
		c.insert(f.End, behind+", "+params+")")
		return
	}
	// What has a name that can be seen, is hoisted or is a method stays what it
	// is; the text becomes a method in its body, which has no name of its own,
	// so that the name still means the cached function.
	store := ""
	if len(f.Captured) == 0 {
		c.memos++
		store = memo(c.memos) + " ??= "
	}
	inner := ascii(quote(f.Name))
	c.insert(f.Parameters, "() { return ("+store+call+"{ async "+inner)
	c.insert(f.End, " }["+inner+"], "+params+"))(...arguments); }")
}

// isDefault reports a function that is the default export: unless it is an
// arrow function, it is hoisted.
func (c *cacheable) isDefault(f Function) bool {
	const before = "export default "
	return strings.HasSuffix(c.code[:f.Start], before) && c.empty[f.Start-len(before)]
}

// check reports what cannot be cached, in the words of Next.js.
func (c *cacheable) check(f Function, at int) bool {
	switch {
	case f.Kind == "instance":
		c.report(at, "'use cache' cannot stand in a method of a class's instances", "use a function, a method of an object or a static method of the class")
	case !f.Async || f.Generator || f.Kind == "accessor":
		c.report(at, "a function with 'use cache' must be async", "put async before it; generators, getters and setters cannot be cached")
	case f.This > 0:
		c.report(f.This, "a function with 'use cache' cannot use this", "give it what it needs as an argument")
	case f.Super > 0:
		c.report(f.Super, "a function with 'use cache' cannot use super", "give it what it needs as an argument")
	case f.Outer > 0:
		c.report(f.Outer, "a function with 'use cache' cannot use the arguments of the function around it", "give them a name there")
	case f.End == 0:
		c.report(at, "it is not known where this function ends", "give it a body in braces")
	default:
		return true
	}
	return false
}

// ascii escapes what is beyond ASCII, in names and in strings.
func ascii(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\u{%x}`, r)
		}
	}
	return b.String()
}

// edited is the code with the edits made, and the mappings that go with it.
func (c *cacheable) edited() (code, mappings string) {
	slices.SortStableFunc(c.edits, func(a, b edit) int { return a.at - b.at })
	var text bytes.Buffer
	lines := strings.Split(c.mapped.Mappings, ";")
	done := 0
	shifts := map[int][]edit{} // by line: the columns where text goes in
	for _, e := range c.edits {
		text.WriteString(c.code[done:e.at])
		text.WriteString(e.text)
		done = e.at
		line, column := position(c.code, e.at)
		shifts[line-1] = append(shifts[line-1], edit{column, e.text})
	}
	text.WriteString(c.code[done:])
	for i, shift := range shifts {
		if i < len(lines) {
			lines[i] = shifted(lines[i], shift)
		}
	}
	return text.String(), strings.Join(lines, ";")
}

// shifted is a line of mappings with text put in at some columns. All but the
// first field of a segment are relative to the last segment of any line, and
// stay.
func shifted(line string, edits []edit) string {
	if line == "" {
		return ""
	}
	segments := strings.Split(line, ",")
	column, next := 0, 0
	for i, s := range segments {
		fields, n := decodeVLQ(s)
		if n == 0 {
			continue
		}
		column += fields[0]
		more := 0
		for next < len(edits) && edits[next].at <= column {
			more += len(utf16.Encode([]rune(edits[next].text)))
			next++
		}
		if more > 0 {
			segments[i] = encodeVLQ(fields[0]+more) + s[lengthVLQ(s):]
		}
	}
	return strings.Join(segments, ",")
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// encodeVLQ is decodeVLQ's inverse for one number.
func encodeVLQ(n int) string {
	v := n << 1
	if n < 0 {
		v = -n<<1 | 1
	}
	var b []byte
	for {
		d := v & 31
		if v >>= 5; v == 0 {
			return string(append(b, base64Digits[d]))
		}
		b = append(b, base64Digits[d|32])
	}
}

// lengthVLQ is how many characters the first number of a segment takes.
func lengthVLQ(segment string) int {
	for i := range len(segment) {
		if d := strings.IndexByte(base64Digits, segment[i]); d&32 == 0 {
			return i + 1
		}
	}
	return len(segment)
}
