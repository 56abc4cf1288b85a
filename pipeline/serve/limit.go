package serve

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits has the remaining requests of each caller and operation. It has only callers with a key and so stays small.
type limits struct {
	perSecond int // 0 = no limit

	mu  sync.Mutex
	all map[[2]string]*rate.Limiter
}

// take reports whether a caller may send another request to an operation. A second's limit may be used at once.
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
