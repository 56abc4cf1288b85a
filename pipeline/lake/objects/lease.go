package objects

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// A lease keeps runs on several machines from doing the same work. It is an object leases/NNNNNNNNNNNN with the holder
// and the time for which it counts. The object with the largest number, the epoch, is the lease.
//
//	LEASE-1  A lease is taken and renewed by creating the object of the next epoch, if there is none. Of several
//	         writers, one succeeds.
//	LEASE-2  A lease ends when its holder deletes it, or when it was not renewed for its time, by the store's clock:
//	         the time at which the object was written and the time of the store's answer are compared. No machine's
//	         own clock is used for it.
//	LEASE-3  A holder that finds an epoch after its own that it did not create has lost the lease. It neither renews
//	         nor deletes it.
//	LEASE-4  A process that has the lock of the same scratch folder takes over the lease of one that had it: that one
//	         has ended.
//	LEASE-5  No commit depends on a lease (CHAIN-1): a holder that lost it without noticing commits nothing if another
//	         run committed.
type lease struct {
	store  Store
	time   time.Duration
	holder holder
	epoch  int64

	stop chan struct{}
	done sync.WaitGroup
}

// holder is the content of a lease object.
type holder struct {
	Holder  string `json:"holder"`  // for messages: pid and host
	Scratch string `json:"scratch"` // identifies the scratch folder
	Run     string `json:"run"`     // identifies the process and the lock; unique
	Seconds int64  `json:"seconds"` // validity without renewal
}

// scratchName is the file in the scratch folder that contains its name.
const scratchName = "scratch-name"

// takeLease takes the lease. Errors: *storage.LockedError.
func (s *Storage) takeLease() (*lease, error) {
	scratch, err := s.scratchID()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "?" // only for messages
	}
	l := &lease{store: s.store, time: s.lease, stop: make(chan struct{}), holder: holder{
		Holder:  fmt.Sprintf("pid %d on host %s", os.Getpid(), host),
		Scratch: scratch, Run: rand.Text(), Seconds: int64(s.lease / time.Second)}}
	for range tries {
		taken, err := l.take()
		if err != nil {
			return nil, err
		}
		if taken {
			l.done.Go(l.renew)
			return l, nil
		}
	}
	return nil, fmt.Errorf("take the lease of the object store: others took it %d times in a row; run again", tries)
}

// scratchID returns the name of the scratch folder, which is generated once.
func (s *Storage) scratchID() (string, error) {
	text, err := readName(s.scratch)
	if err == nil && text != "" || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err == nil { // a process was killed before it wrote the name
		if err := s.scratch.Remove(scratchName); err != nil {
			return "", err
		}
	}
	f, err := s.scratch.Create(scratchName)
	if err != nil {
		return "", err
	}
	text = rand.Text()
	_, err = f.Write([]byte(text))
	return text, errors.Join(err, f.Close())
}

// readName reads the name of a scratch folder.
func readName(scratch storage.Storage) (string, error) {
	f, err := scratch.Open(scratchName)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(f)
	return string(text), errors.Join(err, f.Close())
}

// take makes one attempt. It returns false if another writer was first.
func (l *lease) take() (bool, error) {
	newest, err := newestLease(l.store)
	if err != nil {
		return false, fmt.Errorf("look for the lease of the object store: %w", err)
	}
	if newest.Name != "" {
		err := l.ended(newest)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	l.epoch = epochOf(newest.Name)
	before := l.epoch
	taken, err := l.next()
	if err != nil || !taken {
		return false, err
	}
	if newest.Name != "" {
		err = l.store.Delete(context.Background(), storage.LeaseName(before))
	}
	return true, err
}

// LeaseState describes the lease of an object store.
type LeaseState struct {
	Holder string // pid and host; "" = nobody
	Left   int64  // remaining validity in seconds without renewal; negative = it has ended (LEASE-2)
}

// Lease reads the state of the lease without taking it.
func (s *Storage) Lease() (LeaseState, error) {
	newest, err := newestLease(s.store)
	if err != nil || newest.Name == "" {
		return LeaseState{}, err
	}
	h, left, err := readLease(s.store, newest)
	if errors.Is(err, fs.ErrNotExist) { // it was released meanwhile
		return LeaseState{}, nil
	}
	return LeaseState{h.Holder, left}, err
}

// newestLease returns the lease object; without a name if there is none.
func newestLease(store Store) (newest Object, err error) {
	err = store.List(context.Background(), leases, func(o Object) {
		if epochOf(o.Name) > epochOf(newest.Name) {
			newest = o
		}
	})
	return newest, err
}

// leases is the prefix of the names of leases.
var leases = strings.TrimRight(storage.LeaseName(0), "0123456789")

// epochOf returns the number in the name of a lease; 0 for any other name.
func epochOf(name string) int64 {
	var epoch int64
	if _, err := fmt.Sscanf(strings.TrimPrefix(name, leases), "%d", &epoch); err != nil ||
		storage.LeaseName(epoch) != name {
		return 0
	}
	return epoch
}

// ended returns an error if another holder has a valid lease: *storage.LockedError (LEASE-2, LEASE-4).
func (l *lease) ended(o Object) error {
	other, left, err := readLease(l.store, o)
	if err != nil || other.Scratch == l.holder.Scratch || left < 0 {
		return err
	}
	return &storage.LockedError{Name: o.Name, Holder: fmt.Sprintf("%s, until it ends or does not renew its lease "+
		"for %d more seconds", other.Holder, max(1, left+1))}
}

// readLease reads a lease. left is its remaining validity in seconds by the store's clock; negative = it has ended.
func readLease(store Store, o Object) (h holder, left int64, err error) {
	text, _, err := store.Get(context.Background(), o.Name, 0, partBytes)
	if err != nil {
		return h, 0, err
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, 0, fmt.Errorf("read %s of the object store: %w; delete the object if no run is active", o.Name, err)
	}
	return h, h.Seconds - (store.Now() - o.Changed), nil
}

// next creates the next epoch. It returns false if another writer created it (LEASE-1).
func (l *lease) next() (bool, error) {
	content, err := json.Marshal(l.holder)
	if err != nil {
		return false, err
	}
	name := storage.LeaseName(l.epoch + 1)
	for range tries {
		if err = l.store.Create(context.Background(), name, content); err == nil {
			l.epoch++
			return true, nil
		}
		there, _, readErr := l.store.Get(context.Background(), name, 0, partBytes)
		if readErr == nil && string(there) == string(content) { // the answer was lost
			l.epoch++
			return true, nil
		}
		if errors.Is(err, fs.ErrExist) {
			return false, nil
		}
		if !errors.Is(err, ErrBusy) {
			break
		}
	}
	return false, fmt.Errorf("take the lease of the object store: %w", err)
}

// renew renews the lease until it is released or lost (LEASE-3). After a failed attempt, the next tick tries again.
func (l *lease) renew() {
	tick := time.NewTicker(l.time / renewals)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
		}
		before := l.epoch
		renewed, err := l.next()
		switch {
		case err == nil && !renewed:
			l.epoch = 0 // lost
			return
		case renewed:
			// One that cannot be deleted is no longer the newest.
			_ = l.store.Delete(context.Background(), storage.LeaseName(before))
		}
	}
}

// renewals is the number of renewals within the time of a lease.
const renewals = 3

// end releases the lease.
func (l *lease) end() error {
	close(l.stop)
	l.done.Wait()
	if l.epoch == 0 {
		return nil
	}
	if err := l.store.Delete(context.Background(), storage.LeaseName(l.epoch)); err != nil {
		return fmt.Errorf("give up the lease of the object store: %w", err)
	}
	return nil
}
