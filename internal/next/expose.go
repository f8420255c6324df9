package next

import (
	"context"
	"fmt"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// GoFunction makes the script function of a Go function that takes and gives
// JSON. It runs off the isolate, and the script gets a promise; an error or a
// panic in Go rejects it with the error's text.
func GoFunction(iso *js.Isolate, name string, f func(ctx context.Context, in []byte) ([]byte, error)) goja.Value {
	m := of(iso)
	return iso.Func(name, 1, func(c goja.FunctionCall) goja.Value {
		return iso.Attempt(func() (goja.Value, error) {
			in, ok, err := iso.AppendJSON(nil, c.Argument(0))
			if err != nil {
				return nil, err
			}
			if !ok {
				in = nil
			}
			ctx := m.app.ctx
			if x := m.exchange(); x != nil {
				ctx = x.req.Context()
			}
			return iso.Go(func() func() (goja.Value, error) {
				out, err := callGo(ctx, name, f, in)
				return func() (goja.Value, error) {
					if err != nil {
						return nil, err
					}
					if out == nil {
						return goja.Undefined(), nil
					}
					return iso.ParseJSON(out)
				}
			}), nil
		})
	})
}

// callGo contains a panic: one request's mistake must not end the process.
func callGo(ctx context.Context, name string, f func(context.Context, []byte) ([]byte, error), in []byte) (out []byte, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("the Go function %s panicked: %v", name, x)
		}
	}()
	return f(ctx, in)
}
