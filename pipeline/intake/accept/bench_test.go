package accept

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkAccounts ingests and decides 100,000 account events of one customer and reports rows/s.
func BenchmarkAccounts(b *testing.B) {
	const rows = 100_000
	var text strings.Builder
	text.WriteString("event_id,customer_id,time,type,balance_type,amount\n")
	for i := range rows {
		fmt.Fprintf(&text, "ev-%09d,acme,2026-10-%02dT00:00:00Z,%s,cash,%d.25\n", i*7919%rows, 1+i%28,
			[]string{Recharge, Withdraw}[i%2], 1+i)
	}
	bk, files := loadBooks(b, 2), map[string]string{"accounts/a.csv": text.String()}
	b.ReportAllocs()
	for b.Loop() {
		if got := len(take(b, bk, NewEventBook(), files, 0, false).book.Accounts); got != rows {
			b.Fatal(got)
		}
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
