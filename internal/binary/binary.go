// Package binary builds the portico command for tests that run it from outside.
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// Build builds cmd/portico, as it is released, into a folder and gives the
// file's name. It is for TestMain of a package two folders below the module.
func Build(dir string) (string, error) {
	file := filepath.Join(dir, "portico")
	if runtime.GOOS == "windows" {
		file += ".exe"
	}
	build := exec.Command("go", "build", "-o", file, "./cmd/portico")
	build.Dir = filepath.Join("..", "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/portico: %w\n%s", err, out)
	}
	return file, nil
}
