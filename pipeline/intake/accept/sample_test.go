package accept

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestSamplesComeBackInOrder adds samples in any order. They are returned unchanged, in the order of customer, slot and
// link. Invariants: SORT-1.
func TestSamplesComeBackInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var c Chunk
		var want, got []string
		text := func(s *Sample) string {
			return fmt.Sprint(s.Customer, s.SKU, s.Region, s.Slot, s.Time, string(s.Link), s.In, s.Out, s.File,
				s.Number)
		}
		bps := func(name string) money.Quantity {
			return must(money.ParseQuantity(rapid.SampledFrom([]string{"0", "1.5", "400000000000",
				"1000000000000000"}).Draw(t, name)))
		}
		for range rapid.IntRange(0, 20).Draw(t, "samples") {
			slot := period.Instant(rapid.Int64Range(-2, 2).Draw(t, "slot") * 300 * period.Second)
			s := Sample{Customer: rapid.Int32Range(0, 2).Draw(t, "customer"),
				SKU: rapid.Int32Range(0, 2).Draw(t, "sku"), Region: rapid.Int32Range(0, 300).Draw(t, "region"),
				Slot: slot, Time: slot + period.Instant(rapid.Int64Range(0, 299).Draw(t, "time")*period.Second),
				Link: []byte(rapid.SampledFrom([]string{"a", "link-1", "link-10"}).Draw(t, "link")), In: bps("in"),
				Out: bps("out"), File: rapid.Int32Range(0, 2).Draw(t, "file"),
				Number: rapid.Int64Range(1, 1<<40).Draw(t, "number")}
			want = append(want, text(&s))
			c.AddSample(1, &s)
		}
		m := must(Merge([]*Run{c.Hold()}, 1, &Buffers{}))
		list := NewSamples(m)
		var s, last Sample
		for must(list.Next(&s)) {
			if len(got) > 0 && cmp.Or(cmp.Compare(last.Customer, s.Customer), cmp.Compare(last.Slot, s.Slot),
				bytes.Compare(last.Link, s.Link)) > 0 {
				t.Fatalf("%s came after %s", text(&s), text(&last))
			}
			got = append(got, text(&s))
			last = s
			last.Link = slices.Clone(s.Link)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("samples:\n%q\nwant:\n%q", got, want)
		}
	})
}

// TestUsageIsNoSample checks that a row without the bytes of out_bps is an error, not a sample of 0 bit/s.
func TestUsageIsNoSample(t *testing.T) {
	t.Parallel()
	var c Chunk
	c.Add(1, &Record{ID: []byte("record-1"), Resource: []byte("vm-1")})
	var s Sample
	if ok, err := NewSamples(must(Merge([]*Run{c.Hold()}, 1, &Buffers{}))).Next(&s); ok || err == nil {
		t.Fatalf("Next = %v, %v", ok, err)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
