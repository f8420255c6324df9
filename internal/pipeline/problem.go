package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// problem is an error as the development page shows it. All of it is read off
// the error's text, whose form is the same in all packages:
//
//	app/api/users/route.ts:12:3: what is wrong
//	more lines, such as a stack
//	hint: what to do
type problem struct {
	Title  string
	Place  string
	Frame  []frameLine
	Hint   string
	Detail string
}

// frameLine is a line of source around the place, or the caret below it.
type frameLine struct {
	Number string // right-aligned
	Text   string
	Class  string // "hit", "caret" or ""
}

// located is an error whose place is not at the start of its text.
type located interface{ Place() string }

// detailed is an error that has more to tell a developer than its text.
type detailed interface{ Detail() string }

// detail is all that there is to tell about an error.
func detail(err error) string {
	var d detailed
	if errors.As(err, &d) {
		return d.Detail()
	}
	return err.Error()
}

// problems takes errors that are joined apart. source has the project's files;
// it may be nil.
func problems(err error, source fs.FS) []problem {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var out []problem
		for _, e := range many.Unwrap() {
			out = append(out, problems(e, source)...)
		}
		return out
	}
	var p problem
	text, hint, _ := strings.Cut(detail(err), "\nhint: ")
	p.Hint = hint
	// A script's error has its causes below it, each with its own stack.
	texts := strings.Split(text, "\n  [cause]: ")
	p.Title, p.Detail, _ = strings.Cut(texts[0], "\n")
	if place, rest, ok := cutPlace(p.Title); ok {
		p.Place, p.Title = place, rest
	}
	var l located
	if p.Place == "" && errors.As(err, &l) {
		p.Place = l.Place()
	}
	out := []problem{p}
	for _, text := range texts[1:] {
		cause := problem{}
		cause.Title, cause.Detail, _ = strings.Cut(text, "\n")
		cause.Title = "caused by " + cause.Title
		if m := stackPlace.FindStringSubmatch(cause.Detail); m != nil {
			cause.Place = m[1]
		}
		out = append(out, cause)
	}
	for i := range out {
		if source != nil && out[i].Place != "" {
			out[i].Frame = frame(source, out[i].Place)
		}
	}
	return out
}

// stackPlace is the place of the first line of a stack that has one.
var stackPlace = regexp.MustCompile(`(?m)^    at (?:.* \()?([^\s<].*?:\d+:\d+)\)?$`)

var placePattern = regexp.MustCompile(`^([^\s:][^\s:]*(?: [^\s:]+)*?):(\d+)(?::(\d+))?$`)

// cutPlace splits "file:line:column: text".
func cutPlace(s string) (place, text string, ok bool) {
	place, text, ok = strings.Cut(s, ": ")
	if !ok || !placePattern.MatchString(place) {
		return "", s, false
	}
	return place, text, true
}

const (
	frameAround = 3       // lines shown before and after the place
	frameLimit  = 1 << 20 // bytes of a file beyond which it is not somebody's source
	lineLimit   = 300     // characters shown of a line
)

// frame excerpts the lines around a place; nil when there is nothing to show.
func frame(source fs.FS, place string) []frameLine {
	m := placePattern.FindStringSubmatch(place)
	if m == nil || !fs.ValidPath(m[1]) {
		return nil
	}
	line, err := strconv.Atoi(m[2])
	if err != nil {
		return nil
	}
	col, _ := strconv.Atoi(m[3]) // none is 0
	info, err := fs.Stat(source, m[1])
	if err != nil || !info.Mode().IsRegular() || info.Size() > frameLimit {
		return nil
	}
	b, err := fs.ReadFile(source, m[1])
	if err != nil || !utf8.Valid(b) {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if line < 1 || line > len(lines) {
		return nil
	}
	first, last := max(1, line-frameAround), min(len(lines), line+frameAround)
	width := len(strconv.Itoa(last))
	var out []frameLine
	for n := first; n <= last; n++ {
		text := strings.TrimRight(lines[n-1], "\r")
		l := frameLine{Number: fmt.Sprintf("%*d", width, n), Text: shorten(text)}
		if n == line {
			l.Class = "hit"
		}
		out = append(out, l)
		if n == line && col > 0 && col <= min(lineLimit, utf8.RuneCountInString(text)+1) {
			out = append(out, frameLine{Number: strings.Repeat(" ", width), Text: under(text, col) + "^", Class: "caret"})
		}
	}
	return out
}

func shorten(text string) string {
	if utf8.RuneCountInString(text) <= lineLimit {
		return text
	}
	return string([]rune(text)[:lineLimit]) + "…"
}

// under is the space that leads below column col, tabs kept.
func under(text string, col int) string {
	var b strings.Builder
	for _, r := range text {
		if col--; col < 1 {
			break
		}
		if r != '\t' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
