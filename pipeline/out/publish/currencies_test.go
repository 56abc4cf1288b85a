package publish_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/out/published"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/run"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// moneyTables are the published tables with a currency column that the lake's files lack.
var moneyTables = []string{"lines", "statements", "taxes", "partner_statements", "incentives", "accounts",
	"cost_groups", "partner_accounts", "receivables", "coupons", "coupon_records", "funds", "withdrawals", "invoices",
	"invoice_records", "order_status"}

// newCurrencies returns a world with the scenario of partners' money in several currencies. The text of the scenario
// has the calculation of the amounts.
func newCurrencies(t *testing.T) (w *world, later map[string]string) {
	t.Helper()
	archive, err := txtar.ParseFile("../../../fixtures/scenarios/working_currency_partner_money.txtar")
	if err != nil {
		t.Fatal(err)
	}
	s := server.Start(t, server.Options{})
	w = &world{T: t, dir: t.TempDir(), server: s, env: map[string]string{}, asOf: "2026-10-01T00:00:00Z"}
	later = map[string]string{}
	for _, f := range archive.Files {
		switch top, rest, _ := strings.Cut(f.Name, "/"); top {
		case "tollbook.yaml", "books", "inbox":
			w.write(f.Name, string(f.Data))
		case "october":
			later[rest] = string(f.Data)
		}
	}
	w.settings(copyOf(s.DSN()), "")
	return w, later
}

// TestCurrencies checks that a workspace with several currencies is published with the currency of each row, that no
// load and no total mixes currencies, and that the answers equal those from the lake. Invariants: PUB-8, PUB-13.
func TestCurrencies(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w, later := newCurrencies(t)
	if r := w.month(); r.Published == nil {
		t.Fatalf("pending %+v", r.Owed)
	}
	w.compareAnswers()
	w.asOf = "2026-10-05T00:00:00Z"
	_, err := run.Close(t.Context(), w.workspace(), cycle(t, "2026-09"), false, w.options())
	w.must(err)
	for name, text := range later {
		w.write(name, text)
	}
	w.asOf = "2026-10-12T00:00:00Z"
	r, err := run.Nightly(t.Context(), w.workspace(), w.options())
	w.must(err)
	for _, want := range []string{"2026-09/payment_amount.EUR=10", "2026-09/payment_amount.JPY=452",
		"2026-09/payment_amount.USD=11", "2026-09/coupon_amount.USD=5.5"} {
		if !hasTotal(r.Published.Totals, want) {
			t.Errorf("no total %s: %v", want, r.Published.Totals)
		}
	}
	for _, v := range [][2]string{
		{"SELECT customer_id, currency, payment_amount FROM copy.lines ORDER BY customer_id",
			"acme\tEUR\t10\nbell\tUSD\t11\ncho\tJPY\t452"},
		{"SELECT customer_id, currency, due_amount FROM copy.statements ORDER BY customer_id",
			"acme\tEUR\t10\nbell\tUSD\t11\ncho\tJPY\t452"},
		{"SELECT partner_id, customer_id, currency, customer_currency, fx_rate, owed_amount FROM " +
			"copy.partner_statements WHERE owed_amount > 0 ORDER BY 1, 2",
			"pat\tacme\tUSD\tEUR\t1.1234500000\t10.11\npat\tbell\tUSD\tUSD\t\t9.9\nyen\tcho\tJPY\tJPY\t\t407"},
		{"SELECT currency, sum(toDecimal256(unpaid_amount, 8)) FROM copy.receivables GROUP BY 1 ORDER BY 1",
			"JPY\t-45\nUSD\t20.32"},
		{"SELECT issuer_id, recipient_id, currency, invoiceable_amount FROM copy.invoices ORDER BY 1, 2",
			"hub\tpat\tUSD\t20.01\nhub\tyen\tJPY\t407\npat\tacme\tEUR\t7\npat\tbell\tUSD\t5.5\n" +
				"vendor\thub\tUSD\t20.32\n" +
				"yen\tcho\tJPY\t452"},
		{"SELECT coupon_id, currency FROM copy.coupons ORDER BY 1", "book\tEUR\nn1\tUSD"},
	} {
		w.shows(v[0], v[1])
	}
	for _, table := range moneyTables {
		w.shows("SELECT count() FROM copy."+table+" WHERE currency = ''", "0")
		w.shows("SELECT count() FROM (SELECT load FROM copy_internal."+table+
			"_data GROUP BY load HAVING uniqExact(currency) > 1)", "0")
	}
	w.compareAnswers()
	if again := w.publish(); again.Changed || inserted(again) != 0 {
		t.Errorf("again: %+v", again)
	}
	w.mustNotAgree()
}

// mustNotAgree changes, on the server, amounts of two currencies by opposite values, so that the sum over both is
// unchanged, and checks that a publish inserts the rows again.
func (w *world) mustNotAgree() {
	w.Helper()
	w.ask("ALTER TABLE copy_internal.lines_data UPDATE payment_amount = payment_amount + if(customer_id = 'acme', " +
		"1, -1) WHERE customer_id IN ('acme', 'bell') SETTINGS mutations_sync = 2")
	if r := w.publish(); len(r.Repaired) != 2 {
		w.Errorf("repaired %v, want the lines of EUR and of USD", r.Repaired)
	}
	w.shows("SELECT customer_id, payment_amount FROM copy.lines ORDER BY 1", "acme\t10\nbell\t11\ncho\t452")
}

func hasTotal(list []lake.TableTotal, want string) bool {
	for _, total := range list {
		if total.Name+"="+total.Value == want {
			return true
		}
	}
	return false
}

// compareAnswers answers every question from the server and from the lake and compares the answers.
func (w *world) compareAnswers() {
	w.Helper()
	ws := w.workspace()
	l, err := ws.Lake(w.options())
	w.must(err)
	snap, err := l.Head()
	w.must(err)
	reader, err := ws.Partners()
	w.must(err)
	reader.Snap, reader.Limits = snap, rows.Limits{Workers: 1}
	o, err := publish.ServerOptionsFrom(&ws.Settings.ClickHouse, w.dir, func(string) string { return "" })
	w.must(err)
	conn, err := publish.OpenServer(w.Context(), o)
	w.must(err)
	defer func() { w.must(conn.Close()) }()
	w.compareRecords(snap, conn)
	for _, q := range query.Questions() {
		for _, only := range []query.OnlyFor{{}, {Customers: []string{"acme", "cho"}}} {
			if _, err := published.SQL(q, only); err != nil {
				continue
			}
			r := query.Request{Only: only}
			if q.Span != query.OfNone {
				r.Cycle = lakekey.Cycle("2026-09")
			}
			want, err := query.AnswerFromLake(w.Context(), q, r, &reader)
			if len(only.Customers) > 0 && err != nil {
				continue // the question does not have this limit
			}
			w.must(err)
			got, _, err := published.Ask(w.Context(), q, r, "UTC", conn)
			w.must(err)
			if a, b := answerText(want), answerText(got); a != b {
				w.Errorf("%s %s\nlake:\n%s\nClickHouse:\n%s", q.Name, only, a, b)
			}
		}
	}
}

// compareRecords requests the records of customers as `tollbook serve` does, which selects customers of one currency.
func (w *world) compareRecords(snap *lake.Snapshot, conn *publish.Conn) {
	w.Helper()
	files, err := query.NewLakeLines(query.LakeOptions{})
	w.must(err)
	defer files.Close()
	answers := make([]string, 2)
	for i, store := range []query.Store{files.At(snap), published.NewClickHouse(conn, "copy").At(snap, nil)} {
		var b strings.Builder
		for _, customer := range []string{"acme", "bell", "cho"} {
			sums, err := store.Sums(w.Context(), query.SumQuery{Cycle: lakekey.Cycle("2026-09"),
				Customers: []string{customer},
				By:        tables.Columns(tables.LineCustomerID, tables.LineServiceTypeCode)})
			w.must(err)
			list, err := store.Page(w.Context(), query.LineQuery{Cycle: lakekey.Cycle("2026-09"), Customer: customer,
				Limit: 10})
			w.must(err)
			fmt.Fprintln(&b, sums, list.Total, list.Rows.Col(tables.LinePaymentAmount.Of()).Decs, list.Split)
		}
		shares, err := store.Shares(w.Context(), lakekey.Cycle("2026-09"))
		w.must(err)
		fmt.Fprintln(&b, shares)
		answers[i] = b.String()
	}
	if answers[0] != answers[1] || !strings.Contains(answers[0], "yen") {
		w.Errorf("records of the lake:\n%s\nof ClickHouse:\n%s", answers[0], answers[1])
	}
}

// answerText returns the rows and totals of an answer.
func answerText(a *query.Answer) string {
	var b strings.Builder
	for _, row := range a.Rows {
		fmt.Fprintln(&b, row.Keys, row.Sums)
	}
	for _, t := range a.Totals {
		fmt.Fprintln(&b, t.Currency, t.Count, t.Sums)
	}
	return b.String()
}
