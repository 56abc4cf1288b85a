package lake

import "sync"

// SpareCores lends the cores of workers that have no task left to the tasks that still run, because the task of the
// largest bucket can take longer than all others. A nil *SpareCores has no cores.
type SpareCores struct {
	mu    sync.Mutex
	cores int
	helps sync.WaitGroup
}

// Help calls f in another goroutine if a core is spare, and returns a function that waits for its result and must be
// called once. It returns nil if there is no spare core: f was not called.
func (s *SpareCores) Help(f func() error) (wait func() error) {
	if s == nil || !s.add(-1) {
		return nil
	}
	done := make(chan error, 1)
	s.helps.Go(func() {
		err := f()
		s.add(1)
		done <- err
	})
	return func() error { return <-done }
}

// add adds n spare cores. It reports false, and does nothing, if that many are not there.
func (s *SpareCores) add(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cores+n < 0 {
		return false
	}
	s.cores += n
	return true
}

// over is called by a worker that has no task left.
func (s *SpareCores) over() {
	if s != nil {
		s.add(1)
	}
}

// end waits until no core helps, and takes all cores back.
func (s *SpareCores) end() {
	if s == nil {
		return
	}
	s.helps.Wait()
	s.cores = 0 // all workers have ended
}
