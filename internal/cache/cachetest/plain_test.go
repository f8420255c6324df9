package cachetest_test

import (
	"testing"
	"time"

	"github.com/portico-dev/portico/internal/cache"
	"github.com/portico-dev/portico/internal/cache/cachetest"
)

func TestPlain(t *testing.T) {
	cachetest.Run(t, func(*testing.T) cache.Store { return cachetest.NewPlain(cache.NewTagTable(time.Now, 0)) })
}
