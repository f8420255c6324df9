package web

import (
	"encoding/binary"
	"os"
	"runtime"

	"github.com/dop251/goja"
)

// node:os, as far as it tells of the system without asking files: packages put
// it into a User-Agent or size a pool by it. What Go's library does not know is
// not there: release, networkInterfaces, loadavg, freemem, priorities.

// osObject makes the module.
func (e *Env) osObject() *goja.Object {
	rt := e.rt
	o := rt.NewObject()
	value := func(name string, f func() any) {
		must(o.Set(name, e.iso.Func(name, 0, func(goja.FunctionCall) goja.Value { return rt.ToValue(f()) })))
	}
	value("arch", func() any { return arch() })
	value("machine", func() any { return osMachine() })
	value("availableParallelism", func() any { return runtime.GOMAXPROCS(0) })
	// The model and the times of a processor are not asked for.
	value("cpus", func() any {
		list := make([]any, runtime.NumCPU())
		for i := range list {
			cpu, times := rt.NewObject(), rt.NewObject()
			must(cpu.Set("model", "unknown"))
			must(cpu.Set("speed", 0))
			for _, t := range []string{"user", "nice", "sys", "idle", "irq"} {
				must(times.Set(t, 0))
			}
			must(cpu.Set("times", times))
			list[i] = cpu
		}
		return rt.NewArray(list...)
	})
	value("endianness", func() any {
		if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
			return "LE"
		}
		return "BE"
	})
	value("hostname", func() any {
		name, err := os.Hostname()
		if err != nil {
			panic(e.nodeError("Error", "ERR_SYSTEM_ERROR", "A system error occurred: %v", err))
		}
		return name
	})
	value("homedir", func() any {
		dir, err := os.UserHomeDir()
		if err != nil {
			panic(e.nodeError("Error", "ERR_SYSTEM_ERROR", "A system error occurred: %v", err))
		}
		return dir
	})
	value("tmpdir", func() any { return os.TempDir() })
	value("platform", func() any { return platform() })
	value("type", func() any {
		switch runtime.GOOS {
		case "windows":
			return "Windows_NT"
		case "darwin":
			return "Darwin"
		case "linux":
			return "Linux"
		}
		return runtime.GOOS
	})
	value("uptime", func() any { return e.now() / 1000 })
	eol, null := "\n", "/dev/null"
	if runtime.GOOS == "windows" {
		eol, null = "\r\n", `\\.\nul`
	}
	must(o.Set("EOL", eol))
	must(o.Set("devNull", null))
	constants, signals := rt.NewObject(), rt.NewObject()
	for _, s := range []struct {
		name string
		n    int
	}{{"SIGHUP", 1}, {"SIGINT", 2}, {"SIGQUIT", 3}, {"SIGABRT", 6}, {"SIGKILL", 9}, {"SIGTERM", 15}} {
		must(signals.Set(s.name, s.n))
	}
	must(constants.Set("signals", signals))
	must(o.Set("constants", constants))
	return o
}

// osMachine is what uname calls the processor.
func osMachine() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		if runtime.GOOS == "linux" {
			return "aarch64"
		}
	}
	return runtime.GOARCH
}
