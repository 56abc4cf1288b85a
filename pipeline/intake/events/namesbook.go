package events

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/feeds"
)

// namesBook lists the columns of a feed whose bad_row can depend on the books: on an unknown partner, payer or
// programme, on their properties, or on currencies (§3.20, §10.7).
func namesBook(feed string) []string {
	switch feed {
	case feeds.Orders().Name:
		return []string{"payer"}
	case feeds.Accounts().Name:
		return []string{"type"} // allocate and reclaim between two currencies
	case feeds.Transfers().Name:
		return []string{"from_partner_id", "to_partner_id"}
	case feeds.IncentiveEvents().Name:
		return []string{"partner_id", "programme_id"}
	case feeds.PartnerAccounts().Name:
		return []string{"partner_id", "to_partner_id"}
	case feeds.Coupons().Name:
		return []string{"partner_id", "customer_id"}
	case feeds.FundEvents().Name:
		return []string{"partner_id", "programme_id", "event", "period", "activity_type"}
	case feeds.Withdrawals().Name:
		return []string{"partner_id"}
	case feeds.Invoices().Name:
		return []string{"issuer_id", "recipient_id"}
	}
	return nil
}

// NamesBook reports whether a bad_row of a column can depend on the books, so that the record may be accepted with
// other books.
func NamesBook(feed, column string) bool { return slices.Contains(namesBook(feed), column) }
