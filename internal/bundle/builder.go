package bundle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// ScriptName is the name the compile callback gets. Compile Code under it, and
// give SourceMap to the loader that asks for SourceMapName, and frames come out
// as "app/api/users/route.ts:3:7".
const (
	ScriptName    = "portico.js"
	SourceMapName = "portico.js.map"
)

// A Builder bundles one project again and again. It keeps what did not change
// parsed, so that a rebuild costs the files that did.
// A Builder is used by one goroutine at a time.
type Builder struct {
	o       Options
	compile func(code, name string) error
	plugin  *plugin
	passes  [2]api.BuildContext // as written; with class features lowered
	lowered bool                // the last build needed the second pass
}

// NewBuilder prepares a Builder. o.Entries is not looked at: Rebuild is told.
func NewBuilder(o Options, compile func(code, name string) error) (*Builder, error) {
	if !filepath.IsAbs(o.Dir) {
		return nil, fmt.Errorf("bundle: Options.Dir %q is not an absolute path", o.Dir)
	}
	// esbuild names files by their real path, so a symbolic link in Dir would
	// turn every source into ../../….
	dir, err := filepath.EvalSymlinks(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("bundle: %w", err)
	}
	o.Dir = dir
	o.Define = maps.Clone(o.Define)
	b := &Builder{o: o, compile: compile}
	b.plugin = newPlugin(o, slices.DeleteFunc(b.conditions(), func(c string) bool { return c == "react-server" }))
	return b, nil
}

// Rebuild bundles the given entries, see Options.Entries. The error is an
// *Error, or the context's.
func (b *Builder) Rebuild(ctx context.Context, entries []string) (*Bundle, error) {
	if msgs := b.checkEntries(entries); len(msgs) > 0 {
		return nil, &Error{Messages: msgs}
	}
	b.plugin.begin(slices.Clone(entries))

	// A project that needed the second pass will need it again.
	if !b.lowered {
		bundle, err := b.build(ctx, 0)
		if err != nil {
			return nil, err
		}
		if b.compile == nil || b.compile(bundle.Code, ScriptName) == nil {
			return bundle, nil
		}
	}
	bundle, err := b.build(ctx, 1)
	if err != nil {
		return nil, err
	}
	if err := b.compile(bundle.Code, ScriptName); err != nil {
		return nil, &Error{Messages: []*Message{b.refused(bundle, err)}, Inputs: bundle.Inputs}
	}
	if first := b.passes[0]; first != nil {
		first.Dispose()
		b.passes[0] = nil
	}
	b.lowered = true
	bundle.Lowered = true
	return bundle, nil
}

// Close frees what the Builder keeps.
func (b *Builder) Close() {
	for _, c := range b.passes {
		if c != nil {
			c.Dispose()
		}
	}
}

func (b *Builder) build(ctx context.Context, pass int) (*Bundle, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.passes[pass] == nil {
		c, err := api.Context(b.options(pass == 1))
		if err != nil {
			return nil, &Error{Messages: b.messages(err.Errors)}
		}
		b.passes[pass] = c
	}
	esb := b.passes[pass]
	cancelled := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(cancelled)
		esb.Cancel()
	})
	result := esb.Rebuild()
	if !stop() {
		<-cancelled // or it would hit the next build
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	inputs := b.plugin.inputs()
	inputs = append(inputs, configFiles(inputs)...)
	slices.Sort(inputs)
	inputs = slices.Compact(inputs)
	if len(result.Errors) > 0 {
		return nil, &Error{Messages: b.messages(result.Errors), Inputs: inputs}
	}
	out := &Bundle{Warnings: b.messages(result.Warnings), Inputs: inputs}
	if w := b.plugin.absentWarning(); w != nil {
		out.Warnings = append(out.Warnings, w)
	}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			out.SourceMap = f.Contents
		} else {
			out.Code = withAsyncGenerators(string(f.Contents))
		}
	}
	if out.Code == "" || out.SourceMap == nil {
		return nil, fmt.Errorf("bundle: esbuild made %d files, want a script and a source map", len(result.OutputFiles))
	}
	return out, nil
}

// checkEntries reports entries that are not files, where esbuild would point
// into the generated list of entries.
func (b *Builder) checkEntries(entries []string) []*Message {
	var msgs []*Message
	for _, e := range entries {
		info, err := os.Stat(filepath.Join(b.o.Dir, filepath.FromSlash(e)))
		switch {
		case errors.Is(err, os.ErrNotExist):
			msgs = append(msgs, &Message{File: e, Text: "no such file"})
		case err != nil:
			msgs = append(msgs, &Message{File: e, Text: err.Error()})
		case info.IsDir():
			msgs = append(msgs, &Message{File: e, Text: "is a directory, want a script"})
		}
	}
	return msgs
}
