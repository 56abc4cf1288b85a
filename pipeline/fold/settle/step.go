package settle

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/taxes"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/pipeline/lake/task"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/tax"
)

// Step settles within a run, after its lines are made and paid.
type Step struct {
	Txn     *lake.Txn
	Books   *books.Books
	Book    *settlement.Book
	Buckets int
	Tasks   task.Local

	Cycles []period.Cycle            // of the state to come, ascending
	Closed func(c period.Cycle) bool // whether a cycle was closed before the run
	Again  func(c period.Cycle) bool // whether a cycle was rated with other books before
	Gone   func(c period.Cycle) bool // whether a closed cycle's lines are archived: its stored performance stays
	Record settlement.Record         // transfers, events, as-of and what is closed; Incentives fills the rest in
	Tax    settings.Tax
	Costs  bool // vendors' costs are converted by rates.csv
}

// bucketStep is a Step as tasks of buckets see it.
type bucketStep struct {
	*Step
	Txn  *lake.SubTxn // in the place of Step.Txn
	kept keptRates
}

// IncentivesKey is where the incentives are: one list, of no cycle.
func IncentivesKey() lake.FileKey {
	return lake.FileKey{Table: tables.Incentives().Name, Bucket: lake.NoBucket}
}

// Incentives brings performance and incentives up to date (SETTLE-2, SETTLE-3) and returns all incentives. Without
// programmes there is nothing to do, and nothing is written.
func (s *Step) Incentives(ctx context.Context) ([]settlement.Incentive, error) {
	stored := len(s.Txn.Next().Find(IncentivesKey())) > 0
	if len(s.Books.Programmes) == 0 && !stored {
		return nil, nil
	}
	record := s.Record
	var err error
	if record.Performances, err = s.allPerformances(ctx); err != nil {
		return nil, fmt.Errorf("add up performance: %w", err)
	}
	if len(s.Cycles) > 0 {
		record.First = s.Cycles[0]
	}
	for _, e := range s.Txn.Next().Find(IncentivesKey()) {
		before, err := LoadIncentives(s.Txn, s.Books, e)
		if err != nil {
			return nil, err
		}
		for _, one := range before {
			if one.Period.Last() <= record.ClosedThrough {
				record.Closed = append(record.Closed, one)
			}
		}
	}
	list, err := s.Book.Incentives(&record)
	if err != nil {
		return nil, err
	}
	out := parquet.NewColumns(tables.Incentives())
	for i := range list {
		AddIncentive(out, s.Books, &list[i])
	}
	return list, putBatch(s.Txn.SubTxn, IncentivesKey(), out)
}

// incentiveAmounts are the amount columns of the table, in the order of amountsOf.
var incentiveAmounts = [...]int{tables.IPerformance, tables.ITransferred, tables.ICarriedIn, tables.ITier,
	tables.IBonus, tables.IAmount, tables.ICarriedOut}

func amountsOf(i *settlement.Incentive) [len(incentiveAmounts)]*money.Amount {
	return [...]*money.Amount{&i.Performance, &i.Transferred, &i.CarriedIn, &i.Tier, &i.Bonus, &i.Amount, &i.CarriedOut}
}

func AddIncentive(out *parquet.Columns, b *books.Books, i *settlement.Incentive) {
	out.C[tables.IPartnerID].AddWord(b.Partners[i.Partner].ID)
	out.C[tables.IProgrammeID].AddWord(b.Programmes[i.Programme].ID)
	out.C[tables.IPeriod].AddWord(i.Period.String())
	for k, a := range amountsOf(i) {
		out.C[incentiveAmounts[k]].AddDec(a.Raw())
	}
	out.C[tables.IState].AddWord(i.State.String())
	out.N++
}

// LoadIncentives reads a file of the incentives table. Errors: *MissingBookError where the books lack a partner or
// programme.
func LoadIncentives(o tablefile.Opener, b *books.Books, e lake.FileEntry) (list []settlement.Incentive, err error) {
	err = tablefile.Each(o, e, tables.Incentives(), nil, func(cols *parquet.Columns, i int) error {
		c := cols.C
		one := settlement.Incentive{
			Partner:   b.Partner(c[tables.IPartnerID].Word(i)),
			Programme: programmeCode(b, c[tables.IProgrammeID].Word(i)),
		}
		if one.Partner < 0 {
			return &MissingBookError{"partners.csv", "partner", c[tables.IPartnerID].Word(i)}
		}
		if one.Programme < 0 {
			return &MissingBookError{"incentives.yaml", "programme", c[tables.IProgrammeID].Word(i)}
		}
		var err error
		if one.Period, err = settlement.ParsePeriod(c[tables.IPeriod].Word(i)); err != nil {
			return err
		}
		for k, a := range amountsOf(&one) {
			d := c[incentiveAmounts[k]].Decs[i]
			if *a, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
				return err
			}
		}
		one.State, err = settlement.ParseState(c[tables.IState].Word(i))
		list = append(list, one)
		return err
	})
	return list, err
}

// statementsTask makes the partner statements of one bucket.
type statementsTask struct {
	State *lake.BucketState `json:"state"`
	Cycle period.Cycle      `json:"cycle"`
}

// statementsResult is what changed for them, and what is owed by them.
type statementsResult struct {
	Changes *lake.Changes `json:"changes"`
	Bases   []base        `json:"bases"` // by seller, partner and service; none if there are no taxes
}

// base is an entry of tax.Bases in a message.
type base struct {
	Seller  []byte            `json:"seller"`
	Partner []byte            `json:"partner"`
	Service []byte            `json:"service"`
	Owed    money.AmountTotal `json:"owed"`
}

// Statements keeps the partner statements of a cycle that the run closes, bucket by bucket, and their taxes (SETTLE-1).
func (s *Step) Statements(ctx context.Context, cycle period.Cycle) error {
	if err := s.keepRates(cycle); err != nil {
		return err
	}
	bases := tax.Bases{}
	var tasks []*statementsTask
	for _, state := range s.Txn.BucketStates(s.Buckets) {
		tasks = append(tasks, &statementsTask{state, cycle})
	}
	err := task.Run(ctx, s.Tasks, task.Stage[statementsTask, statementsResult]{
		Kind: "partner statements", Tasks: tasks,
		Worker: func() func(context.Context, *statementsTask) (*statementsResult, error) {
			return (&bucketStep{Step: s, Txn: s.Txn.Sub()}).statements
		},
		Take: func(r *statementsResult) error {
			for _, b := range r.Bases {
				key := tax.BaseKey{Seller: string(b.Seller), Partner: string(b.Partner), Service: string(b.Service)}
				sum := bases[key]
				if err := sum.AddTotal(b.Owed); err != nil {
					return fmt.Errorf("add up what partner %s owes %s: %w", b.Partner, b.Seller, err)
				}
				bases[key] = sum
			}
			return s.Txn.Take(r.Changes)
		},
	})
	if err != nil {
		return err
	}
	if len(s.Books.Taxes) == 0 {
		return nil
	}
	w, err := PartnerTaxes(s.Books, s.Tax, cycle, bases)
	if err != nil {
		return err
	}
	return tablefile.Put(s.Txn.SubTxn, taxes.Key(cycle, lake.NoBucket), w.Cols, w.Sums())
}

// statements does the task of a bucket.
func (s *bucketStep) statements(ctx context.Context, t *statementsTask) (*statementsResult, error) {
	if err := errors.Join(ctx.Err(), s.Txn.Enter(t.State)); err != nil {
		return nil, err
	}
	files := LinesOf(s.Txn.Next().Files(t.Cycle.String()), t.State.Bucket)
	rows, err := BucketRows(s.Txn, s.Books, s.Book.Settler(t.Cycle), files)
	if err != nil {
		return nil, err
	}
	bases := tax.Bases{}
	if len(s.Books.Taxes) > 0 {
		if err := AddBases(s.Books, bases, rows); err != nil {
			return nil, err
		}
	}
	err = s.putRows(lake.FileKey{Table: tables.PartnerStatements().Name, Cycle: t.Cycle.String(),
		Bucket: t.State.Bucket}, rows)
	if err != nil {
		return nil, err
	}
	r := &statementsResult{Changes: s.Txn.Leave(), Bases: []base{}}
	for key, owed := range bases {
		r.Bases = append(r.Bases, base{[]byte(key.Seller), []byte(key.Partner), []byte(key.Service), owed})
	}
	slices.SortFunc(r.Bases, func(a, b base) int {
		return cmp.Or(bytes.Compare(a.Seller, b.Seller), bytes.Compare(a.Partner, b.Partner),
			bytes.Compare(a.Service, b.Service))
	})
	return r, nil
}

// AddBases adds what rows of partner statements ask for to the bases of their taxes.
func AddBases(b *books.Books, bases tax.Bases, rows []settlement.Row) error {
	for i := range rows {
		r := &rows[i]
		owed := r.Owed
		if r.Reseller != settlement.None {
			owed = r.Cost
		}
		err := bases.Add(tax.BaseKey{Seller: settlement.PartnerID(b, r.Seller),
			Partner: settlement.PartnerID(b, r.Partner), Service: r.Service}, owed)
		if err != nil {
			return err
		}
	}
	return nil
}

// PartnerTaxes calculates the taxes of the partner statements of a cycle, by what is in force at its end (§10.6).
func PartnerTaxes(b *books.Books, s settings.Tax, cycle period.Cycle, bases tax.Bases) (*taxes.Writer, error) {
	own := func(partner string) money.Currency { return b.PartnerCurrency(b.Partner(partner)) }
	w := taxes.NewWriter(cycle, s)
	rows, err := bases.Rows(tax.NewBook(b), func(partner string) tax.Rules {
		return taxes.Rules(s, own(partner))
	}, b.Zone.Bounds(cycle).To-1)
	if err != nil {
		return nil, fmt.Errorf("taxes of partner statements: %w", err)
	}
	for i := range rows {
		if err := w.Add(rows[i].Seller, rows[i].Partner, &rows[i].Row, own(rows[i].Partner)); err != nil {
			return nil, err
		}
	}
	return w, nil
}
