package bundle

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"
)

// Message is one fault of the sources, with its place and what to do about it.
type Message struct {
	// File is a slash path relative to Options.Dir; "" when there is no place.
	File string
	// Line and Column count from 1, Column in characters; 0 when unknown.
	Line, Column int
	// Text says what is wrong, in lower case with no full stop.
	Text string
	// LineText is the source line; "" when unknown.
	LineText string
	// Hint says what to do about it; "" when there is nothing to say.
	Hint string
}

// Error is "file:line:column: text", and "hint: …" on a second line.
func (m *Message) Error() string {
	var s strings.Builder
	if at := m.place(); at != "" {
		s.WriteString(at + ": ")
	}
	s.WriteString(m.Text)
	if m.Hint != "" {
		s.WriteString("\nhint: " + m.Hint)
	}
	return s.String()
}

func (m *Message) place() string {
	if m.File == "" || m.Line == 0 {
		return m.File
	}
	return fmt.Sprintf("%s:%d:%d", m.File, m.Line, m.Column)
}

// Error is what Build returns when the sources cannot be bundled.
type Error struct {
	Messages []*Message // at least one, in the order they were found
	// Inputs are the files that were read before the build failed, as in
	// Bundle, so that a watcher can wait for the correction.
	Inputs []string
}

func (e *Error) Error() string {
	lines := make([]string, len(e.Messages))
	for i, m := range e.Messages {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives errors.As each Message.
func (e *Error) Unwrap() []error {
	errs := make([]error, len(e.Messages))
	for i, m := range e.Messages {
		errs[i] = m
	}
	return errs
}

// messages puts esbuild's messages into our words: it speaks of its own
// options, which nobody here can set.
func (b *Builder) messages(found []api.Message) []*Message {
	out := make([]*Message, 0, len(found))
	for _, f := range found {
		m := &Message{}
		b.locate(m, f.Location)
		if f.ID == computedImport || f.ID == computedRequire {
			if inNodeModules("/" + m.File) {
				continue // nothing the project's author can change
			}
			m.Text = "a name that is only known at run time can only be a module of the host"
			m.Hint = "import files by a literal path, or by a template that starts with one, such as `./messages/${name}.json`"
			out = append(out, m)
			continue
		}
		if hint, ok := f.Detail.(ownHint); ok {
			m.Text, m.Hint = f.Text, string(hint)
		} else {
			m.Text = sentence(f.Text)
			b.explain(m, f)
		}
		out = append(out, m)
	}
	// A fault in a configuration is the cause of others.
	slices.SortStableFunc(out, func(x, y *Message) int { return cmp.Compare(x.rank(), y.rank()) })
	return out
}

func (m *Message) rank() int {
	if path.Ext(m.File) == ".json" && strings.Contains(path.Base(m.File), "config") {
		return 0
	}
	return 1
}

func (b *Builder) locate(m *Message, l *api.Location) {
	if l == nil {
		return
	}
	if b.plugin != nil {
		l = b.plugin.original(l)
	}
	m.File, m.Line, m.LineText = filepath.ToSlash(l.File), l.Line, l.LineText
	m.Column = utf8.RuneCountInString(l.LineText[:min(l.Column, len(l.LineText))]) + 1
}

// sentence gives a text of esbuild the form of ours: lower case, and without
// the colon that precedes a source line.
func sentence(text string) string {
	text = strings.TrimRight(text, ":.")
	if text == "" {
		return ""
	}
	first, size := utf8.DecodeRuneInString(text)
	word, _, _ := strings.Cut(text, " ")
	for i, r := range word {
		if i > 0 && unicode.IsUpper(r) {
			return text // a name: TypeScript, JSX, ECMAScript
		}
	}
	return string(unicode.ToLower(first)) + text[size:]
}

// noteHint makes a hint of the first note that is about the sources. Others
// explain esbuild's options.
func (b *Builder) noteHint(notes []api.Note) string {
	for _, n := range notes {
		switch {
		case n.Text == "",
			strings.HasPrefix(n.Text, "You can mark the path "),
			strings.HasPrefix(n.Text, "You need to "),
			strings.Contains(n.Text, "to bundle for node"),
			strings.Contains(n.Text, "The plugin "):
			continue
		}
		hint := sentence(n.Text)
		if n.Location != nil {
			var at Message
			b.locate(&at, n.Location)
			hint += " (" + at.place() + ")"
		}
		return hint
	}
	return ""
}
