package portico_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeProgram builds the Go program of README.md as a module of its own.
func TestReadmeProgram(t *testing.T) {
	if testing.Short() {
		t.Skip("links a program")
	}
	_, rest, ok := strings.Cut(readFile(t, "README.md"), "```go\n")
	program, _, closed := strings.Cut(rest, "\n```\n")
	if !ok || !closed {
		t.Fatal("README.md has no Go program")
	}
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	// The versions are this module's, so that nothing is looked for elsewhere.
	mod := regexp.MustCompile(`(?m)^module .*$`).ReplaceAllLiteralString(readFile(t, "go.mod"), "module example.com/readme") +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + here + "\n"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go":                    program + "\n",
		"app/api/card/[id]/route.ts": "import { find } from 'go:users'\nexport const GET = async () => new Response(await find(1))\n",
		"go.mod":                     mod,
		"go.sum":                     readFile(t, "go.sum"),
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-mod=mod", "-o", filepath.Join(dir, "program"), ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Errorf("the program of README.md does not build: %v\n%s", err, out)
	}
}

// TestReadmeLinks follows the links of the documents to files.
func TestReadmeLinks(t *testing.T) {
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(?:#[^)]*)?\)`)
	found := 0
	for _, file := range append(files, "README.md", "CONTRIBUTING.md", "CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(readFile(t, file), -1) {
			found++
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s, which is not there", file, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no links were found")
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}
