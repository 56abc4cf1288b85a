package sign

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxSeen is how many signatures are stored: about 100 MB.
const maxSeen = 1 << 20

// grace is how long a signature may be repeated on the connection on which it came first.
const grace = time.Second

// Seen stores accepted signatures until their date is outside the window, and rejects them if they come again.
//
// The SDK signs whole seconds and no nonce: a client that sends the same request twice within a second sends one
// signature twice. It uses the connection that it keeps open, to which nobody else can write; only there, and only
// within Grace, is the repetition accepted. A captured signature that comes from anywhere else is rejected at once.
//
// If Name is set, a signature is valid once for all Seen of that name, also those of other and later processes (see
// shared). Seen may be used from several goroutines. The zero value is ready to use and stores signatures only in
// memory.
type Seen struct {
	Name string // prefix of the files; "" = none
	Max  int    // how many signatures are stored; 0 = maxSeen

	mu    sync.Mutex
	count int
	slots map[int64]*slot // by slotOf the signed date
	err   error
}

// slot has the signatures of a range of signed dates.
type slot struct {
	uses map[[sha256.Size]byte]use
	keys map[string]int // number of signatures by access key, of those that this server accepted
	file shared
}

// use is where and when a signature came first.
type use struct {
	conn uint64
	at   int64 // nanoseconds of the server's clock
}

// slotSeconds is the length of a slot. The window spans at most three slots.
const slotSeconds = 15 * 60

func slotOf(date time.Time) int64 { return date.Unix() / slotSeconds }

// Take records a verified signature that came on a connection. Errors are Replayed and Full, which concerns only this
// key (SIGN-6). If the files cannot be used it continues with memory only, and Err returns why.
func (s *Seen) Take(sig *Signature, conn uint64, now time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	at := s.slot(slotOf(sig.Date), now)
	if first, seen := at.uses[sig.MAC]; seen {
		if age := now.UnixNano() - first.at; first.conn == conn && conn != 0 && age >= 0 && age <= int64(grace) {
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

// free returns how many more signatures can be stored.
func (s *Seen) free() int {
	limit := s.Max
	if limit == 0 {
		limit = maxSeen
	}
	return limit - s.count
}

// of returns how many signatures of a key are stored. A key may have as many as are free (SIGN-6): the first key gets
// at most half of all, a second one half of the rest, and some are always free for the next one.
func (s *Seen) of(access string) int {
	n := 0
	for _, at := range s.slots {
		n += at.keys[access]
	}
	return n
}

// Err returns why the last signature is stored only in memory; nil = it is in a file, or Name is empty.
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

// oldest returns the first slot that is needed: that of the window and two minutes more, so that a clock that is set
// back does not make a used signature valid again.
func oldest(now time.Time) int64 { return slotOf(now.Add(-Window - 2*time.Minute)) }

// forget drops the slots outside the window.
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
