package load

import (
	"fmt"
	"strings"
	"testing"
)

const taxesHeader = "tax_id,name,rate,country,customer_id,service_type_code,valid_from,valid_to\n"

func TestTaxes(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(map[string]string{
		"taxes.csv": taxesHeader + "vat,VAT,0.19,DE,,,2026-01-01,\nvat,,0.07,DE,c1,network,2026-01-01,2026-07-01\n" +
			"levy,Levy,0.005,,r1,,,\n",
		"parties.csv": "party_id,country,tax_exempt,exempt_reason\nc1,DE,,\nc2,FR,YES,charity\n",
	}), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, x := range b.Taxes {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s %d", x.ID, x.Name, x.Rate.Trim(), x.Party, x.Country,
			x.Service, x.Specificity()))
	}
	want := "levy Levy 0.005 r1 * * 4|vat VAT 0.19 * DE * 2|vat  0.07 c1 DE network 7"
	if text := strings.Join(got, "|"); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if !b.TaxCountries || b.TaxNamed("vat").Name != "VAT" || b.TaxNamed("none") != nil {
		t.Error(b.TaxCountries, b.TaxNamed("vat"), b.TaxNamed("none"))
	}
	p := b.Money.Parties[b.Money.PartyNamed("c2")]
	if !p.TaxExempt || p.ExemptReason != "charity" || b.Money.Parties[b.Money.PartyNamed("c1")].TaxExempt {
		t.Errorf("%+v", b.Money.Parties)
	}
}

// TestTaxProblems checks that two rows of the same kind at the same time, and rows of unknown parties, are errors of
// the books with their place.
func TestTaxProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, want string }{
		{"taxes.csv", taxesHeader + "vat,,0.19,DE,,,2026-01-01,\nvat,,0.2,DE,,,2026-06-01,\n",
			"books/taxes.csv:3:1: overlaps books/taxes.csv:2: tax_id vat, country DE, customer_id *, " +
				"service_type_code *,"},
		{"taxes.csv", taxesHeader + "vat,,1.19,,,,,\n", `books/taxes.csv:2:6: rate "1.19": outside 0 to 1`},
		{"taxes.csv", taxesHeader + "vat,,0.19,,nobody,,,\n",
			`customer_id "nobody": neither in customers.csv nor in partners.csv`},
		{"taxes.csv", taxesHeader + "vat,,0.19,,,none,,\n", `service_type_code "none": of no product in products.csv`},
		{"parties.csv", "party_id,country,tax_exempt,exempt_reason\nc1,DE,,charity\n",
			`exempt_reason "charity": the party is not exempt`},
	} {
		_, err := Books(workspace(map[string]string{c.file: c.text}), chosen(t))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nwant %s", c.text, err, c.want)
		}
	}
}
