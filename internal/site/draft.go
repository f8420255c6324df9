package site

import (
	"log/slog"
	"path/filepath"

	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/route"
)

// draftSecret is the variable of the environment that has the secret of draft
// mode's cookie, minDraftSecret the fewest characters that nobody tries out.
const (
	draftSecret    = "PORTICO_DRAFT_SECRET"
	minDraftSecret = 16
)

// openDraft finds the secret of draft mode's cookie: the environment's, which
// several nodes share, or a key in the project's own folder, made when somebody
// first uses draft mode. Where neither
// lasts, as in development and where nothing is written, it is the process's.
func (l *Loader) openDraft(s *Site, root string, env *Env) error {
	s.draft = l.stores.draft
	if secret := env.Vars[draftSecret]; secret != "" {
		if len(secret) < minDraftSecret {
			return &route.Error{File: draftSecret, Text: "the secret of draft mode has fewer than 16 characters, which can be tried out", Hint: "set it to what openssl rand -hex 32 prints"}
		}
		s.draft = next.NewDraft([]byte(secret))
		return nil
	}
	if store := s.Settings.Cache.Store; root == "" || l.o.Dev || store == config.CacheMemory || store == config.CacheOff {
		return nil
	}
	own := filepath.Join(root, ".portico")
	s.draft = next.DraftLater(func() *next.Draft {
		err := OwnFolder(own)
		if err == nil {
			var d *next.Draft
			if d, err = next.OpenDraft(filepath.Join(own, "draft.key")); err == nil {
				return d
			}
		}
		l.o.Logger.Warn("the key of draft mode cannot be kept: its cookies end with the server", slog.Any("error", err))
		return l.stores.draft
	})
	return nil
}
