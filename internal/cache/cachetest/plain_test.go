package cachetest_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
)

func TestPlain(t *testing.T) {
	cachetest.Run(t, func(*testing.T) cache.Store { return cachetest.NewPlain(cache.NewTagTable(time.Now, 0)) })
}

func TestMaking(t *testing.T) {
	clock := cachetest.NewClock(nil)
	c := cache.New(cache.Options{Store: cachetest.NewPlain(cache.NewTagTable(clock.Now, 0)), Now: clock.Now, Problem: func(err error) { t.Error(err) }})
	t.Cleanup(func() { c.Close() })
	cachetest.Making(t, 10_000, rand.New(rand.NewPCG(1, 3)), clock, c)
}
