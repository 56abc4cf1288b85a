package publish

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/tollbook/tollbook/schemas/settings"
)

// Conn is a pool of connections to one server. It may be used from several goroutines.
type Conn struct {
	driver.Conn
	options ServerOptions
}

// maxConns is the largest number of connections of a pool: concurrent inserts, and one query.
const maxConns = 16

// OpenServer connects to a server, and retries transient failures. Errors: *ServerError.
func OpenServer(ctx context.Context, o ServerOptions) (*Conn, error) {
	c := &Conn{options: o}
	compression := &ch.Compression{Method: ch.CompressionLZ4}
	if o.Compression == settings.Unpacked || o.HTTP {
		compression = nil // responses are small
	}
	settings := ch.Settings{}
	protocol := ch.Native
	if o.HTTP {
		protocol = ch.HTTP
	}
	conn, err := ch.Open(&ch.Options{
		Protocol: protocol, Addr: []string{o.Address}, TLS: o.TLS, Compression: compression, Settings: settings,
		Auth:        ch.Auth{Database: o.Database, Username: o.user(), Password: string(o.Password)},
		DialTimeout: o.ConnectTimeout, ReadTimeout: o.Timeout, MaxOpenConns: maxConns, MaxIdleConns: maxConns,
		TransportFunc: func(t *http.Transport) (http.RoundTripper, error) { return packedInserts{t}, nil },
		ClientInfo:    ch.ClientInfo{Products: []struct{ Name, Version string }{{Name: "tollbook"}}},
	})
	if err != nil {
		return nil, o.wrap("connect", err)
	}
	c.Conn = conn
	if err := c.Retry(ctx, func() error { return c.wrap("connect", c.Ping(ctx)) }); err != nil {
		_ = conn.Close() // nothing was sent
		return nil, err
	}
	return c, nil
}

func (o *ServerOptions) user() string {
	if o.User == "" {
		return "default"
	}
	return o.User
}

// Once returns the same pool, but without retries.
func (c *Conn) Once() *Conn {
	once := *c
	once.options.Retries = 0
	return &once
}

// Address is the server's host:port.
func (c *Conn) Address() string { return c.options.Address }

// Do runs a statement that returns no rows, and retries transient failures: the statement must be safe to run twice.
// what describes the operation in an error.
func (c *Conn) Do(ctx context.Context, what, sql string, args ...any) error {
	return c.Retry(ctx, func() error { return c.wrap(what, c.Exec(ctx, sql, args...)) })
}

// ServerSelect is a query that returns rows.
type ServerSelect struct {
	What  string // what the query does, for an error: "read loads"
	SQL   string
	Args  []any
	Into  []any  // destinations for the columns of a row
	Begin func() // called before each attempt: discards what an earlier one visited; nil = nothing to discard
}

// Each calls visit for each row of the result. It retries a query after a transient failure. Errors: *ServerError, and
// those of visit unchanged.
func (c *Conn) Each(ctx context.Context, q ServerSelect, visit func() error) error {
	return c.Retry(ctx, func() error {
		if q.Begin != nil {
			q.Begin()
		}
		rows, err := c.Query(ctx, q.SQL, q.Args...)
		if err != nil {
			return c.wrap(q.What, err)
		}
		defer func() { _ = rows.Close() }() // errors are reported by Err
		for rows.Next() {
			if err := rows.Scan(q.Into...); err != nil {
				return c.wrap(q.What, err)
			}
			if err := visit(); err != nil {
				return err
			}
		}
		return c.wrap(q.What, rows.Err())
	})
}

// One runs a query that returns one row. Errors: *ServerError.
func (c *Conn) One(ctx context.Context, what, sql string, args []any, dest ...any) error {
	return c.Retry(ctx, func() error { return c.wrap(what, c.QueryRow(ctx, sql, args...).Scan(dest...)) })
}

// WithSettings returns a context whose statements run with server settings.
func WithSettings(ctx context.Context, pairs ...string) context.Context {
	s := ch.Settings{}
	for i := 0; i+1 < len(pairs); i += 2 {
		s[pairs[i]] = pairs[i+1]
	}
	return ch.Context(ctx, ch.WithSettings(s))
}

// QuotedName quotes a name for SQL, with its qualifiers.
func QuotedName(parts ...string) string {
	out := ""
	for i, p := range parts {
		if i > 0 {
			out += "."
		}
		out += fmt.Sprintf("`%s`", p)
	}
	return out
}

// QuotedText quotes a text for SQL.
func QuotedText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(text) + "'"
}
