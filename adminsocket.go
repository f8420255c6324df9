package portico

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/portico-dev/portico/internal/admin"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/server"
	"github.com/portico-dev/portico/internal/site"
)

// adminSocket is the whole address of an admin socket that is named from the
// project's folder; "" is none.
func (a *App) adminSocket(addr string) string {
	path, ok := strings.CutPrefix(addr, "unix:")
	if !ok {
		return addr
	}
	path = a.inProject(path)
	if whole, err := filepath.Abs(path); err == nil { // else there is no working folder
		path = whole
	}
	return "unix:" + path
}

// checkAdmin checks the address that the program gives. That of a file has been
// checked.
func (a *App) checkAdmin() error {
	if a.c.Admin == "" {
		return nil
	}
	err := config.CheckAdmin(a.c.Admin)
	if err == nil {
		return nil
	}
	text, hint, _ := strings.Cut(err.Error(), ": ")
	return fmt.Errorf("%s: %s\nhint: %s", a.c.Admin, text, hint)
}

// serveAdmin answers on the admin socket until stop is called.
func (a *App) serveAdmin(ctx context.Context, addr string) (stop func(), err error) {
	whole := a.adminSocket(addr)
	path := strings.TrimPrefix(whole, "unix:")
	if addr == config.AdminDefault {
		if err := site.OwnFolder(filepath.Dir(path)); err != nil {
			return nil, fmt.Errorf("%s: its folder cannot be made: %w", whole, err)
		}
	}
	if err := admin.CheckFolder(path); err != nil {
		return nil, err
	}
	l, err := server.Listen(ctx, whole)
	if err != nil {
		return nil, err
	}
	return admin.Serve(l, http.HandlerFunc(a.answerAdmin), a.c.Logger), nil
}

// answerAdmin answers an operator from the site that is current then.
func (a *App) answerAdmin(w http.ResponseWriter, r *http.Request) {
	for {
		g := a.current.Load()
		switch {
		case g == nil || g.site == nil: // not yet, or not any more; in development it may never have loaded
			admin.Refuse(w, admin.Unavailable("the server has no project loaded"))
			return
		case !g.enter(): // there is a newer one
			continue
		}
		defer a.leave(g)
		admin.Handler(g.site.Cache(), a.c.Now).ServeHTTP(w, r)
		return
	}
}
