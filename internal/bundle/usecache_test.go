package bundle

import (
	"slices"
	"strings"
	"testing"
)

func TestEncodeVLQ(t *testing.T) {
	for _, n := range []int{0, 1, -1, 15, 16, -16, 123, -456, 789, 1 << 20, -(1 << 24)} {
		s := encodeVLQ(n)
		fields, count := decodeVLQ(s)
		if count != 1 || fields[0] != n || lengthVLQ(s+"AAAA") != len(s) {
			t.Errorf("encodeVLQ(%d) = %q: read as %v, of %d characters", n, s, fields[:count], lengthVLQ(s))
		}
	}
}

func TestShifted(t *testing.T) {
	segment := func(column int) string { return encodeVLQ(column) + "ACA" }
	line := func(columns ...int) string {
		var all []string
		last := 0
		for _, c := range columns {
			all = append(all, segment(c-last))
			last = c
		}
		return strings.Join(all, ",")
	}
	tests := []struct {
		edits []edit
		want  string
	}{
		{nil, line(2, 10, 20)},
		{[]edit{{0, "abc"}}, line(5, 13, 23)},
		{[]edit{{2, "abc"}}, line(5, 13, 23)}, // what stands at the place goes along
		{[]edit{{3, "abc"}}, line(2, 13, 23)},
		{[]edit{{3, "abc"}, {9, "é\U0001f600"}}, line(2, 16, 26)}, // in UTF-16 units
		{[]edit{{3, "a"}, {11, "bc"}}, line(2, 11, 23)},
		{[]edit{{21, "a"}}, line(2, 10, 20)},
	}
	for _, test := range tests {
		if got := shifted(line(2, 10, 20), test.edits); got != test.want {
			t.Errorf("shifted by %v: %s, want %s", test.edits, got, test.want)
		}
	}
	if got := shifted("", []edit{{0, "a"}}); got != "" {
		t.Errorf("an empty line became %q", got)
	}
}

// Masking keeps every byte in its place, and leaves no import or export.
func TestMasked(t *testing.T) {
	tests := []struct{ code, want string }{
		{"import a, { b as c } from \"x\";\nf();", ";                            \nf();"},
		{"import {\n  a\n} from \"x\" with { type: \"json\" };", ";       \n   \n                                  "},
		{"import \"x\";", ";          "},
		{"import { \"a \\\" b\" as c } from \"x\";", ";                                "},
		{"export { a, b as \"c d\" };", ";                        "},
		{"export * as ns from \"x\";", ";                       "},
		{"export default async function() {\n}", ";void 0,       async function() {\n}"},
		{"export const x = import(\"y\"), z = import.meta.url;", ";      const x = impor_(\"y\"), z = impor_.meta.url;"},
		{"const t = `\nimport ${a} from \"x\";\n`;", "const t = `\nimport ${a} from \"x\";\n`;"},
		{"important.exports(imports);", "important.exports(imports);"},
	}
	for _, test := range tests {
		got := (&cacheable{code: test.code}).masked()
		if len(got) != len(test.code) || strings.Count(got, "\n") != strings.Count(test.code, "\n") {
			t.Errorf("masked %q moves bytes: %q", test.code, got)
		}
		if strings.Join(strings.Fields(got), " ") != strings.Join(strings.Fields(test.want), " ") {
			t.Errorf("masked %q\n got %q\nwant %q", test.code, got, test.want)
		}
	}
}

func TestExports(t *testing.T) {
	code := "export { a, b as \"c d\", e as default };\nexport * from \"x\";\nexport { f, g as h } from \"y\";\nexport default k;\n"
	c := &cacheable{code: code, out: &Outline{}}
	for at := 0; at < len(code); at += strings.IndexByte(code[at:], '\n') + 1 {
		c.out.Empty = append(c.out.Empty, at)
	}
	var got []string
	for _, e := range c.exports() {
		got = append(got, e.local+">"+e.name)
	}
	want := []string{"a>a", `b>"c d"`, "e>default", ">*", ">f", ">h", "k>default"}
	if !slices.Equal(got, want) {
		t.Errorf("exports are %q, want %q", got, want)
	}
}
