package state

import (
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// StraySamples holds samples that are stored for a customer other than the one of the row of links.csv in force at
// their slot: the books gave the link to that customer after the samples came. The key is the customer of the row.
type StraySamples map[int32][]Sample

// FindStrays finds strays in a cycle's bandwidth files of all buckets, with the given number of workers. wanted selects
// links; nil selects all.
func (l *MeasuredLake) FindStrays(files []lake.FileEntry, workers int, wanted func(link string) bool) (StraySamples,
	error) {
	decoder, err := parquet.NewDecoder()
	if err != nil {
		return nil, err
	}
	found := make([][]Sample, len(files))
	var group errgroup.Group
	group.SetLimit(max(1, workers))
	pool := sync.Pool{New: func() any { return parquet.NewColumns(tables.Bandwidth()) }}
	for i, e := range files {
		group.Go(func() error {
			cols := pool.Get().(*parquet.Columns[tables.Sample])
			defer pool.Put(cols)
			var err error
			if found[i], err = l.straysOf(e, decoder, cols, wanted); err != nil {
				return fmt.Errorf("%s: %w", e.Path, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	out := make(StraySamples)
	for _, list := range found {
		for _, s := range list {
			if row, ok := l.Books.Links.At(s.Link, s.Slot); ok {
				out[row.Customer] = append(out[row.Customer], s)
			}
		}
	}
	return out, nil
}

var straysColumns = tables.Columns(tables.SampleCustomerID, tables.SampleResourceID, tables.SampleSlot)

// straysOf returns the strays of one file.
func (l *MeasuredLake) straysOf(e lake.FileEntry, d *parquet.Decoder, cols *parquet.Columns[tables.Sample],
	wanted func(string) bool) (out []Sample, err error) {
	w, err := l.window(e, d)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.file.Close()) }()
	for g := range len(w.pages.Layout.Groups) {
		if wanted != nil {
			has, err := w.pages.HasWord(tables.SampleResourceID.Any(), g,
				func(word []byte) bool { return wanted(string(word)) })
			if err != nil {
				return nil, err
			}
			if !has {
				continue
			}
		}
		cols.Reset()
		if err := w.pages.Group(cols.Any(), straysColumns.Any(), g); err != nil {
			return nil, err
		}
		rows, err := l.straysIn(cols, wanted)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			continue
		}
		cols.Reset()
		if err := w.pages.Group(cols.Any(), windowColumns.Any(), g); err != nil {
			return nil, err
		}
		for _, i := range rows {
			s, err := sampleAt(cols, i)
			if err != nil {
				return nil, err
			}
			out = append(out, Sample{cols.Word(tables.SampleResourceID).At(i), cols.Time(tables.SampleSlot).At(i),
				s})
		}
	}
	return out, nil
}

// straysIn returns the indexes of the rows of a row group that are strays.
func (l *MeasuredLake) straysIn(cols *parquet.Columns[tables.Sample], wanted func(string) bool) ([]int, error) {
	customers := make([]int32, len(cols.Word(tables.SampleCustomerID).Dict()))
	for i, id := range cols.Word(tables.SampleCustomerID).Dict() {
		customers[i] = l.Books.Customer(id)
		if customers[i] < 0 && l.Unknown != nil {
			return nil, l.Unknown(id)
		}
	}
	links := cols.Col(tables.SampleResourceID.Of())
	rows := make([]*books.Link, len(links.Dict)) // the row in force that was found last
	ask := make([]bool, len(links.Dict))
	for i, id := range links.Dict {
		ask[i] = wanted == nil || wanted(id)
		if ask[i] && l.UnknownLink != nil && len(l.Books.LinkRows.Of(id)) == 0 {
			return nil, l.UnknownLink(id)
		}
	}
	var out []int
	for i, code := range links.Codes {
		if !ask[code] {
			continue
		}
		slot := cols.Time(tables.SampleSlot).At(i)
		row := rows[code]
		if row == nil || !row.Valid.Holds(slot) {
			row, _ = l.Books.Links.At(links.Dict[code], slot)
			rows[code] = row
		}
		if row != nil && row.Customer != customers[cols.Word(tables.SampleCustomerID).Code(i)] {
			out = append(out, i)
		}
	}
	return out, nil
}
