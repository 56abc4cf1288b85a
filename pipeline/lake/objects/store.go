package objects

import (
	"context"
	"errors"
	"io"
)

// Store is an object store: objects by name, below its own prefix. Its methods may be called concurrently. For an
// object that does not exist they return fs.ErrNotExist.
type Store interface {
	// Get reads up to n bytes of an object from an offset on, and returns the size of the object.
	Get(ctx context.Context, name string, offset, n int64) (part []byte, size int64, err error)
	// GetTagged is Get for an object with a tag: ErrChanged if the object now has another tag.
	GetTagged(ctx context.Context, name, tag string, offset, n int64) (part []byte, size int64, err error)
	// Create atomically creates an object if the name is free, else it returns fs.ErrExist. ErrBusy means that another
	// writer is creating the object; whether it will exist is unknown.
	Create(ctx context.Context, name string, content []byte) error
	// Put creates or replaces an object.
	Put(ctx context.Context, name string, content *io.SectionReader) error
	// Stat describes an object.
	Stat(ctx context.Context, name string) (Object, error)
	// List calls visit for each object whose name starts with prefix, sorted by name.
	List(ctx context.Context, prefix string, visit func(Object)) error
	// Delete deletes an object. It is not an error if the object does not exist.
	Delete(ctx context.Context, name string) error
	// Now returns the store's clock in its latest answer, in Unix seconds; 0 before the first answer.
	Now() int64
}

// Object describes an object.
type Object struct {
	Name    string
	Size    int64  // bytes
	Changed int64  // when it was last written, by the store's clock, in Unix seconds
	Tag     string // its ETag: it differs for different contents
}

// ErrBusy reports that the store could not decide now: 409 or 503.
var ErrBusy = errors.New("the store is busy")

// ErrChanged reports that an object was replaced since it was described.
var ErrChanged = errors.New("the object was replaced")
