package site

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/portico-dev/portico/internal/files"
	"github.com/portico-dev/portico/internal/route"
)

// FuzzFileGuard: whatever path leads to a file, a matcher of the file's folder
// has seen. Files have readings of their own of a path, beside those of routes.
func FuzzFileGuard(f *testing.F) {
	for _, target := range []string{
		"/admin/panel", "/admin/a%20b.txt", "/%61dmin/panel", "/admin%2fpanel", "/admin/%2e/panel", "/x/../admin/panel", "/admin//panel", "/ADMIN/panel", "/admin/p%C3%A9", "/admin/sub", "/admin/sub/", "/admin", "/admin/%2541", "/admin\\panel", "/admin;x/panel", "/public/../admin/panel", "/admin/panel%00", "/./admin/panel",
	} {
		f.Add(target)
	}
	admin := []string{"panel", "a b.txt", "pé", "%41", "sub/index.html", "index.html", "a;b", "a,b", "(x)", "+"}
	tree := fstest.MapFS{"public/x": {}, "index.html": {}, "x": {}}
	for _, name := range admin {
		tree["admin/"+name] = &fstest.MapFile{}
	}
	var folders []*files.Folder
	for _, o := range []files.Options{{}, {Pages: true}, {Live: true, Pages: true}} {
		folder, err := files.New(tree, o)
		if err != nil {
			f.Fatal(err)
		}
		folders = append(folders, folder)
	}
	m, err := route.NewMatcher(route.MatcherSpec{Source: "/admin/:path*"}, route.RuleOptions{Backtrack: backtrack})
	if err != nil {
		f.Fatal(err)
	}
	for _, folder := range folders { // or nothing would be shown
		if name, ok := folder.Find("/admin/p%C3%A9"); !ok || name != "admin/pé" {
			f.Fatalf("the path leads to %q, %v", name, ok)
		}
	}
	f.Fuzz(func(t *testing.T, target string) {
		path, moved, err := route.Clean(target)
		if err != nil || moved {
			return
		}
		for _, folder := range folders {
			name, ok := folder.Find(path)
			if !ok || !strings.HasPrefix(name, "admin/") {
				continue
			}
			if seen, err := m.Match(&route.Request{Path: path, Host: "example.com"}); !seen && err == nil {
				t.Fatalf("%q leads to %s, and the matcher has not seen it", target, name)
			}
		}
	})
}
