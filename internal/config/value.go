package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/portico-dev/portico/internal/route"
)

// A configuration's plain data is nil, bool, float64, string, []any, [*Object]
// or [Opaque].

// Object is an object with its keys in the order of the file.
type Object struct {
	Members []Member
}

// Member is one property of an Object.
type Member struct {
	Name  string
	Value any
}

// Get returns the value of a key, nil when there is none. Of a key that is
// there twice the later one counts, as in JavaScript.
func (o *Object) Get(name string) any {
	for i := len(o.Members) - 1; i >= 0; i-- {
		if o.Members[i].Name == name {
			return o.Members[i].Value
		}
	}
	return nil
}

// Set gives a key a value.
func (o *Object) Set(name string, value any) {
	for i := range o.Members {
		if o.Members[i].Name == name {
			o.Members[i].Value = value
			return
		}
	}
	o.Members = append(o.Members, Member{name, value})
}

// Opaque is what a script can have in a configuration and data cannot; its text
// says what it is, such as "a function".
type Opaque string

// maxDepth bounds the nesting of data: nothing of it nests by more than ten.
const maxDepth = 100

// ParseJSON reads a configuration that is JSON. The error is a [*route.Error]
// with line and column.
func ParseJSON(src []byte, file string) (any, error) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	d := json.NewDecoder(bytes.NewReader(src))
	var v any
	var whole json.RawMessage // the decoder's own offsets are of two kinds
	err := json.Unmarshal(src, &whole)
	if err == nil {
		if v, err = readJSON(d, maxDepth); err == nil {
			return v, nil
		}
	}
	at, text := d.InputOffset(), err.Error()
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		// The offset counts what was read: the last byte of it is wrong.
		at, text = max(e.Offset-1, 0), e.Error()
		if e.Offset == int64(len(src)) && strings.HasPrefix(text, "unexpected end") {
			at, text = e.Offset, "the file ends too early"
		}
	}
	line, column := position(string(src), int(at))
	return nil, &route.Error{File: fmt.Sprintf("%s:%d:%d", file, line, column), Text: "this is not JSON: " + text,
		Hint: "JSON has double quotes, no comments and no comma behind the last item"}
}

func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth == 0 {
		return nil, errors.New("it is nested too deeply")
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := readJSON(d, depth-1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		o := &Object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := readJSON(d, depth-1)
			if err != nil {
				return nil, err
			}
			o.Set(key.(string), v)
		}
		_, err := d.Token()
		return o, err
	}
	return t, nil
}

// position is the line and the column in characters, both from 1, of an offset.
func position(src string, at int) (line, column int) {
	before := src[:min(max(at, 0), len(src))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// ordered takes data that has Go's maps into data with Objects, keys in
// alphabetical order.
func ordered(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := &Object{}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			o.Members = append(o.Members, Member{k, ordered(v[k])})
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = ordered(e)
		}
		return list
	}
	return v
}

// describe says what a value is, for messages: "a number".
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return "the string " + quote(v)
	case []any:
		return "a list"
	case *Object:
		return "an object"
	case Opaque:
		return string(v)
	}
	return fmt.Sprintf("a %T", v)
}

// quote quotes a string for a message, and shortens it.
func quote(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		r := []rune(s)
		s = string(r[:57]) + "…"
	}
	return strconv.Quote(s)
}

// step is a key (string) or an index (int).
type step any

// place is where a value stands in the configuration.
type place []step

func (p place) then(s step) place { return append(slices.Clip(p), s) }

// String is "redirects[2].destination".
func (p place) String() string {
	var b strings.Builder
	for i, s := range p {
		switch s := s.(type) {
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		case string:
			switch {
			case !identifier(s):
				fmt.Fprintf(&b, "[%s]", quote(s))
			case i > 0:
				b.WriteString("." + s)
			default:
				b.WriteString(s)
			}
		}
	}
	return b.String()
}

func identifier(s string) bool {
	for i, r := range s {
		if r != '_' && r != '$' && (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9' || i == 0) {
			return false
		}
	}
	return s != ""
}

// nearest is the name that is most like another, or "" when none is.
func nearest(name string, names []string) string {
	best, distance := "", max(1, len(name)/3)+1
	for _, n := range names {
		if d := editDistance(strings.ToLower(name), strings.ToLower(n)); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// editDistance counts insertions, deletions, replacements and swaps of
// neighbours between two names, in bytes.
func editDistance(a, b string) int {
	if d := len(a) - len(b); d > 20 || d < -20 {
		return 20 // and no work for a name that is a whole text
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
	return row[len(b)]
}
