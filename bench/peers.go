package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// bench is one run: its folders, its upstream and its servers.
type bench struct {
	root string // the module
	out  string // what is built, installed and written
	up   *upstream

	binary   string            // portico
	versions map[string]string // of the peers
	servers  map[string]*child // by peer; portico's Go route is under goServer
	skipped  map[string]string // peer → why
	children []*child
}

const goServer = "portico, Go"

// withRules follows the name of a peer for its second server, that of
// bench/rules: what the other rows measure has no middleware in the way.
const withRules = ", rules"

// gc are the collector's settings of both sides of each comparison of Go with
// Go: those that portico gives itself.
const gc = "GOGC=400"

// goBuild builds a main package of the module.
func (b *bench) goBuild(ctx context.Context, pkg, name string) (string, error) {
	path := filepath.Join(b.out, "bin", name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, pkg)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, text)
	}
	return path, nil
}

// launch starts a peer and remembers it.
func (b *bench) launch(ctx context.Context, name, dir string, env []string, path string, args func(port string) []string) error {
	c, err := start(ctx, dir, append(env, "UPSTREAM="+b.up.URL, "NODE_ENV=production"), path, args)
	if err != nil {
		return err
	}
	b.servers[name] = c
	b.children = append(b.children, c)
	return nil
}

func (b *bench) close() {
	for _, c := range slices.Backward(b.children) {
		c.stop()
	}
}

// startPeers starts the wanted peers with the projects that the rows want. What
// npm cannot provide is left out.
func (b *bench) startPeers(ctx context.Context, want func(string) bool, wanted map[app]bool) error {
	const probe, probeRules = "/api/json?name=probe", "/up/small"
	portico := func(dir string) func(string) []string {
		return func(port string) []string {
			return []string{b.binary, "start", filepath.Join(b.root, "bench", dir), "--port", port, "--hostname", "127.0.0.1", "--cache", "memory"}
		}
	}
	if wanted[appRoutes] {
		if err := b.launch(ctx, us, b.root, []string{gc}, probe, portico("app")); err != nil {
			return err
		}
	}
	if wanted[appRules] {
		if err := b.launch(ctx, us+withRules, b.root, []string{gc}, probeRules, portico("rules")); err != nil {
			return err
		}
	}
	if wanted[appGo] {
		embed, err := b.goBuild(ctx, "./bench/embed", "embed")
		if err != nil {
			return err
		}
		if err := b.launch(ctx, goServer, b.root, []string{gc}, "/go/items/1", func(string) []string { return []string{embed} }); err != nil {
			return err
		}
	}
	if wanted[appFiles] {
		if err := b.startFiles(ctx, want); err != nil {
			return err
		}
	}
	if want(plain) {
		bin, err := b.goBuild(ctx, "./bench/plain", "plain")
		if err != nil {
			return err
		}
		if err := b.launch(ctx, plain, b.root, []string{gc}, probe, func(string) []string { return []string{bin} }); err != nil {
			return err
		}
	}
	next := func(app string) func(context.Context) (string, func(string) []string, error) {
		return func(ctx context.Context) (string, func(string) []string, error) { return b.next(ctx, app) }
	}
	for _, p := range []struct {
		name   string
		server string // empty is the same
		app    app
		probe  string
		set    func(context.Context) (dir string, args func(string) []string, err error)
	}{
		{nextjs, "", appRoutes, probe, next("app")},
		{nextjs, withRules, appRules, probeRules, next("rules")},
		{honoNd, "", appRoutes, probe, b.honoNode},
		{honoBun, "", appRoutes, probe, b.honoBun},
	} {
		if !want(p.name) || !wanted[p.app] {
			continue
		}
		dir, args, err := p.set(ctx)
		if err == nil {
			err = b.launch(ctx, p.name+p.server, dir, nil, p.probe, args)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.skipped[p.name] = err.Error()
			note("%s is left out: %v", p.name+p.server, err)
		}
	}
	return nil
}

// next installs the newest Next.js and builds it with the files of bench/app or
// bench/rules, unless that has been done.
func (b *bench) next(ctx context.Context, app string) (string, func(string) []string, error) {
	dir := filepath.Join(b.out, "next-"+app)
	node, err := b.install(ctx, "next", dir)
	if err != nil {
		return "", nil, err
	}
	names, err := b.copyProject(app, dir)
	if err != nil {
		return "", nil, err
	}
	bin := filepath.Join(dir, "node_modules", "next", "dist", "bin", "next")
	sum, err := digest(os.DirFS(dir), append(names, "package-lock.json")...)
	if err != nil {
		return "", nil, err
	}
	if slices.Contains(names, "next.config.ts") {
		sum += " " + b.up.URL // next build evaluates it once and for all
	}
	mark := filepath.Join(dir, ".next", "bench-built")
	if old, err := os.ReadFile(mark); err != nil || string(old) != sum {
		note("next build …")
		if err := command(ctx, dir, []string{"NODE_ENV=production", "UPSTREAM=" + b.up.URL}, node, bin, "build"); err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(mark, []byte(sum), 0o644); err != nil {
			return "", nil, err
		}
	}
	b.version(nextjs, dir, "next")
	return dir, func(port string) []string {
		return []string{node, bin, "start", "--port", port, "--hostname", "127.0.0.1"}
	}, nil
}

// copyProject brings the files of a folder of bench to where Next.js is
// installed, and returns their names: package.json is that of the peer.
func (b *bench) copyProject(app, dir string) (names []string, err error) {
	src := filepath.Join(b.root, "bench", app)
	entries, err := os.ReadDir(src)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		from, to := filepath.Join(src, e.Name()), filepath.Join(dir, e.Name())
		switch {
		case e.Name() == "package.json":
			continue
		case e.IsDir():
			if err := os.RemoveAll(to); err != nil {
				return nil, err
			}
			if err := os.CopyFS(to, os.DirFS(from)); err != nil {
				return nil, err
			}
		default:
			data, err := os.ReadFile(from)
			if err != nil {
				return nil, err
			}
			if err := os.WriteFile(to, data, 0o644); err != nil {
				return nil, err
			}
		}
		names = append(names, e.Name())
	}
	return names, nil
}

func (b *bench) honoNode(ctx context.Context) (string, func(string) []string, error) {
	dir := filepath.Join(b.out, "hono")
	node, err := b.install(ctx, "hono", dir)
	if err != nil {
		return "", nil, err
	}
	b.version(honoNd, dir, "hono")
	return dir, func(string) []string { return []string{node, "node.mjs"} }, nil
}

func (b *bench) honoBun(ctx context.Context) (string, func(string) []string, error) {
	dir, bun := filepath.Join(b.out, "hono"), filepath.Join(b.out, "bun")
	if _, err := b.install(ctx, "hono", dir); err != nil {
		return "", nil, err
	}
	if _, err := b.install(ctx, "bun", bun); err != nil {
		return "", nil, err
	}
	// The package's own launcher would be a process between us and the server.
	found, err := filepath.Glob(filepath.Join(bun, "node_modules", "@oven", "bun-*", "bin", "bun"))
	if err != nil {
		return "", nil, err
	}
	for _, bin := range append(found, filepath.Join(bun, "node_modules", ".bin", "bun")) {
		if out, err := exec.CommandContext(ctx, bin, "--version").Output(); err == nil {
			b.versions[honoBun] = "bun " + strings.TrimSpace(string(out))
			return dir, func(string) []string { return []string{bin, "bun.mjs"} }, nil
		}
	}
	return "", nil, errors.New("npm installed no bun that runs on this machine")
}

// install copies a folder of bench/peers and installs what its package.json
// names, unless that has been done. It returns node's path.
func (b *bench) install(ctx context.Context, peer, dir string) (node string, err error) {
	if node, err = exec.LookPath("node"); err != nil {
		return "", errors.New("node is not installed")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", errors.New("npm is not installed")
	}
	src := filepath.Join(b.root, "bench", "peers", peer)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(src)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(src, e.Name()))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), data, 0o644); err != nil {
			return "", err
		}
	}
	sum, err := digest(os.DirFS(src), "package.json")
	if err != nil {
		return "", err
	}
	mark := filepath.Join(dir, "node_modules", ".bench-installed")
	if old, err := os.ReadFile(mark); err == nil && string(old) == sum {
		return node, nil
	}
	note("npm install for %s …", peer)
	if err := command(ctx, dir, nil, npm, "install", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
		return "", err
	}
	return node, os.WriteFile(mark, []byte(sum), 0o644)
}

// version notes the version of an installed package.
func (b *bench) version(peer, dir, pkg string) {
	data, err := os.ReadFile(filepath.Join(dir, "node_modules", pkg, "package.json"))
	if err != nil {
		return
	}
	b.versions[peer] = pkg + " " + jsonField(data, "version")
}

func command(ctx context.Context, dir string, env []string, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, text)
	}
	return nil
}

// digest names the content of files and folders.
func digest(fsys fs.FS, names ...string) (string, error) {
	h := sha256.New()
	for _, n := range names {
		err := fs.WalkDir(fsys, n, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			data, err := fs.ReadFile(fsys, path)
			fmt.Fprintf(h, "%s %d\n", path, len(data))
			h.Write(data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
