package operation

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// Scope is what a call may see. Each field narrows it; the zero value permits everything and is only for the vendor.
type Scope struct {
	Partner string // only records with this partner_id
	// only while the partner, a reseller, belonged to the caller; nil = any time
	During   []period.Span
	Customer string // only records of this customer
	Reseller string // only what the partner gave this reseller and took back; see Operation.Resellers
	Manager  string // only customers of this account manager
	Feeds    bool   // raw records of feeds may be shown: the vendor and finance
	Nothing  bool   // nothing matches: the result is empty
}

// Line reports whether a line is in the scope, by its partner and its own time (§6.1). The caller must select lines by
// Customer and Manager itself.
func (s *Scope) Line(partner string, own period.Instant) bool {
	if s.Nothing || s.Partner != "" && partner != s.Partner {
		return false
	}
	return s.During == nil || slices.ContainsFunc(s.During, func(d period.Span) bool { return d.Holds(own) })
}

// Managed reports whether a customer belongs to the scope's account manager at an instant; always true without one.
func (s *Scope) Managed(b *books.Books, customer int32, at period.Instant) bool {
	return s.Manager == "" || books.ManagerOf(b, customer, at) == s.Manager
}

// Admit returns an error if a caller may not call an operation with any parameters: the first half of Decide, done
// before parameters are read.
func Admit(op *Operation, c *keys.Caller) error {
	if op.Public() {
		return nil
	}
	if !slices.Contains(op.Callers, c.Role) {
		return notForRole()
	}
	if c.Manager != "" && op.Subject != Nobody {
		if _, ok := op.Param("account_manager_id"); !ok {
			return notForRole()
		}
	}
	return nil
}

// Decide is the only function that decides what a call may see (§8), by the books and, for a partner, by how the
// requested cycle was billed. It returns an *Error if the call is not permitted.
func Decide(ctx context.Context, op *Operation, c *keys.Caller, v *Values, s *State) (Scope, error) {
	if err := Admit(op, c); err != nil {
		return Scope{}, err
	}
	if op.Public() || op.Subject == Nobody {
		return Scope{Nothing: true}, nil
	}
	b := s.Workspace.Books
	switch c.Role {
	case keys.Vendor, keys.Finance:
		return ofVendor(op, v, b)
	case keys.Customer:
		if asked := v.Text("customer_id"); asked != "" && asked != c.Customer || b.Customer(c.Customer) < 0 {
			return Scope{}, notForRole() // it requests another partner, or is no longer in the books
		}
		return Scope{Customer: c.Customer}, nil
	case keys.Partner:
		return (&asked{op, v, s}).ofPartner(ctx, c)
	}
	return Scope{}, notForRole()
}

// ofVendor returns a scope with all that was requested.
func ofVendor(op *Operation, v *Values, b *books.Books) (Scope, error) {
	s := Scope{Customer: v.Text("customer_id"), Partner: v.Text("indirect_partner_id"),
		Manager: v.Text("account_manager_id"), Feeds: true}
	if s.Partner == "" {
		s.Partner = v.Text("partner_id")
	}
	if s.Customer != "" && b.Customer(s.Customer) < 0 && !s.reseller(op, b) {
		return Scope{}, NotItsCustomer()
	}
	if op.Subject == ItsCustomer && s.Customer == "" {
		return Scope{}, BadParameter("customer_id", Text{"必填", "is missing: the vendor must name the customer"})
	}
	return s, nil
}

// asked has the parameters of a request and the state to which it is sent.
type asked struct {
	op    *Operation
	v     *Values
	state *State
}

// ofPartner returns a scope with records of the partner, or of its reseller while it belonged to the partner.
func (a *asked) ofPartner(ctx context.Context, c *keys.Caller) (Scope, error) {
	op, v, b := a.op, a.v, a.state.Workspace.Books
	s := Scope{Partner: c.Partner, Manager: v.Text("account_manager_id")}
	if c.Manager != "" {
		switch s.Manager {
		case "":
			return Scope{},
				BadParameter("account_manager_id", Text{"必填", "is missing: the key is bound to an account manager"})
		case c.Manager:
		default:
			return Scope{}, otherManager()
		}
	}
	if asked := v.Text("partner_id"); asked != "" && asked != c.Partner {
		return Scope{}, notForRole()
	}
	if b.Partner(c.Partner) < 0 {
		return Scope{}, notForRole() // it is no longer in the books
	}
	if reseller := v.Text("indirect_partner_id"); reseller != "" {
		if err := a.ofReseller(ctx, &s, reseller); err != nil {
			return Scope{}, err
		}
	}
	s.Customer = v.Text("customer_id")
	if s.Customer == "" {
		if op.Subject == WholeCustomer {
			return Scope{}, BadParameter("customer_id", Text{"必填", "is missing: a partner must name the customer"})
		}
		return s, nil
	}
	customer := b.Customer(s.Customer)
	if customer < 0 {
		if s.reseller(op, b) {
			return s, nil
		}
		return Scope{}, NotItsCustomer()
	}
	if !associated(b, customer, &s, a.windowEnd()) {
		if err := a.billedAs(ctx, &s); err != nil {
			return Scope{}, err
		}
	}
	if op.Subject == WholeCustomer && !onlyOf(b, customer, s.Partner) {
		return Scope{}, MayNot(Text{"该客户曾关联其他伙伴",
			"the customer belonged to another partner too: only the vendor can explain it"})
	}
	if !s.Managed(b, customer, a.state.Now) {
		if c.Manager != "" {
			return Scope{}, NotItsCustomer()
		}
		s.Nothing = true // for a key that is not limited to a manager, the manager's id is an ordinary filter
	}
	return s, nil
}

// reseller treats the requested customer as a reseller, if the operation permits it and the scope's partner (any
// distributor, if the scope has no partner) was its distributor at any time.
func (s *Scope) reseller(op *Operation, b *books.Books) bool {
	id := s.Customer
	if !op.Resellers || b.Partner(id) < 0 || s.Partner != "" && resoldBy(b, s.Partner, id) == nil {
		return false
	}
	s.Customer, s.Reseller = "", id
	return true
}

// Knows reports whether a customer ever belonged to the scope's partner within the scope's times. Without a partner, it
// reports whether the books have the customer.
func (s *Scope) Knows(b *books.Books, id string, now period.Instant) bool {
	customer := b.Customer(id)
	return customer >= 0 && (s.Partner == "" || associated(b, customer, s, now+1))
}

// resoldBy returns when a reseller belonged to a distributor; nil = never.
func resoldBy(b *books.Books, distributor, reseller string) []period.Span {
	parent, code := b.Partner(distributor), b.Partner(reseller)
	if parent < 0 || code < 0 {
		return nil
	}
	var spans []period.Span
	for _, row := range b.Partners[code].Rows {
		if row.Kind == books.Reseller && row.Parent == parent {
			spans = append(spans, row.Valid)
		}
	}
	return spans
}

// associated reports whether a customer belonged to the scope's partner at any time before an instant. It may have left
// since: the partner still sees what it consumed before, also if that is billed late.
func associated(b *books.Books, customer int32, s *Scope, before period.Instant) bool {
	return slices.ContainsFunc(b.Associations.Of(customer), func(a books.Association) bool {
		if b.Partners[a.Partner].ID != s.Partner || a.Valid.From >= before {
			return false
		}
		return s.During == nil || slices.ContainsFunc(s.During, func(d period.Span) bool { return d.Overlaps(a.Valid) })
	})
}

// onlyOf reports whether a customer never had another partner.
func onlyOf(b *books.Books, customer int32, partner string) bool {
	return !slices.ContainsFunc(b.Associations.Of(customer), func(a books.Association) bool {
		return b.Partners[a.Partner].ID != partner
	})
}

// windowEnd returns the end of the requested month, or now.
func (a *asked) windowEnd() period.Instant {
	if c, ok := a.month(); ok {
		return a.state.Workspace.Books.Zone.Bounds(c).To
	}
	return a.state.Now + 1
}

// month returns the requested month.
func (a *asked) month() (c period.Cycle, ok bool) {
	for _, p := range a.op.Params {
		if p.Kind != Month {
			continue
		}
		if c, ok = a.v.Month(p.Name); ok {
			break
		}
	}
	return c, ok
}
