package query

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// SumQuery selects sums of customers' lines of a cycle.
type SumQuery struct {
	Cycle     lake.Cycle
	Customers []string
	Where     []Condition
	// By are text and small number columns of table lines: there is one sum for each combination of their values.
	By tables.List[tables.Line]
}

// LineSum holds the sums of the lines that have the same values of By.
type LineSum struct {
	By      []string // values of SumQuery.By; numbers as digits
	Lines   int64
	Amounts [SumAmounts]money.AmountTotal
}

// Indexes of the amounts of a Sum.
const (
	OfficialSum = iota
	DiscountSum
	TruncatedSum
	PaymentSum
	CashSum
	CreditSum
	CouponSum
	StoredValueSum
	FlexiCouponSum
	DebtSum
	SumAmounts
)

// AmountColumns are the columns of the amounts of a Sum.
func AmountColumns() [SumAmounts]tables.AmountColumn[tables.Line] {
	return [SumAmounts]tables.AmountColumn[tables.Line]{tables.LineOfficialAmount, tables.LineOfficialDiscountAmount,
		tables.LineTruncatedAmount, tables.LinePaymentAmount,
		tables.LineCashAmount,
		tables.LineCreditAmount, tables.LineCouponAmount, tables.LineStoredValueCardAmount,
		tables.LineFlexipurchaseCouponAmount,
		tables.LineDebtAmount}
}

// Add adds the lines and amounts of another sum.
func (s *LineSum) Add(o *LineSum) error {
	s.Lines += o.Lines
	for i := range s.Amounts {
		if err := s.Amounts[i].AddTotal(o.Amounts[i]); err != nil {
			return err
		}
	}
	return nil
}

// Sums adds up lines, ordered by the values of By. Its errors are those of Page.
func (s *LakeLinesState) Sums(ctx context.Context, q SumQuery) ([]LineSum, error) {
	if err := rows.HasCycle(s.Snapshot, q.Cycle); err != nil {
		return nil, err
	}
	a := adder{SumQuery: q, state: s, rows: parquet.NewColumns(tables.Lines()), found: make(map[string]*LineSum)}
	for _, customer := range q.Customers {
		at, files, err := s.places(ctx, q.Cycle, customer, q.Where)
		if err != nil {
			return nil, err
		}
		for _, p := range at.parts {
			if err := a.part(ctx, files, p); err != nil {
				return nil, err
			}
		}
	}
	return SumsInOrder(a.found), nil
}

// adder adds up lines for one query.
type adder struct {
	SumQuery
	state *LakeLinesState
	rows  *parquet.Columns[tables.Line] // of one block
	found map[string]*LineSum           // by key
	key   []byte                        // of the row: its values, each terminated by 0
	last  *LineSum                      // of the previous row
}

// SumsInOrder returns sums in the order of By.
func SumsInOrder(sums map[string]*LineSum) []LineSum {
	out := make([]LineSum, 0, len(sums))
	for _, sum := range sums {
		out = append(out, *sum)
	}
	slices.SortFunc(out, func(a, b LineSum) int { return slices.CompareFunc(a.By, b.By, strings.Compare) })
	return out
}

// part adds a part's rows, one block at a time.
func (a *adder) part(ctx context.Context, files *bucketFiles, p part) error {
	amounts := AmountColumns()
	cols := slices.Clone(a.By)
	for _, col := range amounts {
		cols = append(cols, col.Of())
	}
	const block = 8 * parquet.PageRows
	for from := p.from; from < p.to; from += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		some := part{file: p.file, from: from, to: min(p.to, from+block), count: 0}
		if p.count == p.to-p.from {
			some.count = some.to - some.from
		}
		r := reading{state: a.state, files: files, where: a.Where}
		runs, err := r.runs(some, 0, block)
		a.rows.Reset()
		for _, run := range runs {
			err = errors.Join(err, a.state.appendRows(files, run, cols, a.rows))
		}
		if err != nil {
			return err
		}
		for i := range a.rows.N {
			if err := a.row(i, amounts[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *adder) row(i int, amounts []tables.AmountColumn[tables.Line]) error {
	before := len(a.key)
	for _, col := range a.By {
		a.key = append(appendValue(a.key, a.rows, col, i), 0)
	}
	if key := a.key[before:]; a.last == nil || !bytes.Equal(key, a.key[:before]) {
		a.last = a.found[string(key)]
		if a.last == nil {
			a.last = &LineSum{By: make([]string, len(a.By))}
			for k, col := range a.By {
				a.last.By[k] = string(appendValue(nil, a.rows, col, i))
			}
			a.found[string(key)] = a.last
		}
	}
	a.key = a.key[:copy(a.key, a.key[before:])]
	a.last.Lines++
	for k, col := range amounts {
		d := a.rows.Amount(col).At(i)
		amount, err := money.AmountFromRaw(d.Hi, d.Lo)
		if err == nil {
			err = a.last.Amounts[k].Add(amount)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", tables.Lines().Columns[col].Name, err)
		}
	}
	return nil
}

// appendValue appends a value as text; a number as digits.
func appendValue(to []byte, rows *parquet.Columns[tables.Line], col tables.ColumnOf[tables.Line], i int) []byte {
	switch rows.Def.Columns[col].Type {
	case tables.Small:
		return strconv.AppendInt(to, int64(rows.Col(col).Codes[i]), 10)
	case tables.Text:
		return append(to, rows.Col(col).Text(i)...)
	}
	return append(to, rows.Col(col).Word(i)...)
}

// PartnerShare is a customer that consumed while it belonged to a partner.
type PartnerShare struct{ Partner, Association, Customer string }

// Shares lists the customers that consumed under each partner in a cycle, by partner, association and customer. It is
// calculated once per state. The list must not be changed. Its errors are those of Page.
func (s *LakeLinesState) Shares(ctx context.Context, cycle lake.Cycle) ([]PartnerShare, error) {
	if err := rows.HasCycle(s.Snapshot, cycle); err != nil {
		return nil, err
	}
	s.mu.Lock()
	known, ok := s.shares[cycle]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	list, err := s.readShares(ctx, cycle)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shares[cycle] = list
	return list, nil
}

// readShares reads three columns of all lines of a cycle.
func (s *LakeLinesState) readShares(ctx context.Context, cycle lake.Cycle) ([]PartnerShare, error) {
	seen := make(map[PartnerShare]bool)
	for bucket := range max(1, s.Snapshot.Manifest.Buckets) {
		files, err := s.bucket(cycle, bucket)
		if err != nil {
			return nil, err
		}
		for i, e := range files.files {
			if err := s.sharesOf(ctx, files, part{file: int32(i), to: e.Rows}, seen); err != nil {
				return nil, err
			}
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b PartnerShare) int {
		return cmp.Or(strings.Compare(a.Partner, b.Partner), strings.Compare(a.Association, b.Association),
			strings.Compare(a.Customer, b.Customer))
	}), nil
}

func (s *LakeLinesState) sharesOf(ctx context.Context, files *bucketFiles, p part, seen map[PartnerShare]bool) error {
	const block = 32 * parquet.PageRows
	cols := tables.Columns(tables.LineCustomerID, tables.LinePartnerID, tables.LineAssociationType)
	for from := p.from; from < p.to; from += block {
		if err := ctx.Err(); err != nil {
			return err
		}
		rows, err := s.rowsOf(files, part{file: p.file, from: from, to: min(p.to, from+block)}, cols)
		if err != nil {
			return err
		}
		var last PartnerShare
		for i := range rows.N {
			share := PartnerShare{rows.Word(tables.LinePartnerID).At(i), rows.Word(tables.LineAssociationType).At(i),
				rows.Word(tables.LineCustomerID).At(i)}
			if share != last && share.Partner != "" {
				seen[share] = true
			}
			last = share
		}
	}
	return nil
}
