package bundle

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Renamed tells which identifiers esbuild had to change, because modules that
// had a scope each now share one: "GET2" → "GET". With it a stack can show the
// names of the sources. A name that stands for two is left out. It reads the
// source map anew on each call, about 10 ms for a megabyte.
func (b *Bundle) Renamed() (map[string]string, error) {
	code := b.Code
	var m struct {
		Mappings string   `json:"mappings"`
		Names    []string `json:"names"`
	}
	if err := json.Unmarshal(b.SourceMap, &m); err != nil {
		return nil, fmt.Errorf("bundle: source map: %w", err)
	}
	names := map[string]string{}
	if len(m.Names) == 0 {
		return names, nil
	}
	name := 0 // counts on through the whole map, unlike the column
	for line := range strings.SplitSeq(m.Mappings, ";") {
		var text string
		text, code, _ = strings.Cut(code, "\n")
		column := 0
		for segment := range strings.SplitSeq(line, ",") {
			fields, n := decodeVLQ(segment)
			if n > 0 {
				column += fields[0]
			}
			if n < 5 {
				continue
			}
			name += fields[4]
			if name < 0 || name >= len(m.Names) {
				continue
			}
			now, was := identifierAt(text, column), m.Names[name]
			if now == "" || now == was {
				continue
			}
			if other, taken := names[now]; taken && other != was {
				was = "" // ambiguous, and stays so
			}
			names[now] = was
		}
	}
	for now, was := range names {
		if was == "" {
			delete(names, now)
		}
	}
	return names, nil
}

// identifierAt is the identifier that starts at a column, or "". Columns count
// UTF-16 units, so only what stands behind ASCII is looked at.
func identifierAt(line string, column int) string {
	if column < 0 || column >= len(line) {
		return ""
	}
	for _, c := range []byte(line[:column]) {
		if c >= 0x80 {
			return ""
		}
	}
	rest := line[column:]
	end := 0
	for end < len(rest) {
		c := rest[end]
		if c != '_' && c != '$' && (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9' || end == 0) {
			break
		}
		end++
	}
	return rest[:end]
}

// decodeVLQ decodes one segment of a source map (ECMA-426, "Mappings
// structure"): up to five numbers, base 64 with the sign in the lowest bit.
// It reports how many it could read.
func decodeVLQ(segment string) (fields [5]int, n int) {
	value, shift := 0, 0
	for i := 0; i < len(segment) && n < len(fields); i++ {
		var d int
		switch c := segment[i]; {
		case 'A' <= c && c <= 'Z':
			d = int(c - 'A')
		case 'a' <= c && c <= 'z':
			d = int(c-'a') + 26
		case '0' <= c && c <= '9':
			d = int(c-'0') + 52
		case c == '+':
			d = 62
		case c == '/':
			d = 63
		default:
			return fields, n
		}
		if shift > 30 {
			return fields, n
		}
		value |= (d & 31) << shift
		if shift += 5; d&32 != 0 {
			continue
		}
		if fields[n] = value >> 1; value&1 != 0 {
			fields[n] = -fields[n]
		}
		n++
		value, shift = 0, 0
	}
	return fields, n
}
