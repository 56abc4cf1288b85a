package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	native "github.com/ClickHouse/ch-go"
	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tollbook/tollbook/schemas/problem"
)

// ServerError says what failed at which server, and why.
type ServerError struct {
	Server string // host:port
	What   string
	Text   string // without the password
	Err    error
}

// ServerError names the server, the operation and the reason.
func (e *ServerError) Error() string {
	return fmt.Sprintf("clickhouse %s: %s: %s", e.Server, e.What, e.Text)
}

// Unwrap returns the reason.
func (e *ServerError) Unwrap() error { return e.Err }

// Diagnosis implements problem.Diagnosed.
func (e *ServerError) Diagnosis() (problem.Class, string) { return problem.Retryable, e.hint() }

// hint returns what to do about it.
func (e *ServerError) hint() string {
	switch code(e.Err) {
	case codeAuthentication, codeUnknownUser, codeWrongPassword:
		return "check user and password: " + UserEnv + " and " + PasswordEnv +
			", clickhouse.user and clickhouse.password_file, or those of clickhouse.dsn"
	case codeAccessDenied, codeReadonly:
		return "docs/clickhouse.md lists the rights that the user needs"
	case codeNoSpace, codeNoDisk:
		return "make room on the server, then run `tollbook publish`"
	case 0:
	default:
		return ""
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	switch {
	case errors.As(e.Err, &unknown):
		return "name the authority that signed the server's certificate: clickhouse.ca_file"
	case errors.As(e.Err, &host):
		return "the certificate has another name: use that name in clickhouse.dsn"
	case RetryableError(e.Err):
		return "check that the server runs and can be reached; the next run, or `tollbook publish`, continues"
	}
	return ""
}

// wrap returns a library's error as an *ServerError.
func (o *ServerOptions) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if secret := string(o.Password); secret != "" {
		text = strings.ReplaceAll(text, secret, o.Password.String())
	}
	return &ServerError{Server: o.Address, What: what, Text: text, Err: err}
}

func (c *Conn) wrap(what string, err error) error { return c.options.wrap(what, err) }

// Codes of the server's exceptions, as its source lists them.
const (
	codeUnknownTable   = 60
	codeTooManyRows    = 158
	codeReadonly       = 164
	codeUnknownUser    = 192
	codeWrongPassword  = 193
	codeNoSpace        = 243
	codeAccessDenied   = 497
	codeAuthentication = 516
	codeNoDisk         = 75
	codeNoDatabase     = 81
)

// code returns the code of the server's exception, or 0.
func code(err error) int {
	var asked *ch.Exception
	var sent *native.Exception
	switch {
	case errors.As(err, &asked):
		return int(asked.Code)
	case errors.As(err, &sent):
		return int(sent.Code)
	}
	return 0
}

// TableMissing reports whether a server says that there is no such table or database.
func TableMissing(err error) bool {
	c := code(err)
	return c == codeUnknownTable || c == codeNoDatabase
}

// TooManyRows reports whether a server says that a query would read more rows than its max_rows_to_read.
func TooManyRows(err error) bool { return code(err) == codeTooManyRows }

// RetryableError reports whether the same operation may succeed a little later (CH-2).
func RetryableError(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	switch code(err) {
	case 0:
		return networkRetryable(err)
	case 32, // ATTEMPT_TO_READ_AFTER_EOF: the connection was cut
		101,           // UNEXPECTED_PACKET_FROM_CLIENT: the same
		159, 160, 209, // TIMEOUT_EXCEEDED, TOO_SLOW, SOCKET_TIMEOUT
		// TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED
		202, 203, 210, 279,
		236, 394, // ABORTED, QUERY_WAS_CANCELLED: the server is shutting down
		241, 252, 745: // MEMORY_LIMIT_EXCEEDED, TOO_MANY_PARTS, SERVER_OVERLOADED
		return true
	}
	return false
}

// networkRetryable distinguishes a temporary failure of the network from a wrong address or certificate.
func networkRetryable(err error) bool {
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &cert), errors.As(err, &alert), errors.As(err, &record):
		return false
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	var network net.Error
	var status *ch.HTTPError
	if errors.As(err, &status) {
		return status.StatusCode >= 500
	}
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ch.ErrAcquireConnTimeout) ||
		errors.Is(err, native.ErrClosed)
}

// The pauses between attempts.
const (
	firstPause = time.Second
	maxPause   = 30 * time.Second
)

// Retry repeats f, after a pause, while its error is retryable and attempts are left. It returns the last error.
func (c *Conn) Retry(ctx context.Context, f func() error) error {
	pause := firstPause
	for try := 0; ; try++ {
		err := f()
		if err == nil || try >= c.options.Retries || ctx.Err() != nil || !RetryableError(err) {
			return err
		}
		if waitErr := c.options.wait(ctx, pause); waitErr != nil {
			return errors.Join(err, waitErr)
		}
		pause = min(2*pause, maxPause)
	}
}

func (o *ServerOptions) wait(ctx context.Context, pause time.Duration) error {
	if o.Pause != nil {
		return o.Pause(ctx, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
