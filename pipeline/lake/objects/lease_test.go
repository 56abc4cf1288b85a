package objects

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// machine returns a storage over a store, as on a separate machine, whose lease is valid for a minute.
func machine(t *testing.T, store Store) *Storage {
	t.Helper()
	s, err := New(store, storage.NewMem(), Options{Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// refused checks that a machine cannot get the lease.
func refused(t *testing.T, s *Storage) {
	t.Helper()
	locked := new(storage.LockedError)
	if _, err := s.Lock(); !errors.As(err, &locked) || !strings.HasPrefix(locked.Holder, "pid ") {
		t.Errorf("Lock: %v, want a *storage.LockedError that names the holder", err)
	}
}

// take gets the lease and returns the function that releases it.
func take(t *testing.T, s *Storage) (unlock func() error) {
	t.Helper()
	lock, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	return lock.Unlock
}

// TestLease checks that one machine at a time has the lease, and that a released one leaves no object (LEASE-1,
// LEASE-2).
func TestLease(t *testing.T) {
	t.Parallel()
	store := NewMem()
	a, b := machine(t, store), machine(t, store)
	unlock := take(t, a)
	refused(t, b)
	leased(t, b, "pid ", 60)
	store.Advance(60)
	refused(t, b)
	leased(t, b, "pid ", 0)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if err := take(t, b)(); err != nil {
		t.Error(err)
	}
	leased(t, a, "", 0)
	if left := store.Objects(); len(left) > 0 {
		t.Errorf("the store has %v", left)
	}
}

// leased checks who holds the lease and for how many more seconds.
func leased(t *testing.T, s *Storage, holder string, left int64) {
	t.Helper()
	got, err := s.Lease()
	if err != nil || !strings.HasPrefix(got.Holder, holder) || (got.Holder == "") != (holder == "") ||
		got.Left != left {
		t.Errorf("Lease: %+v, %v, want %q for %d seconds", got, err, holder, left)
	}
}

// TestLeaseEnds checks that a lease that is not renewed ends by the store's clock, and that its former holder neither
// takes it back nor deletes the lease of the new holder (LEASE-2, LEASE-3).
func TestLeaseEnds(t *testing.T) {
	t.Parallel()
	store := NewMem()
	a, b, c := machine(t, store), machine(t, store), machine(t, store)
	late, err := a.takeLease()
	if err != nil {
		t.Fatal(err)
	}
	store.Advance(61)
	leased(t, b, "pid ", -1)
	unlock := take(t, b)
	if renewed, err := late.next(); renewed || err != nil {
		t.Errorf("a lease that another took is renewed: %t, %v", renewed, err)
	}
	if err := late.end(); err != nil {
		t.Error(err)
	}
	refused(t, c)
	if err := unlock(); err != nil {
		t.Error(err)
	}
}

// TestLeaseRenewed checks that the term of a renewed lease starts at the renewal (LEASE-1).
func TestLeaseRenewed(t *testing.T) {
	t.Parallel()
	store := NewMem()
	a, b := machine(t, store), machine(t, store)
	l, err := a.takeLease()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		store.Advance(50)
		if renewed, err := l.next(); !renewed || err != nil {
			t.Fatalf("renewed: %t, %v", renewed, err)
		}
		refused(t, b)
	}
	if err := l.end(); err != nil {
		t.Error(err)
	}
}

// TestLeaseOfScratch checks that a process that gets the lock of the scratch folder takes over the lease of the
// previous one (LEASE-4).
func TestLeaseOfScratch(t *testing.T) {
	t.Parallel()
	store := NewMem()
	a := machine(t, store)
	killed, err := a.takeLease() // without the lock, which was released when the process ended
	if err != nil {
		t.Fatal(err)
	}
	unlock := take(t, a)
	if renewed, err := killed.next(); renewed || err != nil {
		t.Errorf("the lease that was taken over is renewed: %t, %v", renewed, err)
	}
	if err := errors.Join(killed.end(), unlock()); err != nil {
		t.Error(err)
	}
}

// TestLeaseOfMany checks that exactly one of many concurrent machines gets the lease, whatever fault the store has
// (LEASE-1).
func TestLeaseOfMany(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]Fault{"good": None, "busy": Busy, "forgets answers": Forget} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for round := range int64(50) {
				store := NewMem()
				store.Plan = func(r Request) Fault {
					if r.Kind == "create" && r.N%3 == round%3 {
						return fault
					}
					return None
				}
				var group sync.WaitGroup
				var mu sync.Mutex
				var unlocks []func() error
				for range 8 {
					s := machine(t, store)
					group.Go(func() {
						lock, err := s.Lock()
						mu.Lock()
						defer mu.Unlock()
						locked := new(storage.LockedError)
						switch {
						case err == nil:
							unlocks = append(unlocks, lock.Unlock)
						case !errors.As(err, &locked) && !errors.Is(err, ErrBusy):
							t.Errorf("Lock: %v", err)
						}
					})
				}
				group.Wait()
				if len(unlocks) != 1 {
					t.Fatalf("round %d: %d machines have the lease", round, len(unlocks))
				}
				if err := unlocks[0](); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
