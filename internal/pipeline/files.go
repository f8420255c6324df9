package pipeline

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/portico-dev/portico/internal/proxy"
	"github.com/portico-dev/portico/internal/route"
)

// Files are a folder of files that are answers of their own, such as public/.
type Files interface {
	// Find tells which file a path leads to: a clean path below the base path,
	// escaped.
	Find(path string) (name string, ok bool)
	// Serve answers with a file. An error means that nothing was written:
	// fs.ErrNotExist when the file is gone.
	Serve(w http.ResponseWriter, r *http.Request, name string) error
}

// Frontend is a built single-page application.
type Frontend interface {
	Files
	// Page is the file that answers a navigation to a path which is no file.
	Page(r *http.Request, path string) (name string, ok bool)
}

// files serves public/. It comes before routes without parameters, as in
// Next.js; so in development a file that hides one is an error, lest it be
// found out in production.
func (p *Pipeline) files(x *Exchange) bool {
	if p.c.Public == nil {
		return false
	}
	path, ok := underBase(x.to, p.c.BasePath)
	if !ok {
		return false
	}
	name, ok := p.c.Public.Find(path)
	if !ok {
		return false
	}
	if p.c.Dev {
		if e, taken := p.c.Table.Static(path); taken {
			x.begin()
			p.failed(x, &StatusError{Status: http.StatusInternalServerError, Err: Conflict("public/"+name, e.Pattern.String(), e.Source)}, false)
			return true
		}
	}
	return p.file(x, p.c.Public, name)
}

// Conflict says that a file of public/ has the path of a route.
func Conflict(file, pattern, source string) error {
	return &route.Error{File: file, Text: fmt.Sprintf("this file and the route %s both answer %s", source, pattern), Hint: "rename one of them, or remove it: in production the file is served, and the route is never asked"}
}

// file answers with a file, unless it is gone since it was found.
func (p *Pipeline) file(x *Exchange, from Files, name string) bool {
	x.begin()
	err := from.Serve(x.W, x.R, name)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		p.failed(x, statusOf(err), false)
	}
	return true
}

// frontend answers what no route and no rule has answered: from the frontend's
// own server in development, which must not be asked earlier, for it has an
// answer to everything; and so not earlier from its files.
func (p *Pipeline) frontend(x *Exchange) bool {
	path, ok := underBase(x.to, p.c.BasePath)
	if !ok {
		return false
	}
	if p.c.FrontendServer != "" {
		p.frontendServer(x)
		return true
	}
	if p.c.Frontend == nil {
		return false
	}
	name, ok := p.c.Frontend.Find(path)
	if !ok {
		if name, ok = p.c.Frontend.Page(x.R, path); !ok {
			return false
		}
		h := x.W.Header()
		h["Vary"] = append(h["Vary"], "Accept, Sec-Fetch-Dest")
	}
	return p.file(x, p.c.Frontend, name)
}

// frontendServer passes a request on to the frontend's development server, its
// WebSocket included.
func (p *Pipeline) frontendServer(x *Exchange) {
	se := p.proxied(x, p.target(route.Target{Origin: p.c.FrontendServer, Path: x.to, RawQuery: x.query}), proxy.Limits{})
	if se == nil {
		return
	}
	if se.Status == http.StatusBadGateway {
		se.Err = fmt.Errorf("the frontend's development server at %s does not answer: %w\nhint: start it beside this one, with npm run dev for example; frontend.dev in the configuration says where it is", p.c.FrontendServer, se.Err)
	}
	p.failed(x, x.because(se), false)
}
