package main

import (
	"os"
	"time"

	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/cmd/tollbook/heap"
	_ "github.com/tollbook/tollbook/cmd/tollbook/heap/startup"
)

//go:generate go run . man --force --out ../../docs/cli.md

func main() {
	os.Exit(begin(time.Now))
}

// begin runs the command line of this process with the given clock and returns the exit code.
func begin(clock func() time.Time) int {
	heap.Start(os.Getenv)
	return commands.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, clock)
}
