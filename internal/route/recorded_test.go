package route

import (
	"encoding/json"
	"os"
	"testing"
)

// recorded is what the real Next.js, and Node's regular expressions, answered;
// testdata/rules/record.cjs asks them.
type recorded struct {
	Version   string
	Rules     []recordedSource
	Redirects []recordedSource
	Sensitive []recordedSource
	Matchers  []recordedSource
	Based     []recordedSource
	Exprs     []struct {
		Expr, Flags string
		Error       string
		Texts       []string
		Found       [][]*string
	}
	Conditions []struct {
		Has, Missing []Condition
		Found        []struct {
			Request struct {
				Headers map[string]string
				Query   string
			}
			Params json.RawMessage
		}
	}
	Destinations []struct {
		Destination string
		Params      map[string]any
		Query       string
		Append      bool
		Error       string
		Result      struct {
			Pathname, Hash, Origin string
			Query                  map[string]any
		}
	}
	Values []struct {
		Value  string
		Params map[string]any
		Error  string
		Text   string
	}
}

type recordedSource struct {
	Source  string
	Error   string
	Matched map[string]map[string]any // by path
}

func readRecorded(t testing.TB) *recorded {
	t.Helper()
	data, err := os.ReadFile("testdata/rules/recorded.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// casePaths are the paths that every source was tried with.
func casePaths(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/rules/cases.json")
	if err != nil {
		t.Fatal(err)
	}
	var c struct{ Paths []string }
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c.Paths
}
