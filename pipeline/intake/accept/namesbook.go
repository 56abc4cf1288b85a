package accept

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// namesBook lists the columns of a feed whose bad_row can depend on the books: on an unknown partner, payer or
// programme, on their properties, or on currencies (§3.20, §10.7).
func namesBook(feedName string) []string {
	switch feedName {
	case feed.OrdersSpec().Name:
		return []string{"payer"}
	case feed.AccountsSpec().Name:
		return []string{"type"} // allocate and reclaim between two currencies
	case feed.TransfersSpec().Name:
		return []string{"from_partner_id", "to_partner_id"}
	case feed.IncentiveEventsSpec().Name:
		return []string{"partner_id", "programme_id"}
	case feed.PartnerAccountsSpec().Name:
		return []string{"partner_id", "to_partner_id"}
	case feed.CouponsSpec().Name:
		return []string{"partner_id", "customer_id"}
	case feed.FundEventsSpec().Name:
		return []string{"partner_id", "programme_id", "event", "period", "activity_type"}
	case feed.WithdrawalsSpec().Name:
		return []string{"partner_id"}
	case feed.InvoicesSpec().Name:
		return []string{"issuer_id", "recipient_id"}
	}
	return nil
}

// NamesBook reports whether a bad_row of a column can depend on the books, so that the record may be accepted with
// other books.
func NamesBook(feed, column string) bool { return slices.Contains(namesBook(feed), column) }
