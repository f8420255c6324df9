package cli

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/portico-dev/portico"
)

type exportCmd struct {
	Dir string `arg:"" optional:"" default:"." help:"The project: the folder that holds app/ or src/app/."`
	Out string `short:"o" placeholder:"FOLDER" help:"The folder to write (default out, or distDir of the configuration)."`
}

// Run writes the project's static answers as files.
func (c *exportCmd) Run(e *env) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	config := portico.Config{Dir: c.Dir, Logger: e.logger(false)}
	if e.err.terminal {
		config.OnPrerender = func(done, all int) { e.err.progress("exporting", done, all) }
	}
	app := portico.New(config)
	defer app.Close(ctx)
	out := c.Out
	if out != "" { // a person names it from where the command runs
		abs, err := filepath.Abs(out)
		if err != nil {
			return err
		}
		out = abs
	}
	done, err := app.Export(ctx, out)
	if err != nil {
		return err
	}
	for _, w := range done.Warnings {
		e.err.line(e.err.yellow("warning: ") + w)
	}
	for _, name := range done.Files {
		e.out.line("  " + name)
	}
	e.out.line(e.out.green("✓ ") + fmt.Sprintf("%d files in %s", len(done.Files), done.Dir))
	return nil
}
