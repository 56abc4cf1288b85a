package pay

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	"github.com/tollbook/tollbook/settlement/account"
)

// Result is the result of paying a bucket.
type Result struct {
	Cycles []period.Cycle `json:"cycles"` // whose lines were paid again, so that their statements must be made again
	// Refused are the account events that were refused because the balance was too low, of every cycle that was
	// replayed: all others of such a cycle count (§6.3).
	Refused  []Refused        `json:"refused"`
	Reclaims []reclaimVerdict `json:"reclaims"` // of the bucket's customers
	Days     int              `json:"days"`     // number of days paid
	Lines    int64            `json:"lines"`    // in the files that were written
}

// Refused are the ids of a cycle's account events that were refused because the balance was too low.
type Refused struct {
	Cycle period.Cycle `json:"cycle"`
	IDs   [][]byte     `json:"ids"`
}

// reclaimVerdict is the verdict on a coupon event.
type reclaimVerdict struct {
	ID     []byte        `json:"id"`
	Why    reason.Reason `json:"why"`
	Column []byte        `json:"column"`
	Value  []byte        `json:"value"`
}

func newResult() *Result {
	return &Result{Cycles: []period.Cycle{}, Refused: []Refused{}, Reclaims: []reclaimVerdict{}}
}

func verdictOf(e *accept.MoneyEvent) reclaimVerdict {
	return reclaimVerdict{[]byte(e.ID), e.Verdict.Why, []byte(e.Verdict.Column), []byte(e.Verdict.Value)}
}

func (v *reclaimVerdict) verdict() account.Verdict {
	return account.Verdict{Why: v.Why, Column: string(v.Column), Value: string(v.Value)}
}

// issuedMessage is the JSON form of Issued, with what payment needs. Byte fields hold texts that need not be UTF-8.
type issuedMessage struct {
	Coupons  []couponMessage  `json:"coupons"`
	Altered  []alteredMessage `json:"altered"` // by customer
	Reclaims []reclaimMessage `json:"reclaims"`
	Records  bool             `json:"records"`
}

type couponMessage struct {
	ID             []byte         `json:"id"`
	Customer       int32          `json:"customer"`
	Cash           bool           `json:"cash"`
	Pickup         bool           `json:"pickup"`
	Performance    bool           `json:"performance"`
	Amount         money.Amount   `json:"amount"`
	MinConsumption money.Amount   `json:"min_consumption"`
	Service        []byte         `json:"service"`
	SKU            int32          `json:"sku"`
	WithDiscount   bool           `json:"with_discount"`
	NotCommercial  bool           `json:"not_commercial"`
	From           period.Instant `json:"from"`
	To             period.Instant `json:"to"`
	Since          period.Instant `json:"since"`
}

type alteredMessage struct {
	Customer []byte         `json:"customer"`
	From     period.Instant `json:"from"`
}

type reclaimMessage struct {
	ID      []byte         `json:"id"`
	Time    period.Instant `json:"time"`
	Instant period.Instant `json:"instant"`
	Amount  money.Amount   `json:"amount"`
	File    int32          `json:"file"`
	Coupon  couponMessage  `json:"coupon"`
	Verdict reclaimVerdict `json:"verdict"` // of an earlier run: it remains if the day is not paid again
}

func messageOf(c *books.Coupon) couponMessage {
	return couponMessage{[]byte(c.ID), c.Customer, c.Cash, c.Pickup, c.Performance, c.Amount, c.MinConsumption,
		[]byte(c.Service), c.SKU, c.WithDiscount, c.NotCommercial, c.Valid.From, c.Valid.To, c.Since}
}

func (m *couponMessage) coupon() books.Coupon {
	return books.Coupon{ID: string(m.ID), Customer: m.Customer, Cash: m.Cash, Pickup: m.Pickup,
		Performance: m.Performance, Amount: m.Amount, MinConsumption: m.MinConsumption, Service: string(m.Service),
		SKU: m.SKU, WithDiscount: m.WithDiscount, NotCommercial: m.NotCommercial,
		Valid: period.Span{From: m.From, To: m.To}, Since: m.Since}
}

// MarshalJSON implements json.Marshaler, for messages between tasks.
func (i Issued) MarshalJSON() ([]byte, error) {
	m := issuedMessage{Coupons: []couponMessage{}, Altered: []alteredMessage{}, Reclaims: []reclaimMessage{},
		Records: i.Records}
	for at := range i.Coupons {
		m.Coupons = append(m.Coupons, messageOf(&i.Coupons[at]))
	}
	for _, customer := range slices.Sorted(maps.Keys(i.Altered)) {
		m.Altered = append(m.Altered, alteredMessage{[]byte(customer), i.Altered[customer]})
	}
	for _, r := range i.Reclaims {
		e := r.Event
		m.Reclaims = append(m.Reclaims, reclaimMessage{[]byte(e.ID), e.Time, e.Instant, e.Amount, e.File,
			messageOf(&r.Coupon.Terms), verdictOf(e)})
	}
	return json.Marshal(m)
}

// UnmarshalJSON implements json.Unmarshaler. The events of reclaims contain only what payment needs.
func (i *Issued) UnmarshalJSON(b []byte) error {
	var m issuedMessage
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*i = Issued{Altered: make(map[string]period.Instant), Records: m.Records}
	for at := range m.Coupons {
		i.Coupons = append(i.Coupons, m.Coupons[at].coupon())
	}
	for _, a := range m.Altered {
		i.Altered[string(a.Customer)] = a.From
	}
	for at := range m.Reclaims {
		r := &m.Reclaims[at]
		i.Reclaims = append(i.Reclaims, &Reclaim{
			Event: &accept.MoneyEvent{ID: string(r.ID), Time: r.Time, Instant: r.Instant, Amount: r.Amount,
				File: r.File, Verdict: r.Verdict.verdict()},
			Coupon: &account.IssuedCoupon{Terms: r.Coupon.coupon()}})
	}
	return nil
}
