package serve

import (
	"errors"
	"net/http"
	"time"
)

// errCut is the error of writing to an answer that is being cut.
var errCut = errors.New("the answer was cut")

// wire is what an answer is sent to. It counts the bytes that are sent, takes none after the answer was cut, so that
// no valid end of a
// packed stream follows a part of it, and bounds the time that a caller takes to receive them.
type wire struct {
	http.ResponseWriter
	head  bool // there is no body, whatever is written
	dead  bool
	bytes int64

	control *http.ResponseController
	watch   *time.Timer // runs while the caller is waited for; nil = the connection's own deadline is enough
	most    time.Duration
}

// wait takes the deadline off the connection and bounds each write instead: an answer may take long to make, and the
// caller must not take
// longer than most for a part of it, or the connection is cut.
func (w *wire) wait(most time.Duration) {
	w.control, w.most = http.NewResponseController(w.ResponseWriter), most
	// What is no connection has no deadlines, and nothing to wait for.
	_ = w.control.SetWriteDeadline(time.Time{})
	past := time.Unix(1, 0)
	w.watch = time.AfterFunc(most, func() { _ = w.control.SetWriteDeadline(past) })
	w.watch.Stop()
}

// Write implements http.ResponseWriter.
func (w *wire) Write(b []byte) (int, error) {
	if w.dead {
		return 0, errCut
	}
	if w.watch != nil {
		w.watch.Reset(w.most)
		defer w.watch.Stop()
	}
	n, err := w.ResponseWriter.Write(b)
	if !w.head {
		w.bytes += int64(n)
	}
	return n, err
}

// end sends what net/http has kept of an answer, while the caller is still watched.
func (w *wire) end() {
	if w.watch == nil || w.dead {
		return
	}
	w.watch.Reset(w.most)
	_ = w.control.Flush() // the caller may be gone: there is nobody to tell
	w.watch.Stop()
}

// Unwrap is for http.ResponseController.
func (w *wire) Unwrap() http.ResponseWriter { return w.ResponseWriter }
