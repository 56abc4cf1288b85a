package sign

import (
	"crypto/sha256"
	"sync"
	"time"
)

// MostSeen is how many signatures are remembered: about 100 MB. When so many came within the window, new ones are refused.
const MostSeen = 1 << 20

// Grace is how long the connection on which a signature came may repeat it.
const Grace = time.Second

// Seen remembers the signatures that were taken, until their date is out of the window, and refuses them if they come again.
//
// The SDK signs whole seconds and no nonce: a client that asks the same twice within a second sends one signature twice. It does so
// on the connection that it keeps, which nobody else can write to; there, and within Grace, the repeat is taken. A signature that was
// captured and sent from anywhere else is refused from the start, and from that connection too as soon as the second is over.
//
// It is memory alone: after a restart, or in another process, a signature within the window is good once more. To refuse what is dated
// before the start would refuse every client whose clock is a little behind, for as long as it is.
//
// Seen may be used from several goroutines. The zero value is ready.
type Seen struct {
	mu    sync.Mutex
	count int
	slots map[int64]map[[sha256.Size]byte]use // by the minute of the signed date
}

// use is where and when a signature came first.
type use struct {
	conn uint64
	at   int64 // nanoseconds of the server's clock
}

// Take notes a verified signature that came on a connection. Errors are Replayed and Full.
func (s *Seen) Take(sig *Signature, conn uint64, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	minute := sig.Date.Unix() / 60
	slot := s.slots[minute]
	if first, seen := slot[sig.MAC]; seen {
		if age := now.UnixNano() - first.at; first.conn == conn && conn != 0 && age >= 0 && age <= int64(Grace) {
			return nil
		}
		return Replayed
	}
	if s.count >= MostSeen {
		return Full
	}
	if slot == nil {
		slot = map[[sha256.Size]byte]use{}
		if s.slots == nil {
			s.slots = map[int64]map[[sha256.Size]byte]use{}
		}
		s.slots[minute] = slot
	}
	slot[sig.MAC] = use{conn, now.UnixNano()}
	s.count++
	return nil
}

// forget drops the minutes that are out of the window, and some more: a clock that is set back must not let one in again at once.
func (s *Seen) forget(now time.Time) {
	oldest := now.Add(-Window-2*time.Minute).Unix() / 60
	for minute, slot := range s.slots {
		if minute < oldest {
			s.count -= len(slot)
			delete(s.slots, minute)
		}
	}
}
