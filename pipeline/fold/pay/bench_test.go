package pay_test

import (
	"fmt"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// BenchmarkDay pays a day of 50,000 lines of 1,000 customers in one bucket, with the ledger and with coupons only.
func BenchmarkDay(b *testing.B) {
	for _, ledger := range []bool{true, false} {
		b.Run(map[bool]string{true: "ledger", false: "coupons"}[ledger], func(b *testing.B) {
			w := newWorld(b, ledger, "k,acme,cash_coupon,YES,20,2,*,*,YES,2026-08-02,2026-10-03\n")
			const lines = 50_000
			key := lake.FileKey{Table: "lines", Cycle: lakekey.Cycle("2026-09"), Day: lakekey.Day("2026-09-02")}
			c := parquet.NewColumns(tables.Lines())
			for i := range lines {
				f := lineFields(key, []string{"usage", fmt.Sprintf("customer-%06d", i/50), "2026-09-02",
					fmt.Sprintf("%02d:%02d", i%50/10, i%10), fmt.Sprintf("record-%d", i), "ecs", "0.0123"})
				w.append(c.Any(), f)
			}
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				txn, err := w.open().Begin()
				if err != nil {
					b.Fatal(err)
				}
				out, err := txn.SubTxn.Create(key)
				if err != nil {
					b.Fatal(err)
				}
				pq, err := parquet.NewWriter(out, c.Def)
				if err != nil {
					b.Fatal(err)
				}
				if err := pq.Write(c.Any()); err != nil {
					b.Fatal(err)
				}
				if err := pq.Close(); err != nil {
					b.Fatal(err)
				}
				e, err := out.Finish(lines, nil)
				if err != nil {
					b.Fatal(err)
				}
				if err := txn.Next().Entries.Replace(key, e); err != nil {
					b.Fatal(err)
				}
				p := &pay.Payer{Base: txn.SubTxn.Base(), Books: w.books,
					Rules: payment.Rules{Ledger: ledger, Digits: 2}, Refunds: ordering.RefundRules{Digits: 2},
					Buckets: 1, Closed: lake.NoCycle,
					Refold: func(period.Cycle) bool { return false }}
				b.StartTimer()
				r, err := w.payAll(b.Context(), txn, p, []period.Cycle{period.CycleOf(2026, 9)})
				if err != nil || r[0].Days != 1 {
					b.Fatal(r, err)
				}
				b.StopTimer()
				if err := txn.Close(); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}
