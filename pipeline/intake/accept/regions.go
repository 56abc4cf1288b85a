package accept

import (
	"strings"
	"sync"
)

// Regions numbers the region codes of a run. Numbers mean nothing beyond it.
type Regions struct {
	mu    sync.RWMutex
	codes map[string]int32
	names []string
}

// NewRegions starts with no region.
func NewRegions() *Regions { return &Regions{codes: make(map[string]int32)} }

// Code is the number of a region, made when it is new.
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
	name = strings.Clone(name) // of a batch, which would stay in memory
	code = int32(len(r.names))
	r.codes[name], r.names = code, append(r.names, name)
	return code
}

// Name is the region of a number.
func (r *Regions) Name(code int32) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.names[code]
}
