package publish_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	server "github.com/tollbook/tollbook/fixtures/clickhouse"
	"github.com/tollbook/tollbook/fixtures/program"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	"github.com/tollbook/tollbook/pipeline/run"
)

// taxedFiles is a workspace in which acme is taxed at 10 % and its reseller rex, who pays the vendor 90 %, at 20 %.
//
// acme: 100.05 × 10 % = 10.005, 10.01; due 110.06. rex: owes Rd(90.045) = 90.05; 90.05 × 20 % = 18.01.
func taxedFiles() map[string]string {
	return map[string]string{
		"books/products.csv":  "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv":    "sku,valid_from,tier,unit_price\ngb,2026-01-01,1,1\n",
		"books/customers.csv": "customer_id\nacme\n",
		"books/partners.csv":  "partner_id,kind,parent_partner_id\nrex,reseller,\n",
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from,valid_to\n" +
			"acme,rex,2,2026-01-01,\n",
		"books/terms.csv": "seller_id,buyer_id,basis,rate,valid_from\nvendor,rex,payable,0.9,2026-01-01\n",
		"books/taxes.csv": "tax_id,name,rate,customer_id\nvat,VAT,0.1,\nvat,VAT,0.2,rex\n",
		"inbox/usage/a.csv": "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
			"a1,acme,r,gb,east,2026-09-02T00:00:00Z,2026-09-02T00:00:00Z,100.05\n",
	}
}

// taxedSettings are the settings without the server.
const taxedSettings = "zone: UTC\ncurrency: {code: EUR, digits: 2}\nrounding: {grain: line, mode: half_up}\n"

// newTaxed returns a world with the workspace of taxedFiles.
func newTaxed(t *testing.T) *world {
	t.Helper()
	s := server.Start(t, server.Options{})
	w := &world{T: t, dir: t.TempDir(), server: s, env: map[string]string{}, asOf: "2026-10-05T04:00:00Z"}
	w.must(os.WriteFile(filepath.Join(w.dir, "tollbook.yaml"), []byte(taxedSettings), 0o600))
	for name, text := range taxedFiles() {
		w.write(name, text)
	}
	w.settings(copyOf(s.DSN()), "")
	return w
}

func (w *world) write(name, text string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	w.must(os.MkdirAll(filepath.Dir(path), 0o755))
	w.must(os.WriteFile(path, []byte(text), 0o600))
}

const (
	taxesSQL = "SELECT seller_id, buyer_id, tax_id, rate, taxable_amount, tax_amount, prices, rounding, digits " +
		"FROM copy.taxes ORDER BY cycle, seller_id, buyer_id, tax_id, rate"
	taxesWant = "\tacme\tvat\t0.1\t100.05\t10.01\texclusive\tbill\t2\n" +
		"vendor\trex\tvat\t0.2\t90.05\t18.01\texclusive\tbill\t2"
	taxedSQL  = "SELECT customer_id, payment_amount, tax_amount, due_amount FROM copy.statements"
	taxedWant = "acme\t100.05\t10.01\t110.06"
)

// taxed reports whether a report has the tax of statements as a control total.
func taxed(r *publish.Report) bool {
	for _, total := range r.Totals {
		if total.Name == "2026-09/tax_amount" && total.Value == "10.01" {
			return true
		}
	}
	return false
}

// TestTaxes checks that the server has the lake's taxes of customers and of partners in open and closed cycles (§10.6).
func TestTaxes(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newTaxed(t)
	if r := w.month(); r.Published == nil || !taxed(r.Published) {
		t.Fatalf("published %+v, pending %+v", r.Published, r.Owed)
	}
	w.shows(taxesSQL, strings.TrimSpace(taxesWant))
	w.shows(taxedSQL, taxedWant)
	_, err := run.Close(t.Context(), w.workspace(), cycle(t, "2026-09"), false, w.options())
	w.must(err)
	w.shows(taxesSQL, strings.TrimSpace(taxesWant))
	w.shows(taxedSQL, taxedWant)
}
