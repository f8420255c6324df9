package bundle

import (
	"fmt"
	"strings"
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
	if m.File != "" {
		s.WriteString(m.File + ":")
		if m.Line > 0 {
			fmt.Fprintf(&s, "%d:%d:", m.Line, m.Column)
		}
		s.WriteString(" ")
	}
	s.WriteString(m.Text)
	if m.Hint != "" {
		s.WriteString("\nhint: " + m.Hint)
	}
	return s.String()
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

func (b *Builder) messages(ms []api.Message) []*Message {
	var out []*Message
	for _, m := range ms {
		msg := &Message{Text: m.Text}
		if l := m.Location; l != nil {
			msg.File, msg.Line, msg.LineText = l.File, l.Line, l.LineText
			msg.Column = utf8.RuneCountInString(l.LineText[:min(l.Column, len(l.LineText))]) + 1
		}
		out = append(out, msg)
	}
	return out
}

// refused explains why the script engine did not take the code.
func refused(b *Bundle, err error) *Message {
	return &Message{Text: "the script engine cannot run this code: " + err.Error()}
}
