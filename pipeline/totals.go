package pipeline

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
)

// TotalsError is a control total that does not hold: our own fault, exit code 3, nothing was committed (spec §6.6).
type TotalsError struct{ Name, Left, Right string }

func (e *TotalsError) Error() string {
	return fmt.Sprintf("control total %s differs: %s, but %s", e.Name, e.Left, e.Right)
}

// totals works out the control totals of the state to come and checks those that must agree.
func (r *run) totals() error {
	list := r.inputTotals()
	base := r.txn.Base()
	for _, ref := range r.cycleNames() {
		if cycle, _ := base.Cycle(ref); cycle.Archived != nil {
			list = append(list, totalsOf(base.Manifest.Totals, ref)...)
			continue
		}
		files := r.next.Files(ref)
		lines, err := sumFiles(files, "lines")
		if err != nil {
			return err
		}
		statements, err := sumFiles(files, "statements")
		if err != nil {
			return err
		}
		if err := agree(ref, files, lines, statements); err != nil {
			return err
		}
		list = append(list, lines.totals(ref+"/lines.")...)
		list = append(list, statements.totals(ref+"/statements.")...)
	}
	r.report.Totals = list
	for _, e := range r.next.Find(rejectKey()) {
		r.report.Rejects += e.Rows
	}
	return r.next.SetTotals(list)
}

// totalsOf are the control totals of a cycle.
func totalsOf(all []lake.Total, cycle string) []lake.Total {
	return slices.DeleteFunc(slices.Clone(all), func(t lake.Total) bool { return !strings.HasPrefix(t.Name, cycle+"/") })
}

// cycleNames are the cycles with files in the state to come.
func (r *run) cycleNames() []string {
	var names []string
	for _, ref := range r.txn.Base().Manifest.Cycles {
		names = append(names, ref.Cycle)
	}
	for _, c := range r.folded.Cycles {
		names = append(names, c.String())
	}
	if r.job.cycle != noCycle {
		names = append(names, r.job.cycle.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// inputTotals counts the rows of all feed files ever taken.
func (r *run) inputTotals() []lake.Total {
	type counts struct{ read, accepted, duplicate, rejected int64 }
	byFeed := make(map[string]*counts)
	var feeds []string
	for _, in := range r.next.Inputs() {
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
	var list []lake.Total
	for _, f := range feeds {
		c := byFeed[f]
		for _, t := range []struct {
			name string
			n    int64
		}{{"read", c.read}, {"accepted", c.accepted}, {"duplicate", c.duplicate}, {"rejected", c.rejected}} {
			list = append(list, lake.Total{Name: "rows." + f + "." + t.name, Value: strconv.FormatInt(t.n, 10)})
		}
	}
	return list
}

// tableSums are the sums of a table's files, by column in the files' order.
type tableSums struct {
	columns []string
	scaled  map[string]*big.Int // in units of the column's scale
	scale   map[string]int
	rows    int64
}

func sumFiles(files []lake.FileEntry, table string) (*tableSums, error) {
	s := &tableSums{scaled: make(map[string]*big.Int), scale: make(map[string]int)}
	for _, e := range files {
		if e.Table != table {
			continue
		}
		s.rows += e.Rows
		for _, one := range e.Sums {
			if err := s.add(one); err != nil {
				return nil, fmt.Errorf("%s: sum of %s: %w", e.Path, one.Column, err)
			}
		}
	}
	slices.Sort(s.columns)
	return s, nil
}

func (s *tableSums) add(one lake.Sum) error {
	scale := len(one.Value)
	for i := range one.Value {
		if one.Value[i] == '.' {
			scale = len(one.Value) - i - 1
		}
	}
	rat, ok := new(big.Rat).SetString(one.Value)
	if !ok {
		return fmt.Errorf("%q is no decimal", one.Value)
	}
	if s.scaled[one.Column] == nil {
		s.columns = append(s.columns, one.Column)
		s.scaled[one.Column], s.scale[one.Column] = new(big.Int), scale
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.scale[one.Column])), nil))
	v := rat.Mul(rat, unit)
	if !v.IsInt() {
		return fmt.Errorf("%q has more digits than its column", one.Value)
	}
	s.scaled[one.Column].Add(s.scaled[one.Column], v.Num())
	return nil
}

// text is a sum in the digits of its scale.
func (s *tableSums) text(column string) string {
	v, ok := s.scaled[column]
	if !ok {
		return money.AmountTotal{}.String()
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.scale[column])), nil)
	return new(big.Rat).SetFrac(v, unit).FloatString(s.scale[column])
}

func (s *tableSums) totals(prefix string) []lake.Total {
	list := []lake.Total{{Name: prefix + "rows", Value: strconv.FormatInt(s.rows, 10)}}
	for _, c := range s.columns {
		list = append(list, lake.Total{Name: prefix + c, Value: s.text(c)})
	}
	return list
}

// agree checks Σ lines = Σ statements for every amount column, and names the first bucket in which they differ.
func agree(cycle string, files []lake.FileEntry, lines, statements *tableSums) error {
	for _, column := range statements.columns {
		if column == "due_amount" || column == "rounding_amount" || lines.text(column) == statements.text(column) {
			continue
		}
		for _, bucket := range bucketsOf(files) {
			of := slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool { return e.Bucket != bucket })
			l, err := sumFiles(of, "lines")
			if err != nil {
				return err
			}
			s, err := sumFiles(of, "statements")
			if err != nil {
				return err
			}
			if l.text(column) != s.text(column) {
				return &TotalsError{Name: fmt.Sprintf("%s of cycle %s, bucket %d", column, cycle, bucket), Left: l.text(column) + " in lines", Right: s.text(column) + " in statements"}
			}
		}
	}
	return nil
}

func bucketsOf(files []lake.FileEntry) []int {
	var out []int
	for _, e := range files {
		out = append(out, e.Bucket)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
