package bundle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// esbuild reads tsconfig.json by itself and does not say which ones it read.
// What is here follows it only as far as the watcher and the hints need: the
// files of the extends chain, and the paths.

// configFiles returns the package.json, tsconfig.json and jsconfig.json files
// that had a say in how the given files were read.
func configFiles(files []string) []string {
	dirs := map[string][]string{}
	var of func(dir string) []string
	of = func(dir string) []string {
		if found, ok := dirs[dir]; ok {
			return found
		}
		var found []string
		pkg := filepath.Join(dir, "package.json")
		if isFile(pkg) {
			found = append(found, pkg)
		}
		ts, hasTS := projectConfig(dir)
		if hasTS {
			found = append(found, ts.files...)
		}
		if up := filepath.Dir(dir); up != dir && filepath.Base(dir) != "node_modules" {
			for _, f := range of(up) {
				// The nearest tsconfig.json hides those above it. A package.json
				// does not: one in a subfolder says "type", the package's own
				// says "main".
				if filepath.Base(f) == "package.json" || !hasTS {
					found = append(found, f)
				}
			}
		}
		dirs[dir] = found
		return found
	}
	var all []string
	for _, f := range files {
		for _, c := range of(filepath.Dir(f)) {
			// esbuild reads no tsconfig inside node_modules.
			if filepath.Base(c) == "package.json" || !inNodeModules(f) {
				all = append(all, c)
			}
		}
	}
	return all
}

// tsconfig is a configuration with those that it extends.
type tsconfig struct {
	files []string            // itself first
	paths map[string][]string // compilerOptions.paths, the last in the chain to have them
	base  string              // absolute; what paths are relative to
	root  string              // absolute baseUrl, or ""
}

// projectConfig reads dir's tsconfig.json, or its jsconfig.json.
func projectConfig(dir string) (tsconfig, bool) {
	for _, name := range []string{"tsconfig.json", "jsconfig.json"} {
		if file := filepath.Join(dir, name); isFile(file) {
			var c tsconfig
			c.read(file)
			return c, true
		}
	}
	return tsconfig{}, false
}

// enclosingConfig is the configuration that holds for a file in dir.
func enclosingConfig(dir string) (tsconfig, bool) {
	for {
		if c, ok := projectConfig(dir); ok {
			return c, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return tsconfig{}, false
		}
		dir = up
	}
}

// read adds a file and what it extends. A file that cannot be read or is not
// JSON is kept for the watcher; esbuild reports what is wrong with it.
func (c *tsconfig) read(file string) {
	for _, f := range c.files {
		if f == file {
			return // a circle
		}
	}
	c.files = append(c.files, file)
	data, err := os.ReadFile(file)
	if err != nil {
		return
	}
	var t struct {
		Extends         json.RawMessage
		CompilerOptions struct {
			BaseURL *string
			Paths   map[string][]string
		}
	}
	if json.Unmarshal(plainJSON(data), &t) != nil {
		return
	}
	var extends []string
	var one string
	if json.Unmarshal(t.Extends, &one) == nil {
		extends = []string{one}
	} else if json.Unmarshal(t.Extends, &extends) != nil {
		extends = nil
	}
	dir := filepath.Dir(file)
	for _, e := range extends {
		if parent, ok := extendedConfig(dir, e); ok {
			c.read(parent)
		}
	}
	if t.CompilerOptions.BaseURL != nil {
		c.root = filepath.Join(dir, filepath.FromSlash(*t.CompilerOptions.BaseURL))
		c.base = c.root
	}
	if t.CompilerOptions.Paths != nil {
		c.paths = t.CompilerOptions.Paths
		if c.root == "" {
			c.base = dir
		}
	}
}

// extendedConfig finds what extends names: a path, or a file of a package.
func extendedConfig(dir, name string) (string, bool) {
	if name == "" {
		return "", false
	}
	file := filepath.FromSlash(name)
	switch {
	case filepath.IsAbs(file):
		return firstFile(file, file+".json")
	case strings.HasPrefix(name, "."):
		file = filepath.Join(dir, file)
		return firstFile(file, file+".json")
	}
	pkg := packageName(name)
	pkgDir, ok := packageDir(dir, pkg)
	if !ok {
		return "", false
	}
	file = filepath.Join(pkgDir, filepath.FromSlash(strings.TrimPrefix(name, pkg)))
	return firstFile(file, file+".json", filepath.Join(file, "tsconfig.json"))
}

// candidates are the paths that a specifier may stand for by this
// configuration, absolute and without extension guesses.
func (c tsconfig) candidates(specifier string) []string {
	var found []string
	for pattern, targets := range c.paths {
		prefix, suffix, star := strings.Cut(pattern, "*")
		var middle string
		switch {
		case !star && specifier == pattern:
		case star && len(specifier) >= len(prefix)+len(suffix) &&
			strings.HasPrefix(specifier, prefix) && strings.HasSuffix(specifier, suffix):
			middle = specifier[len(prefix) : len(specifier)-len(suffix)]
		default:
			continue
		}
		if pattern == "*" {
			continue // says nothing about what was meant
		}
		for _, t := range targets {
			found = append(found, filepath.Join(c.base, filepath.FromSlash(strings.Replace(t, "*", middle, 1))))
		}
	}
	return found
}

// plainJSON turns what tsconfig.json may hold, JSON with comments and trailing
// commas, into JSON. Bytes keep their places.
func plainJSON(data []byte) []byte {
	out := make([]byte, len(data))
	copy(out, data)
	if len(out) >= 3 && out[0] == 0xEF && out[1] == 0xBB && out[2] == 0xBF {
		out[0], out[1], out[2] = ' ', ' ', ' ' // byte order mark
	}
	comma := -1 // the last comma with nothing but space after it
	for i := 0; i < len(out); i++ {
		switch ch := out[i]; {
		case ch == '"':
			for i++; i < len(out) && out[i] != '"' && out[i] != '\n'; i++ {
				if out[i] == '\\' {
					i++
				}
			}
			comma = -1
		case ch == '/' && i+1 < len(out) && out[i+1] == '/':
			for ; i < len(out) && out[i] != '\n'; i++ {
				out[i] = ' '
			}
		case ch == '/' && i+1 < len(out) && out[i+1] == '*':
			end := len(out)
			if n := strings.Index(string(out[i+2:]), "*/"); n >= 0 {
				end = i + 2 + n + 2
			}
			for ; i < end; i++ {
				if out[i] != '\n' {
					out[i] = ' '
				}
			}
			i-- // the loop steps over it
		case ch == ',':
			comma = i
		case ch == '}' || ch == ']':
			if comma >= 0 {
				out[comma] = ' '
			}
			comma = -1
		case ch != ' ' && ch != '\t' && ch != '\r' && ch != '\n':
			comma = -1
		}
	}
	return out
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}

func firstFile(paths ...string) (string, bool) {
	for _, p := range paths {
		if isFile(p) {
			return p, true
		}
	}
	return "", false
}

// packageName is the package part of a bare specifier: "zod" of "zod/v4",
// "@scope/name" of "@scope/name/sub".
func packageName(specifier string) string {
	parts := strings.SplitN(specifier, "/", 3)
	if strings.HasPrefix(specifier, "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}
