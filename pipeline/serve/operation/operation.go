package operation

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
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
	Callers []keys.Role // who may call it; empty = everybody, without a key
	Subject Subject     // whose records it reads
	Params  []Param     // in path, query and body
	Answer  any         // a zero value of the JSON result of Handle, compared with openapi.yaml; nil = no JSON
	Resumed bool        // its Streams support Range
	Types   []string    // Content-Types of the Streams that Handle can return
	Handle  func(context.Context, *Call) (any, error)

	Resellers bool // customer_id may also name a reseller of the partner (Scope.Reseller)
}

// Subject says whose records an operation reads, which determines the meaning of its parameters customer_id,
// partner_id, indirect_partner_id and account_manager_id (see Decide).
type Subject uint8

// The subjects.
const (
	Nobody        Subject = iota // data that belong to nobody: cycles, runs, prices
	OneCustomer                  // of the customer that customer_id names
	WholeCustomer                // of one customer, under any partner: a partner only if it was never another's
	Customers                    // of all customers that the caller may see, or of the one in customer_id
	ItsCustomer                  // of the caller, a customer; the vendor names one by customer_id
	ItsPartner                   // of the caller, a partner, or its reseller; the vendor may name one by partner_id
	AnyStatement                 // of all partners (the vendor, finance), or of the caller, a partner
)

// Public reports whether the operation can be called without a key.
func (o *Operation) Public() bool { return len(o.Callers) == 0 }

// ours reports whether the operation is tollbook's own. The vendor's ignore unknown parameters of a query, as the
// vendor does (OP-2).
func (o *Operation) ours() bool { return strings.HasPrefix(o.Path, "/v1/") }

// Param returns a parameter of the operation.
func (o *Operation) Param(name string) (Param, bool) {
	i := slices.IndexFunc(o.Params, func(p Param) bool { return p.Name == name })
	if i < 0 {
		return Param{}, false
	}
	return o.Params[i], true
}

// Call is one accepted request.
type Call struct {
	Op       *Operation
	Caller   keys.Caller // zero for a public operation
	Scope    Scope       // what the call may see
	State    *State      // the state that it reads; nil for a public operation
	Inside   *Inside     // about the server: for operations about its state
	Language Language
	Body     []byte // of a POST: JSON
	Values
}

// State is one committed state of the lake with its settings and books. Several calls share it.
type State struct {
	Workspace *workspace.Workspace
	Snap      *lake.Snapshot
	Store     query.Store    // looks up lines of Snap
	Prices    *Prices        // of the workspace's books
	Now       period.Instant // time of the request: for what is in force today; amounts never depend on it
}

// Prices has what rating and settlement derive from a workspace's books, calculated at the first use.
type Prices struct {
	Bill func() *tariff.Book // with which bills are rated
	Ask  func() *tariff.Book // without prepaid packages: for price enquiries, which draw nothing

	Partners func() (*settlement.Book, error) // by which partners are settled
}

// NewPrices returns the prices of a workspace whose books do not change.
func NewPrices(w *workspace.Workspace) *Prices {
	return &Prices{Bill: sync.OnceValue(w.Prices), Ask: sync.OnceValue(func() *tariff.Book {
		b := *w.Books
		b.Packages = nil
		return tariff.Compile(&b, workspace.Rules(&w.Settings))
	}), Partners: sync.OnceValues(w.PartnerBook)}
}

// Inside has what operations may know about the server.
type Inside struct {
	Ready   func() error          // why it cannot answer; nil = it can
	Metrics func(io.Writer) error // in Prometheus's text format
	Cache   *query.Cache          // of repeated results; nil = nothing is cached
	Program string                // identifies the build that writes the results: a part of their tags
}

// Stream is a result that is not JSON. If both Write and Open are set, Write writes the complete result and parts are
// read from the file of Open; both must have the same bytes.
type Stream struct {
	Type string // its Content-Type
	Name string // for saving the file in a browser; empty = shown in the browser
	Tag  string // strong ETag without quotes: equal tags mean equal bytes; empty = none
	Time time.Time
	// Write writes the complete result. An error after the first byte cuts the connection.
	Write func(ctx context.Context, w io.Writer) error
	// Open opens a finished file: with a Tag, requests with Range and If-Range are resumed (RFC 9110).
	Open func(context.Context) (io.ReadSeekCloser, error)
}
