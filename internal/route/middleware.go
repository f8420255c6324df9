package route

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// FindMiddleware looks for the middleware file of a project: middleware.<ext> or
// proxy.<ext> at its root or in src, with the extensions of [Scan]. Empty is
// none.
//
// More than one is an error: whichever were left out would be believed to guard
// something. (Next.js refuses only middleware beside proxy, and elsewhere takes
// one in silence.)
func FindMiddleware(fsys fs.FS, pageExtensions []string) (string, error) {
	if pageExtensions == nil {
		pageExtensions = []string{"tsx", "ts", "jsx", "js", "mjs", "mts"}
	}
	var found []string
	for _, dir := range []string{".", "src"} {
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil {
			if errors.Is(err, fs.ErrNotExist) || dir == "src" {
				continue // no folder src, or a file of that name
			}
			return "", &Error{File: dir, Text: "cannot read the folder: " + cause(err)}
		}
		for _, e := range entries {
			name, ext, ok := strings.Cut(e.Name(), ".")
			if ok && (name == "middleware" || name == "proxy") && slices.Contains(pageExtensions, ext) && !e.IsDir() {
				found = append(found, path.Join(dir, e.Name()))
			}
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	kinds := map[string]bool{}
	for _, f := range found {
		name, _, _ := strings.Cut(path.Base(f), ".")
		kinds[name] = true
	}
	e := &Error{File: found[0], Text: "there is another middleware file, " + strings.Join(found[1:], " and "), Hint: "keep one of them: only one can run"}
	if len(kinds) > 1 {
		e.Text = "both a middleware file and a proxy file are there: " + strings.Join(found, " and ")
		e.Hint = "keep one of them; they are the same thing under two names"
	}
	return "", e
}
