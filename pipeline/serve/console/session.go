package console

import (
	"container/list"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// How long a session may last, and the largest number of sessions.
const (
	SessionIdle = 30 * time.Minute
	SessionLife = 12 * time.Hour
	most        = 10_000
)

// Session is one signed-in caller.
type Session struct {
	Caller keys.Caller
	Form   string // token of its forms
}

// SessionStore stores sessions. It may be used from several goroutines. The zero value is empty.
type SessionStore struct {
	// Known reports whether a key is unchanged since the caller signed in; nil = always.
	Known func(keys.Caller) (bool, error)

	mu   sync.Mutex
	byID map[[sha256.Size]byte]*list.Element
	used list.List // of *entry, the least recently used first
}

type entry struct {
	Session
	id          [sha256.Size]byte
	begun, last time.Time
}

// Begin signs a caller in and returns the id for its cookie.
func (s *SessionStore) Begin(c keys.Caller, now time.Time) string {
	id, form := keys.RandomText(), keys.RandomText()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[[sha256.Size]byte]*list.Element{}
	}
	for s.used.Len() >= most {
		s.drop(s.used.Front())
	}
	e := &entry{Session: Session{Caller: c, Form: form}, id: sha256.Sum256([]byte(id)), begun: now, last: now}
	s.byID[e.id] = s.used.PushBack(e)
	return id
}

// Find returns the session with an id; ok is false if there is none (SESSION-2). The error is that of Known.
func (s *SessionStore) Find(id string, now time.Time) (Session, bool, error) {
	found, ok := s.find(id, now)
	if !ok || s.Known == nil {
		return found, ok, nil
	}
	known, err := s.Known(found.Caller)
	if err != nil {
		return Session{}, false, err
	}
	if !known {
		s.End(id)
		return Session{}, false, nil
	}
	return found, true, nil
}

func (s *SessionStore) find(id string, now time.Time) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok := s.byID[sha256.Sum256([]byte(id))]
	if !ok {
		return Session{}, false
	}
	e := at.Value.(*entry)
	if now.Sub(e.last) >= SessionIdle || now.Sub(e.begun) >= SessionLife {
		s.drop(at)
		return Session{}, false
	}
	e.last = now
	s.used.MoveToBack(at)
	return e.Session, true
}

// End ends a session.
func (s *SessionStore) End(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.byID[sha256.Sum256([]byte(id))]; ok {
		s.drop(at)
	}
}

func (s *SessionStore) drop(at *list.Element) {
	delete(s.byID, at.Value.(*entry).id)
	s.used.Remove(at)
}

// Posted reports whether a form that was sent has the session's token.
func (s *Session) Posted(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(s.Form)) == 1
}
