package bundle

import "strings"

// asyncGenerators is the module that the host has %AsyncGeneratorPrototype%
// under; package js names it likewise.
const asyncGenerators = "%AsyncGeneratorPrototype%"

// withAsyncGenerators gives the objects of esbuild's helper for async generators
// the prototype that the language gives them: libraries look at it, and
// Object.prototype.toString does. The helper makes plain objects. No source
// maps to its line, so the columns behind may move.
func withAsyncGenerators(code string) string {
	const helper, object = "var __asyncGenerator = (", "it = {}"
	at := strings.Index(code, helper)
	if at < 0 {
		return code
	}
	end := strings.Index(code[at:], "\n};")
	if end < 0 {
		return code
	}
	body := code[at : at+end]
	return code[:at] + strings.Replace(body, object, "it = Object.create(__portico_host("+quote(asyncGenerators)+"))", 1) + code[at+end:]
}
