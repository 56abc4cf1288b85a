package serve

import (
	"mime"
	"net/http"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// stream sends what is no JSON value: a file, which can be resumed, or what is written as it comes about.
func (s *Server) stream(a *answer, r *http.Request, st *operation.Stream) error {
	h := a.Header()
	h.Set("Content-Type", st.Type)
	if st.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": st.Name}))
	}
	if st.Tag != "" {
		h.Set("ETag", `"`+st.Tag+`"`)
		h.Set("Cache-Control", "private, no-cache")
	}
	out, done := s.patient(a)
	defer done()
	if st.Open != nil {
		h.Set("Accept-Ranges", "bytes")
	}
	if st.Open != nil && (st.Write == nil || partial(r, st.Tag)) {
		f, err := st.Open(r.Context())
		if err != nil {
			return err
		}
		defer f.Close()
		http.ServeContent(out, r, "", st.Time, f)
		return nil
	}
	if st.Tag != "" && r.Header.Get("If-None-Match") == `"`+st.Tag+`"` {
		a.WriteHeader(http.StatusNotModified)
		return nil
	}
	return st.Write(r.Context(), out)
}

// partial reports whether a request is for a part of what has the tag. Without If-Range nothing says what the part is of, and it is
// taken as it is.
func partial(r *http.Request, tag string) bool {
	of := r.Header.Get("If-Range")
	return r.Header.Get("Range") != "" && (of == "" || of == `"`+tag+`"`)
}

// patient writes as long as what it writes moves: after WriteTimeout without a write that came through, the connection is cut.
type patient struct {
	*answer
	watch *time.Timer
	most  time.Duration
}

// patient takes the deadline off an answer and watches it instead, until done is called.
func (s *Server) patient(a *answer) (p *patient, done func()) {
	// What is no connection has no deadlines, and nothing to wait for.
	control := http.NewResponseController(a.ResponseWriter)
	_ = control.SetWriteDeadline(time.Time{})
	past := time.Unix(1, 0)
	p = &patient{answer: a, most: s.api.WriteTimeout}
	p.watch = time.AfterFunc(p.most, func() { _ = control.SetWriteDeadline(past) })
	return p, func() { p.watch.Stop() }
}

// Write puts the cut off each time it came through.
func (p *patient) Write(b []byte) (int, error) {
	n, err := p.answer.Write(b)
	if err == nil {
		p.watch.Reset(p.most)
	}
	return n, err
}
