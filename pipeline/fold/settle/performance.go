package settle

import (
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// share is what one file of lines adds to the performance of partners.
type share struct {
	day, hash string
	rows      []settlement.Performance
}

// performances updates the performance of a bucket's cycle and returns it. Files with a stored share keep it unless
// again is set. For a closed cycle nothing is written.
func (s *Worker) performances(cycle period.Cycle, bucket int, again bool) ([]settlement.Performance, error) {
	key := lake.FileKey{Table: tables.Performances().Name, Cycle: lake.CycleOf(cycle), Bucket: bucket}
	known, err := s.loadShares(key, cycle)
	if err != nil {
		return nil, err
	}
	var all [][]settlement.Performance
	if s.Gone != nil && s.Gone(cycle) {
		for _, day := range slices.Sorted(maps.Keys(known)) {
			all = append(all, known[day].rows)
		}
		return settlement.MergePerformances(all...)
	}
	if again {
		known = nil
	}
	var shares []share
	fresh := len(known) > 0 // whether the stored shares differ from the result
	for _, e := range s.Txn.Next().Files(lake.CycleOf(cycle)) {
		if e.Table != tables.Lines().Name || e.Bucket != bucket {
			continue
		}
		day := e.Day.String()
		one, ok := known[day]
		if !ok || one.hash != string(e.Hash) {
			if one, err = s.shareOf(e, cycle); err != nil {
				return nil, err
			}
			ok = false
		}
		delete(known, day)
		fresh = fresh || !ok
		all, shares = append(all, one.rows), append(shares, one)
	}
	sum, err := settlement.MergePerformances(all...)
	if err != nil || s.Closed(cycle) {
		return sum, err
	}
	if !fresh && len(known) == 0 && !again {
		return sum, nil
	}
	return sum, s.storeShares(key, shares)
}

// shareOf calculates what a file of lines adds to performance.
func (s *Worker) shareOf(e lake.FileEntry, cycle period.Cycle) (share, error) {
	settler := s.Book.Settler(cycle, s.kept[cycle]...)
	err := settleFiles(s.Txn, s.Books, settler, []lake.FileEntry{e}, nil,
		func([]settlement.Row) error { return nil })
	return share{e.Day.String(), string(e.Hash), settler.Performances()}, err
}

// storeShares writes the shares of a bucket into one file; no lines, no file.
func (s *Worker) storeShares(key lake.FileKey, shares []share) error {
	slices.SortFunc(shares, func(a, b share) int { return strings.Compare(a.day, b.day) })
	out := parquet.NewColumns(tables.Performances())
	for _, one := range shares {
		if len(one.rows) == 0 {
			s.addShare(out, &one, nil)
		}
		for i := range one.rows {
			s.addShare(out, &one, &one.rows[i])
		}
	}
	return rows.PutFile(s.Txn, key, out, nil)
}

func (s *Step) addShare(out *parquet.Columns[tables.Performance], one *share, p *settlement.Performance) {
	programme, partner := "", ""
	var own, fresh money.AmountTotal
	if p != nil {
		programme, partner, own, fresh = s.Books.Programmes[p.Programme].ID, s.Books.Partners[p.Partner].ID, p.Own,
			p.New
	}
	out.Word(tables.PerformanceDay).Add(one.day)
	out.Word(tables.PerformanceLinesHash).Add(one.hash)
	out.Word(tables.PerformanceProgrammeID).Add(programme)
	out.Word(tables.PerformancePartnerID).Add(partner)
	out.Amount(tables.PerformanceOwnAmount).Add(own.Raw())
	out.Amount(tables.PerformanceNewAmount).Add(fresh.Raw())
	out.N++
}

// loadShares reads the shares of a bucket by the day of their lines. It omits programmes that the books no longer
// contain.
func (s *Worker) loadShares(key lake.FileKey, cycle period.Cycle) (map[string]share, error) {
	known := make(map[string]share)
	err := each(s.Txn, key, func(c *parquet.Columns[tables.Performance], i int) error {
		day := c.Word(tables.PerformanceDay).At(i)
		one := known[day]
		one.day, one.hash = day, c.Word(tables.PerformanceLinesHash).At(i)
		p := settlement.Performance{Programme: programmeCode(s.Books, c.Word(tables.PerformanceProgrammeID).At(i)),
			Partner: s.Books.Partner(c.Word(tables.PerformancePartnerID).At(i)), Cycle: cycle}
		if p.Programme >= 0 && p.Partner >= 0 {
			for _, a := range [...]struct {
				col tables.AmountColumn[tables.Performance]
				to  *money.AmountTotal
			}{{tables.PerformanceOwnAmount, &p.Own}, {tables.PerformanceNewAmount, &p.New}} {
				d := c.Amount(a.col).At(i)
				var err error
				if *a.to, err = money.AmountTotalFromRaw(d.Hi, d.Lo); err != nil {
					return err
				}
			}
			one.rows = append(one.rows, p)
		}
		known[day] = one
		return nil
	})
	return known, err
}

// programmeCode returns a programme's index in the books, or -1.
func programmeCode(b *books.Books, id string) int32 {
	return int32(slices.IndexFunc(b.Programmes, func(p books.Programme) bool { return p.ID == id }))
}

// each visits every row of the files of a key.
func each(txn *lake.SubTxn, key lake.FileKey,
	visit func(*parquet.Columns[tables.Performance], int) error) error {
	for _, e := range txn.Next().Find(key) {
		if err := rows.EachRow(txn, e, tables.Performances(), nil, visit); err != nil {
			return err
		}
	}
	return nil
}
