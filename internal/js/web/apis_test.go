package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const apisPage = "../../../docs/apis.md"

// TestAPIs holds docs/apis.md to what an isolate has: the page is written anew
// with PORTICO_UPDATE=1, which also records what Node has where Node 20 is at
// hand. What Node or a standard has and an isolate has not needs a reason in
// testdata/apis/missing.txt, and no reason may be left over.
func TestAPIs(t *testing.T) {
	dir := filepath.Join("testdata", "apis")
	script := filepath.Join(dir, "members.js")
	src, err := os.ReadFile(script)
	if err != nil {
		t.Fatal(err)
	}
	update := os.Getenv("PORTICO_UPDATE") != ""
	recorded := filepath.Join(dir, "node20.json")
	if node := nodeResults(t, []string{script}); node != nil && update {
		if err := os.WriteFile(recorded, []byte(indent(node[0])+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var ours, node map[string][]string
	decode := func(b []byte, into *map[string][]string) {
		if err := json.Unmarshal(b, into); err != nil {
			t.Fatalf("%v\n%.200s", err, b)
		}
	}
	decode([]byte(run(t, string(src))), &ours)
	b, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatal(err)
	}
	decode(b, &node)
	missing := knownMissing(t, filepath.Join(dir, "missing.txt"))

	var page bytes.Buffer
	page.WriteString(`# Every API of the global object

Member by member, written by a test (` + "`TestAPIs` in `internal/js/web`, with `PORTICO_UPDATE=1`" + `) that fails when
an isolate has more or less. Compared with Node 20 and, where a standard has more than Node 20, with the standard.
Members are those of instances, *italic* ones of the constructor or namespace itself. [differences.md](differences.md) has what
behaves otherwise although it is there; modules such as ` + "`node:crypto`" + ` are not listed.

## Not there

| | why |
|---|---|
`)
	for _, name := range slices.Sorted(maps.Keys(missing)) {
		if _, there := ours[name]; !there && !strings.Contains(name, ".prototype.") && !strings.Contains(name, ":") {
			fmt.Fprintf(&page, "| `%s` | %s |\n", name, missing[name])
		}
	}
	page.WriteString("\n## There\n\n| | members | not there |\n|---|---|---|\n")
	used := map[string]bool{}
	names := maps.Clone(ours)
	for name := range node {
		if _, ok := names[name]; !ok {
			if missing[name] == "" {
				t.Errorf("%s: Node has it; add it, or a reason to missing.txt", name)
			}
			used[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		members := ours[name]
		var there, not []string
		for _, m := range members {
			there = append(there, apiMember(m))
		}
		for _, m := range node[name] {
			if slices.Contains(members, m) {
				continue
			}
			full := name + ":" + m
			why := missing[full]
			if why == "" {
				t.Errorf("%s: Node has it; add it, or a reason to missing.txt", full)
			}
			used[full] = true
			not = append(not, apiMember(m)+": "+why)
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", name, strings.Join(there, ", "), strings.Join(not, "; "))
	}
	for name := range missing {
		global, m, isMember := strings.Cut(name, ":")
		if isMember && !used[name] && slices.Contains(ours[global], m) || !isMember && ours[name] != nil {
			t.Errorf("missing.txt has a reason for %s, which is there", name)
		}
		if isMember && !used[name] && !slices.Contains(ours[global], m) {
			t.Errorf("missing.txt has a reason for %s, which nobody has", name)
		}
	}
	if update {
		if err := os.WriteFile(apisPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err = os.ReadFile(apisPage)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(string(b), "\r\n", "\n"); got != page.String() {
		t.Errorf("docs/apis.md is stale\nhint: PORTICO_UPDATE=1 go test -run TestAPIs ./internal/js/web\n%s", lineDiff(page.String(), got))
	}
}

// apiMember shows a member's name in Markdown.
func apiMember(m string) string {
	m = strings.ReplaceAll(m, "|", `\|`)
	if rest, ok := strings.CutPrefix(m, "prototype."); ok {
		return "`" + rest + "`"
	}
	return "*`" + m + "`*"
}

// knownMissing reads lines of a name, two or more spaces, and a reason.
func knownMissing(t *testing.T, file string) map[string]string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, why, ok := strings.Cut(line, "  ")
		if !ok || strings.TrimSpace(why) == "" {
			t.Fatalf("%s: no reason in %q", file, line)
		}
		out[name] = strings.TrimSpace(why)
	}
	return out
}
