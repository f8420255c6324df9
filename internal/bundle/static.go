package bundle

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf16"

	"github.com/evanw/esbuild/pkg/api"
	"github.com/go-sourcemap/sourcemap"
)

// StaticExport reads the value of a module's export without running it, such as
// the config of middleware: src is the text of file, a slash path below the
// project. The value must be a literal; as const and satisfies may stand behind
// it. literal is the script engine's reader, js.Literal.
//
// The value comes as string, float64, bool, nil, []any and map[string]any.
// found is false without such an export; what the module gets by an `export *`
// does not count. The error is an *Error; when found is true, it is that the
// value is no literal, and has its place.
func StaticExport(file string, src []byte, name string, literal func(code, export string) (value any, found bool, line, column int, err error)) (value any, found bool, err error) {
	loader := api.LoaderJSX
	switch path.Ext(file) {
	case ".ts", ".mts", ".cts":
		loader = api.LoaderTS
	case ".tsx":
		loader = api.LoaderTSX
	}
	b := &Builder{}
	result := api.Transform(string(src), api.TransformOptions{
		LogLevel:   api.LogLevelSilent,
		Loader:     loader,
		Format:     api.FormatCommonJS,
		Platform:   api.PlatformNeutral,
		Target:     api.ESNext,
		Supported:  supported(true),
		JSX:        api.JSXAutomatic,
		Charset:    api.CharsetASCII,
		Sourcefile: file,
		Sourcemap:  api.SourceMapExternal,
		// No texts: the messages quote src.
		SourcesContent: api.SourcesContentExclude,
	})
	if len(result.Errors) > 0 {
		msgs := b.messages(result.Errors)
		for i, f := range result.Errors {
			if strings.HasPrefix(f.Text, "Top-level await") {
				msgs[i].Text = "top-level await keeps the exports of this module from being read without running it"
				msgs[i].Hint = "await inside of the function, or keep the promise and await it there"
			}
		}
		return nil, false, &Error{Messages: msgs}
	}
	value, found, line, column, err := literal(string(result.Code), name)
	switch {
	case err == nil:
		return value, found, nil
	case !found:
		return nil, false, &Error{Messages: []*Message{{File: file, Text: "the module cannot be read without running it: " + err.Error()}}}
	}
	m := &Message{File: file, Text: fmt.Sprintf("%s must be a literal: %s", name, err),
		Hint: "it is read without running the module; write the value itself, without variables, calls and expressions"}
	if sources, mapErr := sourcemap.Parse("", result.Map); mapErr == nil {
		if _, _, l, c, ok := sources.Source(line, column-1); ok {
			m.Line, m.Column = l, c+1
			if lines := strings.Split(string(src), "\n"); l <= len(lines) {
				m.LineText = strings.TrimSuffix(lines[l-1], "\r")
				units := utf16.Encode([]rune(m.LineText)) // what source maps count
				m.Column = len(utf16.Decode(units[:min(c, len(units))])) + 1
			}
		}
	}
	return nil, true, &Error{Messages: []*Message{m}}
}
