package document

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/money"
)

// find checks that a document contains the given texts.
func find(t *testing.T, document []byte, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(string(document), text) {
			t.Errorf("%q is not in\n%s", text, document)
		}
	}
}

// TestFormats tests DOC-1.
func TestFormats(t *testing.T) {
	t.Parallel()
	for _, f := range Formats() {
		if got, err := ParseFormat(string(f)); got != f || err != nil {
			t.Errorf("%s: %v, %v", f, got, err)
		}
		for _, d := range []writer{statement(t), bill(t)} {
			first, again := written(t, d, f), written(t, d, f)
			if len(first) == 0 || !bytes.Equal(first, again) {
				t.Errorf("%s: %d bytes, then %d others", f, len(first), len(again))
			}
		}
	}
	_, err := ParseFormat("pdf")
	if err == nil || err.Error() != `format "pdf": it is one of table, json, csv, xlsx, html` {
		t.Errorf("error %v", err)
	}
	if err := statement(t).Write(io.Discard, "pdf", Options{}); err == nil ||
		!strings.Contains(err.Error(), `write statement of partner north for 2026-09 as pdf`) {
		t.Errorf("error %v", err)
	}
}

// TestStatementThatDoesNotAddUp tests DOC-2.
func TestStatementThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Statement)
		want   string
	}{
		{"a row's amounts", func(s *Statement) { s.Rows[0].Payment = yuan(t, "1080.44") },
			"row 1 (customer aurora, service ecs): official amount is 1200.50000000, its rows add up to 1200.49000000"},
		{"a margin", func(s *Statement) { s.Rows[4].Margin = yuan(t, "24") },
			"row 5 (customer cedar, service ecs): revenue is 475.00000000, its rows add up to 474.00000000"},
		{"owed", func(s *Statement) {
			s.Summary.Owed = sum(t, "9913.13")
		}, "owed is 9913.13000000, its rows add up to 9913.12000000"},
		{"cost", func(s *Statement) {
			s.Summary.Cost = sum(t, "0")
		}, "cost is 0.00000000, its rows add up to 450.00000000"},
		{"revenue", func(s *Statement) {
			s.Summary.Revenue = sum(t, "1")
		}, "revenue is 1.00000000, its rows add up to 475.00000000"},
		{"margin", func(s *Statement) {
			s.Summary.Margin = sum(t, "-25")
		}, "margin is -25.00000000, its rows add up to 25.00000000"},
		{"an incentive that does not count", func(s *Statement) {
			s.Incentives[0].Counts = false
		}, "incentives is 350.44000000, its rows add up to 0.00000000"},
		{"claw-backs", func(s *Statement) {
			s.Clawbacks = nil
		}, "claw-backs is 15.00000000, its rows add up to 0.00000000"},
		{"net", func(s *Statement) {
			s.Summary.Net = sum(t, "9552.69")
		}, "net is 9552.69000000, its rows add up to 9552.68000000"},
		{"consumption", func(s *Statement) {
			s.Usage = s.Usage[1:]
		}, "consumption by day is 11514.57345678, its rows add up to 10034.12345678"},
		{"a day after the cycle", func(s *Statement) {
			s.Usage[0].Day = day(t, "2026-10-01")
		}, "consumption of 2026-10-01, after the cycle"},
		{"no zone", func(s *Statement) { s.Header.Zone = nil }, "no zone"},
		{"digits", func(s *Statement) { s.Header.Digits = 9 }, `9 digits of currency "CNY", outside 0 to 8`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := statement(t)
			tt.change(s)
			for _, f := range Formats() {
				var out bytes.Buffer
				err := s.Write(&out, f, Options{})
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: error %v, want %s", f, err, tt.want)
				}
				if out.Len() > 0 {
					t.Errorf("%s: %d bytes were written", f, out.Len())
				}
			}
		})
	}
}

func TestBillThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Bill)
		want   string
	}{
		{"an item", func(b *Bill) {
			b.Sections[0].Items[0].Discount = sum(t, "49")
		}, "item 1 of vm.small: official amount is 500.00000000, its rows add up to 499.00000000"},
		{"official", func(b *Bill) {
			b.Amounts.Official = yuan(t, "484")
		}, "official amount is 484.00000000, its rows add up to 484.93827156"},
		{"rounding", func(b *Bill) {
			b.Amounts.Rounding = money.Amount{}
		}, "payment amount of rounding and due is 434.93827156, its rows add up to 434.94000000"},
		{"payments", func(b *Bill) {
			b.Payments.Debt = yuan(t, "0.01")
		}, "payment amount by how it is paid is 434.93827156, its rows add up to 434.94827156"},
		{"corrections", func(b *Bill) {
			b.Corrections = nil
		}, "refunds and adjustments is -20.00000000, its rows add up to 0.00000000"},
		{"consumption", func(b *Bill) {
			b.Usage[0].Amount = sum(t, "20")
		}, "consumption by day is 434.93827156, its rows add up to 474.93827156"},
		{"lines", func(b *Bill) { b.Amounts.Lines = 34 }, "line count is 34, its rows add up to 35"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := bill(t)
			tt.change(b)
			var sums *SumError
			if err := b.Check(); !errors.As(err, &sums) || err.Error() != "bill of customer aurora for 2026-09: "+
				tt.want {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

// TestJSON tests DOC-3.
func TestJSON(t *testing.T) {
	t.Parallel()
	var s struct {
		Header struct {
			Cycle, State string
			AsOf         string `json:"as_of"`
		}
		Summary    map[string]string
		Rows       []map[string]any
		Incentives []map[string]any
		Usage      []map[string]string `json:"consumption"`
	}
	if err := json.Unmarshal(written(t, statement(t), JSON), &s); err != nil {
		t.Fatal(err)
	}
	if s.Header.Cycle != "2026-09" || s.Header.State != "open" || s.Header.AsOf != "2026-10-05T04:00:00Z" {
		t.Errorf("header %+v", s.Header)
	}
	want := map[string]string{"owed_amount": "9913.12000000", "cost_amount": "450.00000000",
		"revenue_amount": "475.00000000", "margin_amount": "25.00000000",
		"incentive_amount": "350.44000000", "clawback_amount": "15.00000000", "net_amount": "9552.68000000"}
	if diff := cmp.Diff(want, s.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	if s.Rows[2]["payment_amount"] != "34.12345678" || s.Incentives[0]["deadline"] != "2026-11-02T16:00:00Z" ||
		s.Usage[0]["day"] != "2026-09-01" {
		t.Errorf("row %v, incentive %v, usage %v", s.Rows[2], s.Incentives[0], s.Usage[0])
	}
}

// TestJSONOfNothing checks that an empty list is [], not null, so that readers need no special case.
func TestJSONOfNothing(t *testing.T) {
	t.Parallel()
	got := string(written(t, &Statement{Header: header(t), Partner: PageParty{ID: "none"}}, JSON))
	find(t, []byte(got), `"rows": []`, `"sellers": []`, `"incentives": []`, `"clawbacks": []`, `"consumption": []`,
		`"notes": []`)
	got = string(written(t, &Bill{Header: header(t), Customer: PageParty{ID: "none"}}, JSON))
	find(t, []byte(got), `"sections": []`, `"corrections": []`, `"packages": []`, `"consumption": []`, `"notes": []`)
}

// tableOf parses a CSV into records by column.
func tableOf(t testing.TB, text []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, row := range rows[1:] {
		record := map[string]string{}
		for i, v := range row {
			if v != "" {
				record[rows[0][i]] = v
			}
		}
		out = append(out, record)
	}
	return out
}

func TestCSV(t *testing.T) {
	t.Parallel()
	records := tableOf(t, written(t, statement(t), CSV))
	counts := map[string]int{}
	var owed money.AmountTotal
	for _, r := range records {
		counts[r["part"]]++
		if r["part"] == "row" {
			a, err := money.ParseAmount(r["owed_amount"])
			if err != nil {
				t.Fatal(err)
			}
			if err := owed.Add(a); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := map[string]int{"header": 11, "summary": 7, "row": 4, "reseller_row": 1, "incentive": 2, "clawback": 1,
		"consumption": 5, "note": 2}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("rows by part (-want +got):\n%s", diff)
	}
	if owed.String() != "9913.12000000" {
		t.Errorf("owed comes to %s", owed)
	}
	want2 := map[string]string{"part": "row", "customer_id": "birch", "service_type_name": "Bandwidth",
		"service_type_code": "eip", "association_type": "2", "charging_mode": "3", "sign": "+", "line_count": "3",
		"official_amount": "10000.00000000", "official_discount_amount": "0.00000000", "truncated_amount": "0.00000000",
		"payment_amount": "10000.00000000", "owed_amount": "9000.00000000", "performance_amount": "10000.00000000",
		"seller_id": "vendor"}
	if diff := cmp.Diff(want2, records[21]); diff != "" {
		t.Errorf("row of birch (-want +got):\n%s", diff)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	find(t, written(t, statement(t), Table),
		"statement of North Distribution (north) for cycle 2026-09 in CNY (provisional, with month-end lines)\n",
		"as of 2026-10-05 12:00 +08:00\n", "net to pay: CNY 9,552.68\n",
		"    Net                                            9,552.68\n",
		"    Object storage   +         3      34.12345678      0.00      34.12345678     30.71      34.12345678\n",
		"    Sum                        9   1,134.62345678    120.05   1,014.57345678    913.12   1,014.57345678\n",
		"    Total                     12  11,134.62345678    120.05  11,014.57345678  9,913.12  11,014.57345678\n",
		"  In every row: type resale, mode on demand, seller vendor.\n",
		"  Omitted, because 0 in every row: truncated.\n",
		"  Amounts that customers of the partner and of its resellers pay, before rounding, by service.\n")
	find(t, written(t, bill(t), Table), "  What is to pay, before rounding, by service.\n")
	find(t, written(t, bill(t), Table), "amount due: CNY 434.94\n", "    To pay, before rounding  434.93827156\n",
		"    Rounding up                0.00172844\n", "  Small machine (vm.small), Elastic compute, per hour\n",
		"unsubscribed after 12 days", "  value             95.5 Mbps\n")
}

// TestNetBelowZero checks that the statement of a partner that receives more than it owes shows a positive amount to
// receive.
func TestNetBelowZero(t *testing.T) {
	t.Parallel()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "south"}, Kind: "referrer",
		Incentives: []Incentive{{ProgrammeID: "p", Period: "2026-09", Amount: yuan(t, "1234.5"), Counts: true}},
		Summary:    Summary{Incentives: sum(t, "1234.5"), Net: sum(t, "-1234.5")}}
	find(t, written(t, s, Table), "net to receive: CNY 1,234.50\n",
		"    Net                                            -1,234.50\n", "Nothing in this cycle.")
}

// TestTwoSellers checks that a month with two sellers shows the amount owed to each.
func TestTwoSellers(t *testing.T) {
	t.Parallel()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "west"},
		Sellers: []PageParty{{ID: "vendor", Name: "Example Cloud"},
			{ID: "north", Name: "North Distribution"}}}
	s.Rows = []Row{row(t, "a", "", "ecs", "+", "10", "0", "9"), row(t, "a", "", "ecs", "+", "20", "0", "17")}
	s.Rows[1].SellerID = "north"
	s.Summary = Summary{Owed: sum(t, "26"), Net: sum(t, "26")}
	find(t, written(t, s, Table), "SELLERS\n", "    North Distribution  north       3  17.00\n",
		"    Example Cloud       vendor      3   9.00\n",
		"    Sum                  6     30.00   30.00  26.00        30.00\n")
}

// TestYen checks that a currency without digits shows none, unless an amount has some.
func TestYen(t *testing.T) {
	t.Parallel()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "p"}, Sellers: []PageParty{{ID: "vendor"}}}
	s.Header.Currency, s.Header.Digits = "JPY", 0
	s.Rows = []Row{row(t, "a", "", "ecs", "+", "1234567", "0", "1000000"), row(t, "b", "", "ecs", "+", "0.5", "0", "0")}
	s.Summary = Summary{Owed: sum(t, "1000000"), Net: sum(t, "1000000")}
	find(t, written(t, s, Table), "net to pay: JPY 1,000,000\n",
		"    Elastic compute      3  1,234,567    1,234,567    1,000,000  1,234,567\n",
		"    Elastic compute      3          0.5          0.5          0          0.5\n")
}
