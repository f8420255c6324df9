package next

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

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
			ctx, x := m.app.ctx, m.exchange()
			if x != nil {
				ctx = x.req.Context()
			}
			return iso.Go(func() func() (goja.Value, error) {
				out, err := callGo(ctx, name, f, in)
				var panicked *js.PanicError
				if errors.As(err, &panicked) {
					m.app.report(x, "the Go function "+name+" panicked", panicked) // the script does not get the stack
				}
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
			err = &goPanic{name, &js.PanicError{Value: x, Stack: debug.Stack()}}
		}
	}()
	return f(ctx, in)
}

// goPanic is what a script sees of a panic.
type goPanic struct {
	name  string
	cause *js.PanicError
}

func (e *goPanic) Error() string {
	return fmt.Sprintf("the Go function %s panicked: %v", e.name, e.cause.Value)
}
func (e *goPanic) Unwrap() error { return e.cause }
