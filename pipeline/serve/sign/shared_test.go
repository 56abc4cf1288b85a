package sign_test

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve/sign"
)

// signature returns a different signature for each number.
func signature(n int, at time.Time) *sign.Signature {
	s := &sign.Signature{Access: "A", Date: at.Truncate(time.Second)}
	binary.LittleEndian.PutUint64(s.MAC[:], uint64(n))
	return s
}

func take(t *testing.T, s *sign.Seen, sig *sign.Signature, conn uint64, now time.Time, want error) {
	t.Helper()
	if err := s.Take(sig, conn, now); !errors.Is(err, want) {
		t.Errorf("signature %x: %v, want %v", sig.MAC[0], err, want)
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
}

// TestSeenIsShared checks that a signature that one server accepted is refused by servers that run at the same time or
// start later. Invariant: SIGN-4.
func TestSeenIsShared(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "keys.json.used")
	a, b := &sign.Seen{Name: name}, &sign.Seen{Name: name}
	take(t, a, signature(1, signedAt), 7, signedAt, nil)
	take(t, b, signature(1, signedAt), 7, signedAt, sign.Replayed) // connection 7 of this server is another connection
	take(t, a, signature(1, signedAt), 7, signedAt, nil)           // the same client, which signs with whole seconds
	take(t, b, signature(2, signedAt), 1, signedAt, nil)
	take(t, a, signature(2, signedAt), 1, signedAt, sign.Replayed)
	later := signedAt.Add(14 * time.Minute)
	c := &sign.Seen{Name: name} // reads only the files, which are still open, as after a kill
	take(t, c, signature(2, signedAt), 1, later, sign.Replayed)
	take(t, c, signature(1, signedAt), 1, later, sign.Replayed)
	take(t, c, signature(3, later.Add(10*time.Minute)), 1, later, nil) // has a later date, and therefore another file
	take(t, a, signature(3, later.Add(10*time.Minute)), 1, later, sign.Replayed)
	a.Close()
	take(t, a, signature(3, later.Add(10*time.Minute)), 1, later, sign.Replayed)
	take(t, a, signature(4, signedAt), 1, later, nil) // a server that has closed its files opens them again
	take(t, b, signature(4, signedAt), 1, later, sign.Replayed)
}

// TestSeenFilesGo checks that a file is removed when none of its signatures is valid any longer, and that other files
// remain.
func TestSeenFilesGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "keys.json.used")
	other := []string{"keys.json", "keys.json.used", "keys.json.used.1x", "keys.json.used.01"}
	for _, o := range other {
		if err := os.WriteFile(filepath.Join(dir, o), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		at := signedAt.Add(time.Duration(i) * 10 * time.Minute)
		take(t, &sign.Seen{Name: name}, signature(i, at), 1, at, nil) // one server each
		for _, early := range []time.Duration{-15 * time.Minute, 15 * time.Minute} {
			s := signature(1000+2*i, at.Add(early))
			s.MAC[9] = byte(early / time.Minute)
			take(t, &sign.Seen{Name: name}, s, 1, at, nil)
			take(t, &sign.Seen{Name: name}, s, 1, at, sign.Replayed)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, e := range entries {
		if number, ok := strings.CutPrefix(e.Name(), "keys.json.used."); ok && number != "1x" && number != "01" {
			used = append(used, e.Name())
		}
	}
	if len(used) == 0 || len(used) > 4 {
		t.Errorf("%d files of signatures after 40 stretches, want those of the window: %v", len(used), used)
	}
	if len(entries) != len(used)+len(other) {
		t.Errorf("%d files, want %d of signatures and %d others", len(entries), len(used), len(other))
	}
}

// TestSeenTorn checks that an incomplete write damages neither earlier nor later entries.
func TestSeenTorn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "used")
	take(t, &sign.Seen{Name: name}, signature(1, signedAt), 1, signedAt, nil)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatal(entries, err)
	}
	file := filepath.Join(dir, entries[0].Name())
	text, err := os.ReadFile(file)
	if err != nil || len(text) != sha256.Size {
		t.Fatalf("%d bytes of one signature, %v", len(text), err)
	}
	if err := os.WriteFile(file, append(text, 1, 2, 3), 0o600); err != nil {
		t.Fatal(err)
	}
	take(t, &sign.Seen{Name: name}, signature(2, signedAt), 1, signedAt, nil)
	for n := 1; n <= 2; n++ {
		take(t, &sign.Seen{Name: name}, signature(n, signedAt), 1, signedAt, sign.Replayed)
	}
}

// TestSeenWithoutADisk checks that a server whose disk fails continues with the signatures in memory and reports the
// failure.
func TestSeenWithoutADisk(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	s := &sign.Seen{Name: filepath.Join(dir, "used")}
	if err := s.Take(signature(1, signedAt), 1, signedAt); err != nil || s.Err() == nil {
		t.Errorf("taken: %v; said: %v", err, s.Err())
	}
	if err := s.Take(signature(1, signedAt), 2, signedAt); !errors.Is(err, sign.Replayed) {
		t.Error(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	take(t, s, signature(2, signedAt), 1, signedAt, nil)
	take(t, &sign.Seen{Name: s.Name}, signature(2, signedAt), 1, signedAt, sign.Replayed)
}

// TestSeenAtOnce checks that exactly one of many servers accepts a signature that all receive at the same time.
func TestSeenAtOnce(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "used")
	servers := make([]sign.Seen, 8)
	for i := range servers {
		servers[i].Name = name
	}
	for n := range 50 {
		var taken atomic.Int32
		var all sync.WaitGroup
		for i := range servers {
			all.Go(func() {
				if servers[i].Take(signature(n, signedAt), 1, signedAt) == nil {
					taken.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 {
			t.Fatalf("signature %d was taken %d times", n, taken.Load())
		}
	}
}

func BenchmarkTake(b *testing.B) {
	for _, c := range []struct{ what, name string }{{"memory", ""}, {"shared", filepath.Join(b.TempDir(), "used")}} {
		b.Run(c.what, func(b *testing.B) {
			s := &sign.Seen{Name: c.name}
			at := signedAt
			for n := 0; b.Loop(); n++ {
				if n%100_000 == 0 {
					at = at.Add(time.Hour) // otherwise it would become full
				}
				if err := s.Take(signature(n, at), 1, at); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
