package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
)

// profile writes a CPU profile and an allocation profile of one command, for `go tool pprof` (docs/performance.md).
type profile struct {
	cpu    *os.File
	allocs string
}

// startProfile starts the profiles whose file names are not empty.
func startProfile(cpu, allocs string) (*profile, error) {
	p := &profile{allocs: allocs}
	if cpu == "" {
		return p, nil
	}
	f, err := os.Create(cpu)
	if err != nil {
		return nil, fmt.Errorf("write the CPU profile: %w", err)
	}
	p.cpu = f
	return p, pprof.StartCPUProfile(f)
}

// end stops profiling and writes the profiles.
func (p *profile) end() error {
	if p == nil {
		return nil
	}
	var errs []error
	if p.cpu != nil {
		pprof.StopCPUProfile()
		errs = append(errs, p.cpu.Close())
	}
	if p.allocs != "" {
		errs = append(errs, writeAllocs(p.allocs))
	}
	return errors.Join(errs...)
}

func writeAllocs(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the allocation profile: %w", err)
	}
	runtime.GC() // the profile has the state of the last collection
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}
