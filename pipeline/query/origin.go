package query

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/tollbook/tollbook/pipeline/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Origin is a row of a feed file that bears a record's id.
type Origin struct {
	File string `json:"file"`          // below inbox/
	Row  int64  `json:"row,omitempty"` // 0 = the file could not be looked at, Note says why
	Note string `json:"note"`          // what became of the row
	Raw  string `json:"raw,omitempty"` // the record as it came
}

// mostOrigins is how many rows are looked for.
const mostOrigins = 10

// origins looks for the record in the feed files that were taken and may hold its day.
func (e *explainer) origins(ctx context.Context, r *accepted) ([]Origin, error) {
	if e.Inbox == nil {
		return nil, nil
	}
	inputs, err := e.Snap.Inputs()
	if err != nil {
		return nil, err
	}
	var out []Origin
	for i, in := range inputs {
		e.Progress("look through the feeds: files", int64(i), int64(len(inputs)))
		if in.Feed != feed.Usage().Name || e.at.day < in.FirstDay || e.at.day > in.LastDay || len(out) >= mostOrigins {
			continue
		}
		found, err := e.inFile(ctx, &in, r)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	first := true
	for i := range out {
		if out[i].Note != sameRecord {
			continue
		}
		out[i].Note = "a duplicate"
		if first {
			out[i].Note, first = "accepted", false
		}
	}
	return out, nil
}

// sameRecord marks a row that says what was accepted, until it is known which of them was first.
const sameRecord = "same"

// inFile looks through one feed file.
func (e *explainer) inFile(ctx context.Context, in *lake.Input, r *accepted) ([]Origin, error) {
	hash, _, err := feed.Hash(e.Inbox, in.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []Origin{{File: in.Name, Note: "gone from the inbox: it cannot be looked at"}}, nil
	case err != nil:
		return nil, err
	case hash != in.Hash:
		return []Origin{{File: in.Name, Note: "another file has this name now: it cannot be looked at"}}, nil
	}
	reader, err := feed.Open(e.Inbox, in.Name, feed.Usage(), feed.Options{})
	if err != nil {
		return nil, err
	}
	var out []Origin
	for len(out) < mostOrigins {
		b, err := reader.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, errors.Join(err, reader.Close())
		}
		out = append(out, e.inBatch(b, in.Name, r)...)
		b.Release()
	}
	return out, reader.Close()
}

// inBatch finds the rows of a batch that bear the record's id and customer.
func (e *explainer) inBatch(b *feed.Batch, name string, r *accepted) []Origin {
	spec := feed.Usage()
	ids, ok := b.Rows.Column(spec.Column("record_id")).(*array.String)
	customers, alsoOK := b.Rows.Column(spec.Column("customer_id")).(*array.Dictionary)
	if !ok || !alsoOK {
		return nil
	}
	words, ok := customers.Dictionary().(*array.String)
	if !ok {
		return nil
	}
	faulty := make(map[int]bool, len(b.Faults))
	for _, f := range b.Faults {
		faulty[f.Index] = true
	}
	var out []Origin
	for i := range b.Len() {
		if faulty[i] || ids.IsNull(i) || ids.Value(i) != e.at.id || customers.IsNull(i) || words.Value(customers.GetValueIndex(i)) != e.at.customer {
			continue
		}
		o := Origin{File: name, Row: b.First + int64(i), Raw: string(b.Raw(nil, i)), Note: "not taken: its content is another"}
		if sameContent(b, i, r, e) {
			o.Note = sameRecord
		}
		out = append(out, o)
	}
	return out
}

// sameContent reports whether a row says what was accepted: product, place, times and quantity.
func sameContent(b *feed.Batch, i int, r *accepted, e *explainer) bool {
	spec := feed.Usage()
	column := func(name string) int { return spec.Column(name) }
	start, ok1 := b.Rows.Column(column("usage_start")).(*array.Timestamp)
	end, ok2 := b.Rows.Column(column("usage_end")).(*array.Timestamp)
	quantity, ok3 := b.Rows.Column(column("quantity")).(*array.Decimal128)
	resource, ok4 := b.Rows.Column(column("resource_id")).(*array.String)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return false
	}
	n := quantity.Value(i)
	q, err := money.QuantityFromRaw(n.HighBits(), n.LowBits())
	return err == nil && q == r.Quantity && period.Instant(start.Value(i)) == r.Start && period.Instant(end.Value(i)) == r.End &&
		bytes.Equal([]byte(resource.Value(i)), r.Resource) && wordAt(b, column("sku"), i) == e.Books.Products[r.SKU].SKU &&
		wordAt(b, column("region_code"), i) == e.regions[r.Region]
}

// wordAt is the text of a dictionary column.
func wordAt(b *feed.Batch, column, i int) string {
	d, ok := b.Rows.Column(column).(*array.Dictionary)
	if !ok || d.IsNull(i) {
		return ""
	}
	words, ok := d.Dictionary().(*array.String)
	if !ok {
		return ""
	}
	return words.Value(d.GetValueIndex(i))
}

// String is the origin as a person reads it.
func (o *Origin) String() string {
	if o.Row == 0 {
		return fmt.Sprintf("inbox/%s: %s", o.File, o.Note)
	}
	return fmt.Sprintf("inbox/%s row %d: %s", o.File, o.Row, o.Note)
}
