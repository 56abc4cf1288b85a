package sign

import (
	"crypto/sha256"
	"sync"
	"time"
)

// MaxSeen is how many signatures are remembered: about 100 MB.
const MaxSeen = 1 << 20

// Grace is how long the connection on which a signature came may repeat it.
const Grace = time.Second

// Seen remembers the signatures that were taken, until their date is out of the window, and refuses them if they come
// again.
//
// The SDK signs whole seconds and no nonce: a client that asks the same twice within a second sends one signature
// twice. It does so on the connection that it keeps, which nobody else can write to; there, and within Grace, the
// repeat is taken. A signature that was captured and sent from anywhere else is refused from the start, and from that
// connection too as soon as the second is over.
//
// With Name set it shares what it knows with every other Seen of that name, those of later processes included (see
// shared): a signature is good once among all of them. Seen may be used from several goroutines. The zero value is
// ready, and is memory alone.
type Seen struct {
	Name string // how the files begin; "" = none
	Max  int    // how many signatures are remembered; 0 = MaxSeen

	mu    sync.Mutex
	count int
	slots map[int64]*slot // by slotOf the signed date
	err   error
}

// slot is the signatures of a stretch of signed dates.
type slot struct {
	uses map[[sha256.Size]byte]use
	keys map[string]int // signatures by access key, of those that this server accepted
	file shared
}

// use is where and when a signature came first.
type use struct {
	conn uint64
	at   int64 // nanoseconds of the server's clock
}

// slotSeconds is how long the stretch of a slot is. The window spans three slots at most.
const slotSeconds = 15 * 60

func slotOf(date time.Time) int64 { return date.Unix() / slotSeconds }

// Take notes a verified signature that came on a connection. Errors are Replayed and Full, which is of this key
// alone (SIGN-6). Where the files cannot be
// used it continues with memory alone, and Err says why.
func (s *Seen) Take(sig *Signature, conn uint64, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	at := s.slot(slotOf(sig.Date), now)
	if first, seen := at.uses[sig.MAC]; seen {
		if age := now.UnixNano() - first.at; first.conn == conn && conn != 0 && age >= 0 && age <= int64(Grace) {
			return nil
		}
		return Replayed
	}
	if s.of(sig.Access) >= s.free() {
		return Full
	}
	if s.Name != "" {
		var others int
		others, s.err = at.file.note(sig.MAC, at.uses)
		s.count += others
		if _, seen := at.uses[sig.MAC]; seen {
			return Replayed
		}
	}
	at.uses[sig.MAC] = use{conn, now.UnixNano()}
	at.keys[sig.Access]++
	s.count++
	return nil
}

// free is how many further signatures can be remembered.
func (s *Seen) free() int {
	limit := s.Max
	if limit == 0 {
		limit = MaxSeen
	}
	return limit - s.count
}

// of is how many signatures of a key are remembered. A key may have as many as are free (SIGN-6): one key alone gets
// half of all, a second one half of the rest, and some are always free for the next one.
func (s *Seen) of(access string) int {
	n := 0
	for _, at := range s.slots {
		n += at.keys[access]
	}
	return n
}

// Err says why the last signature is remembered in memory alone; nil = it is not, or Name is empty.
func (s *Seen) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Close closes the files.
func (s *Seen) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range s.slots {
		at.file.close()
	}
}

func (s *Seen) slot(number int64, now time.Time) *slot {
	at := s.slots[number]
	if at != nil {
		return at
	}
	at = &slot{uses: map[[sha256.Size]byte]use{}, keys: map[string]int{}}
	if s.Name != "" {
		at.file.name = fileOf(s.Name, number)
		removeBefore(s.Name, oldest(now))
	}
	if s.slots == nil {
		s.slots = map[int64]*slot{}
	}
	s.slots[number] = at
	return at
}

// oldest is the first slot that is needed: that of the window, and some more: a clock that is set back must not let one
// in again at once.
func oldest(now time.Time) int64 { return slotOf(now.Add(-Window - 2*time.Minute)) }

// forget drops the slots that are out of the window.
func (s *Seen) forget(now time.Time) {
	first := oldest(now)
	for number, at := range s.slots {
		if number < first {
			s.count -= len(at.uses)
			at.file.close()
			delete(s.slots, number)
		}
	}
}
