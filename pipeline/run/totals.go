package run

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TotalsError is a control total that does not agree: a fault of tollbook, exit code 3, nothing was committed (§6.6).
type TotalsError struct{ Name, Left, Right string }

func (e *TotalsError) Error() string {
	return fmt.Sprintf("control total %s differs: %s, but %s", e.Name, e.Left, e.Right)
}

// TotalsState is the next state of the lake, for which control totals are calculated.
type TotalsState struct {
	Txn    *lake.Txn
	Closed period.Cycle   // the last closed cycle of the previous state
	Cycles []period.Cycle // cycles with files in the next state

	CouponRecords bool // coupon payments are recorded
	// CouponUses are the uses in coupon_records, by cycle and customer.
	CouponUses map[period.Cycle]map[string]money.AmountTotal
}

// Calculate returns the control totals of the next state, sorted by name, and checks those that must agree (TOTALS-1,
// TOTALS-2). Errors: *TotalsError for totals that do not.
func (t *TotalsState) Calculate() ([]lake.TableTotal, error) {
	list := t.inputTotals()
	base := t.Txn.SubTxn.Base()
	for _, cycle := range t.Cycles {
		ref := cycle.String()
		if known, _ := base.Cycle(lake.CycleOf(cycle)); known.Archived != nil {
			list = append(list, totalsOf(base.Manifest.Totals, ref)...)
			continue
		}
		files := t.Txn.Next().Entries.Files(lake.CycleOf(cycle))
		lines, err := sumBuckets(files, "lines")
		if err != nil {
			return nil, err
		}
		statements, err := sumBuckets(files, "statements")
		if err != nil {
			return nil, err
		}
		if err := agree(ref, lines, statements); err != nil {
			return nil, err
		}
		byMoney, err := t.moneyTotals(ref, files)
		if err != nil {
			return nil, err
		}
		if err := t.couponsAgree(cycle, files, lines, byMoney); err != nil {
			return nil, err
		}
		if err := taxesAgree(ref, files, statements); err != nil {
			return nil, err
		}
		list = append(list, withCurrencies(lines.all.totals(ref+"/lines."), byMoney)...)
		list = append(list, withCurrencies(statements.all.totals(ref+"/statements."), byMoney)...)
		list = append(list, byMoney...)
		margins, err := t.marginTotals(ref, files)
		if err != nil {
			return nil, err
		}
		list = append(list, margins...)
	}
	ofPartners, err := t.partnerTotals()
	if err != nil {
		return nil, err
	}
	list = append(list, ofPartners...)
	slices.SortFunc(list, func(a, b lake.TableTotal) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// couponsAgree checks Σ uses in coupon_records = Σ coupon_amount of lines (§9.2). In a cycle of several currencies it
// does so for each currency: byMoney has its totals, and is empty otherwise. Cycles that were closed before coupons
// were recorded have no records.
func (t *TotalsState) couponsAgree(cycle period.Cycle, files []lake.FileEntry, lines *bucketSums,
	byMoney []lake.TableTotal) error {
	uses, recorded := t.CouponUses[cycle]
	if !t.CouponRecords || !recorded && cycle <= t.Closed {
		return nil
	}
	var own map[string]string // by customer; empty in a cycle of one currency
	paid := map[string]string{"": lines.all.text("coupon_amount")}
	if len(byMoney) > 0 {
		paid = couponsPaid(cycle.String(), byMoney)
		var err error
		if own, err = rows.StatedCurrencies(t.Txn.SubTxn, files); err != nil {
			return err
		}
	}
	var used money.PerCurrency
	for customer, sum := range uses {
		if err := used.AddTotal(own[customer], sum); err != nil {
			return err
		}
		if _, there := paid[own[customer]]; !there {
			paid[own[customer]] = "nothing"
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(paid)) {
		name := "coupon_amount of cycle " + cycle.String()
		if currency != "" {
			name += " in " + currency
		}
		sum := used.Of(currency)
		if right := sum.String(); paid[currency] != right {
			return &TotalsError{Name: name, Left: paid[currency] + " in lines", Right: right + " in coupon_records"}
		}
	}
	return nil
}

// taxesAgree checks Σ tax_amount of the rows of customers in taxes = Σ tax_amount of statements, bucket by bucket
// (§10.6).
func taxesAgree(cycle string, files []lake.FileEntry, statements *bucketSums) error {
	taxes, err := sumBuckets(files, tables.Taxes().Name)
	if err != nil {
		return err
	}
	buckets := slices.AppendSeq(slices.Collect(maps.Keys(statements.of)), maps.Keys(taxes.of))
	slices.Sort(buckets)
	const column = "tax_amount"
	for _, bucket := range slices.Compact(buckets) {
		if bucket == lake.NoBucket {
			continue // rows of partners
		}
		if s, t := statements.text(bucket, column), taxes.text(bucket, column); s != t {
			return &TotalsError{Name: fmt.Sprintf("%s of cycle %s, bucket %d", column, cycle, bucket),
				Left: s + " in statements", Right: t + " in taxes"}
		}
	}
	return nil
}

// totalsOf returns the control totals of a cycle.
func totalsOf(all []lake.TableTotal, cycle string) []lake.TableTotal {
	return slices.DeleteFunc(slices.Clone(all), func(t lake.TableTotal) bool {
		return !strings.HasPrefix(t.Name, cycle+"/")
	})
}

// inputTotals counts the rows of all feed files ever taken.
func (t *TotalsState) inputTotals() []lake.TableTotal {
	type counts struct{ read, accepted, duplicate, rejected int64 }
	byFeed := make(map[string]*counts)
	var feeds []string
	for _, in := range t.Txn.Next().Inputs() {
		c := byFeed[in.Feed]
		if c == nil {
			c = &counts{}
			byFeed[in.Feed] = c
			feeds = append(feeds, in.Feed)
		}
		c.read, c.accepted = c.read+in.Rows, c.accepted+in.Accepted
		c.duplicate, c.rejected = c.duplicate+in.Duplicate, c.rejected+in.Rejected
	}
	slices.Sort(feeds)
	var list []lake.TableTotal
	for _, f := range feeds {
		c := byFeed[f]
		for _, t := range []struct {
			name string
			n    int64
		}{{"read", c.read}, {"accepted", c.accepted}, {"duplicate", c.duplicate}, {"rejected", c.rejected}} {
			list = append(list, lake.TableTotal{Name: "rows." + f + "." + t.name, Value: strconv.FormatInt(t.n, 10)})
		}
	}
	return list
}

// tableSums holds the sums of a table's files, by column in the files' order.
type tableSums struct {
	columns []string
	scaled  map[string]*big.Int // in units of the column's scale
	scale   map[string]int
	rows    int64
}

func newTableSums() *tableSums {
	return &tableSums{scaled: make(map[string]*big.Int), scale: make(map[string]int)}
}

// bucketSums holds the sums of a table's files, in total and for each bucket.
type bucketSums struct {
	all *tableSums
	of  map[int]*tableSums
}

func sumBuckets(files []lake.FileEntry, table string) (*bucketSums, error) {
	b := &bucketSums{all: newTableSums(), of: make(map[int]*tableSums)}
	for _, e := range files {
		if e.Table != table {
			continue
		}
		if b.of[e.Bucket] == nil {
			b.of[e.Bucket] = newTableSums()
		}
		if err := b.of[e.Bucket].addAll(e.Rows, e.Sums); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	for _, bucket := range slices.Sorted(maps.Keys(b.of)) {
		if err := b.all.addAll(b.of[bucket].rows, b.of[bucket].list()); err != nil {
			return nil, err
		}
	}
	slices.Sort(b.all.columns)
	return b, nil
}

// text is the sum of a bucket; a bucket without files has none.
func (b *bucketSums) text(bucket int, column string) string {
	if b.of[bucket] == nil {
		return newTableSums().text(column)
	}
	return b.of[bucket].text(column)
}

// list returns the sums in the form of the manifest.
func (s *tableSums) list() []lake.ColumnSum {
	var list []lake.ColumnSum
	for _, c := range s.columns {
		list = append(list, lake.ColumnSum{Column: c, Value: s.text(c)})
	}
	return list
}

func (s *tableSums) addAll(rows int64, sums []lake.ColumnSum) error {
	s.rows += rows
	for _, one := range sums {
		if err := s.add(one); err != nil {
			return fmt.Errorf("sum of %s: %w", one.Column, err)
		}
	}
	return nil
}

func (s *tableSums) add(one lake.ColumnSum) error {
	_, fraction, _ := strings.Cut(one.Value, ".")
	rat, ok := new(big.Rat).SetString(one.Value)
	if !ok {
		return fmt.Errorf("%q is no decimal", one.Value)
	}
	if s.scaled[one.Column] == nil {
		s.columns = append(s.columns, one.Column)
		s.scaled[one.Column], s.scale[one.Column] = new(big.Int), len(fraction)
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.scale[one.Column])), nil))
	v := rat.Mul(rat, unit)
	if !v.IsInt() {
		return fmt.Errorf("%q has more digits than its column", one.Value)
	}
	s.scaled[one.Column].Add(s.scaled[one.Column], v.Num())
	return nil
}

// text formats a sum with the digits of its scale.
func (s *tableSums) text(column string) string {
	v, ok := s.scaled[column]
	if !ok {
		return money.AmountTotal{}.String()
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.scale[column])), nil)
	return new(big.Rat).SetFrac(v, unit).FloatString(s.scale[column])
}

func (s *tableSums) totals(prefix string) []lake.TableTotal {
	list := []lake.TableTotal{{Name: prefix + "rows", Value: strconv.FormatInt(s.rows, 10)}}
	for _, c := range s.columns {
		list = append(list, lake.TableTotal{Name: prefix + c, Value: s.text(c)})
	}
	return list
}

// agree checks Σ lines = Σ statements for every amount that both have, bucket by bucket, so that errors of two buckets
// cannot cancel each other, and returns an error for the first that differs.
func agree(cycle string, lines, statements *bucketSums) error {
	buckets := slices.Sorted(maps.Keys(lines.of))
	buckets = slices.AppendSeq(buckets, maps.Keys(statements.of))
	slices.Sort(buckets)
	buckets = slices.Compact(buckets)
	for _, def := range tables.Statements().Columns {
		if def.Type != tables.Amount || def.Name == "due_amount" || def.Name == "rounding_amount" {
			continue
		}
		for _, bucket := range buckets {
			if l, s := lines.text(bucket, def.Name), statements.text(bucket, def.Name); l != s {
				return &TotalsError{Name: fmt.Sprintf("%s of cycle %s, bucket %d", def.Name, cycle, bucket),
					Left: l + " in lines", Right: s + " in statements"}
			}
		}
	}
	return nil
}
