package operation

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/cache"
	"github.com/tollbook/tollbook/pipeline/read/records"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Operation is one operation of the API.
type Operation struct {
	Name    string      // as in openapi.yaml and the SDK: ListSubCustomerBillDetail
	Method  string      // GET or POST
	Path    string      // as net/http matches it: /v1/statements/{cycle}
	Summary string      // one line
	Callers []keys.Role // who may call it; empty = anybody, without a key
	Subject Subject     // whose records it reads
	Params  []Param     // of path, query and body
	Answer  any         // a zero value of what Handle gives as JSON: openapi.yaml says its fields; nil = no JSON
	Resumed bool        // parts of its Streams can be had by Range
	Types   []string    // Content-Types of what else Handle gives, as Streams
	Handle  func(context.Context, *Call) (any, error)

	Resellers bool // customer_id may also name a reseller of the partner (Scope.Reseller)
}

// Subject says whose records an operation reads, and so what its parameters customer_id, partner_id,
// indirect_partner_id and account_manager_id mean (see Decide).
type Subject uint8

// The subjects.
const (
	Nobody        Subject = iota // what is nobody's: cycles, runs, prices
	OneCustomer                  // of the customer that customer_id names
	WholeCustomer                // of one customer, whoever was its partner: a partner only where nobody else ever was
	Customers                    // of all customers that the caller may see, or of one where customer_id is given
	ItsCustomer                  // of the caller, a customer; the vendor names it by customer_id
	ItsPartner                   // of the caller, a partner, or its reseller; the vendor may name one by partner_id
	AnyStatement                 // of all partners (the vendor, finance), or of the caller, a partner
)

// Public reports whether the operation needs no key.
func (o *Operation) Public() bool { return len(o.Callers) == 0 }

// Param returns a parameter of the operation.
func (o *Operation) Param(name string) (Param, bool) {
	i := slices.IndexFunc(o.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return o.Params[i], true
}

// Call is one request that was let through.
type Call struct {
	Op       *Operation
	Caller   keys.Caller // zero for a public operation
	Scope    Scope       // what it may see
	State    *State      // what it reads; nil for a public operation
	Inside   *Inside     // of the server: for operations about its state
	Language Language
	Body     []byte // of a POST: JSON
	Values
}

// State is one committed state of the lake with the settings and books that it is read with. Several calls share it.
type State struct {
	Workspace *workspace.Workspace
	Snap      *lake.Snapshot
	Store     records.Store  // looks lines of Snap up
	Prices    *Prices        // of the workspace's books
	Now       period.Instant // of the request: for what is in force today; amounts never depend on it
}

// Prices are what rating and settlement make of a workspace's books, when it is first asked for.
type Prices struct {
	Bill func() *tariff.Book // as bills are rated
	Ask  func() *tariff.Book // without prepaid packages: a price is asked for, and nothing drawn

	Partners func() (*settlement.Book, error) // what partners are settled by
}

// NewPrices is of a workspace whose books do not change.
func NewPrices(w *workspace.Workspace) *Prices {
	return &Prices{Bill: sync.OnceValue(w.Prices), Ask: sync.OnceValue(func() *tariff.Book {
		b := *w.Books
		b.Packages = nil
		return tariff.Compile(&b, workspace.Rules(&w.Settings))
	}), Partners: sync.OnceValues(w.PartnerBook)}
}

// Inside is what the server says of itself.
type Inside struct {
	Ready   func() error          // why it cannot answer; nil = it can
	Metrics func(io.Writer) error // in Prometheus's text format
	Cache   *cache.Cache          // of what is asked for again; nil = nothing is kept
	Program string                // which build writes the answers: part of their tags
}

// Stream is an answer that is no JSON value. With both Write and Open, the whole is written and a part of it is read
// from the file; both give the same bytes.
type Stream struct {
	Type string // its Content-Type
	Name string // of the file that a browser would save; empty = shown in place
	Tag  string // strong ETag without quotes: the same tag means the same bytes; empty = none
	Time time.Time
	// Write gives the answer from start to end. An error after the first byte cuts the connection.
	Write func(ctx context.Context, w io.Writer) error
	// Open gives a finished file: with a Tag, requests with Range and If-Range are resumed (RFC 9110).
	Open func(context.Context) (io.ReadSeekCloser, error)
}
