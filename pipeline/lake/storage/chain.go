package storage

import "context"

// Chain is a Storage on an object store, which has no rename and no lock across machines. In it the creation of the
// next manifest is the commit of the lake.
type Chain interface {
	Storage
	// CreateOnly gives content a name that nobody has, durable and in one step. It fails with fs.ErrExist if the name
	// is taken. After any other error the name may have been created, now or a little later: an answer was lost.
	CreateOnly(name string, content []byte) error
	// Probe checks that the store does what CreateOnly and readers need. The error says what it does instead.
	Probe() error
	// Stat returns the size of an object in bytes. It fails with fs.ErrNotExist if there is none of that name.
	Stat(name string) (int64, error)
	// Mark creates an empty object with a name of its own behind prefix, and returns the name.
	Mark(prefix string) (name string, err error)
	// Delete deletes an object. No request is sent after ctx has ended.
	Delete(ctx context.Context, name string) error
}

// AsChain returns a Storage as a Chain, and nil where it is a file system.
func AsChain(st Storage) Chain {
	if f, is := st.(*FaultyStorage); is {
		if inner := AsChain(f.inner); inner != nil {
			return &faultyChain{f, inner}
		}
		return nil
	}
	chain, _ := st.(Chain) // nil where it is none
	return chain
}

// faultyChain counts the commit as a mutating operation too.
type faultyChain struct {
	*FaultyStorage
	chain Chain
}

// CreateOnly counts and passes on.
func (f *faultyChain) CreateOnly(name string, content []byte) error {
	if err := f.step("create-only", name, nil); err != nil {
		return err
	}
	return f.chain.CreateOnly(name, content)
}

// Delete counts as removing and passes on.
func (f *faultyChain) Delete(ctx context.Context, name string) error {
	if err := f.step("remove", name, nil); err != nil {
		return err
	}
	return f.chain.Delete(ctx, name)
}

// Stat passes on.
func (f *faultyChain) Stat(name string) (int64, error) { return f.chain.Stat(name) }

// Mark counts as creating and passes on.
func (f *faultyChain) Mark(prefix string) (string, error) {
	if err := f.step("create", prefix, nil); err != nil {
		return "", err
	}
	return f.chain.Mark(prefix)
}

// Probe passes on.
func (f *faultyChain) Probe() error { return f.chain.Probe() }
