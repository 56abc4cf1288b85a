package serve

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/console"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// answer is the response to one request while it is written. It may be compressed before it is sent.
type answer struct {
	http.ResponseWriter
	wire     *wire
	id       string
	language operation.Language
	op       *operation.Operation // nil = no operation of that path and method
	caller   keys.Caller
	values   operation.Values
	status   int    // 0 = nothing was sent yet
	code     string // of the error
	cause    error  // of CBC.0999: only for the log
	moved    bool   // the state of the page no longer exists: the cursor continues with the live one
	cut      bool   // the connection must be cut: the response was begun and cannot be completed
}

// WriteHeader records the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write records that the response has begun.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ServeHTTP answers a request (SERVE-3).
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.console != nil && console.Holds(r.URL.Path) {
		s.console.ServeHTTP(w, r)
		return
	}
	start := s.clock()
	out := &wire{ResponseWriter: w, head: r.Method == http.MethodHead}
	a := &answer{wire: out, id: newID(), language: s.language}
	h := w.Header()
	h.Set("X-Request-Id", a.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	s.metrics.active.Inc()
	defer s.metrics.active.Dec()
	s.packed(http.HandlerFunc(func(packed http.ResponseWriter, r *http.Request) {
		a.ResponseWriter = packed
		defer func() { s.recovered(a, recover()) }()
		if err := s.shape(a, r); err != nil {
			a.fail(err)
			return
		}
		s.mux.ServeHTTP(a, r)
	}))(out, r)
	out.end()
	s.finish(a, r, s.clock().Sub(start))
	if a.cut {
		panic(http.ErrAbortHandler) // net/http cuts the connection: a partial response must not look complete
	}
}

// recovered turns a panic into CBC.0999. A response that was begun is cut.
func (s *Server) recovered(a *answer, p any) {
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler {
		s.log.Error("panic", "request", a.id, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
		a.cause = fmt.Errorf("panic: %v", p)
	}
	if a.status != 0 {
		a.cut, a.wire.dead = true, true
		return
	}
	a.fail(operation.Internal(a.id))
}

// shape checks the form of every request: its URL and its language.
func (s *Server) shape(a *answer, r *http.Request) error {
	languages := r.Header.Values("X-Language")
	if len(languages) == 1 && languages[0] == "" {
		languages = nil
	}
	if len(languages) == 1 {
		if l, ok := operation.ParseLanguage(languages[0]); ok {
			a.language, languages = l, nil
		}
	}
	if len(r.RequestURI) > s.api.MaxURL {
		return operation.URLTooLong(s.api.MaxURL)
	}
	// A path that is not in its shortest form is rejected; net/http would redirect it.
	if escaped := r.URL.EscapedPath(); r.Method == http.MethodConnect || !strings.HasPrefix(escaped, "/") ||
		path.Clean(escaped) != escaped {
		return operation.NoPath()
	}
	if len(languages) > 0 {
		return operation.BadParameter("X-Language", operation.Text{Zh: "取值应为zh_CN或en_US",
			En: "is none of zh_CN, en_US"})
	}
	return nil
}

// answer answers a request to an operation.
func (s *Server) answer(a *answer, r *http.Request) {
	now := s.clock()
	body, err := s.admit(a, r, now)
	moved := new(lake.MovedError)
	for turn := 1; err == nil; turn++ {
		if err = s.try(a, r, body, period.Instant(now.UnixMicro())); err == nil {
			return
		}
		if turn < operation.MaxTurns && a.status == 0 && errors.As(err, &moved) {
			err = nil // read the newer state, from the first row (SERVE-1)
		}
	}
	if a.status != 0 {
		a.cause = err
		panic(http.ErrAbortHandler)
	}
	a.fail(err)
}

// admit reads the body and determines the caller, its permission and its rate (SERVE-2).
func (s *Server) admit(a *answer, r *http.Request, now time.Time) ([]byte, error) {
	if a.op.Public() {
		return nil, nil
	}
	from := remote(r)
	over := s.failures.blocked(from, now)
	if over && !cheap(r) {
		return nil, s.tooMany(a)
	}
	body, err := io.ReadAll(http.MaxBytesReader(a, r.Body, int64(s.api.MaxBody)))
	if long := new(http.MaxBytesError); errors.As(err, &long) {
		return nil, operation.TooLarge(s.api.MaxBody)
	}
	if err != nil {
		return nil, operation.BadRequest(operation.Text{Zh: "请求体不完整", En: "the body is incomplete"})
	}
	if a.caller, err = s.caller(r, body, now); err != nil {
		told := new(operation.Error)
		if nobody := a.caller.ID == ""; !nobody || !errors.As(err, &told) ||
			told.Code.Status != http.StatusUnauthorized {
			return nil, err
		}
		if over {
			return nil, s.tooMany(a)
		}
		s.failures.add(from, now)
		return nil, err
	}
	if !s.limits.take(a.caller.ID, a.op.Name, now) {
		return nil, s.tooMany(a)
	}
	return body, operation.Admit(a.op, &a.caller)
}

func (s *Server) tooMany(a *answer) error {
	a.Header().Set("Retry-After", "1")
	return operation.TooMany()
}

// try answers a request from the live state.
func (s *Server) try(a *answer, r *http.Request, body []byte, now period.Instant) error {
	within, cancel := context.WithTimeout(r.Context(), s.api.WriteTimeout)
	defer cancel()
	c, err := s.call(within, a, r, body, now)
	if err != nil {
		return err
	}
	forget, named := func() {}, false
	if !a.op.Public() {
		if forget, named, err = s.page(c, r, a.moved); err != nil {
			return err
		}
		a.Header().Set(stateField, strconv.FormatInt(c.State.Snap.Manifest.Number, 10))
	}
	result, err := a.op.Handle(within, c)
	if err == nil {
		err = s.write(a, r, result)
	}
	if moved := new(lake.MovedError); errors.As(err, &moved) {
		a.moved = true
		if forget(); named {
			err = goneState(r.Header.Get(stateField))
		}
	}
	return err
}

// call returns the input of an operation: checked parameters, scope and a state.
func (s *Server) call(ctx context.Context, a *answer, r *http.Request, body []byte, now period.Instant) (
	*operation.Call, error) {
	c := &operation.Call{Op: a.op, Caller: a.caller, Language: a.language, Body: body, Inside: s.inside()}
	if a.op.Public() {
		return c, nil
	}
	var err error
	if c.State, err = s.states.at(now); err != nil {
		return nil, err
	}
	s.metrics.state.Set(float64(c.State.Snap.Manifest.Number))
	zone := c.State.Workspace.Books.Zone
	if c.Values, err = operation.Parse(a.op, r, body, now, zone); err != nil {
		return nil, err
	}
	a.values = c.Values
	if c.Scope, err = operation.Decide(ctx, a.op, &a.caller, &c.Values, c.State); err != nil {
		return nil, err
	}
	return c, nil
}

// write sends the result of an operation.
func (s *Server) write(a *answer, r *http.Request, result any) error {
	if stream, ok := result.(*operation.Stream); ok {
		return s.stream(a, r, stream)
	}
	kept := s.texts.Get().(*[]byte)
	defer s.texts.Put(kept)
	text, err := marshal((*kept)[:0], result)
	if err != nil {
		return err
	}
	*kept = text
	a.Header().Set("Content-Type", "application/json")
	a.Header().Set("Content-Length", strconv.Itoa(len(text)))
	_, err = a.Write(text)
	return err
}

// marshal appends a result as JSON.
func marshal(text []byte, result any) ([]byte, error) {
	if rows, ok := result.(operation.Appender); ok {
		text, err := rows.AppendJSON(text)
		return append(text, '\n'), err
	}
	b := bytes.NewBuffer(text)
	if err := operation.Encode(b, result); err != nil {
		return nil, fmt.Errorf("write the answer: %w", err)
	}
	return b.Bytes(), nil
}

// fail sends an error.
func (a *answer) fail(err error) {
	e := new(operation.Error)
	if !errors.As(err, &e) {
		e = a.failed(err)
	}
	a.code = e.Code.ID
	h := a.Header()
	for _, name := range []string{"ETag", "Last-Modified", "Content-Disposition", "Content-Length"} {
		h.Del(name)
	}
	h.Set("Content-Type", "application/json")
	if e.Code.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "SDK-HMAC-SHA256")
	}
	a.WriteHeader(e.Code.Status)
	// Cannot fail for strings. If the connection is gone, there is no caller to report it to.
	_ = operation.Encode(a, e.Body(a.language))
}

// failed converts an internal error to one that a caller may see (OP-4).
func (a *answer) failed(err error) *operation.Error {
	known := operation.Known(err)
	if known == nil {
		known = operation.Internal(a.id)
	}
	if known.Code.Status >= http.StatusInternalServerError {
		a.cause = err
	}
	return known
}

// finish counts and logs a request (SERVE-4).
func (s *Server) finish(a *answer, r *http.Request, took time.Duration) {
	name, where := "none", cut(r.URL.EscapedPath(), 200)
	attrs := []any{"request", a.id, "method", cut(r.Method, 16), "path", where, "status", a.status}
	if a.op != nil {
		name = a.op.Name
		attrs = append(attrs, "operation", name)
		for _, p := range a.op.Params {
			if text := a.values.Said(p.Name); text != "" {
				attrs = append(attrs, slog.String("p."+p.Name, cut(text, 64)))
			}
		}
	}
	if a.caller.ID != "" {
		attrs = append(attrs, "caller", a.caller.ID, "role", string(a.caller.Role))
	}
	if a.code != "" {
		attrs = append(attrs, "error_code", a.code)
	}
	attrs = append(attrs, "bytes", a.wire.bytes, "took", took.String(), "remote", r.RemoteAddr)
	if a.cause != nil {
		s.log.Error("request failed", append(attrs, "error", a.cause.Error())...)
	} else {
		s.log.Info("request", attrs...)
	}
	s.metrics.done(name, a.status, a.code, a.wire.bytes, took)
}

// cut shortens text of callers for the log.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// newID returns an id for a request: 64 random bits.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: the process would end before
	return hex.EncodeToString(b[:])
}
