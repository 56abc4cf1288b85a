package serve

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// listener returns connections on which net/http's own errors have the shape of every other error (SERVE-3): input that
// is not HTTP never reaches the handler. It cannot change errors within TLS: for these net/http accepts only its own
// connections.
type listener struct {
	net.Listener
	server *Server
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &conn{tcp, l.server}, nil
	}
	return c, err
}

// conn is a connection of a listener.
type conn struct {
	*net.TCPConn
	server *Server
}

// Write implements net.Conn. net/http writes each of its own errors in one call.
func (c *conn) Write(b []byte) (int, error) {
	status, why, ok := ownError(b)
	if !ok {
		return c.TCPConn.Write(b)
	}
	id := newID()
	e := operation.NotHTTP(status, why)
	var body bytes.Buffer
	if err := operation.Encode(&body, e.Body(c.server.language)); err != nil {
		return 0, err
	}
	c.server.log.Info("request", "request", id, "status", status, "error_code", e.Code.ID, "why", why, "remote",
		c.RemoteAddr().String())
	c.server.metrics.done("none", status, e.Code.ID, int64(body.Len()), 0)
	head := fmt.Sprintf("HTTP/1.1 %d %s\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n"+
		"Content-Type: application/json\r\n"+
		"X-Content-Type-Options: nosniff\r\nX-Request-Id: %s\r\n\r\n", status, http.StatusText(status), body.Len(), id)
	if _, err := c.TCPConn.Write(append([]byte(head), body.Bytes()...)); err != nil {
		return 0, err
	}
	return len(b), nil
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
