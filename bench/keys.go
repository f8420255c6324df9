package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	manyKeys  = 100_000
	keysBound = 50 * mib // what is kept in memory unless the configuration says otherwise
)

// keys is what many kept answers cost.
type keys struct {
	Keys  int     `json:"keys"`
	Kept  int64   `json:"kept_bytes"`   // by what the server says of itself
	Left  int     `json:"kept_entries"` // of all that were made
	Rest  int64   `json:"rest_bytes"`   // memory before
	After int64   `json:"after_bytes"`  // and after
	Rate  float64 `json:"made_per_second"`
}

// measureKeys has portico make and keep the answers of a hundred thousand paths,
// each of about a kilobyte, and looks at what it holds then.
func (b *bench) measureKeys(ctx context.Context) (*keys, error) {
	sock := filepath.Join(b.out, "admin.sock")
	c, err := start(ctx, b.root, nil, "/api/kept/0", func(port string) []string {
		return []string{b.binary, "start", filepath.Join(b.root, "bench", "app"), "--port", port, "--hostname", "127.0.0.1", "--cache", "memory", "--admin", "unix:" + sock}
	})
	if err != nil {
		return nil, err
	}
	defer c.stop()
	k := &keys{Keys: manyKeys}
	if u, ok := c.use(); ok {
		k.Rest = u.rss
	}
	const workers = 32
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	began := time.Now()
	for range workers {
		wg.Go(func() {
			for n := next.Add(1); n <= manyKeys && ctx.Err() == nil; n = next.Add(1) {
				if err := one(ctx, client, c.url+"/api/kept/"+strconv.FormatInt(n, 10)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	k.Rate = manyKeys / time.Since(began).Seconds()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	if u, ok := c.use(); ok {
		k.After = u.rss
	}
	list := exec.CommandContext(ctx, b.binary, "cache", "ls", "--json", "--admin", "unix:"+sock)
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("portico cache ls: %w", err)
	}
	var told struct {
		Total int   `json:"total"`
		Size  int64 `json:"size"`
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return nil, fmt.Errorf("portico cache ls: %w", err)
	}
	k.Kept, k.Left = told.Size, told.Total
	return k, nil
}

func one(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, res.Status)
	}
	return nil
}

func (r *report) printKeys(w io.Writer) {
	k := r.Keys
	if k == nil {
		return
	}
	fmt.Fprintf(w, "\n%d kept answers of 1 KB, made at %.0f a second\n", k.Keys, k.Rate)
	fmt.Fprintf(w, "%-24s %8.1f MiB in %d entries   ≤ %d MiB   %s\n", "kept in memory", float64(k.Kept)/mib, k.Left, keysBound/mib, r.verdict(k.Left > 0 && k.Kept <= keysBound))
	fmt.Fprintf(w, "%-24s %8.1f MiB, %.1f MiB before\n", "memory after it", float64(k.After)/mib, float64(k.Rest)/mib)
}
