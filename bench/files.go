package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// withFiles follows the name of a peer for its server of files.
const withFiles = ", files"

// filesProject makes a project of two files in public/, one of 10 KB and one of
// 1 MiB, which no repository wants to have.
func (b *bench) filesProject() (string, error) {
	dir := filepath.Join(b.out, "files")
	for name, data := range map[string][]byte{
		"app/probe/route.ts":     []byte("export const GET = () => new Response('ok')\n"),
		"public/files/small.txt": bytes.Repeat([]byte("0123456789abcde\n"), 640),
		"public/files/large.bin": bytes.Repeat([]byte("0123456789abcde\n"), 64<<10),
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// startFiles starts the servers of files: portico, http.FileServer, and nginx
// and Caddy where they are installed.
func (b *bench) startFiles(ctx context.Context, want func(string) bool) error {
	const probe = "/files/small.txt"
	dir, err := b.filesProject()
	if err != nil {
		return err
	}
	root := filepath.Join(dir, "public")
	if err := b.launch(ctx, us+withFiles, b.root, []string{gc}, probe, func(port string) []string {
		return []string{b.binary, "start", dir, "--port", port, "--hostname", "127.0.0.1", "--cache", "memory"}
	}); err != nil {
		return err
	}
	if want(plain) {
		bin, err := b.goBuild(ctx, "./bench/plain", "plain")
		if err != nil {
			return err
		}
		if err := b.launch(ctx, plain+withFiles, b.root, []string{gc, "FILES=" + root}, probe, func(string) []string { return []string{bin} }); err != nil {
			return err
		}
	}
	for _, p := range []struct {
		name string
		args func(bin string) func(port string) []string
	}{
		{nginx, func(bin string) func(string) []string {
			return func(port string) []string {
				conf := filepath.Join(b.out, "nginx.conf")
				text := fmt.Sprintf("daemon off; worker_processes auto; pid %[1]s/nginx.pid; error_log stderr;\nevents { worker_connections 1024; }\nhttp { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=100;\ntypes { text/plain txt; application/octet-stream bin; } charset utf-8;\nclient_body_temp_path %[1]s/nginx-body; proxy_temp_path %[1]s/nginx-proxy; fastcgi_temp_path %[1]s/nginx-fastcgi; uwsgi_temp_path %[1]s/nginx-uwsgi; scgi_temp_path %[1]s/nginx-scgi;\nserver { listen 127.0.0.1:%[2]s; root %[3]s; } }\n", b.out, port, root)
				if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
					note("nginx: %v", err)
				}
				return []string{bin, "-c", conf}
			}
		}},
		{caddy, func(bin string) func(string) []string {
			return func(port string) []string {
				return []string{bin, "file-server", "--listen", "127.0.0.1:" + port, "--root", root}
			}
		}},
	} {
		if !want(p.name) {
			continue
		}
		bin, err := exec.LookPath(p.name)
		if err != nil {
			for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} { // not on everybody's path
				if full := filepath.Join(dir, p.name); err != nil {
					bin, err = exec.LookPath(full)
				}
			}
		}
		if err == nil {
			err = b.launch(ctx, p.name+withFiles, b.root, nil, probe, p.args(bin))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			b.skipped[p.name] = strings.TrimSpace(err.Error())
			note("%s is left out: %v", p.name, err)
		}
	}
	return nil
}
