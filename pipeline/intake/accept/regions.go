package accept

import (
	"strings"
	"sync"
)

// Regions numbers the region codes of a run. The numbers are valid only within the run.
type Regions struct {
	mu    sync.RWMutex
	codes map[string]int32
	names []string
}

// NewRegions returns an empty Regions.
func NewRegions() *Regions { return &Regions{codes: make(map[string]int32)} }

// Code returns the number of a region. A new region gets the next number.
func (r *Regions) Code(name string) int32 {
	r.mu.RLock()
	code, ok := r.codes[name]
	r.mu.RUnlock()
	if ok {
		return code
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if code, ok := r.codes[name]; ok {
		return code
	}
	name = strings.Clone(name) // otherwise the memory of the batch would be kept
	code = int32(len(r.names))
	r.codes[name], r.names = code, append(r.names, name)
	return code
}

// Name returns the region with a number.
func (r *Regions) Name(code int32) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names[code]
}
