package site

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/disk"
	"github.com/portico-dev/portico/internal/cache/memory"
	"github.com/portico-dev/portico/internal/config"
	"github.com/portico-dev/portico/internal/limit"
	"github.com/portico-dev/portico/internal/next"
	"github.com/portico-dev/portico/internal/redis"
	"github.com/portico-dev/portico/internal/route"
)

// Stores has what outlives the generations of a site: the cache and the
// allowances of rate limits. A load whose settings for them are those of the
// last one goes on with what is open.
type Stores struct {
	now    func() time.Time
	logger *slog.Logger
	limits *limit.Memory // of this process, whatever else changes
	draft  *next.Draft   // of this process, where no other is configured or kept

	mu      sync.Mutex
	current *Shared // of the last load; it counts as a user
	files   map[string]*file
}

// NewStores makes Stores with nothing open. The clock nil is time.Now.
func NewStores(now func() time.Time, logger *slog.Logger) *Stores {
	if now == nil {
		now = time.Now
	}
	return &Stores{now: now, logger: logger, limits: limit.NewMemory(0, now), draft: next.NewDraft(nil), files: map[string]*file{}}
}

// Close lets go of what is open. It closes when the last site has.
func (s *Stores) Close() {
	s.mu.Lock()
	old := s.current
	s.current = nil
	s.mu.Unlock()
	old.drop()
}

// storage is all that a Shared is made from; equal ones need not be opened anew.
type storage struct {
	store   string        // config.CacheMemory, CacheOff or CacheDisk, or a URL
	prefix  string        // from here to refuse for a URL
	timeout time.Duration //
	lease   time.Duration //
	refuse  bool          // requests over whose limits nobody can decide
	memory  int64         // bytes; 0 is the default, negative: nothing is kept there
	disk    int64         // bytes; 0 is the default
	file    string        // of CacheDisk
	own     string        // the folder that is made for it, with a .gitignore
	script  string        // of cacheHandler: the sum of all that it is made from
}

// storageOf is what the settings say. Root is the project's folder, "" where
// there is none that lasts.
func storageOf(set *config.Settings, root string, dev bool) (storage, error) {
	c := set.Cache
	if err := config.CheckStore(c.Store); err != nil { // that of a file has been checked
		text, hint, _ := strings.Cut(err.Error(), ": ")
		return storage{}, &route.Error{File: "Config.Cache", Text: text, Hint: hint}
	}
	s := storage{store: c.Store, memory: c.MaxMemory, disk: c.MaxDisk}
	if s.memory == 0 {
		s.memory = set.CacheMaxMemorySize
	}
	switch {
	case c.IsURL():
		s.prefix, s.timeout, s.lease, s.refuse = c.Prefix, c.Timeout, c.Lease, set.RateLimit.Refuse
		return s, nil
	case c.Store == config.CacheOff:
		return storage{store: config.CacheOff}, nil
	case dev || c.Store == config.CacheMemory:
		s.store = config.CacheMemory
		return s, nil
	}
	dir := c.Dir
	switch {
	case dir == "" && root != "":
		s.own = filepath.Join(root, ".portico")
		dir = filepath.Join(s.own, "cache")
	case dir == "" && c.Store == config.CacheDisk:
		return storage{}, &route.Error{File: "Config.Cache", Text: "there is no folder for the file of the cache", Hint: "an embedded project has none; set Config.CacheDir"}
	case dir == "":
		s.store = config.CacheMemory
		return s, nil
	case !filepath.IsAbs(dir) && root != "":
		dir = filepath.Join(root, dir)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return storage{}, err
	}
	s.store, s.file = config.CacheDisk, filepath.Join(dir, "entries.db")
	return s, nil
}

// Shared is the open state of one or several generations of a site.
type Shared struct {
	// Cache is nil where the configuration says that nothing is kept.
	Cache *cache.Cache
	// Limiter has the allowances of rate limits.
	Limiter limit.Limiter

	from    storage
	stores  *Stores
	users   int // guarded by stores.mu
	conn    *redis.Conn
	without bool // the file could not be opened
	script  interface{ Err() error }

	mu   sync.Mutex
	away time.Time // since when the server is away; zero when it is there
}

// open gives what is open if it was made from the same, or opens it. The caller
// is one more user of it. Script starts the store of a storage that has one.
func (s *Stores) open(from storage, script func() (cache.Store, error)) (*Shared, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current != nil && s.current.from == from {
		s.current.users++
		return s.current, nil
	}
	sh := &Shared{from: from, stores: s, users: 1, Limiter: s.limits}
	var store cache.Store
	switch from.store {
	case config.CacheOff:
		return sh, nil
	case fromScript:
		var err error
		if store, err = script(); err != nil {
			return nil, err
		}
		sh.script, _ = store.(interface{ Err() error })
	case config.CacheMemory:
		store = s.memory(from, nil)
	case config.CacheDisk:
		back, err := s.file(from)
		switch {
		case err != nil:
			sh.without = true
			s.logger.Warn("the cache is in memory only, and lost when the server ends", slog.Any("error", err), slog.String("hint", "give it a folder of its own with cache.dir, or say cache: 'memory'"))
			store = s.memory(from, nil)
		case from.memory < 0:
			store = back
		default:
			store = cache.Tier(s.memory(from, back.Tags()), back)
		}
	default:
		var err error
		if sh.conn, err = redis.Dial(redis.Options{URL: from.store, Prefix: from.prefix, Timeout: from.timeout, OnState: sh.reached}); err != nil {
			return nil, fmt.Errorf("the cache cannot be opened: %w", err)
		}
		tags := cache.NewTagTable(s.now, 0)
		store = redis.NewStore(sh.conn, redis.StoreOptions{Local: s.memory(from, tags), Tags: tags, Lease: from.lease})
		var local limit.Limiter
		if !from.refuse {
			local = s.limits
		}
		sh.Limiter = redis.NewLimiter(sh.conn, local)
	}
	sh.Cache = cache.New(cache.Options{Store: store, Now: s.now, Problem: (&problems{now: s.now, logger: s.logger}).tell})
	return sh, nil
}

// memory is a store in memory. One that is to keep nothing still has tags and
// leases.
func (s *Stores) memory(from storage, tags *cache.TagTable) cache.Store {
	return memory.New(memory.Options{Bytes: max(from.memory, -from.memory), Tags: tags, Now: s.now})
}

// keep makes an open Shared that of the last load.
func (s *Stores) keep(sh *Shared) {
	s.mu.Lock()
	old := s.current
	if old != sh {
		sh.users++
		s.current = sh
	}
	s.mu.Unlock()
	if old != sh {
		old.drop()
	}
}

// drop is release for those who have nobody to tell.
func (sh *Shared) drop() {
	if err := sh.release(); err != nil {
		sh.stores.logger.Warn("the cache did not close well", slog.Any("error", err))
	}
}

// release counts a user out; the last one closes. A nil Shared has none.
func (sh *Shared) release() error {
	if sh == nil {
		return nil
	}
	sh.stores.mu.Lock()
	sh.users--
	last := sh.users == 0
	sh.stores.mu.Unlock()
	if !last {
		return nil
	}
	var err error
	if sh.Cache != nil {
		err = sh.Cache.Close()
	}
	if sh.conn != nil {
		sh.conn.Close()
	}
	return err
}

// file is an open file of the cache, which one Store at most may have open.
type file struct {
	*disk.Store
	max   int64
	users int
}

// fileUse is a file for one cache, whose end is not the file's.
type fileUse struct {
	*disk.Store
	close func() error
}

// Close counts the user out.
func (u fileUse) Close() error { return u.close() }

// file opens the file, or goes on with it where another generation has it.
// s.mu is held.
func (s *Stores) file(from storage) (fileUse, error) {
	f := s.files[from.file]
	if f == nil {
		if err := folders(from); err != nil {
			return fileUse{}, err
		}
		tell := (&problems{now: s.now, logger: s.logger}).tell
		store, err := disk.Open(from.file, disk.Options{Bytes: from.disk, Now: s.now, Problem: tell})
		if err != nil {
			return fileUse{}, err
		}
		f = &file{Store: store, max: from.disk}
		s.files[from.file] = f
	} else if f.max != from.disk {
		s.logger.Warn("cache.maxDisk has changed, which counts from the next start on")
	}
	f.users++
	return fileUse{f.Store, sync.OnceValue(func() error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if f.users--; f.users > 0 {
			return nil
		}
		delete(s.files, from.file)
		return f.Store.Close()
	})}, nil
}

// folders makes the folders of a file.
func folders(from storage) error {
	if from.own != "" {
		if err := OwnFolder(from.own); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Dir(from.file), 0o700)
}

// OwnFolder makes the folder of a project for what the server writes, which is
// no part of the project's sources, and for its user alone.
func OwnFolder(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	ignore, err := os.OpenFile(filepath.Join(dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err != nil:
		return err
	}
	_, err = ignore.WriteString("*\n")
	return errors.Join(err, ignore.Close())
}

// reached is told by the connection when the server goes and comes back.
func (sh *Shared) reached(st redis.State) {
	sh.mu.Lock()
	if st.Up {
		sh.away = time.Time{}
	} else {
		sh.away = sh.stores.now()
	}
	sh.mu.Unlock()
	if st.Up {
		sh.stores.logger.Info("the server of the cache is back")
		return
	}
	sh.stores.logger.Warn("the server of the cache is away; this node answers from its memory meanwhile", slog.String("error", sh.from.redact(st.Err)))
}

// redact takes the URL and its password out of an error, should it have them.
func (s storage) redact(err error) string {
	text := strings.ReplaceAll(err.Error(), s.store, "the URL")
	if u, err := url.Parse(s.store); err == nil && u.User != nil {
		if word, ok := u.User.Password(); ok && word != "" {
			text = strings.ReplaceAll(text, word, "…")
		}
	}
	return text
}

// Health says in a few words what is not as it should be with the cache, and is
// "" where all is well. There is nothing in it that is not for everybody.
func (sh *Shared) Health() string {
	switch {
	case sh.conn != nil && !sh.conn.State().Up:
		sh.mu.Lock()
		since := sh.away
		sh.mu.Unlock()
		if since.IsZero() { // it is being told
			since = sh.stores.now()
		}
		return "redis: away since " + since.UTC().Format(time.RFC3339) + ", answered from memory"
	case sh.without:
		return "memory: the file cannot be used"
	case sh.script != nil && sh.script.Err() != nil:
		return "cacheHandler: does not answer, nothing is kept"
	}
	return ""
}

// problems logs what goes wrong with a store, the same not more than once a
// minute: a full disk would otherwise fill the log.
type problems struct {
	now    func() time.Time
	logger *slog.Logger

	mu   sync.Mutex
	last map[string]time.Time
	more map[string]int
}

// kinds bounds how many problems are remembered.
const kinds = 100

func (p *problems) tell(err error) {
	text := err.Error()
	now := p.now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if at, known := p.last[text]; known && now.Sub(at) < time.Minute && now.Sub(at) >= 0 {
		p.more[text]++
		return
	}
	if p.last == nil || len(p.last) >= kinds {
		p.last, p.more = map[string]time.Time{}, map[string]int{}
	}
	attrs := []any{slog.Any("error", err)}
	if n := p.more[text]; n > 0 {
		attrs = append(attrs, slog.Int("repeated", n))
	}
	p.last[text], p.more[text] = now, 0
	p.logger.Warn("cache", attrs...)
}

// fromScript is the store of a storage whose entries a script keeps.
const fromScript = "script"

// share opens what the settings of a site want. Script is the project's own
// store; nil is none.
func (l *Loader) share(s *Site, root string, script *cacheScript) error {
	var err error
	if script != nil {
		s.shared, err = l.stores.open(storage{store: fromScript, script: script.sum}, script.start)
		return err
	}
	from, err := storageOf(s.Settings, root, l.o.Dev)
	if err != nil {
		return err
	}
	s.shared, err = l.stores.open(from, nil)
	return err
}
