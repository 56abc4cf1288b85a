package serve

import (
	"mime"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// stream sends a result that is not JSON: a file, which can be resumed, or rows written as they are calculated.
func (s *Server) stream(a *answer, r *http.Request, st *operation.Stream) error {
	if !matches(r, st.Tag) {
		return operation.NotTheSame()
	}
	h := a.Header()
	h.Set("Content-Type", st.Type)
	if st.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": st.Name}))
	}
	if st.Tag != "" {
		h.Set("ETag", `"`+st.Tag+`"`)
		h.Set("Cache-Control", "private, no-cache")
	}
	if st.Open != nil {
		h.Set("Accept-Ranges", "bytes")
	}
	a.wire.wait(s.api.WriteTimeout)
	if st.Open != nil && (st.Write == nil || partial(r, st.Tag)) {
		f, err := st.Open(r.Context())
		if err != nil {
			return err
		}
		defer f.Close()
		http.ServeContent(&shaped{ResponseWriter: a, answer: a}, r, "", st.Time, f)
		return nil
	}
	switch tag := known(r, st.Tag); {
	case tag != "":
		h.Set("ETag", tag)
		a.WriteHeader(http.StatusNotModified)
		return nil
	case r.Method == http.MethodHead:
		a.WriteHeader(http.StatusOK) // the bytes are not known before they are written
		return nil
	}
	return st.Write(r.Context(), a)
}

// matches reports whether a request permits a response with the tag, compressed or not: If-Match names it, or is
// absent. A weak tag does not match (RFC 9110, 13.1.1).
func matches(r *http.Request, tag string) bool {
	lists := r.Header.Values("If-Match")
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			switch one = strings.TrimSpace(one); {
			case one == "*", tag != "" && (one == `"`+tag+`"` || one == `"`+tag+packedTag+`"`):
				return true
			}
		}
	}
	return len(lists) == 0
}

// known returns the tag, compressed or not, of a response that the caller already has; "" = it has none.
func known(r *http.Request, tag string) string {
	if tag == "" {
		return ""
	}
	for _, list := range r.Header.Values("If-None-Match") {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
			if plain := `"` + tag + `"`; one == plain || one == `"`+tag+packedTag+`"` {
				return one
			} else if one == "*" {
				return plain
			}
		}
	}
	return ""
}

// partial reports whether a request is for a part of the response with the tag. Without If-Range it is assumed to be.
// Parts of the compressed form are not available: an If-Range with its tag does not match, and the complete response is
// sent.
func partial(r *http.Request, tag string) bool {
	of := r.Header.Get("If-Range")
	return r.Method == http.MethodGet && r.Header.Get("Range") != "" && (of == "" || of == `"`+tag+`"`)
}

// shaped gives the errors of http.ServeContent the shape of every other error (SERVE-3).
type shaped struct {
	http.ResponseWriter
	answer  *answer
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (s *shaped) WriteHeader(status int) {
	switch status {
	case http.StatusRequestedRangeNotSatisfiable:
		s.refused = true
		s.answer.fail(operation.NoRange())
	case http.StatusPreconditionFailed:
		s.refused = true
		s.answer.fail(operation.NotTheSame())
	default:
		s.ResponseWriter.WriteHeader(status)
	}
}

// Write implements http.ResponseWriter. It drops the text of an error.
func (s *shaped) Write(b []byte) (int, error) {
	if s.refused {
		return len(b), nil
	}
	return s.ResponseWriter.Write(b)
}
