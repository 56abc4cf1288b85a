package clickhouse

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	native "github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"
	ch "github.com/ClickHouse/clickhouse-go/v2"

	"github.com/tollbook/tollbook/schemas/settings"
)

// Insert is one INSERT: Columns are filled by Next for every block, and sent as they are.
type Insert struct {
	Table    string // as SQL names it
	Columns  proto.Input
	Settings map[string]string
	// Next puts the next block into Columns, which are empty; false = there is none.
	Next func(context.Context) (bool, error)
}

// statement is the INSERT up to its columns.
func (in *Insert) statement() string { return "INSERT INTO " + in.Table + " (" + in.columns() + ")" }

// columns are the names of the columns, as SQL lists them.
func (in *Insert) columns() string {
	names := make([]string, len(in.Columns))
	for i, c := range in.Columns {
		names[i] = Name(c.Name)
	}
	return strings.Join(names, ", ")
}

// next empties the columns and fills them.
func (in *Insert) next(ctx context.Context) (bool, error) {
	in.Columns.Reset()
	return in.Next(ctx)
}

// sourceError is an error of Next, distinguished from those of the server.
type sourceError struct{ error }

// Insert sends the blocks of one INSERT and returns when the server has taken all of them. It is not tried again here:
// after an error nobody knows how much the server holds. Errors: *Error, and those of Next as they are.
func (c *Conn) Insert(ctx context.Context, in *Insert) error {
	in.Columns.Reset()
	send := c.insertNative
	if c.options.HTTP {
		send = c.insertHTTP
	}
	err := send(ctx, in)
	var source sourceError
	if errors.As(err, &source) {
		return source.error
	}
	if op := new(net.OpError); errors.As(err, &op) && strings.HasPrefix(op.Op, "write") && ctx.Err() == nil {
		err = c.refusal(ctx, in, err)
	}
	return c.wrap("insert into "+in.Table, err)
}

// refusal is why the server closed a connection while it was sent blocks. A server that refuses the statement closes
// the connection, and its answer is lost if that happens before it is read: the same statement without a row is refused
// for the same reason. If that is not refused, the error is the one that there was.
func (c *Conn) refusal(ctx context.Context, in *Insert, closed error) error {
	err := c.Exec(ctx, in.statement()+" SELECT "+in.columns()+" FROM "+in.Table+" LIMIT 0")
	if refused := new(ch.Exception); errors.As(err, &refused) {
		return err
	}
	return closed
}

// insertNative takes a connection of its own: the pool has no way to send columns as they are.
func (c *Conn) insertNative(ctx context.Context, in *Insert) error {
	o := native.Options{
		Address: c.options.Address, Database: c.options.Database, User: c.options.user(),
		Password: string(c.options.Password),
		TLS:      c.options.TLS, DialTimeout: c.options.ConnectTimeout, HandshakeTimeout: c.options.ConnectTimeout,
		ReadTimeout: c.options.Timeout, ClientName: "tollbook",
	}
	switch c.options.packing() {
	case settings.LZ4:
		o.Compression = native.CompressionLZ4
	case settings.ZSTD:
		o.Compression = native.CompressionZSTD
	case settings.Unpacked:
	}
	client, err := native.Dial(ctx, o)
	if err != nil {
		return err
	}
	hangUp := func() { _ = client.Close() } // the server has answered, or the error says more
	defer hangUp()
	watched := false
	q := native.Query{Body: in.statement() + " VALUES", Input: in.Columns, OnInput: func(ctx context.Context) error {
		if !watched { // the library continues waiting for an answer when it is to stop
			context.AfterFunc(ctx, hangUp)
			watched = true
		}
		more, err := in.next(ctx)
		switch {
		case err != nil:
			return sourceError{err}
		case !more:
			return io.EOF
		}
		return nil
	}}
	for _, key := range slices.Sorted(maps.Keys(in.Settings)) {
		q.Settings = append(q.Settings, native.Setting{Key: key, Value: in.Settings[key], Important: true})
	}
	if err = client.Do(ctx, q); err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// packing is how blocks are packed: to a server on this machine it would cost more than it saves.
func (o *Options) packing() settings.Compression {
	host, _, err := net.SplitHostPort(o.Address)
	if ip := net.ParseIP(host); err == nil && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return settings.Unpacked
	}
	return o.Compression
}

// insertHTTP sends the same blocks as the body of one request, packed as the native protocol packs them.
func (c *Conn) insertHTTP(ctx context.Context, in *Insert) error {
	method := compress.LZ4
	switch c.options.packing() {
	case settings.ZSTD:
		method = compress.ZSTD
	case settings.Unpacked:
		method = compress.None
	case settings.LZ4:
	}
	body := &blocks{in: in, packed: compress.NewWriter(compress.LevelZero, method)}
	defer body.end() // the transport may still read when an answer came early
	server := ch.Settings{}
	for key, value := range in.Settings {
		server[key] = value
	}
	body.ctx = func() context.Context { return ctx }
	err := c.InsertFormat(ch.Context(ctx, ch.WithSettings(server)), "Native", in.statement(), body)
	if body.failed != nil {
		return sourceError{body.failed}
	}
	return err
}

// packedInserts tells a server over HTTP that the body of an INSERT is packed. A setting of the statement would not do:
// the library sends settings of a statement also with the question that opens a new connection, whose body is not
// packed.
type packedInserts struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (p packedInserts) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	if !query.Has("query") { // the statement is the body
		return p.RoundTripper.RoundTrip(r)
	}
	query.Set("decompress", "1")
	packed := r.Clone(r.Context())
	packed.URL.RawQuery = query.Encode()
	return p.RoundTripper.RoundTrip(packed)
}

// blocks is the body of an INSERT over HTTP: packed blocks, made when they are asked for.
type blocks struct {
	in     *Insert
	ctx    func() context.Context
	packed *compress.Writer
	raw    proto.Buffer
	at     int // how much of raw is packed

	mu     sync.Mutex
	rest   []byte // of the packed block
	ended  bool
	failed error // of Next
}

// maxPacked is how much is packed at once: the server takes up to 1 GiB, and asks for that much memory.
const maxPacked = 8 << 20

// Read implements io.Reader.
func (b *blocks) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.rest) == 0 {
		if b.ended {
			return 0, io.EOF
		}
		if err := b.fill(); err != nil {
			b.ended = true
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// fill packs the next block, or the next part of it; io.EOF = there is none.
func (b *blocks) fill() error {
	if b.at == len(b.raw.Buf) {
		b.raw.Buf, b.at = b.raw.Buf[:0], 0
		more, err := b.in.next(b.ctx())
		if err != nil {
			b.failed = err
			return err
		}
		if !more {
			return io.EOF
		}
		block := proto.Block{Columns: len(b.in.Columns), Rows: b.in.Columns[0].Data.Rows()}
		if err := block.EncodeRawBlock(&b.raw, 0, b.in.Columns); err != nil {
			return err
		}
	}
	end := min(len(b.raw.Buf), b.at+maxPacked)
	if err := b.packed.Compress(b.raw.Buf[b.at:end]); err != nil {
		return err
	}
	b.rest, b.at = b.packed.Data, end
	return nil
}

// end makes later reads give nothing.
func (b *blocks) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.rest = true, nil
}
