package js

import (
	"errors"
	"time"
	"unicode/utf8"
)

// Pattern is a regular expression of ECMAScript that Go code matches, without
// an isolate. It is safe for concurrent use.
type Pattern struct {
	p     *rxProgram
	limit time.Duration
}

// ErrPattern is the error of a match that took too long, or too much memory.
var ErrPattern = errors.New("the regular expression goes back and forth for too long on this text")

// NewPattern compiles an expression. A match is given up after limit.
func NewPattern(expr string, ignoreCase bool, limit time.Duration) (*Pattern, error) {
	p, err := compileRegExp(appendUnits(nil, expr), rxFlags{ignoreCase: ignoreCase})
	if err != nil {
		return nil, err
	}
	return &Pattern{p, limit}, nil
}

// Find returns the places of the first match and its groups in s, in bytes, as
// regexp.FindStringSubmatchIndex does; nil for none. The error is ErrPattern.
func (p *Pattern) Find(s string) (loc []int, err error) {
	defer func() {
		if r := recover(); r != nil {
			if r != ErrPattern { //nolint:errorlint // it is this value
				panic(r)
			}
			loc, err = nil, ErrPattern
		}
	}()
	m := rxMachine{until: time.Now().Add(p.limit)}
	text := rxText{ascii: s}
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if !ascii {
		text = rxText{wide: appendUnits(nil, s)}
	}
	caps := m.match(nil, p.p, text, 0, false)
	if caps == nil {
		return nil, nil
	}
	loc = make([]int, len(caps))
	for i, c := range caps {
		loc[i] = int(c)
	}
	if !ascii {
		bytesOf(s, loc)
	}
	return loc, nil
}

// bytesOf turns places in UTF-16 units into places in bytes.
func bytesOf(s string, loc []int) {
	at := make([]int, 0, len(s)+1) // unit → byte
	for i, r := range s {
		at = append(at, i)
		if r >= 0x10000 {
			at = append(at, i)
		}
	}
	at = append(at, len(s))
	for i, u := range loc {
		if u >= 0 {
			loc[i] = at[u]
		}
	}
}
