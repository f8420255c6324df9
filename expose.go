package portico

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/portico-dev/portico/internal/site"
)

// Function is a Go function that scripts can call; see Func.
type Function struct{ call site.Function }

// Funcs are the functions of a module, by the name that scripts import.
type Funcs map[string]Function

// Func makes a Go function callable from scripts. The argument and the result
// travel as JSON, by the rules of encoding/json; a missing argument is In's
// zero value. The function runs outside the script engine and may block: the
// script gets a promise, which an error rejects. ctx ends when the client of
// the request goes away.
func Func[In, Out any](f func(ctx context.Context, in In) (Out, error)) Function {
	return Function{func(ctx context.Context, data []byte) ([]byte, error) {
		var in In
		if data != nil {
			if err := json.Unmarshal(data, &in); err != nil {
				return nil, fmt.Errorf("the argument does not fit the Go function: %w", err)
			}
		}
		out, err := f(ctx, in)
		if err != nil {
			return nil, err
		}
		return json.Marshal(out)
	}}
}

// Expose hands functions to scripts as the module "go:<name>":
//
//	import { find } from 'go:users'
//
// It takes effect with the next Load. The same name again adds to the module.
func (a *App) Expose(name string, f Funcs) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := maps.Clone(a.exposed[name])
	if m == nil {
		m = map[string]site.Function{}
	}
	for k, v := range f {
		m[k] = v.call
	}
	a.exposed[name] = m
	a.forget()
}
