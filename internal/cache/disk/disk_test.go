package disk_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
	"github.com/portico-dev/portico/internal/cache/disk"
)

// writerFile tells a test binary that it is the process to be killed.
const writerFile = "PORTICO_TEST_CACHE_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(writerFile); path != "" {
		write(path)
		return
	}
	os.Exit(m.Run())
}

func open(t *testing.T, path string) *disk.Store {
	t.Helper()
	s, err := disk.Open(path, disk.Options{Bytes: cachetest.Bound, Problem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store { return open(t, filepath.Join(t.TempDir(), "cache")) })
}

func TestTier(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Store {
		d := open(t, filepath.Join(t.TempDir(), "cache"))
		return cache.Tier(cachetest.NewPlain(d.Tags()), d)
	})
}

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path)
	lease, _ := s.Lease(t.Context(), cachetest.Key("a"))
	for _, name := range []string{"a", "b"} {
		if err := s.Set(t.Context(), cachetest.Key(name), cachetest.Entry(lease.Stamp, name, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Mark(t.Context(), []string{"b"}, cache.Mark{}); err != nil {
		t.Fatal(err)
	}
	n := s.Bytes()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// The clock has been set back meanwhile.
	s, err := disk.Open(path, disk.Options{Now: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if s.Bytes() != n {
		t.Errorf("%d bytes were kept, %d are there", n, s.Bytes())
	}
	for name, want := range map[string]cache.State{"a": cache.Fresh, "b": cache.Expired} {
		hit, err := s.Get(t.Context(), cachetest.Key(name), nil)
		if err != nil || hit.Entry == nil || string(hit.Entry.Body) != name {
			t.Fatalf("%s: %+v, %v", name, hit, err)
		}
		if got := hit.Entry.State(time.Now(), hit.Tags); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if l, _ := s.Lease(t.Context(), cachetest.Key("c")); l.Stamp <= lease.Stamp {
		t.Errorf("stamp %d was given after %d", l.Stamp, lease.Stamp)
	}
}

// The oldest go out, and the file is bounded, too.
func TestOldestOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path)
	r := rand.New(rand.NewPCG(3, 4))
	const all, at = 3000, 32
	var wg sync.WaitGroup
	for i := 0; i < all; i += at {
		for j := range at {
			body := strings.Repeat("x", r.IntN(12_000))
			wg.Go(func() {
				if err := s.Set(t.Context(), cachetest.Key(fmt.Sprint(i+j)), cachetest.Entry(1, body)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	last := -1
	for i := range all {
		hit, err := s.Get(t.Context(), cachetest.Key(fmt.Sprint(i)), nil)
		if err != nil {
			t.Fatal(err)
		}
		if hit.Entry != nil {
			last = i
			break
		}
	}
	if last < all-400 {
		t.Errorf("entry %d of %d is still there", last, all)
	}
	if n := s.Bytes(); n > cachetest.Bound || n < cachetest.Bound*8/10 {
		t.Errorf("%d bytes are kept, the bound is %d", n, cachetest.Bound)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 4*cachetest.Bound {
		t.Errorf("the file has %d bytes for entries of %d", info.Size(), cachetest.Bound)
	}
}

func TestInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	open(t, path)
	_, err := disk.Open(path, disk.Options{LockTimeout: time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "another process") {
		t.Fatalf("a second Open gave %v", err)
	}
}

// A file of something else is put aside.
func TestBroken(t *testing.T) {
	for name, spoil := range map[string]func([]byte) []byte{
		"not ours": func([]byte) []byte { return []byte(strings.Repeat("hello ", 10_000)) },
		"meta pages": func(b []byte) []byte {
			clear(b[:8192])
			return b
		},
		"cut": func(b []byte) []byte { return b[:5000] },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "cache")
			s := open(t, path)
			if err := s.Set(t.Context(), cachetest.Key("a"), cachetest.Entry(1, "a")); err != nil {
				t.Fatal(err)
			}
			s.Close()
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, spoil(b), 0o600); err != nil {
				t.Fatal(err)
			}
			told := 0
			s, err = disk.Open(path, disk.Options{Problem: func(error) { told++ }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if told != 1 {
				t.Errorf("told of %d problems", told)
			}
			if err := s.Set(t.Context(), cachetest.Key("a"), cachetest.Entry(1, "a")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A flipped bit in an entry makes it a miss, and is said.
func TestTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	s := open(t, path)
	body := strings.Repeat("precious ", 1000)
	if err := s.Set(t.Context(), cachetest.Key("a"), cachetest.Entry(1, body)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte("precious")) {
		t.Fatal("the file has no entry")
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(b, []byte("precious"), []byte("preciouz")), 0o600); err != nil {
		t.Fatal(err)
	}
	told := 0
	s, err = disk.Open(path, disk.Options{Problem: func(error) { told++ }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if hit, err := s.Get(t.Context(), cachetest.Key("a"), nil); err != nil || hit.Entry != nil {
			t.Fatalf("a torn entry gave %+v, %v", hit, err)
		}
	}
	if told != 1 || s.Bytes() != 0 {
		t.Errorf("told of %d problems, %d bytes are left", told, s.Bytes())
	}
}

// content is the body of the entry i: its hash stands in front.
func content(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 9))
	body := strings.Repeat(fmt.Sprint(i, " "), r.IntN(600))
	return fmt.Sprintf("%x %s", sha256.Sum256([]byte(body)), body)
}

// write writes entries and says so on its standard output, until it is killed.
func write(path string) {
	s, err := disk.Open(path, disk.Options{Bytes: cachetest.Bound})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	start := int(time.Now().UnixMicro() % 1_000_000)
	for w := range 4 {
		go func() {
			for i := start + w; ; i += 4 {
				name := fmt.Sprint(i)
				lease, _ := s.Lease(nil, cachetest.Key(name))
				err := s.Set(nil, cachetest.Key(name), cachetest.Entry(lease.Stamp, content(i), name))
				if err == nil && i%7 == 0 {
					err = s.Mark(nil, []string{name}, cache.Mark{})
				}
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Println(i)
			}
		}()
	}
	select {}
}

// A process is killed at any moment while it writes: the store opens, has what
// was answered, and nothing that is torn.
func TestKill(t *testing.T) {
	times := 200
	if testing.Short() || os.Getenv("CI") == "" {
		times = 50
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cache")
	r := rand.New(rand.NewPCG(5, 6))
	for n := range times {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), writerFile+"="+path)
		var problems bytes.Buffer
		cmd.Stderr = &problems
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		var last []string
		for range r.IntN(40) {
			if !lines.Scan() {
				break
			}
			last = append(last, lines.Text())
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it still has said was done as well
			last = append(last, lines.Text())
		}
		_ = cmd.Wait() // killed, as it should
		if problems.Len() > 0 {
			t.Fatalf("kill %d: the writer says %s", n, &problems)
		}
		verify(t, path, last)
	}
}

func verify(t *testing.T, path string, said []string) {
	s, err := disk.Open(path, disk.Options{Bytes: cachetest.Bound, Problem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	whole := func(e *cache.Entry) bool {
		sum, body, _ := strings.Cut(string(e.Body), " ")
		return sum == fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	}
	if err := s.Each(t.Context(), func(_ cache.Key, e *cache.Entry) bool {
		if !whole(e) {
			t.Errorf("torn: %.100q", e.Body)
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range said[max(0, len(said)-20):] {
		hit, err := s.Get(t.Context(), cachetest.Key(name), nil)
		if err != nil || hit.Entry == nil || !whole(hit.Entry) {
			t.Fatalf("entry %s was answered and is lost: %v", name, err)
		}
		var i int
		fmt.Sscan(name, &i)
		if dropped := hit.Entry.State(time.Now(), hit.Tags) == cache.Expired; dropped != (i%7 == 0) {
			t.Fatalf("entry %s: dropped %v", name, dropped)
		}
	}
}

// Ten thousand random operations against a model, in memory and on disk.
func TestMaking(t *testing.T) {
	clock := cachetest.NewClock(nil)
	d, err := disk.Open(filepath.Join(t.TempDir(), "cache"), disk.Options{Now: clock.Now, Problem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	c := cache.New(cache.Options{Store: cache.Tier(cachetest.NewPlain(d.Tags()), d), Now: clock.Now, Problem: func(err error) { t.Error(err) }})
	t.Cleanup(func() { c.Close() })
	operations := 10_000
	if testing.Short() || os.Getenv("CI") == "" {
		operations = 1000
	}
	cachetest.Making(t, operations, rand.New(rand.NewPCG(2, 3)), clock, c)
}
