package publish

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

// ServerInsert is one INSERT: Next fills Columns for every block, and they are sent unchanged.
type ServerInsert struct {
	Table    string // in SQL
	Columns  proto.Input
	Settings map[string]string
	// Next puts the next block into Columns, which are empty; false means that there is none.
	Next func(context.Context) (bool, error)
}

// OneBlock returns an INSERT of one block that the server inserts before it answers, also if it had the same before.
func OneBlock(table string, in proto.Input, fill func()) *ServerInsert {
	done := false
	return &ServerInsert{Table: table, Columns: in, Settings: map[string]string{"async_insert": "0",
		"insert_deduplicate": "0"}, Next: func(context.Context) (bool, error) {
		if done {
			return false, nil
		}
		done = true
		fill()
		return true, nil
	}}
}

// statement returns the INSERT without its rows.
func (in *ServerInsert) statement() string {
	return "INSERT INTO " + in.Table + " (" + in.columns() + ")"
}

// columns returns the names of the columns, as SQL lists them.
func (in *ServerInsert) columns() string {
	names := make([]string, len(in.Columns))
	for i, c := range in.Columns {
		names[i] = QuotedName(c.Name)
	}
	return strings.Join(names, ", ")
}

// next clears the columns and fills them.
func (in *ServerInsert) next(ctx context.Context) (bool, error) {
	in.Columns.Reset()
	return in.Next(ctx)
}

// sourceError is an error of Next, distinguished from those of the server.
type sourceError struct{ error }

// ServerInsert sends the blocks of one INSERT and returns when the server has accepted all of them. It does not retry:
// after an error it is unknown how many rows the server has. Errors: *ServerError, and those of Next unchanged.
func (c *Conn) Insert(ctx context.Context, in *ServerInsert) error {
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

// refusal returns why the server closed a connection during an insert. A server that rejects a statement closes the
// connection, and its response can be lost. refusal therefore runs the same statement without rows, which is rejected
// for the same reason; if it is not, it returns the original error.
func (c *Conn) refusal(ctx context.Context, in *ServerInsert, closed error) error {
	err := c.Exec(ctx, in.statement()+" SELECT "+in.columns()+" FROM "+in.Table+" LIMIT 0")
	if refused := new(ch.Exception); errors.As(err, &refused) {
		return err
	}
	return closed
}

// insertNative opens its own connection, because the pool cannot send columns unchanged.
func (c *Conn) insertNative(ctx context.Context, in *ServerInsert) error {
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
	hangUp := func() { _ = client.Close() } // the server has responded, or the error says more
	defer hangUp()
	watched := false
	q := native.Query{Body: in.statement() + " VALUES", Input: in.Columns, OnInput: func(ctx context.Context) error {
		if !watched { // when stopped, the library continues to wait for a response
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

// packing returns how blocks are compressed. Compression for a server on this machine would cost more than it saves.
func (o *ServerOptions) packing() settings.Compression {
	host, _, err := net.SplitHostPort(o.Address)
	if ip := net.ParseIP(host); err == nil && (host == "localhost" || ip != nil && ip.IsLoopback()) {
		return settings.Unpacked
	}
	return o.Compression
}

// insertHTTP sends the same blocks as the body of one request, compressed as in the native protocol.
func (c *Conn) insertHTTP(ctx context.Context, in *ServerInsert) error {
	method := compress.LZ4
	switch c.options.packing() {
	case settings.ZSTD:
		method = compress.ZSTD
	case settings.Unpacked:
		method = compress.None
	case settings.LZ4:
	}
	body := &blocks{in: in, packed: compress.NewWriter(compress.LevelZero, method)}
	defer body.end() // the transport may still be reading after an early response
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

// packedInserts tells a server over HTTP that the body of an INSERT is compressed. A setting of the statement cannot do
// that: the library also sends it with the query that opens a new connection, whose body is not compressed.
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

// blocks is the body of an INSERT over HTTP: compressed blocks, created as they are read.
type blocks struct {
	in     *ServerInsert
	ctx    func() context.Context
	packed *compress.Writer
	raw    proto.Buffer
	at     int // how much of raw is compressed

	mu     sync.Mutex
	rest   []byte // of the compressed block
	ended  bool
	failed error // of Next
}

// maxPacked is how many bytes are compressed at once: the server allocates that much memory, up to 1 GiB.
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

// fill compresses the next block, or the next part of it; io.EOF means that there is none.
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

// end makes later reads return no data.
func (b *blocks) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.rest = true, nil
}
