package serve

import (
	"errors"
	"net/http"
	"time"
)

// errCut is the error of writing to a response that was cut.
var errCut = errors.New("the answer was cut")

// wire counts the bytes that are sent of a response. After the response was cut it accepts none, so that no valid end
// of a compressed stream follows a part of it. It also bounds the time that a caller takes to receive bytes.
type wire struct {
	http.ResponseWriter
	head  bool // of HEAD: no body is sent
	dead  bool
	bytes int64

	control *http.ResponseController
	watch   *time.Timer // runs during a write; nil = the deadline of the connection is sufficient
	most    time.Duration
}

// wait removes the connection's deadline and bounds each write instead: calculating a response may take long, but a
// caller that takes longer than most to receive a part of it is cut.
func (w *wire) wait(most time.Duration) {
	w.control, w.most = http.NewResponseController(w.ResponseWriter), most
	// A writer that is not a connection has no deadlines.
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

// end sends what net/http has buffered, still within the bound of a write.
func (w *wire) end() {
	if w.watch == nil || w.dead {
		return
	}
	w.watch.Reset(w.most)
	_ = w.control.Flush() // no caller to report an error to
	w.watch.Stop()
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (w *wire) Unwrap() http.ResponseWriter { return w.ResponseWriter }
