package table

import (
	"math/bits"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// Memory is a worker's memory for Parquet writers: it hands freed buffers out again, by power of two of their size. Writers that are
// used one after the other share it; it has no lock.
type Memory struct {
	memory.Allocator
	free [poolClasses][][]byte
}

const (
	poolSmallest = 10 // 1 KiB: what is smaller is left to the allocator
	poolClasses  = 15 // up to 16 MiB
)

// NewMemory starts with nothing.
func NewMemory() *Memory { return &Memory{Allocator: memory.DefaultAllocator} }

// class is the size class that holds size, or -1.
func class(size int) int {
	c := bits.Len(uint(max(size, 1)-1)) - poolSmallest
	if c >= poolClasses {
		return -1
	}
	return max(c, 0)
}

// Allocate implements memory.Allocator. The bytes are zero, as the encoders expect.
func (p *Memory) Allocate(size int) []byte {
	c := class(size)
	if c < 0 || size == 0 {
		return p.Allocator.Allocate(size)
	}
	if n := len(p.free[c]); n > 0 {
		b := p.free[c][n-1]
		p.free[c] = p.free[c][:n-1]
		clear(b[:size])
		return b[:size]
	}
	return p.Allocator.Allocate(1 << (c + poolSmallest))[:size]
}

// Reallocate implements memory.Allocator.
func (p *Memory) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := p.Allocate(size)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Free implements memory.Allocator.
func (p *Memory) Free(b []byte) {
	c := class(cap(b))
	if c < 0 || cap(b) != 1<<(c+poolSmallest) {
		return
	}
	p.free[c] = append(p.free[c], b[:0])
}
