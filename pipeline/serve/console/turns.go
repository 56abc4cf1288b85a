package console

import (
	"context"
	"runtime"
	"sync"
	"time"
)

// longPage is the time after which a page no longer keeps others waiting.
const longPage = 25 * time.Millisecond

// turns limits how many pages use the processors at once, in the order of their requests (CONSOLE-9). Without a limit,
// many pages would all finish late.
type turns chan struct{}

// newTurns returns as many turns as there are processors.
func newTurns() turns { return make(turns, runtime.GOMAXPROCS(0)) }

// take waits for a turn and returns the function that gives it back. A page that takes long gives it back early, so
// that pages that wait for a large table, or for an object store, never block the others.
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
