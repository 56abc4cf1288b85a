package lakecmd

import (
	"sync/atomic"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// copied is a storage that reports how many files were written to it and to those with the same counter.
type copied struct {
	storage.Storage
	files  *atomic.Int64
	update func(stage string, done, total int64)
}

// Create counts a file.
func (c copied) Create(name string) (storage.File, error) {
	c.update("copy files", c.files.Add(1), 0)
	return c.Storage.Create(name)
}

// counting is wrap, which may be nil, with a report of the files that are written.
func counting(wrap func(storage.Storage) storage.Storage, update func(stage string, done, total int64)) func(
	storage.Storage) storage.Storage {
	files := new(atomic.Int64)
	return func(st storage.Storage) storage.Storage {
		if wrap != nil {
			st = wrap(st)
		}
		return copied{st, files, update}
	}
}
