package site

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portico-dev/portico/internal/bundle"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/js"
	"github.com/portico-dev/portico/internal/js/web"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/route"
)

// Names that a configuration may have, and others that people give it.
var (
	nextConfigs    = []string{"next.config.ts", "next.config.mts", "next.config.js", "next.config.mjs", "next.config.cjs"}
	porticoConfigs = []string{"portico.config.ts", "portico.config.mts", "portico.config.js", "portico.config.mjs", "portico.config.cjs", "portico.config.json"}
	wrongConfigs   = []string{"next.config.json", "next.config.tsx", "next.config.jsx", "next.config.cts", "portico.config.tsx", "portico.config.jsx", "portico.config.cts"}
)

// configLimit bounds the running of a configuration file, with what its
// redirects(), rewrites() and headers() wait for.
const configLimit = 30 * time.Second

// configured is a configuration that was read.
type configured struct {
	settings *config.Settings
	warnings []string
	inputs   []string         // files that were read, or would be if they existed
	stamps   map[string]stamp // of the inputs, before they were read
	modules  []string         // files of its bundle
	vars     map[string]string
	mode     string
}

// stamp tells whether a file has changed.
type stamp struct {
	modified time.Time
	size     int64 // -1: there is none
}

func stampOf(file string) stamp {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{size: -1}
	}
	return stamp{info.ModTime(), info.Size()}
}

// settings reads the configuration at a project's root: portico.config.*, or
// else next.config.*. Without one the settings are the zero value. inputs are
// the files that it depends on, for the watcher, also when there is an error;
// they have the names of files that are not there yet.
//
// A configuration whose files have not changed is not run again: its rules may
// come from a database, and Next.js evaluates them once.
func (l *Loader) settings(ctx context.Context, dir string, env *Env, mode string) (s *config.Settings, inputs, warnings []string, err error) {
	if c := l.config; c != nil && c.current(env, mode) {
		return c.settings, c.inputs, c.warnings, nil
	}
	l.config = nil
	c := &configured{vars: maps.Clone(env.Vars), mode: mode, stamps: map[string]stamp{}}
	for _, name := range slices.Concat(nextConfigs, porticoConfigs, wrongConfigs) {
		c.input(filepath.Join(dir, name))
	}
	c.settings, err = l.configure(ctx, dir, env, c)
	slices.Sort(c.inputs)
	if err != nil {
		return nil, c.inputs, c.warnings, err
	}
	if l.o.FS == nil { // an embedded project is loaded once, in another folder each time
		l.config = c
	}
	return c.settings, c.inputs, c.warnings, nil
}

// input notes a file that the configuration depends on.
func (c *configured) input(file string) {
	if _, known := c.stamps[file]; !known {
		c.stamps[file] = stampOf(file)
		c.inputs = append(c.inputs, file)
	}
}

// current reports whether reading the configuration again would give the same.
func (c *configured) current(env *Env, mode string) bool {
	if mode != c.mode || !maps.Equal(env.Vars, c.vars) {
		return false
	}
	for file, s := range c.stamps {
		if stampOf(file) != s {
			return false
		}
	}
	return true
}

// configure finds, reads and validates the configuration.
func (l *Loader) configure(ctx context.Context, dir string, env *Env, c *configured) (*config.Settings, error) {
	var problems []error
	for _, name := range wrongConfigs {
		if c.stamps[filepath.Join(dir, name)].size >= 0 {
			kind, _, _ := strings.Cut(name, ".")
			problems = append(problems, &route.Error{File: name, Text: "a configuration of this kind is not read", Hint: "rename it to " + kind + ".config.ts or " + kind + ".config.mjs"})
		}
	}
	find := func(names []string) string {
		var found []string
		for _, name := range names {
			if c.stamps[filepath.Join(dir, name)].size >= 0 {
				found = append(found, name)
			}
		}
		if len(found) > 1 {
			problems = append(problems, &route.Error{File: found[1], Text: found[0] + " is there as well, and a project has one configuration", Hint: "remove one of the two"})
		}
		if len(found) > 0 {
			return found[0]
		}
		return ""
	}
	nextFile, file := find(nextConfigs), find(porticoConfigs)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	own := file != ""
	file = cmp.Or(file, nextFile)
	if file == "" {
		return &config.Settings{}, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return nil, &route.Error{File: file, Text: "the file cannot be read: " + err.Error()}
	}
	l.configText = string(text)
	var data any
	if filepath.Ext(file) == ".json" {
		data, err = config.ParseJSON(text, file)
	} else {
		data, err = l.runConfig(ctx, dir, file, env, c)
	}
	if err != nil {
		return nil, err
	}
	if own && nextFile != "" && !slices.Contains(c.modules, filepath.Join(dir, nextFile)) {
		c.warnings = append(c.warnings, fmt.Sprintf("%s: not read, as %s is there: import it there and spread it, or move the keys", nextFile, file))
	}
	s, warnings, err := config.Parse(data, config.Options{File: file, Text: string(text), Own: own, Backtrack: backtrack})
	c.warnings = append(c.warnings, warnings...)
	return s, err
}

// runConfig bundles a configuration and runs it on an isolate of its own.
func (l *Loader) runConfig(ctx context.Context, dir, file string, env *Env, c *configured) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, configLimit)
	defer cancel()
	dev := c.mode == "development"
	built, err := bundle.Build(ctx, bundle.Options{Dir: dir, Entries: []string{file}, Dev: dev, Partial: true,
		Host: func(specifier string) bool {
			return slices.Contains(next.ConfigSpecifiers, specifier) || next.Serves(specifier)
		}}, js.Check)
	var failed *bundle.Error
	switch {
	case errors.As(err, &failed):
		c.bundled(failed.Inputs)
	case built != nil:
		c.bundled(built.Inputs)
	}
	if err != nil {
		return nil, err
	}
	program, err := js.Compile(bundle.ScriptName, built.Code, built.SourceMap)
	if err != nil {
		return nil, err
	}
	if program.Names, err = built.Renamed(); err != nil {
		return nil, err
	}
	var mu sync.Mutex // the isolate may go on after a time limit
	var read []string
	app, err := next.New(program, next.Options{
		Isolates: 1,
		Pool:     js.Options{JobLimit: l.jobLimit()},
		Web:      web.Options{Dir: dir, Vars: env.Vars, Logger: l.o.Logger, Dev: dev, Client: web.NewClient("Portico")},
		Modules: func(iso *js.Isolate) {
			next.InstallConfig(iso, dir, func(name string) {
				mu.Lock()
				defer mu.Unlock()
				read = append(read, name)
			})
		},
	})
	if err != nil {
		return nil, err
	}
	phase := next.PhaseProduction
	if dev {
		phase = next.PhaseDevelopment
	}
	data, err := app.Config(ctx, file, phase)
	mu.Lock()
	for _, name := range read {
		c.input(name)
	}
	mu.Unlock()
	ended, stop := context.WithCancel(context.Background())
	stop() // nothing of it is waited for
	if closing := app.Close(ended); closing != nil && !errors.Is(closing, context.Canceled) {
		return nil, errors.Join(err, closing)
	}
	if err != nil {
		return nil, explainConfig(file, err)
	}
	return data, nil
}

// bundled notes the files of the configuration's bundle.
func (c *configured) bundled(files []string) {
	c.modules = files
	for _, f := range files {
		c.input(f)
	}
}

// explainConfig makes one clear error of what a configuration did.
func explainConfig(file string, err error) error {
	e := &route.Error{File: file}
	var run *next.ConfigError
	during := ""
	if errors.As(err, &run) {
		during = run.During
	}
	var thrown *js.ScriptError
	what := cmp.Or(during, "the configuration")
	switch {
	case errors.Is(err, next.ErrNoConfig):
		e.Text, e.Hint = "there is no default export", "write export default { … }, or module.exports = { … }"
	case errors.Is(err, next.ErrConfigPending):
		e.Text = fmt.Sprintf("%s did not settle within %s", what, configLimit)
		e.Hint = "it is awaited when the server starts; is there something that it waits for in vain"
	case errors.Is(err, js.ErrCompute):
		e.Text, e.Hint = what+" computed for too long", "is there a loop without an end"
	case errors.Is(err, js.ErrMemory):
		e.Text, e.Hint = what+" used too much memory", "is there a list that grows without an end"
	case errors.As(err, &thrown):
		e.File = cmp.Or(thrown.Place(), file)
		e.Text = what + " threw: " + thrown.Detail()
		e.Hint = "the configuration is run when the server starts"
	case run != nil:
		e.Text = strings.TrimPrefix(during+": ", ": ") + run.Err.Error()
	default:
		e.Text = err.Error()
	}
	return e
}

// defines are what expressions of the application's scripts become literals:
// the public variables of the environment, and the configuration's env, which
// wins as in Next.js.
func defines(env *Env, s *config.Settings) (map[string]string, error) {
	all := maps.Clone(env.Public)
	maps.Copy(all, s.Env)
	define := make(map[string]string, len(all))
	for name, value := range all {
		literal, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		define["process.env."+name] = string(literal)
	}
	return define, nil
}
