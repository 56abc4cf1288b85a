package objects

import (
	"context"
	"errors"
	"io"
)

// Store is an object store: objects by name, below a prefix of its own. Its methods may be called from several
// goroutines at once. An object that does not exist is fs.ErrNotExist.
type Store interface {
	// Get reads up to n bytes of an object from an offset on, and says how large the object is.
	Get(ctx context.Context, name string, offset, n int64) (part []byte, size int64, err error)
	// GetTagged is Get of an object that has a tag: ErrChanged if the object has another tag now.
	GetTagged(ctx context.Context, name, tag string, offset, n int64) (part []byte, size int64, err error)
	// Create makes an object if there is none of that name, in one step: fs.ErrExist if there is one. ErrBusy says
	// that another writer is creating it; whether it will be there is open.
	Create(ctx context.Context, name string, content []byte) error
	// Put makes or replaces an object.
	Put(ctx context.Context, name string, content *io.SectionReader) error
	// Stat describes an object.
	Stat(ctx context.Context, name string) (Object, error)
	// List calls visit for each object whose name starts with prefix, sorted by name.
	List(ctx context.Context, prefix string, visit func(Object)) error
	// Delete deletes an object. Deleting one that does not exist is no error.
	Delete(ctx context.Context, name string) error
	// Now is the store's clock when it gave its newest answer, in Unix seconds; 0 before the first answer.
	Now() int64
}

// Object is an object as the store describes it.
type Object struct {
	Name    string
	Size    int64  // bytes
	Changed int64  // when it was written last, by the store's clock, in Unix seconds
	Tag     string // its ETag: an object with other content has another one
}

// ErrBusy says that the store refused to decide now: 409 or 503.
var ErrBusy = errors.New("the store is busy")

// ErrChanged says that an object was replaced since it was described.
var ErrChanged = errors.New("the object was replaced")
