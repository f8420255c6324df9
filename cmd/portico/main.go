// Command portico serves Next.js route handlers from one Go binary.
package main

import (
	"os"

	"github.com/portico-dev/portico/internal/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
}
