package serve

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits holds what is left to each caller and operation. Callers are those with a key alone, so that it stays small.
type limits struct {
	perSecond int // 0 = any number

	mu  sync.Mutex
	all map[[2]string]*rate.Limiter
}

// take reports whether one more request of a caller to an operation may continue. A second's worth may come at once.
func (l *limits) take(caller, operation string, now time.Time) bool {
	if l.perSecond == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{caller, operation}
	one := l.all[key]
	if one == nil {
		if l.all == nil {
			l.all = map[[2]string]*rate.Limiter{}
		}
		one = rate.NewLimiter(rate.Limit(l.perSecond), l.perSecond)
		l.all[key] = one
	}
	return one.AllowN(now, 1)
}
