package bundle

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// reactCopy resolves react and react-dom without the condition "react-server".
//
// Under it react-dom/server throws when it is loaded, and react lacks
// createContext and every hook, which whoever renders needs (e-mails, say).
// There must be one copy of react, so the choice cannot be left to the
// importer. Nothing is lost: outside React's own server renderer the full copy
// does all that the server copy does.
type reactCopy struct {
	conditions []string // without react-server; import, require and default are implied
}

type reactFile struct{ dir, path string }

func (r *reactCopy) resolve(a api.OnResolveArgs) (reactFile, bool) {
	name, subpath, _ := strings.Cut(a.Path, "/")
	if name != "react" && name != "react-dom" {
		return reactFile{}, false
	}
	dir, ok := packageDir(a.ResolveDir, name)
	if !ok {
		return reactFile{}, false
	}
	data, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return reactFile{}, false // esbuild will find out and say so
	}
	var manifest struct {
		Exports json.RawMessage `json:"exports"`
	}
	if json.Unmarshal(data, &manifest) != nil {
		return reactFile{}, false
	}
	kind := "import"
	if a.Kind == api.ResolveJSRequireCall || a.Kind == api.ResolveJSRequireResolve {
		kind = "require"
	}
	target, ok := exportTarget(manifest.Exports, subpath, append([]string{kind, "default"}, r.conditions...))
	if !ok {
		return reactFile{}, false // no exports, or a path that is not among them
	}
	file := filepath.Join(dir, filepath.FromSlash(target))
	if info, err := os.Stat(file); err != nil || info.IsDir() {
		return reactFile{}, false
	}
	return reactFile{dir: dir, path: file}, true
}

// packageDir finds an installed package as Node does: in the node_modules of
// dir, or of the nearest parent that has it. The path is real, because packages
// are often symbolic links.
func packageDir(dir, name string) (string, bool) {
	for {
		found := filepath.Join(dir, "node_modules", filepath.FromSlash(name))
		if info, err := os.Stat(found); err == nil && info.IsDir() {
			if found, err = filepath.EvalSymlinks(found); err == nil {
				return found, true
			}
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

// exportTarget is the part of PACKAGE_EXPORTS_RESOLVE (Node.js, "Modules:
// Packages") that exact subpaths need: the file for "" or "server" under the
// given conditions. It reports false for anything else, patterns included.
func exportTarget(exports json.RawMessage, subpath string, conditions []string) (string, bool) {
	members, ok := objectMembers(exports)
	if ok && len(members) > 0 && strings.HasPrefix(members[0].key, ".") {
		want := "."
		if subpath != "" {
			want = "./" + subpath
		}
		i := slices.IndexFunc(members, func(m member) bool { return m.key == want })
		if i < 0 {
			return "", false
		}
		exports = members[i].value
	} else if subpath != "" {
		return "", false // only the package itself is exported
	}
	return conditionTarget(exports, conditions)
}

func conditionTarget(value json.RawMessage, conditions []string) (string, bool) {
	var target string
	if json.Unmarshal(value, &target) == nil {
		return target, strings.HasPrefix(target, "./") && filepath.IsLocal(filepath.FromSlash(target))
	}
	members, _ := objectMembers(value)
	for _, m := range members { // the package's order decides, not ours
		if slices.Contains(conditions, m.key) {
			if target, ok := conditionTarget(m.value, conditions); ok {
				return target, true
			}
		}
	}
	return "", false
}

type member struct {
	key   string
	value json.RawMessage
}

// objectMembers reads a JSON object and keeps the order of its members.
func objectMembers(data json.RawMessage) ([]member, bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	var members []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, false
		}
		m := member{key: key.(string)} // a decoder takes nothing else for a key
		if err := d.Decode(&m.value); err != nil {
			return nil, false
		}
		members = append(members, m)
	}
	return members, true
}
