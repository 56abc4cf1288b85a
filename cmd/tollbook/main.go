package main

import (
	"os"
	"time"

	"github.com/tollbook/tollbook/jobs/fatal"
)

func main() {
	os.Exit(begin(time.Now))
}

// begin is Main as a process of its own, by a clock.
func begin(clock func() time.Time) int {
	fatal.Handle()
	return Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv, clock)
}
