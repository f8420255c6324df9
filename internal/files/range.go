package files

import (
	"math"
	"strconv"
	"strings"
)

// rangeKind is what a Range header asks for.
type rangeKind int

const (
	wholeFile rangeKind = iota // it is not understood, or asks for several ranges
	oneRange
	noRange // nothing of the file
)

// maxRanges bounds the ranges that are looked at.
const maxRanges = 64

// parseRange reads a Range header (RFC 9110 §14.1.2) for a file of a size in
// bytes. Ranges that overlap or touch are one; of several the file is the
// answer, as in Next.js.
func parseRange(header string, size int64) (start, length int64, kind rangeKind) {
	unit, set, ok := strings.Cut(header, "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return 0, 0, wholeFile
	}
	if strings.Count(set, ",") >= maxRanges {
		return 0, 0, wholeFile
	}
	type span struct{ first, end int64 } // end is behind the last byte
	var spans []span
	specs := 0
	for spec := range strings.SplitSeq(set, ",") {
		spec = strings.Trim(spec, " \t")
		if spec == "" {
			continue // RFC 9110 §5.6.1.2: empty elements do not count
		}
		specs++
		from, to, ok := strings.Cut(spec, "-")
		if !ok {
			return 0, 0, wholeFile
		}
		s := span{end: size}
		switch {
		case from == "":
			n, ok := position(to)
			if !ok {
				return 0, 0, wholeFile
			}
			s.first = max(0, size-n)
		default:
			if s.first, ok = position(from); !ok {
				return 0, 0, wholeFile
			}
			if to != "" {
				last, ok := position(to)
				if !ok || last < s.first {
					return 0, 0, wholeFile
				}
				if last < size-1 {
					s.end = last + 1
				}
			}
		}
		if s.first < s.end {
			spans = append(spans, s)
		}
	}
	if specs == 0 {
		return 0, 0, wholeFile
	}
	if len(spans) == 0 {
		return 0, 0, noRange
	}
	one := spans[0]
	for rest := spans[1:]; len(rest) > 0; {
		var apart []span
		for _, s := range rest {
			if s.first > one.end || s.end < one.first {
				apart = append(apart, s)
				continue
			}
			one.first, one.end = min(one.first, s.first), max(one.end, s.end)
		}
		if len(apart) == len(rest) {
			return 0, 0, wholeFile
		}
		rest = apart
	}
	return one.first, one.end - one.first, oneRange
}

// position reads a number of bytes; one that is beyond all numbers is beyond
// every file.
func position(s string) (int64, bool) {
	if s == "" {
		return 0, false
	}
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return math.MaxInt64, true
	}
	return n, true
}
