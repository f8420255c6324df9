package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// unlimited stands for `false` in place of a limit.
const unlimited = -1

// ParseSize reads a number of bytes: a whole number, or text such as "512kb",
// "4mb", "1.5gb" or "100 b", whatever the case, where a kb is 1024 bytes as in
// Next.js. false gives a negative size, which means that there is no limit. A
// script's value may come as int64 or float64. The error's text stands alone:
// it does not say where the value was.
func ParseSize(v any) (int64, error) {
	switch v := v.(type) {
	case bool:
		if !v {
			return unlimited, nil
		}
	case int64:
		return sizeOf(float64(v), v)
	case float64:
		return sizeOf(v, v)
	case string:
		number, unit := cutNumber(strings.TrimSpace(v))
		n, err := strconv.ParseFloat(number, 64)
		if err != nil {
			break
		}
		factor := 1.0
		switch strings.TrimSuffix(strings.TrimSuffix(strings.ToLower(strings.TrimSpace(unit)), "b"), "i") {
		case "":
		case "k":
			factor = 1 << 10
		case "m":
			factor = 1 << 20
		case "g":
			factor = 1 << 30
		case "t":
			factor = 1 << 40
		default:
			return 0, fmt.Errorf("%s has a unit that is not known: sizes are in b, kb, mb, gb or tb", quote(v))
		}
		return sizeOf(math.Floor(n*factor), v)
	}
	return 0, fmt.Errorf("%s is not a size: write a number of bytes, a text such as '4mb', or false for no limit", describe(v))
}

// sizeOf checks a number of bytes; v is what the file says.
func sizeOf(n float64, v any) (int64, error) {
	switch {
	case n == 0:
		return 0, fmt.Errorf("0 is not a limit: write false for no limit")
	case !(n > 0) || n != math.Trunc(n) || n >= 1<<62:
		if i, ok := v.(int64); ok {
			v = float64(i)
		}
		return 0, fmt.Errorf("%s is not a size: sizes are whole numbers of bytes above 0", describe(v))
	}
	return int64(n), nil
}

// ParseDuration reads a time: a number of milliseconds, or text such as "10s",
// "500ms", "1m30s", "1.5h" or "2d". false gives a negative time, which means
// that there is no limit. A script's value may come as int64 or float64. The
// error's text stands alone, as that of [ParseSize].
func ParseDuration(v any) (time.Duration, error) { return parseDuration(v, time.Millisecond) }

// parseDuration is ParseDuration with another unit for numbers.
func parseDuration(v any, unit time.Duration) (time.Duration, error) {
	switch v := v.(type) {
	case bool:
		if !v {
			return unlimited, nil
		}
	case int64:
		return durationOf(float64(v)*float64(unit), float64(v))
	case float64:
		return durationOf(v*float64(unit), v)
	case string:
		var sum float64
		rest := strings.TrimSpace(v)
		last := math.Inf(1)
		for rest != "" {
			var number string
			number, rest = cutNumber(rest)
			n, err := strconv.ParseFloat(number, 64)
			end := strings.IndexAny(rest, "0123456789.")
			if end < 0 {
				end = len(rest)
			}
			name := rest[:end]
			rest = rest[end:]
			size := unitOf(strings.ToLower(strings.TrimSpace(name)))
			// Units come from the largest to the smallest: 1m1m is a slip.
			if err != nil || size == 0 || size >= last {
				return 0, fmt.Errorf("%s is not a time: write a text such as '10s', '500ms' or '1m30s', a number of milliseconds, or false for no limit", describe(v))
			}
			sum, last = sum+n*size, size
		}
		if sum > 0 {
			return durationOf(sum, v)
		}
		if !math.IsInf(last, 1) {
			return 0, fmt.Errorf("%s is not a limit: write false for no limit", quote(v))
		}
	}
	return 0, fmt.Errorf("%s is not a time: write a text such as '10s', '500ms' or '1m30s', a number of milliseconds, or false for no limit", describe(v))
}

// unitOf is a unit of time in nanoseconds, 0 when there is no such unit.
func unitOf(name string) float64 {
	switch name {
	case "ms":
		return float64(time.Millisecond)
	case "s":
		return float64(time.Second)
	case "m", "min":
		return float64(time.Minute)
	case "h":
		return float64(time.Hour)
	case "d":
		return float64(24 * time.Hour)
	}
	return 0
}

func durationOf(n float64, v any) (time.Duration, error) {
	switch {
	case n == 0:
		return 0, fmt.Errorf("0 is not a limit: write false for no limit")
	case !(n >= 1) || n >= 1<<62:
		return 0, fmt.Errorf("%s is not a time: it must be above 0 and below a hundred years", describe(v))
	}
	return time.Duration(math.Round(n)), nil
}

// cutNumber splits digits and points off the start of a text.
func cutNumber(s string) (number, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	return s[:i], s[i:]
}
