package operation

import (
	"context"
	"slices"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// Scope is what a call may see. Every set part narrows it; the zero value sees everything, and is the vendor's alone.
type Scope struct {
	Partner string // only what bears this partner_id
	// and was that partner's in one of these times: of a reseller, when it was the caller's; nil = any time
	During   []period.Span
	Customer string // only this customer's
	Reseller string // only what the partner gave to this reseller of its own, and took back; see Operation.Resellers
	Manager  string // only customers of this account manager
	Feeds    bool   // raw records of feeds may be shown: the vendor and finance
	Nothing  bool   // nothing fits: the answer is empty
}

// Line reports whether a line is in the scope, by its partner and its own time (§6.1). Customer and Manager are
// for the caller to choose lines by.
func (s *Scope) Line(partner string, own period.Instant) bool {
	if s.Nothing || s.Partner != "" && partner != s.Partner {
		return false
	}
	return s.During == nil || slices.ContainsFunc(s.During, func(d period.Span) bool { return d.Holds(own) })
}

// Managed reports whether a customer is one of the scope's manager's at an instant; true where the scope has no
// manager.
func (s *Scope) Managed(b *books.Books, customer int32, at period.Instant) bool {
	return s.Manager == "" || books.ManagerOf(b, customer, at) == s.Manager
}

// Admit says whether a caller may call an operation at all, whatever it asks for: the first half of Decide, done before
// parameters are looked at.
func Admit(op *Operation, c *keys.Caller) error {
	if op.Public() {
		return nil
	}
	if !slices.Contains(op.Callers, c.Role) {
		return NotForRole()
	}
	if c.Manager != "" && op.Subject != Nobody {
		if _, ok := op.Param("account_manager_id"); !ok {
			return NotForRole()
		}
	}
	return nil
}

// Decide is the one place that says what a call may see (§8), by the books and, for a partner, by what the cycle that
// it asks for was billed as. What is wrong with the call is an *Error.
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
			return Scope{}, NotForRole() // it asks for another one, or is no longer in the books
		}
		return Scope{Customer: c.Customer}, nil
	case keys.Partner:
		return (&asked{op, v, s}).ofPartner(ctx, c)
	}
	return Scope{}, NotForRole()
}

// ofVendor is all that was asked for.
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

// asked is what is asked for, and the state that it is asked of.
type asked struct {
	op    *Operation
	v     *Values
	state *State
}

// ofPartner is what bears the partner's id, or that of its reseller while it was its reseller.
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
			return Scope{}, OtherManager()
		}
	}
	if asked := v.Text("partner_id"); asked != "" && asked != c.Partner {
		return Scope{}, NotForRole()
	}
	if b.Partner(c.Partner) < 0 {
		return Scope{}, NotForRole() // it is no longer in the books
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
		s.Nothing = true // the id of a manager is a filter like others for a key that is bound to none
	}
	return s, nil
}

// reseller takes the customer that is asked for as a reseller, if the operation allows it and the scope's partner was
// its distributor at any time; any distributor where the scope has no partner.
func (s *Scope) reseller(op *Operation, b *books.Books) bool {
	id := s.Customer
	if !op.Resellers || b.Partner(id) < 0 || s.Partner != "" && resoldBy(b, s.Partner, id) == nil {
		return false
	}
	s.Customer, s.Reseller = "", id
	return true
}

// Knows reports whether a customer, who may be none of the books, ever was one of the scope's partner's, in the times
// that count. Every
// customer of the books is known where the scope has no partner.
func (s *Scope) Knows(b *books.Books, id string, now period.Instant) bool {
	customer := b.Customer(id)
	return customer >= 0 && (s.Partner == "" || associated(b, customer, s, now+1))
}

// resoldBy is when a reseller had a partner as its distributor; nil = never.
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

// associated reports whether a customer was the scope's partner's at any time before an instant. It may have left
// since: what it consumed as the partner's stays to be seen, and what is billed late of that time too.
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

// windowEnd is the end of the month that is asked for, or now.
func (a *asked) windowEnd() period.Instant {
	if c, ok := a.month(); ok {
		return a.state.Workspace.Books.Zone.Bounds(c).To
	}
	return a.state.Now + 1
}

// month is the month that is asked for.
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
