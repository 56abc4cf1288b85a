package storage

import "context"

// Chain is a Storage on an object store, which has no rename and no lock across machines. There, creating the next
// manifest is the commit of the lake.
type Chain interface {
	Storage
	// CreateOnly gives content an unused name, durably and in one step. It fails with fs.ErrExist if the name is taken.
	// After any other error the outcome is unknown: the name may have been created, or may be created later.
	CreateOnly(name string, content []byte) error
	// Probe checks that the store behaves as CreateOnly and readers require. The error describes the deviation.
	Probe() error
	// Stat returns the size of an object in bytes. It fails with fs.ErrNotExist if the object does not exist.
	Stat(name string) (int64, error)
	// Mark creates an empty object with a unique name that begins with prefix, and returns the name.
	Mark(prefix string) (name string, err error)
	// Delete deletes an object. No request is sent after ctx has ended.
	Delete(ctx context.Context, name string) error
}

// AsChain returns a Storage as a Chain, or nil if it is a file system.
func AsChain(st Storage) Chain {
	if f, is := st.(*FaultyStorage); is {
		if inner := AsChain(f.inner); inner != nil {
			return &faultyChain{f, inner}
		}
		return nil
	}
	chain, _ := st.(Chain) // nil if it is none
	return chain
}

// faultyChain counts the commit as a mutating operation too.
type faultyChain struct {
	*FaultyStorage
	chain Chain
}

// CreateOnly counts the operation and forwards it.
func (f *faultyChain) CreateOnly(name string, content []byte) error {
	if err := f.step("create-only", name, nil); err != nil {
		return err
	}
	return f.chain.CreateOnly(name, content)
}

// Delete counts as removing and forwards the call.
func (f *faultyChain) Delete(ctx context.Context, name string) error {
	if err := f.step("remove", name, nil); err != nil {
		return err
	}
	return f.chain.Delete(ctx, name)
}

// Stat forwards the call.
func (f *faultyChain) Stat(name string) (int64, error) { return f.chain.Stat(name) }

// Mark counts as creating and forwards the call.
func (f *faultyChain) Mark(prefix string) (string, error) {
	if err := f.step("create", prefix, nil); err != nil {
		return "", err
	}
	return f.chain.Mark(prefix)
}

// Probe forwards the call.
func (f *faultyChain) Probe() error { return f.chain.Probe() }
