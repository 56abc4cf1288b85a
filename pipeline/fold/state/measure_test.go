package state_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func zone(t *testing.T) *period.Zone {
	t.Helper()
	z, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func quantityOfMeasure(t *testing.T, text string) money.Quantity {
	t.Helper()
	q, err := money.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// shop has links a and b, which form a group until b leaves it on the 16th. Link c ended before the cycle.
func shop(t *testing.T) *books.Books {
	t.Helper()
	mid, start := instant(t, "2026-09-16T00:00:00+08:00"), instant(t, "2026-09-01T00:00:00+08:00")
	return &books.Books{
		Zone: zone(t), Products: []books.Product{{SKU: "line"}}, Customers: []books.Customer{{ID: "ash"},
			{ID: "birch"}},
		Links: []books.Link{
			{ResourceID: "a", Region: "east", Group: "pair", CommitMbps: quantityOfMeasure(t, "2"),
				Valid: period.Always()},
			{ResourceID: "b", Region: "east", Group: "pair", Valid: period.Span{From: period.Past, To: mid}},
			{ResourceID: "b", Region: "east", Valid: period.Span{From: mid, To: period.Forever}},
			{ResourceID: "c", Region: "east", Valid: period.Span{From: period.Past, To: start}},
			{ResourceID: "d", Customer: 1, Region: "west", Valid: period.Span{From: mid, To: period.Forever}},
		},
	}
}

// TestGather tests MEAS-1, MEAS-2.
func TestGather(t *testing.T) {
	t.Parallel()
	o := state.GatherObjects(shop(t), period.CycleOf(2026, 9), nil)
	want := []state.MeasureKey{{0, 0, "east", "b"}, {0, 0, "east", "pair"}, {1, 0, "west", "d"}}
	if diff := cmp.Diff(want, o.Keys()); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, o.Links(want[1])); diff != "" {
		t.Errorf("links of the group (-want +got):\n%s", diff)
	}
	for _, s := range []struct {
		link, slot, in string
		counts         bool
	}{
		{"a", "2026-09-15T23:55:00+08:00", "10", true},
		{"b", "2026-09-15T23:55:00+08:00", "1.5", true},  // still in the group
		{"b", "2026-09-16T00:00:00+08:00", "20", true},   // no longer in the group
		{"c", "2026-09-02T00:00:00+08:00", "1", false},   // no row of the link is in force
		{"d", "2026-09-15T23:55:00+08:00", "1", false},   // not in force yet
		{"nil", "2026-09-15T23:55:00+08:00", "1", false}, // not a link
	} {
		if got := o.Add(s.link, instant(t, s.slot), quantityOfMeasure(t, s.in), money.Quantity{}); got != s.counts {
			t.Errorf("sample of %s at %s counts: %t, want %t", s.link, s.slot, got, s.counts)
		}
	}
	pair, alone := o.Object(want[1]), o.Object(want[0])
	if n := len(pair.Links); n != 2 || pair.Links[0].In[0] != 10 ||
		pair.Links[0].Terms[0].Commit != quantityOfMeasure(t, "2") {
		t.Errorf("the group's first link: %+v", pair.Links)
	}
	if diff := cmp.Diff([]string{"1.5"}, []string{pair.Links[1].InExact[0].Trim()}); diff != "" ||
		pair.Links[1].In != nil {
		t.Errorf("a link with a value that is not whole has exact ones: %+v", pair.Links[1])
	}
	if diff := cmp.Diff([]percentile.Slot{percentile.SlotOf(instant(t, "2026-09-16T00:00:00+08:00"))},
		alone.Links[0].Slots); diff != "" {
		t.Errorf("slots of the link alone (-want +got):\n%s", diff)
	}
}

func TestGatherSome(t *testing.T) {
	t.Parallel()
	o := state.GatherObjects(shop(t), period.CycleOf(2026, 9), func(l *books.Link) bool { return l.Customer == 1 })
	if o.Len() != 1 || o.Keys()[0].Object != "d" {
		t.Errorf("objects %v", o.Keys())
	}
	if o.Add("a", instant(t, "2026-09-15T23:55:00+08:00"), money.Quantity{}, money.Quantity{}) {
		t.Error("a sample of an object that was not asked for counts")
	}
}
