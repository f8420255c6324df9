package conformance

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// modified copies an app, and gives what is in its public folder a time of change:
// validators have it in them.
func modified(t *testing.T, app string, to time.Time) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), filepath.Base(app))
	if err := os.CopyFS(dir, os.DirFS(app)); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(filepath.Join(dir, "public"), func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, to, to)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// export runs the binary to write an app as files, and serves what it has
// written as record/serve.mjs does what Next.js has: each file under its own name,
// without a type, and at / the list of the names.
func export(t *testing.T, app string, env []string) server {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	s := server{output: &lockedBuffer{seen: make(chan struct{})}}
	cmd := exec.CommandContext(t.Context(), command, "export", app, "-o", out)
	cmd.Env = environment(env)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(s.output, err)
		return s
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(out, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(out, name)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(rel)], err = os.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Content-Type"] = nil
		name := strings.TrimPrefix(r.URL.Path, "/")
		body, ok := files[name]
		switch {
		case name == "":
			names := make([]string, 0, len(files))
			for name := range files {
				names = append(names, name)
			}
			slices.Sort(names)
			_, _ = w.Write([]byte(strings.Join(names, "\n")))
		case ok:
			_, _ = w.Write(body)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	s.loaded, s.addr = true, h.Listener.Addr().String()
	s.stop = func() error { h.Close(); return nil }
	return s
}
