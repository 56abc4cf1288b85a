package console

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// longPage is the time after which a page no longer keeps others waiting.
const longPage = 25 * time.Millisecond

// turns lets few pages at once use the processors, in the order of their requests (CONSOLE-9). Many pages at once
// would all end late, and the long ones among them last.
type turns chan struct{}

// newTurns are as many turns as there are processors.
func newTurns() turns { return make(turns, runtime.GOMAXPROCS(0)) }

// take waits for a turn and returns how it is given back. A page that takes long gives it back early, so that pages
// that wait for a large table, or for an object store, never stop the others.
func (t turns) take(ctx context.Context) (giveBack func(), err error) {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	once := sync.OnceFunc(func() { <-t })
	early := time.AfterFunc(longPage, once)
	return func() {
		early.Stop()
		once()
	}, nil
}
