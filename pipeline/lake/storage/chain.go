package storage

// Chain is a Storage on an object store, which has no rename and no lock across machines. In it the creation of the
// next manifest is the commit of the lake.
type Chain interface {
	Storage
	// CreateOnly gives content a name that nobody has, durable and in one step. It fails with fs.ErrExist if the name
	// is taken. After any other error the name may have been created, now or a little later: an answer was lost.
	CreateOnly(name string, content []byte) error
	// Probe checks that the store does what CreateOnly and readers need. The error says what it does instead.
	Probe() error
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

// Probe passes on.
func (f *faultyChain) Probe() error { return f.chain.Probe() }
