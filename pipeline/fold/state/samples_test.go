package state_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// storedMeasure is a row of a bandwidth file: a sample measured one minute after the start of its slot.
type storedMeasure struct{ customer, link, slot, in, out string }

// storeMeasured writes the file of a day, with rows in the given order.
func storeMeasured(t *testing.T, to *storage.Mem, day string, rows ...storedMeasure) lake.FileEntry {
	t.Helper()
	cols := parquet.NewColumns(tables.Bandwidth())
	for _, r := range rows {
		slot := instant(t, r.slot)
		cols.Word(tables.SampleCustomerID).Add(r.customer)
		cols.Word(tables.SampleResourceID).Add(r.link)
		cols.Time(tables.SampleSlot).Add(slot)
		cols.Time(tables.SampleSampleTime).Add(period.Instant(int64(slot) + period.Minute))
		cols.Quantity(tables.SampleInBps).Add(quantityOfMeasure(t, r.in).Raw())
		cols.Quantity(tables.SampleOutBps).Add(quantityOfMeasure(t, r.out).Raw())
		cols.N++
	}
	e := lake.FileEntry{FileKey: lake.FileKey{Table: "bandwidth", Cycle: lakekey.Cycle(day[:7]),
		Day: lakekey.Day(day)},
		Path: "bandwidth/" + day}
	f, err := to.Create(e.Path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := parquet.NewWriter(f, tables.Bandwidth().Table)
	if err == nil {
		err = w.Write(cols.Any())
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func lakeOf(b *books.Books, from *storage.Mem) *state.MeasuredLake {
	return &state.MeasuredLake{Books: b, Open: func(e lake.FileEntry) (storage.ReadFile, error) {
		return from.Open(e.Path)
	}}
}

// given reads all objects of September and returns the samples of each link as "slot of the month:in".
func given(t *testing.T, l *state.MeasuredLake, files []lake.FileEntry, strays state.StraySamples,
	newer []state.Sample) map[string][]string {
	t.Helper()
	first := percentile.SlotOf(instant(t, "2026-09-01T00:00:00+08:00"))
	objects := state.GatherObjects(l.Books, period.CycleOf(2026, 9), nil)
	out := map[string][]string{}
	err := l.Each(objects, files, strays, newer, func(k state.MeasureKey, o *percentile.Object) error {
		for i, link := range o.Links {
			name := l.Books.Customers[k.Customer].ID + "/" + objects.Links(k)[i]
			for j, slot := range link.Slots {
				value := ""
				if link.InExact != nil {
					value = link.InExact[j].Trim()
				} else {
					value = fmt.Sprint(link.In[j])
				}
				out[name] = append(out[name], fmt.Sprintf("%d:%s", slot-first, value))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// duel has link a, of ash in the files and of birch in the books, with samples of both for the same slots.
func duel(t *testing.T, duplicates books.Duplicates) (*state.MeasuredLake, []lake.FileEntry) {
	t.Helper()
	b := &books.Books{
		Zone: zone(t), Products: []books.Product{{SKU: "line", Policy: "p"}}, Customers: []books.Customer{{ID: "ash"},
			{ID: "birch"}},
		Policies: []books.Policy{{ID: "p", Duplicates: duplicates}},
		Links: []books.Link{{ResourceID: "a", Customer: 1, Region: "east", Valid: period.Span{From: period.Past,
			To: period.Forever}}},
	}
	mem := storage.NewMem()
	files := []lake.FileEntry{
		storeMeasured(t, mem, "2026-09-02", // the files are passed out of order
			storedMeasure{"birch", "a", "2026-09-02T00:05:00+08:00", "7", "0"}),
		storeMeasured(t, mem, "2026-09-01", storedMeasure{"ash", "a", "2026-09-01T00:00:00+08:00", "9", "0"},
			storedMeasure{"ash", "a", "2026-09-01T00:10:00+08:00", "1", "0"},
			storedMeasure{"birch", "a", "2026-09-01T00:00:00+08:00", "5", "0"},
			storedMeasure{"birch", "a", "2026-09-01T00:05:00+08:00", "6", "0"},
			storedMeasure{"birch", "a", "2026-09-01T00:10:00+08:00", "2", "0"}),
	}
	return lakeOf(b, mem), files
}

// TestStrays tests MEAS-4.
func TestStrays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		duplicates books.Duplicates
		want       []string
	}{
		{books.DuplicatesMax, []string{"0:9", "1:6", "2:2", "289:7"}},
		{books.DuplicatesReject, []string{"0:9", "1:6", "2:1", "289:7"}}, // the stray one came first and stays
	} {
		l, files := duel(t, c.duplicates)
		strays, err := l.FindStrays(files, 2, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(strays) != 1 || len(strays[1]) != 2 {
			t.Fatalf("strays %v, want two of customer 1", strays)
		}
		if diff := cmp.Diff(map[string][]string{"birch/a": c.want}, given(t, l, files, strays, nil)); diff != "" {
			t.Errorf("%s: samples (-want +got):\n%s", c.duplicates, diff)
		}
	}
}

func TestStraysOfSomeLinks(t *testing.T) {
	t.Parallel()
	l, files := duel(t, books.DuplicatesMax)
	strays, err := l.FindStrays(files, 1, func(link string) bool { return link == "other" })
	if err != nil || len(strays) != 0 {
		t.Errorf("strays %v, %v: link a was not asked for", strays, err)
	}
	l.Unknown = func(id string) error { return fmt.Errorf("who is %s", id) }
	l.Books.Customers = l.Books.Customers[1:]
	if _, err := l.FindStrays(files, 1, nil); err == nil || err.Error() != "bandwidth/2026-09-01: who is ash" {
		t.Errorf("samples of a customer whom the books lost: %v", err)
	}
}

// TestNewer checks that newer samples replace stored ones, stray or not, and fill slots that have no sample.
func TestNewer(t *testing.T) {
	t.Parallel()
	l, files := duel(t, books.DuplicatesMax)
	strays, err := l.FindStrays(files, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	var newer []state.Sample
	for _, s := range []struct{ slot, in string }{
		{"2026-09-30T23:55:00+08:00", "0.5"}, {"2026-09-01T00:05:00+08:00", "3"}, {"2026-09-01T00:00:00+08:00", "4"},
	} {
		newer = append(newer, state.Sample{Link: "a", Slot: instant(t, s.slot),
			Sample: percentile.Sample{In: quantityOfMeasure(t, s.in)}})
	}
	want := map[string][]string{"birch/a": {"0:4", "1:3", "2:2", "289:7", "8639:0.5"}}
	if diff := cmp.Diff(want, given(t, l, files, strays, newer)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

// TestEachAcrossParts checks files that are read in several parts. The rows of customers begin and end anywhere in a
// part, and some customers are not requested. Invariants: MEAS-3, MEAS-5.
func TestEachAcrossParts(t *testing.T) {
	t.Parallel()
	b := &books.Books{Zone: zone(t), Products: []books.Product{{SKU: "line"}}}
	const customers, slots = 70, 288
	want := map[string][]string{}
	var rows []storedMeasure
	start := instant(t, "2026-09-03T00:00:00+08:00")
	for c := range customers {
		id := fmt.Sprintf("c%02d", c)
		b.Customers = append(b.Customers, books.Customer{ID: id})
		if c%7 > 0 { // every seventh customer has samples but no link
			b.Links = append(b.Links, books.Link{ResourceID: "l" + id, Customer: int32(c), Region: "east",
				Valid: period.Always()})
		}
		for s := range slots {
			rows = append(rows, storedMeasure{id, "l" + id, (start + period.Instant(int64(s)*5*period.Minute)).String(),
				fmt.Sprint(c), "0"})
			if c%7 > 0 {
				want[id+"/l"+id] = append(want[id+"/l"+id], fmt.Sprintf("%d:%d", 2*288+s, c))
			}
		}
	}
	mem := storage.NewMem()
	files := []lake.FileEntry{storeMeasured(t, mem, "2026-09-03", rows...)}
	if diff := cmp.Diff(want, given(t, lakeOf(b, mem), files, nil, nil)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}
