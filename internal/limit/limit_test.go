package limit

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is moved by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func take(t interface {
	Helper()
	Fatal(...any)
}, m *Memory, key string, r Rule, n int) Result {
	t.Helper()
	res, err := m.Take(nil, key, r, n)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func TestTake(t *testing.T) {
	c := &clock{time.Unix(1_700_000_000, 0)}
	m := NewMemory(0, c.now)
	rule := Rule{10, time.Minute}
	const s = time.Second
	for i, step := range []struct {
		pass time.Duration
		n    int
		want Result
	}{
		{0, 0, Result{false, 10, 10, 0, 0, false}},
		{0, 1, Result{false, 10, 9, 6 * s, 0, false}},
		{0, 9, Result{false, 10, 0, 60 * s, 0, false}},
		{0, 1, Result{true, 10, 0, 60 * s, 6 * s, false}},
		{5 * s, 1, Result{true, 10, 0, 55 * s, 1 * s, false}},
		{1 * s, 2, Result{true, 10, 1, 54 * s, 6 * s, false}},
		{0, 1, Result{false, 10, 0, 60 * s, 0, false}},
		{0, 0, Result{false, 10, 0, 60 * s, 0, false}},
		{0, 11, Result{true, 10, 0, 60 * s, -1, false}},
		{60 * s, 10, Result{false, 10, 0, 60 * s, 0, false}},
		{time.Hour, 0, Result{false, 10, 10, 0, 0, false}},
	} {
		c.t = c.t.Add(step.pass)
		if got := take(t, m, "a", rule, step.n); got != step.want {
			t.Fatalf("step %d: %+v, want %+v", i, got, step.want)
		}
	}
	if m.Len() != 0 {
		t.Errorf("%d whole keys are kept", m.Len())
	}
	// A clock that is set back locks nobody out for more than a window.
	take(t, m, "a", rule, 10)
	c.t = c.t.Add(-24 * time.Hour)
	if got := take(t, m, "a", rule, 1); got.RetryAfter != 6*s {
		t.Errorf("after the clock was set back: %+v", got)
	}
}

func TestRule(t *testing.T) {
	for _, r := range []Rule{{}, {0, time.Second}, {-1, time.Second}, {1, 0}, {1, -1}, {2, time.Microsecond}, {1, 400 * 24 * time.Hour}} {
		if _, err := NewMemory(0, nil).Take(nil, "a", r, 1); err == nil {
			t.Errorf("%+v is taken", r)
		}
	}
	if _, err := NewMemory(0, nil).Take(nil, "a", Rule{1, time.Second}, -1); err == nil {
		t.Error("-1 requests are taken")
	}
}

// The reference keeps the moment of each request and counts an allowance that
// fills up by one each step: a bucket, from its definition.
func TestReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := Rule{rapid.IntRange(1, 20).Draw(t, "limit"), time.Duration(rapid.IntRange(20, 5_000_000).Draw(t, "window")) * time.Microsecond}
		c := &clock{time.Unix(1_700_000_000, 0)}
		m := NewMemory(0, c.now)
		step := rule.Step()
		level, last := step*int64(rule.Limit), c.t.UnixMicro() // in microseconds of allowance
		type pass struct {
			at int64
			n  int
		}
		var passed []pass
		for range rapid.IntRange(1, 100).Draw(t, "requests") {
			c.t = c.t.Add(time.Duration(rapid.Int64Range(0, 2*step).Draw(t, "pause")) * time.Microsecond)
			n := rapid.IntRange(0, 3).Draw(t, "n")
			now := c.t.UnixMicro()
			level, last = min(level+now-last, step*int64(rule.Limit)), now
			ok := int64(n)*step <= level && n <= rule.Limit
			if ok {
				level -= int64(n) * step
				passed = append(passed, pass{now, n})
			}
			got := take(t, m, "a", rule, n)
			if got.Limited == ok || got.Remaining != int(level/step) || got.Reset != micro(step*int64(rule.Limit)-level) {
				t.Fatalf("%+v with n %d at level %d of step %d, want passed %v", got, n, level, step, ok)
			}
			if got.RetryAfter > 0 {
				// It is exact: just then it gets through, and not before.
				tat := m.tat("a")
				if _, early := Decide(tat, now+got.RetryAfter.Microseconds()-1, rule, n); !early.Limited {
					t.Fatalf("%+v: it gets through earlier", got)
				}
				if _, late := Decide(tat, now+got.RetryAfter.Microseconds(), rule, n); late.Limited {
					t.Fatalf("%+v: it does not get through then", got)
				}
			}
		}
		// In any window at most twice the limit less one: GCRA's bound for a
		// burst and what comes back in the meantime.
		for i, p := range passed {
			sum := 0
			for _, q := range passed[i:] {
				if q.at-p.at < rule.Window.Microseconds() {
					sum += q.n
				}
			}
			if sum > 2*rule.Limit {
				t.Fatalf("%d got through a window of %d", sum, rule.Limit)
			}
		}
	})
}

func (m *Memory) tat(key string) int64 {
	for i := range m.shards {
		for _, tat := range m.shards[i].tat {
			return tat // the test has one key
		}
	}
	return 0
}

// A flood of keys keeps the bound and frees nobody who is limited.
func TestFlood(t *testing.T) {
	c := &clock{time.Unix(1_700_000_000, 0)}
	const bytes = 1 << 20
	m := NewMemory(bytes, c.now)
	rule := Rule{10, time.Minute}
	for i := range 20 {
		take(t, m, fmt.Sprint("bad ", i), rule, 10)
	}
	for i := range 100_000 {
		take(t, m, fmt.Sprint("flood ", i), rule, 1)
	}
	if n := m.Len(); n > bytes/keyBytes {
		t.Errorf("%d keys are kept", n)
	}
	for i := range 20 {
		if res := take(t, m, fmt.Sprint("bad ", i), rule, 1); !res.Limited {
			t.Errorf("key %d was freed: %+v", i, res)
		}
	}
}

func TestHeaders(t *testing.T) {
	rule := Rule{10, time.Minute}
	for _, c := range []struct {
		name                 string
		res                  Result
		limit, policy, after string
	}{
		{"default", Result{false, 10, 9, 5500 * time.Millisecond, 0, false}, `"default";r=9;t=6`, `"default";q=10;w=60`, ""},
		{"api", Result{true, 10, 0, time.Minute, time.Millisecond, false}, `"api";r=0;t=60`, `"api";q=10;w=60`, "1"},
		{"odd", Result{false, 10, 0, time.Minute + 20*time.Microsecond, 0, false}, `"odd";r=0;t=60`, `"odd";q=10;w=60`, ""},
		{"a\"b\\c\r\né", Result{true, 10, 0, time.Minute, -1, false}, `"a\"b\\c";r=0;t=60`, `"a\"b\\c";q=10;w=60`, "60"},
	} {
		limit, policy, after := Headers(c.name, rule, c.res)
		if limit != c.limit || policy != c.policy || after != c.after {
			t.Errorf("%q: %s, %s, %s", c.name, limit, policy, after)
		}
	}
}

// What a client writes into its part of a key makes it no other key.
func TestKey(t *testing.T) {
	rule := Rule{10, time.Minute}
	keys := map[string]string{}
	for _, k := range []struct {
		r     Rule
		parts []string
	}{
		{rule, nil}, {rule, []string{""}}, {rule, []string{"", ""}},
		{rule, []string{"a", "b"}}, {rule, []string{"ab", ""}}, {rule, []string{"", "ab"}}, {rule, []string{"ab"}},
		{rule, []string{"a 1:b"}}, {rule, []string{"1:a 1:b"}}, {rule, []string{"a", "b", ""}}, {rule, []string{"a\x00b"}},
		{Rule{1, time.Minute}, []string{"0/60000000000 1:a"}}, {Rule{1, time.Minute}, []string{"a"}}, {Rule{10, time.Second}, []string{"a"}},
	} {
		what := fmt.Sprintf("%+v %q", k.r, k.parts)
		key := Key(k.r, k.parts...)
		if other, taken := keys[key]; taken {
			t.Errorf("%s and %s are one key", what, other)
		}
		keys[key] = what
	}
}

func FuzzKey(f *testing.F) {
	f.Add("a", "b", "ab", "")
	f.Add("a 1:b", "", "a", "b")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		rule := Rule{10, time.Minute}
		if same := Key(rule, a, b) == Key(rule, c, d); same != (a == c && b == d) {
			t.Errorf("%q %q and %q %q are one key: %v", a, b, c, d, same)
		}
		if Key(rule, a, b) == Key(rule, c) {
			t.Errorf("%q %q and %q are one key", a, b, c)
		}
	})
}
