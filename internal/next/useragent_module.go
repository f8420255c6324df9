package next

import "github.com/dop251/goja"

// userAgent is the result of userAgent() and userAgentFromString(). A part that
// is not known is undefined: a key of its object that JSON leaves out.
func (m *Modules) userAgent(ua string) *goja.Object {
	a := parseUserAgent(ua)
	out := m.rt.NewObject()
	put(out, "ua", m.rt.ToValue(a.UA))
	part := func(name string, pairs ...string) *goja.Object {
		o := m.rt.NewObject()
		for i := 0; i < len(pairs); i += 2 {
			v := goja.Undefined()
			if pairs[i+1] != "" {
				v = m.rt.ToValue(pairs[i+1])
			}
			put(o, pairs[i], v)
		}
		put(out, name, o)
		return o
	}
	browser := part("browser", "name", a.Browser.Name, "version", a.Browser.Version, "major", a.Browser.Major)
	if a.Browser.Version != "" && a.Browser.Major == "" {
		put(browser, "major", m.rt.ToValue("")) // Next.js: a version without a digit has the major ""
	}
	part("engine", "name", a.Engine.Name, "version", a.Engine.Version)
	part("os", "name", a.OS.Name, "version", a.OS.Version)
	part("device", "vendor", a.Device.Vendor, "model", a.Device.Model, "type", a.Device.Type)
	part("cpu", "architecture", a.CPU.Architecture)
	put(out, "isBot", m.rt.ToValue(a.IsBot))
	return out
}
