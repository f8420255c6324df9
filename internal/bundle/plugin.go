package bundle

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	entriesName = "portico:entries" // the entry point: a table of loaders

	nsEntries = "portico"      // entriesName
	nsHost    = "portico-host" // modules of the script host
	nsMeta    = "portico-meta" // import.meta of one file

	metaName = "__portico_meta"
)

// plugin answers esbuild's questions about modules that are not plain files.
type plugin struct {
	o       Options
	entries []string
	seen    *collected
}

func newPlugin(o Options) *plugin { return &plugin{o: o, seen: &collected{}} }

func (p *plugin) begin(entries []string) {
	p.entries = entries
	p.seen = &collected{files: map[string]bool{}}
}

func (p *plugin) inputs() []string { return p.seen.sorted() }

func (p *plugin) esbuild() api.Plugin {
	return api.Plugin{Name: "portico", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^[^./]`}, p.resolve)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: nsEntries}, p.loadEntries)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: nsHost}, p.loadHost)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: nsMeta}, p.loadMeta)
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "file"}, p.loadFile)
	}}
}

func (p *plugin) resolve(a api.OnResolveArgs) (api.OnResolveResult, error) {
	if a.Kind == api.ResolveEntryPoint {
		return api.OnResolveResult{Path: a.Path, Namespace: nsEntries}, nil
	}
	if file, ok := strings.CutPrefix(a.Path, nsMeta+":"); ok {
		return api.OnResolveResult{Path: file, Namespace: nsMeta}, nil
	}
	if name, ok := p.hosted(a.Path); ok {
		return api.OnResolveResult{Path: name, Namespace: nsHost}, nil
	}
	return api.OnResolveResult{}, nil
}

// hosted returns the name under which the host serves a specifier.
func (p *plugin) hosted(specifier string) (string, bool) {
	if p.o.Host == nil {
		return "", false
	}
	if bare := strings.TrimPrefix(specifier, "node:"); bare != specifier || nodeBuiltins[bare] {
		if p.o.Host("node:" + bare) {
			return "node:" + bare, true
		}
		return bare, p.o.Host(bare)
	}
	return specifier, p.o.Host(specifier)
}

// loadEntries writes the entry point. It imports nothing statically, so esbuild
// wraps every module in an initialiser that runs on first use.
func (p *plugin) loadEntries(api.OnLoadArgs) (api.OnLoadResult, error) {
	var s strings.Builder
	s.WriteString("__portico_entries = {\n")
	for _, e := range p.entries {
		s.WriteString(quote(e) + ": () => import(" + quote("./"+e) + "),\n")
	}
	s.WriteString("};\n")
	code := s.String()
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS, ResolveDir: p.o.Dir}, nil
}

// loadHost writes a module of the host. It is CommonJS, because its exports are
// not known here and because such a module is looked up when it is first used.
func (p *plugin) loadHost(a api.OnLoadArgs) (api.OnLoadResult, error) {
	code := "module.exports = __portico_host(" + quote(a.Path) + ");\n"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}

func (p *plugin) loadMeta(a api.OnLoadArgs) (api.OnLoadResult, error) {
	code := "export default {}"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderJS}, nil
}

var (
	scriptFile = regexp.MustCompile(`\.(?:[cm]?[jt]s|[jt]sx)$`)
	metaUse    = regexp.MustCompile(`\bimport\s*\.\s*meta\b|\b__(?:dirname|filename)\b`)
)

func (p *plugin) loadFile(a api.OnLoadArgs) (api.OnLoadResult, error) {
	p.seen.add(a.Path)
	if !scriptFile.MatchString(a.Path) {
		return api.OnLoadResult{}, nil
	}
	b, err := os.ReadFile(a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	if !metaUse.Match(b) {
		code := string(b)
		return api.OnLoadResult{Contents: &code, Loader: api.LoaderDefault}, nil
	}
	rel, err := filepath.Rel(p.o.Dir, a.Path)
	if err != nil {
		return api.OnLoadResult{}, err
	}
	code := string(b) + "\nimport " + metaName + " from " + quote(nsMeta+":"+filepath.ToSlash(rel)) + ";\n"
	return api.OnLoadResult{Contents: &code, Loader: api.LoaderDefault}, nil
}
