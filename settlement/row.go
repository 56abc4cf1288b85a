package settlement

import (
	"cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Values of partner columns for rows without a partner.
const (
	Vendor int32 = -1 // seller: the vendor; its text is VendorID
	None   int32 = -2 // seller of a referral row, reseller of a row about no reseller; its text is empty
)

// VendorID is the vendor's seller_id in books and tables (§3.9, §8).
const VendorID = "vendor"

// SellerID returns the seller's id as in tables. The settings give the vendor an id of its own, which becomes VendorID.
func SellerID(named, vendor string) string {
	if named == vendor {
		return VendorID
	}
	return named
}

// Row is one row of partner_statements (§6.4, §8). Partner, Seller, Reseller and Customer are indexes in the
// books, or Vendor or None.
type Row struct {
	Cycle                     period.Cycle
	Partner, Seller, Reseller int32
	Customer                  int32
	Association               books.AssociationType
	Service                   string // service_type_code
	ChargingMode              uint8
	Negative                  bool // sign: true is `-`, of lines whose payment is below 0
	Lines                     int64

	Official, Discount, Truncated, Payment money.Amount // sums over the lines, in the customer's currency
	Performance                            money.Amount // sum over the lines; from here on in the partner's currency

	// Payer is the customer's currency if the books do not contain the customer; "" = unknown
	Payer string
	// Rate converted amounts from the customer's currency to the partner's; nil = the currencies are equal.
	Rate *books.ExchangeRate

	Owed                  money.Amount // what the partner owes the seller; 0 on a row about a reseller
	Revenue, Cost, Margin money.Amount // of a distributor's row about a reseller; else 0
}

// Sign returns the row's sign column.
func (r *Row) Sign() string {
	if r.Negative {
		return "-"
	}
	return "+"
}

// PartnerID returns the text of a Partner, Seller or Reseller of a row.
func PartnerID(b *books.Books, code int32) string {
	switch code {
	case Vendor:
		return VendorID
	case None:
		return ""
	}
	return b.Partners[code].ID
}

// CompareRows compares rows by the columns of partner_statements (§8).
func CompareRows(b *books.Books, x, y *Row) int {
	return cmp.Or(
		cmp.Compare(x.Cycle, y.Cycle), cmp.Compare(x.Partner, y.Partner),
		compareIDs(b, x.Seller, y.Seller), compareIDs(b, x.Reseller, y.Reseller),
		cmp.Compare(x.Customer, y.Customer), cmp.Compare(x.Association, y.Association),
		cmp.Compare(x.Service, y.Service), cmp.Compare(x.ChargingMode, y.ChargingMode),
		cmp.Compare(table.Flag(x.Negative), table.Flag(y.Negative)),
	)
}

// compareIDs compares the texts of two partners; those in the books are sorted by id.
func compareIDs(b *books.Books, x, y int32) int {
	if x == y || x >= 0 && y >= 0 {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(PartnerID(b, x), PartnerID(b, y))
}
