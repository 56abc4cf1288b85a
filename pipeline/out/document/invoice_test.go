package document

import "testing"

// TestInvoiceRounding checks the sign of what rounding adds: people read what is added to the services, programs what
// tables have, the amount before rounding less the amount after it (§4.2).
func TestInvoiceRounding(t *testing.T) {
	t.Parallel()
	v := &Invoice{Header: header(t), Issuer: Contact{ID: "vendor"}, Recipient: Contact{ID: "acme"}, Role: "customer",
		Issued: day(t, "2026-10-05"), Due: day(t, "2026-11-04"),
		Services: []InvoiceService{{Service: "ecs", Amount: sum(t, "7.486")},
			{Service: "oss", Amount: sum(t, "-6.08")}},
		Rounding: sum(t, "0.004"), Tax: yuan(t, "0.08"),
		Taxes: []Tax{{TaxID: "vat", Taxable: yuan(t, "1.406"), Amount: yuan(t, "0.08"),
			Prices: "exclusive"}},
		Invoiceable: yuan(t, "1.49"), Left: yuan(t, "1.49"), Payable: yuan(t, "1.49")}
	find(t, written(t, v, JSON), `"rounding_amount": "-0.00400000"`, `"invoiceable_amount": "1.49000000"`)
	find(t, written(t, v, Table), "    Services          1.406\n    Rounding          0.004\n",
		"  Without tax, before rounding.\n  Amounts that coupons paid are deducted.\n",
		"  Tax that is added to prices, before coupons are deducted.\n")
}
