package config

import (
	"io/fs"
	"path"
	"strings"
)

// Frontend is a built single-page application that answers what nothing else
// does.
type Frontend struct {
	// Dir is the folder of the build; relative ones are below the project.
	Dir string
	// FS has the build in place of Dir; a program sets it, no file can.
	FS fs.FS
	// Fallback is the file for navigations to what is no file; "" is index.html,
	// "-" is none.
	Fallback string
	// Dev is the origin of the server that answers in development; "" serves
	// Dir there too.
	Dev string
	// Immutable are folders whose files never change under their names;
	// NoImmutable is immutable: false.
	Immutable   []string
	NoImmutable bool
}

func (p *parser) frontend(v any, at place) {
	const form = "write frontend: { dir: 'dist' }, the folder that the build writes"
	f := &Frontend{}
	sound := true
	switch v.(type) {
	case bool:
		if v == false { // of a configuration that was spread
			p.s.Frontend = nil
			return
		}
		p.fail(at, form, "this is %s, want an object", describe(v))
		return
	case string:
		f.Dir, sound = p.text(v, at)
	default:
		sound = p.objectOf(v, at, "", fields{
			"dir": p.setText(&f.Dir),
			"fallback": func(v any, at place) {
				if v == false {
					f.Fallback = "-"
					return
				}
				s, ok := p.text(v, at)
				if ok && (!fs.ValidPath(s) || s == ".") {
					p.fail(at, "it is named from the folder of the build: 'index.html', or false for none", "%s is not a file below it", quote(s))
				}
				f.Fallback = s
			},
			"dev": func(v any, at place) {
				if s, ok := p.text(v, at); ok && p.origin(s, at) {
					f.Dev = s
				}
			},
			"immutable": func(v any, at place) {
				if v == false {
					f.NoImmutable = true
					return
				}
				f.Immutable = p.texts(v, at, func(s string, at place) bool {
					if bare := strings.Trim(s, "/"); fs.ValidPath(bare) && bare != "." && !strings.ContainsAny(s, "*:") {
						return true
					}
					p.fail(at, "it is named from the folder of the build: 'assets'", "%s is not a folder below it", quote(s))
					return false
				})
			},
		})
	}
	switch {
	case !sound:
	case f.Dir == "":
		p.fail(at, form, "there is no dir")
	case path.Clean(f.Dir) == ".":
		p.fail(at.then("dir"), "name the folder that the build writes, such as 'dist'", "this is the project's own folder, whose sources nobody may read")
	default:
		p.s.Frontend = f
	}
}
