package next

import (
	"github.com/dop251/goja"
)

// after is next/server's function of that name: it takes a function or a promise.
func (m *Modules) after(c goja.FunctionCall) goja.Value {
	x := m.exchange()
	if x == nil {
		panic(m.outside("after"))
	}
	task := c.Argument(0)
	f, isFunc := goja.AssertFunction(task)
	if !isFunc {
		o, ok := task.(*goja.Object)
		if ok {
			_, ok = goja.AssertFunction(o.Get("then"))
		}
		if !ok {
			panic(m.iso.NewError("Error", "`after()`: Argument must be a promise or a function"))
		}
		x.hold(m, task)
		return goja.Undefined()
	}
	frame := m.iso.Current()
	run := func() {
		m.iso.InFrame(frame, func() {
			m.begin()
			v, err := m.iso.Call(f, goja.Undefined())
			if err != nil {
				x.app.report(x, "an error occurred in a function passed to after()", m.iso.ErrorOf(err))
				m.end()
				return
			}
			m.iso.Await(v, func(_ goja.Value, err error) {
				if err != nil {
					x.app.report(x, "an error occurred in a function passed to after()", m.iso.ErrorOf(err))
				}
				m.end()
			})
		})
	}
	if x.finished {
		run()
	} else {
		x.later = append(x.later, run)
	}
	return goja.Undefined()
}

// begin counts work that goes on after its request; end counts it as done. What
// was begun on an isolate that has broken down does not end, and counts no more.
func (m *Modules) begin() {
	m.begun++
	m.app.work.Add(1)
}

func (m *Modules) end() {
	if m.begun > 0 {
		m.begun--
		m.app.work.Done()
	}
}

// hold keeps the app open until a promise has settled.
func (x *Exchange) hold(m *Modules, promise goja.Value) {
	m.begin()
	x.held.Add(1)
	m.iso.Await(promise, func(_ goja.Value, err error) {
		if err != nil {
			x.app.report(x, "an error occurred in a promise passed to after()", m.iso.ErrorOf(err))
		}
		x.closeShared()
		m.end()
	})
}

const sealedCookies = "Cookies can only be modified in a Server Action or Route Handler. Read more: https://nextjs.org/docs/app/api-reference/functions/cookies#options"

// finish starts what after() was given: the answer is done. It runs on the
// isolate; the callbacks start in order and run side by side.
func (x *Exchange) finish() {
	if x.finished {
		return
	}
	x.finished = true
	if x.abandoned && x.result.body != nil {
		body := x.result.body
		go body.Close() // closing may block, and may post to the isolate
	}
	if x.jar != nil {
		x.jar.sealed = sealedCookies
	}
	for _, f := range x.later {
		f()
	}
	x.later = nil
	x.release()
}
