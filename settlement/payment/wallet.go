package payment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// Rules holds the settings of payments (§2.1).
type Rules struct {
	Ledger bool // payments: ledger; otherwise assume_cash
	Digits int  // of the currency of the customer's money; Wallet.SetDigits changes it
}

// EntryType is the reason of a change of a balance, as in the accounts table: an event's type, or the effect of a line.
type EntryType uint8

// The types of entries. The first ones are the types of account events (§3.16).
const (
	Recharge EntryType = iota
	Allocate
	Reclaim
	Withdraw
	SetLimit // credit_limit
	Consume  // a line draws
	Refund   // a line gives back: a refund, or any line with a negative payment
	entryTypes
)

var entryWords = [entryTypes]string{"recharge", "allocate", "reclaim", "withdraw", "credit_limit", "consume", "refund"}

// String is the type's word in feeds and tables.
func (t EntryType) String() string {
	if t < entryTypes {
		return entryWords[t]
	}
	return fmt.Sprintf("entry type %d", uint8(t))
}

// ParseEventType parses the word of the accounts feed.
func ParseEventType[T ~string | ~[]byte](s T) (EntryType, error) {
	for t, word := range entryWords[:Consume] {
		if string(s) == word {
			return EntryType(t), nil
		}
	}
	return 0, fmt.Errorf("type %.64q is none of %s", string(s), strings.Join(entryWords[:Consume], ", "))
}

// Entry is one change of one balance (§8, accounts). For Credit, After is the limit minus what is used; a lowered limit
// can make it negative.
type Entry struct {
	Type    EntryType
	Balance Balance
	Amount  money.Amount // signed change
	After   money.Amount // balance after it
}

// coupon is one of the customer's coupons with what it has paid.
type coupon struct {
	*books.Coupon
	drawn money.Amount
	taken money.Amount // taken back
}

// draw is the effect of the current line on a coupon.
type draw struct {
	at    int // in Wallet.coupons
	paid  money.Amount
	total money.Amount
}

// Use is the amount that a line drew from a coupon, or that a reclaim took back.
type Use struct {
	Coupon *books.Coupon
	Amount money.Amount
	Left   money.Amount // of the coupon afterwards
}

// Wallet holds one customer's balances. It is used for one customer after the other. It is not safe for concurrent use.
type Wallet struct {
	rules   Rules
	amounts [CouponDrawn]money.Amount // by RowKind
	known   [CouponDrawn]bool         // whether the row exists (PAY-8)
	coupons []coupon                  // in the order of drawing
	others  []Row                     // of coupons that the books no longer contain
	drawn   []draw                    // of the last Pay
	entries []Entry
}

// NewWallet returns a wallet without a customer.
func NewWallet(rules Rules) *Wallet { return &Wallet{rules: rules} }

// SetDigits sets the digits of the currency of the next customer (§10.7).
func (w *Wallet) SetDigits(digits int) { w.rules.Digits = digits }

// Open starts a customer with its coupons in the order of drawing (Coupons.Of), which must not change while the wallet
// uses them, and its stored rows. A row of an unknown kind or with a negative amount is an error.
func (w *Wallet) Open(coupons []books.Coupon, rows []Row) error {
	w.amounts, w.known = [CouponDrawn]money.Amount{}, [CouponDrawn]bool{}
	w.coupons, w.others, w.entries = w.coupons[:0], w.others[:0], w.entries[:0]
	for i := range coupons {
		w.coupons = append(w.coupons, coupon{Coupon: &coupons[i]})
	}
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Amount.Sign() < 0 || r.Kind >= rowKinds:
			return fmt.Errorf("open a wallet: stored balance %s of %s", r.Kind, r.Amount.Trim())
		case r.Kind < CouponDrawn:
			w.amounts[r.Kind], w.known[r.Kind] = r.Amount, true
		default:
			w.openCoupon(r)
		}
	}
	return nil
}

func (w *Wallet) openCoupon(r *Row) {
	for i := range w.coupons {
		if c := &w.coupons[i]; c.ID == r.Coupon && c.Valid.From == r.From {
			if r.Kind == CouponTaken {
				c.taken = r.Amount
			} else {
				c.drawn = r.Amount
			}
			return
		}
	}
	w.others = append(w.others, *r)
}

// Rows appends the wallet as stored rows: the balances that ever changed, and the coupons that ever paid, by coupon_id
// and valid_from.
func (w *Wallet) Rows(dst []Row) []Row {
	for k := range CouponDrawn {
		if w.known[k] {
			dst = append(dst, Row{Kind: k, Amount: w.amounts[k]})
		}
	}
	first := len(dst)
	dst = append(dst, w.others...)
	for i := range w.coupons {
		if c := &w.coupons[i]; !c.drawn.IsZero() {
			dst = append(dst, Row{Kind: CouponDrawn, Coupon: c.ID, From: c.Valid.From, Amount: c.drawn})
		}
		if c := &w.coupons[i]; !c.taken.IsZero() {
			dst = append(dst, Row{Kind: CouponTaken, Coupon: c.ID, From: c.Valid.From, Amount: c.taken})
		}
	}
	slices.SortFunc(dst[first:], func(a, b Row) int {
		return cmp.Or(strings.Compare(a.Coupon, b.Coupon), cmp.Compare(a.From, b.From), cmp.Compare(a.Kind, b.Kind))
	})
	return dst
}

// Entries returns the changes by the last Pay, Refund or Apply, in ledger order; valid until the next call.
func (w *Wallet) Entries() []Entry { return w.entries }

// Uses appends what the last line drew from coupons. The error is a *money.RangeError.
func (w *Wallet) Uses(dst []Use) ([]Use, error) {
	for _, d := range w.drawn {
		if d.paid.IsZero() {
			continue
		}
		c := &w.coupons[d.at]
		left, err := c.rest()
		if err != nil {
			return dst, err
		}
		dst = append(dst, Use{c.Coupon, d.paid, left})
	}
	return dst, nil
}

// TakeBack takes back the unused amount of an issued coupon, at most most; of a pickup the whole amount (§9.2). ok is
// false if nothing is left; then nothing changes, and u.Amount is what was taken back before. It is an error if the
// customer does not have the coupon.
func (w *Wallet) TakeBack(id string, most money.Amount) (u Use, ok bool, err error) {
	w.entries, w.drawn = w.entries[:0], w.drawn[:0]
	at := slices.IndexFunc(w.coupons, func(c coupon) bool { return c.ID == id })
	if at < 0 {
		return u, false, fmt.Errorf("take coupon %s back: its customer does not have it", id)
	}
	c := &w.coupons[at]
	u.Coupon = c.Coupon
	if u.Amount, err = c.rest(); err != nil || u.Amount.IsZero() {
		u.Amount = c.taken
		return u, false, err
	}
	if !c.Pickup {
		u.Amount = least(u.Amount, most)
	}
	if c.taken, err = c.taken.Add(u.Amount); err != nil {
		return u, false, err
	}
	u.Left, err = c.rest()
	return u, true, err
}

// rest returns what a coupon can still pay: 0 if the books have lowered its amount below what it has paid.
func (c *coupon) rest() (money.Amount, error) {
	rest, err := c.Amount.Sub(c.drawn)
	if err == nil {
		rest, err = rest.Sub(c.taken)
	}
	if err != nil || rest.Sign() < 0 {
		return money.Amount{}, err
	}
	return rest, nil
}

// rowOf maps balances to their stored rows; credit is stored as the used credit.
var rowOf = [Balances]RowKind{HeldStored, HeldFlexi, HeldCash, CreditUsed, DebtOwed}

// change holds the pending changes of one call. They are calculated first and then applied together (PAY-10).
type change struct {
	w       *Wallet
	amounts [CouponDrawn]money.Amount
	known   [CouponDrawn]bool
	err     error
}

func (w *Wallet) begin() change {
	w.entries, w.drawn = w.entries[:0], w.drawn[:0]
	return change{w: w, amounts: w.amounts, known: w.known}
}

// move adds a signed amount to a balance, as in the accounts table; it does nothing if the amount is 0.
func (c *change) move(t EntryType, b Balance, by money.Amount) {
	if c.err != nil || by.IsZero() {
		return
	}
	k, stored := rowOf[b], by
	if b == Credit {
		stored = by.Neg()
	}
	c.store(k, stored)
	after := c.amounts[k]
	if b == Credit {
		after = c.credit()
	}
	c.note(t, b, by, after)
}

// store adds to a stored amount.
func (c *change) store(k RowKind, by money.Amount) {
	sum, err := c.amounts[k].Add(by)
	switch {
	case err != nil:
		c.err = err
	case sum.Sign() < 0:
		c.err = fmt.Errorf("balance %s of %s moves by %s: below zero", k, c.amounts[k].Trim(), by.Trim())
	default:
		c.amounts[k], c.known[k] = sum, true
	}
}

// credit returns the limit minus what is used.
func (c *change) credit() money.Amount {
	left, err := c.amounts[CreditLimit].Sub(c.amounts[CreditUsed])
	if c.err == nil {
		c.err = err
	}
	return left
}

func (c *change) note(t EntryType, b Balance, by, after money.Amount) {
	c.w.entries = append(c.w.entries, Entry{Type: t, Balance: b, Amount: by, After: after})
}

// end applies the change. After an error it returns the error and leaves the wallet unchanged.
func (c *change) end() error {
	if c.err != nil {
		c.w.entries = c.w.entries[:0]
		return c.err
	}
	c.w.amounts, c.w.known = c.amounts, c.known
	return nil
}

// least is the smaller of two amounts.
func least(a, b money.Amount) money.Amount {
	if b.Cmp(a) < 0 {
		return b
	}
	return a
}
