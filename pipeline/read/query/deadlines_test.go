package query

import (
	"slices"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

func instant(t *testing.T, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func deadlineAmount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// reader returns a reader of an empty lake for a run at noon of 20 October 2026 in Shanghai.
func reader(t *testing.T) *PartnerReader {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return &PartnerReader{Books: &books.Books{Zone: zone},
		Snap: &lake.Snapshot{Manifest: lake.Manifest{AsOf: "2026-10-20T04:00:00Z"}}}
}

// TestAdd checks which deadlines are listed. 27 October 24:00 in Shanghai is 16:00 UTC, and its last day is the 27th. A
// deadline at the as-of has passed. Invariants: DUE-1, DUE-2, DUE-4.
func TestAdd(t *testing.T) {
	t.Parallel()
	r := reader(t)
	day, err := period.ParseDay("2026-10-27")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		through period.Day
		partner string
		want    string
	}{
		{day, "", "b a c "},
		{day - 1, "", "b "},
		{forever, "", "b a c d "},
		{day, "north", "b c "},
		{day, "west", ""},
	} {
		l, err := newLister(r, DeadlineChoice{Through: tt.through, Partner: tt.partner})
		if err != nil {
			t.Fatal(err)
		}
		list, err := l.list(func() error {
			for _, d := range []Deadline{
				{At: instant(t, "2026-10-27T16:00:00.000001Z"), Kind: DeadlineOfCoupon, ID: "d", PartnerID: "north"},
				{At: instant(t, "2026-10-27T16:00:00Z"), Kind: DeadlineOfReceivable, ID: "c", PartnerID: "north"},
				{At: instant(t, "2026-10-27T16:00:00Z"), Kind: DeadlineOfCoupon, ID: "a", PartnerID: "south"},
				{At: instant(t, "2026-10-20T04:00:00.000001Z"), Kind: DeadlineOfCoupon, ID: "b", PartnerID: "north"},
				{At: instant(t, "2026-10-20T04:00:00Z"), Kind: DeadlineOfCoupon, ID: "passed", PartnerID: "north"},
				{At: period.Forever, Kind: DeadlineOfCoupon, ID: "never", PartnerID: "north"},
			} {
				l.add(d)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, d := range list {
			got += d.ID + " "
			if d.ID == "c" && d.LastDay != day {
				t.Errorf("last day %s, want %s", d.LastDay, day)
			}
		}
		if got != tt.want {
			t.Errorf("through %s, partner %q: %q, want %q", tt.through, tt.partner, got, tt.want)
		}
	}
}

// TestNothingLeft checks that north has no deadline for its quota of 100, because it passed all of it on to south and
// nothing can lapse. Invariant: DUE-3.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	r := reader(t)
	valid := period.Span{From: instant(t, "2026-01-01T00:00:00Z"), To: instant(t, "2026-10-31T16:00:00Z")}
	r.Books.Partners = []books.Partner{{ID: "north"}, {ID: "south"}}
	r.Books.Money.CouponQuotas = []books.CouponQuota{
		{Terms: books.Coupon{ID: "q", Amount: deadlineAmount(t, "100"), Valid: valid}, Partner: 0, Parent: -1},
		{Terms: books.Coupon{ID: "q1", Amount: deadlineAmount(t, "100"), Valid: valid}, Partner: 1, Parent: 0},
	}
	l, err := newLister(r, DeadlineChoice{Through: forever})
	if err != nil {
		t.Fatal(err)
	}
	got, err := l.list(l.couponQuotas)
	if err != nil {
		t.Fatal(err)
	}
	day, err := period.ParseDay("2026-10-31")
	if err != nil {
		t.Fatal(err)
	}
	want := []Deadline{{At: valid.To, LastDay: day, Kind: DeadlineOfCouponQuota, ID: "q1", PartnerID: "south",
		State: "in force",
		Then:  "no coupon can be issued", Amount: deadlineAmount(t, "100")}}
	if !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
