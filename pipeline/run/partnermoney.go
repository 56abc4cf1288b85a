package run

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/partner"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// issueCoupons decides which coupons are issued (§9.2). It comes before lines are paid.
func (r *run) issueCoupons() (err error) {
	r.money = &partner.Stage{Txn: r.txn.SubTxn, Books: r.ws.Books, Settings: &r.ws.Settings, Book: r.partners,
		AsOf: r.o.AsOf, Events: r.events.intake.Book(), Maker: r.maker(),
		Closed: r.closed, Closing: r.closing(), Gone: r.archived,
		SortBytes: r.o.ChunkBytes, Decided: func(d events.Decision) { r.events.countRow(r.folded, &d) }}
	if len(r.events.unread) > 0 {
		r.money.Load = func() error { return r.events.loadMoney(r.events.intake.Book(), r.events.unread) }
	}
	r.issued, err = r.money.Issue()
	return err
}

// partnerMoney replays partners' money, and takes over which events do not fit (§9). It comes after the partners of
// the run's cycles are settled and before rows are counted.
func (r *run) partnerMoney() error {
	stage := r.money
	for _, name := range r.cycleNames() {
		c, err := period.ParseCycle(name)
		if err != nil {
			return err
		}
		stage.Cycles = append(stage.Cycles, c)
	}
	out, err := stage.Run()
	if err != nil {
		return err
	}
	if err := r.events.intake.Close(); err != nil { // a commit deletes temporary files
		return err
	}
	r.couponUses = out.CouponUses
	refusals := make([]events.Decision, len(out.Refused))
	for i, e := range out.Refused {
		refusals[i] = e.Refusal()
	}
	r.events.refuseNew(refusals)
	for _, list := range turnsByFeed(out.Turned) {
		if err := r.events.turn(list); err != nil {
			return err
		}
	}
	r.report.Notes = append(r.report.Notes, out.Notes...)
	if r.report.Overdrawn = out.Overdrawn; len(out.Overdrawn) > 0 {
		r.report.Notes = append(
			r.report.Notes,
			fmt.Sprintf(
				"overdrawn: the cash of %s is below zero; a recharge fills it first",
				strings.Join(out.Overdrawn, ", "),
			),
		)
	}
	return nil
}

// partnerTotals are the control totals of partners' money: the rows of each table and the sums that are stored with its
// file. It checks those that must agree (§6.6). A state without these tables has none.
func (t *controlTotals) partnerTotals() ([]lake.Total, error) {
	var list []lake.Total
	sums := map[string]*tableSums{}
	for _, def := range tables.PartnerMoneyTotals() {
		s := newTableSums()
		sums[def.Name] = s
		for _, e := range t.next.Find(partner.Key(def)) {
			if err := s.addAll(e.Rows, e.Sums); err != nil {
				return nil, fmt.Errorf("%s: %w", e.Path, err)
			}
		}
		if s.rows > 0 {
			list = append(list, s.totals(def.Name+".")...)
		}
	}
	for _, one := range [...]struct {
		left, right string
		plus        []string
	}{
		{"coupons.amount", "used, taken back, expired and left",
			[]string{"coupons.used", "coupons.taken_back", "coupons.expired", "coupons.left"}},
		{"partner_accounts.frozen", "withdrawals that are not decided",
			[]string{"withdrawals.requested", "withdrawals.approved"}},
	} {
		var sum money.AmountTotal
		for _, name := range one.plus {
			a, err := totalNamed(sums, name)
			if err == nil {
				err = sum.AddTotal(a)
			}
			if err != nil {
				return nil, err
			}
		}
		left, err := totalNamed(sums, one.left)
		if err != nil {
			return nil, err
		}
		if left.Cmp(sum) != 0 {
			return nil, &TotalsError{Name: one.left, Left: left.String(), Right: sum.String() + " " + one.right}
		}
	}
	return list, nil
}

// totalNamed is a sum of a table by name, table.sum; 0 if the table has no file.
func totalNamed(sums map[string]*tableSums, name string) (out money.AmountTotal, err error) {
	table, column, _ := strings.Cut(name, ".")
	return out, out.UnmarshalText([]byte(sums[table].text(column)))
}
