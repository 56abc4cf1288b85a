package console

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// noon is the time at which callers sign in.
var noon = time.Date(2026, 10, 5, 12, 0, 0, 0, time.UTC)

// TestIds tests SESSION-1: ids and form tokens are long and distinct, and the store has only the hash of an id.
func TestIds(t *testing.T) {
	t.Parallel()
	var s SessionStore
	seen := map[string]bool{}
	for range 100 {
		id := s.Begin(keys.Caller{ID: "k"}, noon)
		found, ok, err := s.Find(id, noon)
		if !ok || err != nil || len(id) != 43 || len(found.Form) != 43 || seen[id] || seen[found.Form] {
			t.Fatalf("id %q, form %q, %t %v", id, found.Form, ok, err)
		}
		seen[id], seen[found.Form] = true, true
		for hash := range s.byID {
			if strings.Contains(id, string(hash[:])) {
				t.Fatal("the store has the id itself")
			}
		}
	}
	for _, id := range []string{"", "x", strings.Repeat("A", 43)} {
		if _, ok, _ := s.Find(id, noon); ok {
			t.Errorf("id %q is a session", id)
		}
	}
}

// TestEnds tests SESSION-2: a session ends after Idle without use, after Life in any case, and by End.
func TestEnds(t *testing.T) {
	t.Parallel()
	var s SessionStore
	live := func(id string, at time.Time) bool {
		_, ok, err := s.Find(id, at)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	idle := s.Begin(keys.Caller{ID: "k"}, noon)
	if !live(idle, noon.Add(30*time.Minute-time.Nanosecond)) || live(idle, noon.Add(60*time.Minute)) {
		t.Error("a session ends after 30 minutes without use")
	}
	if live(idle, noon) {
		t.Error("an ended session is found again")
	}
	busy := s.Begin(keys.Caller{ID: "k"}, noon)
	for at := noon; at.Before(noon.Add(12 * time.Hour)); at = at.Add(29 * time.Minute) {
		if !live(busy, at) {
			t.Fatalf("it ended at %s although it was used", at)
		}
	}
	if live(busy, noon.Add(12*time.Hour)) {
		t.Error("a session ends after 12 hours")
	}
	one, two := s.Begin(keys.Caller{ID: "k"}, noon), s.Begin(keys.Caller{ID: "k"}, noon)
	s.End(one)
	if live(one, noon) || !live(two, noon) {
		t.Error("End ends one session")
	}
}

// TestKnown tests SESSION-2: a session ends for good when its key is no longer known. An error does not end it.
func TestKnown(t *testing.T) {
	t.Parallel()
	known, failed := true, error(nil)
	s := SessionStore{Known: func(keys.Caller) (bool, error) { return known, failed }}
	id := s.Begin(keys.Caller{ID: "k"}, noon)
	failed = errors.New("the file is wrong")
	if _, ok, err := s.Find(id, noon); ok || !errors.Is(err, failed) {
		t.Errorf("%t %v", ok, err)
	}
	failed = nil
	if _, ok, _ := s.Find(id, noon); !ok {
		t.Error("an error ended the session")
	}
	known = false
	if _, ok, _ := s.Find(id, noon); ok {
		t.Error("a revoked key has a session")
	}
	known = true
	if _, ok, _ := s.Find(id, noon); ok {
		t.Error("the session is back")
	}
}

// TestMost tests SESSION-3: if there are too many sessions, those with the longest idle time end.
func TestMost(t *testing.T) {
	t.Parallel()
	var s SessionStore
	first, second := s.Begin(keys.Caller{ID: "k"}, noon), s.Begin(keys.Caller{ID: "k"}, noon)
	if _, ok, _ := s.Find(first, noon); !ok {
		t.Fatal("no session")
	}
	for range most - 1 {
		s.Begin(keys.Caller{ID: "k"}, noon)
	}
	_, ok, _ := s.Find(first, noon)
	_, other, _ := s.Find(second, noon)
	if !ok || other || len(s.byID) != most || s.used.Len() != most {
		t.Errorf("used %t, unused %t, %d sessions", ok, other, len(s.byID))
	}
}
