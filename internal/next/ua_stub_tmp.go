package next

import "github.com/dop251/goja"

func (m *Modules) userAgent(ua string) *goja.Object { return m.rt.NewObject() }
