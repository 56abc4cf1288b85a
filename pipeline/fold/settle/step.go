package settle

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// Step settles partners within a run. Call Begin first, then Settle of workers for buckets whose lines are made and
// paid, then Take for their results, then Incentives and, at a close, Statements.
type Step struct {
	Txn   *lake.SubTxn
	Books *books.Books
	Book  *settlement.Book

	// Cycles are the cycles of the next state, ascending. Before Begin they are those known before rating.
	Cycles []period.Cycle
	Closed func(c period.Cycle) bool // whether a cycle was closed before the run
	Again  func(c period.Cycle) bool // whether a cycle was rated with other books before
	Gone   func(c period.Cycle) bool // whether a closed cycle's lines are archived: its stored performance stays
	Record settlement.Record         // transfers, events, as-of and what is closed; Incentives sets the rest
	Tax    settings.Tax
	Costs  bool // whether rates.csv converts vendors' costs
	// Closing is the cycle that the run closes and whose partner statements it makes; lake.NoCycle = none
	Closing period.Cycle

	kept  keptRates
	parts [][]settlement.Performance // by bucket, in the order of Take
	bases invoice.TaxBases           // of the partner statements of all buckets
	sales []sale                     // of the partner statements of all buckets
}

// Worker settles one bucket after the other.
type Worker struct {
	*Step
	Txn *lake.SubTxn // used instead of Step.Txn
}

// Begin reads what all buckets share.
func (s *Step) Begin() (err error) {
	s.bases = invoice.TaxBases{}
	if s.kept, err = s.keptRates(); err != nil {
		return fmt.Errorf("settle partners: %w", err)
	}
	return nil
}

// NewWorker returns a worker for buckets that txn enters.
func (s *Step) NewWorker(txn *lake.SubTxn) *Worker { return &Worker{s, txn} }

// hasIncentives reports whether performance must be added up: there are programmes or stored incentives.
func (s *Step) hasIncentives() bool {
	return len(s.Books.Programmes) > 0 || len(s.Txn.Next().Find(IncentivesKey())) > 0
}

// IncentivesKey is the key of the incentives: one list that belongs to no cycle.
func IncentivesKey() lake.FileKey {
	return lake.FileKey{Table: tables.Incentives().Name, Bucket: lake.NoBucket}
}

// Incentives updates the incentives (SETTLE-3) from the performance of all buckets and returns all of them. Without
// programmes it does nothing.
func (s *Step) Incentives() ([]settlement.Incentive, error) {
	if !s.hasIncentives() {
		return nil, nil
	}
	record := s.Record
	var err error
	if record.Performances, err = settlement.MergePerformances(s.parts...); err != nil {
		return nil, fmt.Errorf("add up performance: %w", err)
	}
	if len(s.Cycles) > 0 {
		record.First = s.Cycles[0]
	}
	if record.Closed, err = ClosedIncentives(s.Txn, s.Books, record.ClosedThrough); err != nil {
		return nil, err
	}
	list, err := s.Book.Incentives(&record)
	if err != nil {
		return nil, err
	}
	out := parquet.NewColumns(tables.Incentives())
	for i := range list {
		AddIncentive(out, s.Books, &list[i])
	}
	return list, rows.PutFile(s.Txn, IncentivesKey(), out, nil)
}

// ClosedIncentives are the stored incentives of periods whose last cycle is at most the last closed one (SETTLE-3).
// Errors: *books.MissingError, *PeriodError.
func ClosedIncentives(txn *lake.SubTxn, b *books.Books, through period.Cycle) (closed []settlement.Incentive,
	err error) {
	for _, e := range txn.Next().Find(IncentivesKey()) {
		list, err := LoadIncentives(txn, b, e)
		if err != nil {
			return nil, err
		}
		for _, one := range list {
			g := &b.Programmes[one.Programme]
			if one.Period.First <= through && one.Period.Quarter != g.Quarterly {
				return nil, &PeriodError{g.ID, one.Period.String()}
			}
			if one.Period.Last() <= through {
				closed = append(closed, one)
			}
		}
	}
	return closed, nil
}

// PeriodError reports that the books give a programme another period than one of its incentives with a closed month:
// that month would count twice, for example in a quarter too, or not at all.
type PeriodError struct{ Programme, Period string }

func (e *PeriodError) Error() string {
	return fmt.Sprintf("programme %s: period %s has a closed month, so that `period` cannot change", e.Programme,
		e.Period)
}

// Diagnosis implements problem.Diagnosed.
func (e *PeriodError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "put its period back: end it with valid_to, and give the new period a programme with an " +
		"id of its own"
}

// incentiveAmounts are the amount columns of the table, in the order of amountsOf.
var incentiveAmounts = [...]tables.AmountColumn[tables.Incentive]{tables.IncentivePerformanceAmount,
	tables.IncentiveTransferredAmount,
	tables.IncentiveCarriedIn, tables.IncentiveTierAmount,
	tables.IncentiveBonusAmount, tables.IncentiveIncentiveAmount, tables.IncentiveCarriedOut}

func amountsOf(i *settlement.Incentive) [len(incentiveAmounts)]*money.Amount {
	return [...]*money.Amount{&i.Performance, &i.Transferred, &i.CarriedIn, &i.Tier, &i.Bonus, &i.Amount, &i.CarriedOut}
}

// AddIncentive appends an incentive to a batch of the table.
func AddIncentive(out *parquet.Columns[tables.Incentive], b *books.Books, i *settlement.Incentive) {
	out.Word(tables.IncentivePartnerID).Add(b.Partners[i.Partner].ID)
	out.Word(tables.IncentiveProgrammeID).Add(b.Programmes[i.Programme].ID)
	out.Word(tables.IncentivePeriod).Add(i.Period.String())
	for k, a := range amountsOf(i) {
		out.Amount(incentiveAmounts[k]).Add(a.Raw())
	}
	out.Word(tables.IncentiveState).Add(i.State.String())
	out.N++
}

// LoadIncentives reads a file of the incentives table. Errors: *books.MissingError if the books lack a partner or
// programme.
func LoadIncentives(o rows.FileOpener, b *books.Books, e lake.FileEntry) (list []settlement.Incentive, err error) {
	err = rows.EachRow(o, e, tables.Incentives(), nil, func(c *parquet.Columns[tables.Incentive], i int) error {
		one := settlement.Incentive{
			Partner:   b.Partner(c.Word(tables.IncentivePartnerID).At(i)),
			Programme: programmeCode(b, c.Word(tables.IncentiveProgrammeID).At(i)),
		}
		if one.Partner < 0 {
			return books.Missing(books.ByLines, "partners.csv", "partner", c.Word(tables.IncentivePartnerID).At(i))
		}
		if one.Programme < 0 {
			return books.Missing(books.ByLines, "incentives.yaml", "programme",
				c.Word(tables.IncentiveProgrammeID).At(i))
		}
		var err error
		if one.Period, err = settlement.ParsePeriod(c.Word(tables.IncentivePeriod).At(i)); err != nil {
			return err
		}
		for k, a := range amountsOf(&one) {
			d := c.Amount(incentiveAmounts[k]).At(i)
			if *a, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
				return err
			}
		}
		one.State, err = settlement.ParseState(c.Word(tables.IncentiveState).At(i))
		list = append(list, one)
		return err
	})
	return list, err
}

// Result is the result of settling a bucket.
type Result struct {
	Performances []performance `json:"performances"`
	Bases        []base        `json:"bases"` // by seller, partner and service; empty if there are no taxes
	// Sales has each partner with each of its sellers, if the rows of a closed cycle name any.
	Sales []sale `json:"sales"`
}

// performance is the JSON form of a settlement.Performance.
type performance struct {
	Programme int32             `json:"programme"`
	Partner   int32             `json:"partner"`
	Cycle     period.Cycle      `json:"cycle"`
	Own       money.AmountTotal `json:"own"`
	New       money.AmountTotal `json:"new"`
}

// base is the JSON form of an entry of invoice.TaxBases.
type base struct {
	Seller  []byte            `json:"seller"`
	Partner []byte            `json:"partner"`
	Service []byte            `json:"service"`
	Owed    money.AmountTotal `json:"owed"`
}

// Settle updates the performance of a bucket (SETTLE-2) and makes its partner statements of the cycle that the run
// closes (SETTLE-1). rated are the cycles in which the run changed lines of the bucket.
func (w *Worker) Settle(ctx context.Context, bucket int, rated []period.Cycle) (*Result, error) {
	r := &Result{Performances: []performance{}, Bases: []base{}}
	if w.hasIncentives() {
		cycles := slices.Concat(w.Cycles, rated)
		slices.Sort(cycles)
		for _, c := range slices.Compact(cycles) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			rows, err := w.performances(c, bucket, w.Again(c))
			if err != nil {
				return nil, fmt.Errorf("settle partners: add up performance: %w", err)
			}
			for _, p := range rows {
				r.Performances = append(r.Performances, performance(p))
			}
		}
	}
	if err := w.convertible(bucket, rated); err != nil {
		return nil, fmt.Errorf("settle partners: %w", err)
	}
	if w.Closing == lake.NoCycle {
		return r, nil
	}
	if err := w.statements(bucket, r); err != nil {
		return nil, fmt.Errorf("settle partners: %w", err)
	}
	return r, nil
}

// convertible checks that the books have an exchange rate for each line whose own time is in an earlier cycle than the
// one that bills it. Its partner can differ from the cycle's partners, whose currencies were checked before (SETTLE-6).
func (w *Worker) convertible(bucket int, rated []period.Cycle) error {
	if !w.Books.Mixed {
		return nil
	}
	for _, c := range rated {
		if w.Closed(c) || c == w.Closing { // its statements convert all lines
			continue
		}
		files := slices.DeleteFunc(LinesOf(w.Txn.Next().Files(lake.CycleOf(c)), bucket),
			func(e lake.FileEntry) bool { return !e.Day.IsPosted() })
		if _, err := BucketRows(w.Txn, w.Books, w.Book.Settler(c), files); err != nil {
			return err
		}
	}
	return nil
}

// statements makes the partner statements of a bucket.
func (w *Worker) statements(bucket int, r *Result) error {
	files := LinesOf(w.Txn.Next().Files(lake.CycleOf(w.Closing)), bucket)
	rows, err := BucketRows(w.Txn, w.Books, w.Book.Settler(w.Closing), files)
	if err != nil {
		return err
	}
	bases := invoice.TaxBases{}
	if len(w.Books.Taxes) > 0 {
		if err := addBases(w.Books, bases, rows); err != nil {
			return err
		}
	}
	r.Sales = salesOf(rows)
	err = w.putRows(lake.FileKey{Table: tables.PartnerStatements().Name, Cycle: lake.CycleOf(w.Closing),
		Bucket: bucket},
		rows)
	if err != nil {
		return err
	}
	for key, owed := range bases {
		r.Bases = append(r.Bases, base{[]byte(key.Seller), []byte(key.Partner), []byte(key.Service), owed})
	}
	slices.SortFunc(r.Bases, func(a, b base) int {
		return cmp.Or(bytes.Compare(a.Seller, b.Seller), bytes.Compare(a.Partner, b.Partner),
			bytes.Compare(a.Service, b.Service))
	})
	return nil
}

// Take adds the result of a bucket.
func (s *Step) Take(r *Result) error {
	var rows []settlement.Performance
	for _, p := range r.Performances {
		rows = append(rows, settlement.Performance(p))
	}
	s.parts = append(s.parts, rows)
	s.sales = append(s.sales, r.Sales...)
	for _, b := range r.Bases {
		key := invoice.TaxBaseKey{Seller: string(b.Seller), Partner: string(b.Partner), Service: string(b.Service)}
		sum := s.bases[key]
		if err := sum.AddTotal(b.Owed); err != nil {
			return fmt.Errorf("add up what partner %s owes %s: %w", b.Partner, b.Seller, err)
		}
		s.bases[key] = sum
	}
	return nil
}

// Statements completes the partner statements of the cycle that the run closes: it stores its exchange rates and taxes.
func (s *Step) Statements() error {
	if err := s.keepRates(s.Closing); err != nil {
		return err
	}
	if len(s.Books.Taxes) == 0 {
		return nil
	}
	w, err := PartnerTaxes(s.Books, s.Tax, s.Closing, s.bases)
	if err != nil {
		return err
	}
	return rows.PutFile(s.Txn, TaxKey(s.Closing, lake.NoBucket), w.Cols, w.Sums())
}

// addBases adds the amounts that rows of partner statements charge to the bases of their taxes.
func addBases(b *books.Books, bases invoice.TaxBases, rows []settlement.Row) error {
	for i := range rows {
		r := &rows[i]
		owed := r.Owed
		if r.Reseller != settlement.None {
			owed = r.Cost
		}
		err := bases.Add(invoice.TaxBaseKey{Seller: settlement.PartnerID(b, r.Seller),
			Partner: settlement.PartnerID(b, r.Partner), Service: r.Service}, owed)
		if err != nil {
			return err
		}
	}
	return nil
}

// PartnerTaxes calculates the taxes of the partner statements of a cycle, with the taxes in force at its end (§10.6).
func PartnerTaxes(b *books.Books, s settings.Tax, cycle period.Cycle, bases invoice.TaxBases) (*TaxWriter, error) {
	own := func(partner string) money.Currency { return b.PartnerCurrency(b.Partner(partner)) }
	w := NewTaxWriter(cycle, s)
	rows, err := bases.Rows(invoice.NewTaxBook(b), func(partner string) invoice.TaxRules {
		return TaxRules(s, own(partner))
	}, b.Zone.Bounds(cycle).To-1)
	if err != nil {
		return nil, fmt.Errorf("taxes of partner statements: %w", err)
	}
	for i := range rows {
		if err := w.Add(rows[i].Seller, rows[i].Partner, &rows[i].TaxRow, own(rows[i].Partner)); err != nil {
			return nil, err
		}
	}
	return w, nil
}
