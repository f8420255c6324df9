package site

import (
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/portico-dev/portico/internal/route"
)

// dotenvCase is one case of testdata/dotenv/cases.json; record.mjs beside it
// says what the fields are.
type dotenvCase struct {
	Name    string
	Mode    string
	Process map[string]string
	Files   map[string]string
	Next    struct {
		Vars   map[string]string
		Files  []string
		Failed []string
	}
	Why   string
	Want  map[string]string
	Error string
}

func (c dotenvCase) fsys() fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range c.Files {
		if dir, ok := strings.CutSuffix(name, "/"); ok {
			m[dir] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
		} else {
			m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
	}
	return m
}

func environ(vars map[string]string) []string {
	var list []string
	for _, key := range slices.Sorted(maps.Keys(vars)) {
		list = append(list, key+"="+vars[key])
	}
	return list
}

// TestLoadEnvAsNext compares with what @next/env answered, and fails too where
// a case that is listed as different is so no longer.
func TestLoadEnvAsNext(t *testing.T) {
	data, err := os.ReadFile("testdata/dotenv/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []dotenvCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 60 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			env, err := LoadEnv(c.fsys(), c.Mode, environ(c.Process))
			if c.Error != "" {
				var e *route.Error
				if env != nil || !errors.As(err, &e) || !strings.HasPrefix(err.Error(), c.Error+"\n") || e.Hint == "" {
					t.Errorf("%+v, %v; want %q", env, err, c.Error)
				}
				if len(c.Next.Failed) == 0 {
					t.Error("Next.js has no problem with this")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := c.Next.Vars
			if c.Why != "" {
				if want = c.Want; maps.Equal(want, c.Next.Vars) {
					t.Error("the case is listed as different from Next.js, and is not")
				}
			} else if len(c.Next.Failed) > 0 {
				t.Error("Next.js failed, and the case does not say why it should not")
			}
			added := map[string]string{}
			for key, value := range env.Vars {
				if given, ok := c.Process[key]; !ok {
					added[key] = value
				} else if given != value {
					t.Errorf("the process's %s=%q became %q", key, given, value)
				}
			}
			if !maps.Equal(added, want) {
				t.Errorf("added %q\nwant  %q", added, want)
			}
			if !slices.Equal(env.Files, c.Next.Files) {
				t.Errorf("read %q, want %q", env.Files, c.Next.Files)
			}
		})
	}
}

func TestLoadEnvPublic(t *testing.T) {
	fsys := fstest.MapFS{".env": {Data: []byte("NEXT_PUBLIC_A=1\nSECRET=s\nNEXT_PUBLIC_B=$SECRET!")}}
	env, err := LoadEnv(fsys, "production", []string{"NEXT_PUBLIC_P=p", "HOME=/root", "NEXT_PUBLIC_A=given"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"NEXT_PUBLIC_A": "given", "NEXT_PUBLIC_B": "s!", "NEXT_PUBLIC_P": "p"}
	if !maps.Equal(env.Public, want) {
		t.Errorf("%q, want %q", env.Public, want)
	}
	if env.Vars["HOME"] != "/root" || env.Vars["SECRET"] != "s" {
		t.Errorf("%q", env.Vars)
	}
	if _, ok := os.LookupEnv("NEXT_PUBLIC_B"); ok {
		t.Error("LoadEnv wrote to the process's environment")
	}
}

func TestLoadEnvProcess(t *testing.T) {
	env, err := LoadEnv(fstest.MapFS{}, "development", []string{"A=1", "A=2", "B=x=y", "=C:=C:\\dir", "broken", "E="})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]string{"A": "1", "B": "x=y", "E": ""}; !maps.Equal(env.Vars, want) {
		t.Errorf("%q, want %q", env.Vars, want)
	}
	if env.Files != nil || len(env.Public) != 0 {
		t.Errorf("%+v", env)
	}
}

func TestLoadEnvErrors(t *testing.T) {
	tests := []struct {
		name string
		fsys fs.FS
		mode string
		want []string // the first lines of the problems
	}{
		{"mode", fstest.MapFS{}, "staging", []string{`unknown mode "staging" for .env files`}},
		{"no mode", fstest.MapFS{}, "", []string{`unknown mode "" for .env files`}},
		{
			"every circle once",
			fstest.MapFS{
				".env.local": {Data: []byte("# comment\n\nA='$B\n'\nB=$A\n\nexport C=$A\nOK=1")},
				".env":       {Data: []byte("X=${Y:-$X}\nZ=${Z}\nA=$A")},
			},
			"production",
			[]string{
				".env.local:3: A refers to itself, by way of B",
				".env:1: X refers to itself",
				".env:2: Z refers to itself",
				".env:3: A refers to itself",
			},
		},
		{
			"unreadable", lockedEnv{fstest.MapFS{".env": {Data: []byte("A=1")}, ".env.local": {Data: []byte("A=$A")}}}, "development",
			[]string{".env.local:1: A refers to itself", ".env: cannot read the file: permission denied"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, err := LoadEnv(tt.fsys, tt.mode, nil)
			if env != nil || err == nil {
				t.Fatalf("%+v, %v", env, err)
			}
			var got []string
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, "hint: ") {
					got = append(got, strings.TrimSuffix(line, "\n"))
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%q\nwant %q", got, tt.want)
			}
		})
	}
}

// lockedEnv refuses to open .env.
type lockedEnv struct{ fstest.MapFS }

func (f lockedEnv) ReadFile(name string) ([]byte, error) {
	if name == ".env" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.MapFS.ReadFile(name)
}

// TestDefaultIsWorkedOutOnlyWhenWanted: Next.js overflows its stack here even
// when A is set.
func TestDefaultIsWorkedOutOnlyWhenWanted(t *testing.T) {
	fsys := fstest.MapFS{".env": {Data: []byte("B=${A:-$B}")}}
	env, err := LoadEnv(fsys, "production", []string{"A=a"})
	if err != nil || env.Vars["B"] != "a" {
		t.Errorf("%+v, %v", env, err)
	}
}

// FuzzLoadEnv: any file ends in an environment or in errors that have a place;
// the process's variables are what they were; and a value that is written in
// single quotes and holds no quote, backslash or dollar comes back as it is.
func FuzzLoadEnv(f *testing.F) {
	data, err := os.ReadFile("testdata/dotenv/cases.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []dotenvCase
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	for _, c := range cases {
		f.Add(c.Files[".env.local"], c.Files[".env"])
	}
	process := map[string]string{"A": "$B", "P": "p"}
	f.Fuzz(func(t *testing.T, local, text string) {
		fsys := fstest.MapFS{".env.local": {Data: []byte(local)}, ".env": {Data: []byte(text)}}
		env, err := LoadEnv(fsys, "production", environ(process))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if !strings.HasPrefix(line, ".env") && !strings.HasPrefix(line, "hint: ") {
					t.Fatalf("an error with no place: %v", err)
				}
			}
		} else {
			for key, value := range process {
				if env.Vars[key] != value {
					t.Fatalf("the process's %s became %q", key, env.Vars[key])
				}
			}
		}
		plain := strings.Map(func(r rune) rune {
			if strings.ContainsRune("'\\$\r", r) {
				return -1
			}
			return r
		}, strings.ToValidUTF8(text, ""))
		env, err = LoadEnv(fstest.MapFS{".env": {Data: []byte("V='" + plain + "' # comment")}}, "production", nil)
		if err != nil || env.Vars["V"] != plain {
			t.Fatalf("%q came back as %+v, %v", plain, env, err)
		}
	})
}
