package serve

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// listener returns connections on which net/http's own errors have the shape of every other error (SERVE-3): input that
// is not HTTP never reaches the handler. It cannot change errors within TLS: for these net/http accepts only its own
// connections.
type listener struct {
	net.Listener
	server *Server
	secure *tls.Config  // nil = no TLS
	open   atomic.Int64 // connections
	// refused has the newest connections above the limit. An older one is closed, whether or not it has read its
	// answer: half requests never end.
	refused chan *conn
}

// refusedConns is how many connections above the limit there can be.
const refusedConns = 16

// refusalTime is how long a connection above the limit may take to read its answer.
const refusalTime = 2 * time.Second

// maxConns returns how many connections are served at a time: each one needs a file descriptor and can make the server
// open a file, and the server itself needs some.
func maxConns() int64 {
	const own = maxFiles + refusedConns + 32
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return max(1, (int64(limit.Cur)-own)/2)
}

// Accept implements net.Listener. It returns no connection above the limit (SERVE-13).
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			return c, err
		}
		accepted := &conn{TCPConn: tcp, server: l.server, closed: sync.OnceFunc(func() { l.open.Add(-1) })}
		if l.open.Add(1) <= maxConns() {
			return accepted, nil
		}
		if len(l.refused) == refusedConns {
			_ = (<-l.refused).Close()
		}
		l.refused <- accepted
		go accepted.refuse(l.secure)
	}
}

// conn is a connection of a listener.
type conn struct {
	*net.TCPConn
	server *Server
	closed func()
}

// Close implements net.Conn.
func (c *conn) Close() error {
	defer c.closed()
	return c.TCPConn.Close()
}

// refuse answers a connection above the limit and closes it. A caller whose request is unread when its connection is
// closed can lose the answer, so the rest of the request is read. A client that gets an answer before it has sent
// anything reports it as unsolicited, so the first byte is awaited.
func (c *conn) refuse(secure *tls.Config) {
	defer time.AfterFunc(refusalTime, func() { _ = c.Close() }).Stop()
	defer c.Close() //nolint:errcheck // there is no caller to report it to
	var to net.Conn = c
	if secure != nil {
		one := secure.Clone()
		one.NextProtos = nil // the answer is HTTP/1.1
		to = tls.Server(c, one)
	}
	if _, err := io.ReadFull(to, make([]byte, 1)); err != nil {
		return
	}
	e := operation.NotReady(operation.Text{Zh: "连接数过多，请稍后再试", En: "too many connections: try again later"})
	if c.answer(to, e, "too many connections", "Retry-After: 1\r\n") == nil && c.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c.TCPConn)
	}
}

// Write implements net.Conn. net/http writes each of its own errors in one call.
func (c *conn) Write(b []byte) (int, error) {
	status, why, ok := ownError(b)
	if !ok {
		return c.TCPConn.Write(b)
	}
	if err := c.answer(c.TCPConn, operation.NotHTTP(status, why), why, ""); err != nil {
		return 0, err
	}
	return len(b), nil
}

// answer writes an error, with the reason for the log and further headers, to a connection that is closed after it.
func (c *conn) answer(to io.Writer, e *operation.Error, why, headers string) error {
	id, status := newID(), e.Code.Status
	var body bytes.Buffer
	if err := operation.Encode(&body, e.Body(c.server.language)); err != nil {
		return err
	}
	c.server.log.Info("request", "request", id, "status", status, "error_code", e.Code.ID, "why", why, "remote",
		c.RemoteAddr().String())
	c.server.metrics.done("none", status, e.Code.ID, int64(body.Len()), 0)
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n"+
		"Content-Type: application/json\r\n"+
		"X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n%s\r\n", status, http.StatusText(status), body.Len(),
		id, headers)
	_, err := to.Write(append([]byte(head), body.Bytes()...))
	return err
}

// How net/http's own errors are recognized: responses of the handler have other headers after the first line.
const (
	ownHeaders = "Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	ownExpect  = "HTTP/1.1 417 Expectation Failed\r\n"
	ownPlain   = "HTTP/1.0 400 Bad Request\r\n\r\n" // of a request without TLS to a port with it
)

// ownError reports whether net/http writes one of its own errors, and which.
func ownError(b []byte) (status int, why string, ok bool) {
	text := string(b[:min(len(b), 1024)])
	if strings.HasPrefix(text, ownExpect) {
		return http.StatusExpectationFailed, "Expect: not supported", true
	}
	if rest, plain := strings.CutPrefix(text, ownPlain); plain {
		return http.StatusBadRequest, strings.TrimSpace(rest), true
	}
	line, rest, _ := strings.Cut(text, "\r\n")
	body, own := strings.CutPrefix(rest, ownHeaders)
	fields := strings.Fields(line)
	if !own || len(fields) < 2 {
		return 0, "", false
	}
	status, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0, "", false
	}
	// The body repeats the status, and may have more after it.
	if _, more, said := strings.Cut(body, ": "); said {
		body = more
	}
	return status, body, true
}
