package commands

import (
	"sync/atomic"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// copied is a storage that counts the files written to it and reports the count. Storages can share a counter.
type copied struct {
	storage.Storage
	files  *atomic.Int64
	update func(stage string, done, total int64)
}

// Create counts and creates a file.
func (c copied) Create(name string) (storage.File, error) {
	c.update("copy files", c.files.Add(1), 0)
	return c.Storage.Create(name)
}

// counting returns wrap, which may be nil, extended by a report of the files that are written.
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
