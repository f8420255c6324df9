package bundle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
)

var (
	unresolvedText = regexp.MustCompile(`^Could not resolve ("(?:[^"\\]|\\.)*")`)
	noExportText   = regexp.MustCompile(`^No matching export in "(.*)" for import "(.*)"$`)
	noLoaderText   = regexp.MustCompile(`^No loader is configured for "(\.[^"]*)" files: (.*)$`)
)

const strictText = ` cannot be used with the "esm" output format due to strict mode`

// explain adds what to do about a message, and rewrites it where it speaks of
// esbuild and not of the sources.
func (b *Builder) explain(m *Message, f api.Message) {
	m.Hint = b.noteHint(f.Notes)
	if found := unresolvedText.FindStringSubmatch(f.Text); found != nil {
		if specifier, err := strconv.Unquote(found[1]); err == nil {
			b.explainUnresolved(m, specifier)
		}
		return
	}
	if found := noExportText.FindStringSubmatch(f.Text); found != nil {
		m.Text = fmt.Sprintf("%s has no export named %q", found[1], found[2])
		if found[2] == "default" {
			m.Hint = cmp.Or(m.Hint, "import what it exports by name, in braces")
		}
		return
	}
	if found := noLoaderText.FindStringSubmatch(f.Text); found != nil {
		m.Text = fmt.Sprintf("cannot import a %s file", found[1])
		m.Hint = fmt.Sprintf("read it at run time, or serve it from public/; only scripts, .json, .txt and .css can be imported, not %s", filepath.ToSlash(found[2]))
		return
	}
	if before, ok := strings.CutSuffix(f.Text, strictText); ok {
		m.Text = sentence(before) + " cannot be used in strict code"
		m.Hint = "every module of a bundle is strict code, as ECMAScript modules are"
		return
	}
	if strings.HasSuffix(m.File, ".ts") && looksLikeJSX(m) {
		m.Hint = fmt.Sprintf("JSX needs a .tsx file; rename %s to %sx", m.File, m.File)
	}
}

var jsxTag = regexp.MustCompile(`<(?:[A-Za-z][\w.]*(?:\s[^<]*)?)?/?>`)

// looksLikeJSX guesses whether a syntax error in a .ts file comes from JSX,
// whose first tag esbuild reads as a type assertion.
func looksLikeJSX(m *Message) bool {
	if !strings.HasPrefix(m.Text, "expected ") && !strings.HasPrefix(m.Text, "unterminated ") && !strings.HasPrefix(m.Text, "unexpected ") {
		return false
	}
	return strings.Contains(m.LineText, "</") || strings.Contains(m.LineText, "/>") || jsxTag.MatchString(m.LineText)
}

// explainUnresolved words an import that leads nowhere.
func (b *Builder) explainUnresolved(m *Message, specifier string) {
	m.Text = fmt.Sprintf("cannot resolve %q", specifier)
	dir := filepath.Join(b.o.Dir, filepath.FromSlash(m.File))
	if m.File != "" {
		dir = filepath.Dir(dir)
	}
	bare := strings.TrimPrefix(specifier, "node:")
	name := packageName(specifier)
	config, _ := enclosingConfig(dir)
	switch {
	case strings.HasPrefix(specifier, "."), strings.HasPrefix(specifier, "/"):
		target := filepath.FromSlash(specifier)
		if !filepath.IsAbs(target) {
			target = filepath.Join(dir, target)
		}
		m.Hint = nearest(b.o.Dir, target)
	case strings.HasPrefix(specifier, "go:"):
		m.Hint = fmt.Sprintf("no Go functions are exposed under this name; register them with app.Expose(%q, …)", strings.TrimPrefix(specifier, "go:"))
	case bare != specifier:
		m.Text = fmt.Sprintf("there is no Node.js module %q", specifier)
		m.Hint = "scripts do not run in Node.js" + b.plugin.hostedList("; available are ", "node:", nodeBuiltins)
	case name == "next":
		m.Hint = "there is no such module" + b.plugin.hostedList("; available are ", "", nextModules)
	case name == "portico":
		m.Hint = "this version of portico has no such module"
	case len(config.candidates(specifier)) > 0:
		// The longest is the most specific.
		m.Hint = nearest(b.o.Dir, slices.MaxFunc(config.candidates(specifier), func(x, y string) int {
			return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
		}))
	case strings.HasPrefix(specifier, "@/"), strings.HasPrefix(specifier, "~/"):
		m.Hint = fmt.Sprintf(`no path in tsconfig.json matches; add "compilerOptions": { "paths": { %q: ["./*"] } }`, specifier[:2]+"*")
	case strings.HasPrefix(specifier, "#"):
		m.Hint = cmp.Or(m.Hint, `names with # come from "imports" in package.json`)
	default:
		b.explainPackage(m, specifier, name, dir)
	}
}

// explainPackage says how to get a package that is not there, or what is wrong
// with one that is.
func (b *Builder) explainPackage(m *Message, specifier, name, dir string) {
	if _, ok := packageDir(dir, name); ok {
		m.Hint = cmp.Or(m.Hint, fmt.Sprintf("the package %q is installed but has no such file", name))
		return
	}
	beside := filepath.Join(dir, filepath.FromSlash(specifier))
	if _, ok := firstFile(beside, beside+".ts", beside+".tsx", beside+".js", beside+".jsx"); ok {
		m.Hint = fmt.Sprintf("a name without ./ is a package; the file is %q", "./"+specifier)
		return
	}
	if specifier == "react/jsx-runtime" || specifier == "react/jsx-dev-runtime" {
		m.Text = "JSX needs the package \"react\""
	}
	add, install := b.packager()
	if b.declares(name) {
		m.Hint = fmt.Sprintf("%q is in package.json but not in node_modules: run %s", name, install)
		return
	}
	m.Hint = fmt.Sprintf("run %s %s", add, name)
}

// packager tells the commands that add a package and install all, of the
// package manager whose lock file is in the project or above.
func (b *Builder) packager() (add, install string) {
	locks := []struct{ file, command, add string }{
		{"pnpm-lock.yaml", "pnpm", "add"},
		{"yarn.lock", "yarn", "add"},
		{"bun.lock", "bun", "add"},
		{"bun.lockb", "bun", "add"},
		{"package-lock.json", "npm", "install"},
	}
	for dir := b.o.Dir; ; {
		for _, l := range locks {
			if isFile(filepath.Join(dir, l.file)) {
				return l.command + " " + l.add, l.command + " install"
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "npm install", "npm install"
		}
		dir = up
	}
}

// declares reports whether the project's package.json lists a package.
func (b *Builder) declares(name string) bool {
	data, err := os.ReadFile(filepath.Join(b.o.Dir, "package.json"))
	if err != nil {
		return false
	}
	var manifest map[string]json.RawMessage
	if json.Unmarshal(data, &manifest) != nil {
		return false
	}
	for _, field := range []string{"dependencies", "devDependencies", "optionalDependencies", "peerDependencies"} {
		var list map[string]string
		if json.Unmarshal(manifest[field], &list) == nil && list[name] != "" {
			return true
		}
	}
	return false
}

// hostedList names those of names that the host serves, or is "".
func (p *plugin) hostedList(before, prefix string, names []string) string {
	if p.o.Host == nil {
		return ""
	}
	var served []string
	for _, n := range names {
		if _, ok := p.hosted(n); ok {
			served = append(served, prefix+n)
		}
	}
	if len(served) == 0 {
		return ""
	}
	return before + strings.Join(served, ", ")
}

// nearest looks for what was meant by an import of the absolute path target: at
// the first folder or file of it that does not exist, the name there that is
// most like it. Paths in the hint are relative to root.
func nearest(root, target string) string {
	missing := target
	var rest string // of the target, below missing
	for {
		up := filepath.Dir(missing)
		if up == missing {
			return ""
		}
		if info, err := os.Stat(up); err == nil && info.IsDir() {
			break
		}
		rest = filepath.Join(filepath.Base(missing), rest)
		missing = up
	}
	entries, err := os.ReadDir(filepath.Dir(missing))
	if err != nil {
		return ""
	}
	want := stem(filepath.Base(missing))
	best, distance := "", max(1, len(want)/3)+1
	for _, e := range entries {
		if rest != "" && !e.IsDir() {
			continue
		}
		if n := e.Name(); n != "node_modules" && !strings.HasPrefix(n, ".") {
			if d := editDistance(strings.ToLower(want), strings.ToLower(stem(n)), distance); d < distance {
				best, distance = n, d
			}
		}
	}
	folder := relative(root, filepath.Dir(missing))
	if best == "" {
		return fmt.Sprintf("there is no %q in %s", filepath.Base(missing), folder)
	}
	return fmt.Sprintf("there is no %q in %s; did you mean %q", filepath.Base(missing), folder, best)
}

// relative is a file's path for messages.
func relative(root, file string) string {
	rel, err := filepath.Rel(root, file)
	switch {
	case err != nil || !filepath.IsLocal(rel):
		return file
	case rel == ".":
		return "the project's root"
	}
	return filepath.ToSlash(rel)
}

// stem is a name without what may be left out of an import.
func stem(name string) string {
	for _, ext := range []string{".d.ts", ".tsx", ".ts", ".jsx", ".js", ".mjs", ".cjs", ".mts", ".cts", ".json"} {
		if s, ok := strings.CutSuffix(name, ext); ok {
			return s
		}
	}
	return name
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours from a to b, in bytes. It gives up at limit.
func editDistance(a, b string, limit int) int {
	if d := len(a) - len(b); d >= limit || -d >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	var last, beforeLast []int
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		beforeLast, last, row = last, row, make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], beforeLast[j-2]+1)
			}
		}
	}
	return min(row[len(b)], limit)
}

// goja's places: "portico.js: Line 3:7 Unexpected token" from the parser,
// "SyntaxError: … at portico.js:3:7" from the compiler.
var enginePlace = regexp.MustCompile(`^` + regexp.QuoteMeta(ScriptName) + `: Line (\d+):(\d+) (.*)|^(.*?) at ` + regexp.QuoteMeta(ScriptName) + `:(\d+):(\d+)`)

// refused explains code that esbuild made and the script engine did not take,
// at the place in the sources that it was made from.
func (b *Builder) refused(bundle *Bundle, err error) *Message {
	m := &Message{Hint: "this is syntax that the script engine lacks; write it another way, or use another package"}
	text := err.Error()
	first, _, _ := strings.Cut(text, "\n")
	if found := enginePlace.FindStringSubmatch(first); found != nil {
		line, column := cmp.Or(found[1], found[5]), cmp.Or(found[2], found[6])
		text = strings.TrimPrefix(cmp.Or(found[3], found[4]), "SyntaxError: ")
		b.locateGenerated(m, bundle.SourceMap, line, column)
	}
	m.Text = "the script engine cannot run this: " + sentence(text)
	return m
}

func (b *Builder) locateGenerated(m *Message, sourceMap []byte, line, column string) {
	l, err1 := strconv.Atoi(line)
	c, err2 := strconv.Atoi(column)
	sources, err3 := sourcemap.Parse("", sourceMap)
	if err1 != nil || err2 != nil || err3 != nil {
		return // the message has no place then, but is still true
	}
	file, _, l, c, ok := sources.Source(l, c-1)
	if !ok {
		return
	}
	m.File, m.Line, m.Column = file, l, c+1
	data, err := os.ReadFile(filepath.Join(b.o.Dir, filepath.FromSlash(file)))
	if err != nil {
		return
	}
	if lines := strings.Split(string(data), "\n"); l <= len(lines) {
		m.LineText = strings.TrimSuffix(lines[l-1], "\r")
	}
}
