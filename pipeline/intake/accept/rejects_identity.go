package accept

import (
	"cmp"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/period"
)

// RejectIdentity distinguishes a record of a feed from every other one (§3.20).
type RejectIdentity struct {
	Feed     string
	Customer string // of a usage record; "" for other feeds
	When     int64  // the cycle of a usage record, the slot of a sample; 0 for other feeds
	// record_id, resource_id, order_id/order_line (followed by the status of a step), or the id of other feeds
	ID string
}

// UsageIdentity returns the identity of a usage record.
func UsageIdentity(customer string, cycle period.Cycle, record string) RejectIdentity {
	return RejectIdentity{"usage", customer, int64(cycle), record}
}

// SampleIdentity returns the identity of a bandwidth sample.
func SampleIdentity(link string, slot period.Instant) RejectIdentity {
	return RejectIdentity{Feed: "bandwidth", When: int64(slot), ID: link}
}

// EventIdentity returns the identity of a record of another feed.
func EventIdentity(feedName, id string) RejectIdentity { return RejectIdentity{Feed: feedName, ID: id} }

// idColumn returns the id column of a feed other than usage, bandwidth and orders.
func idColumn(feedName string) string {
	switch feedName {
	case "adjustments":
		return "adjustment_id"
	case "transfers":
		return "transfer_id"
	}
	return "event_id"
}

// identityOf reads the identity of a rejected record from its raw form. column and reason are those of the reject. ok
// is false if the identity cannot be read (REJ-4).
func identityOf(zone *period.Zone, feedName, column, reason, header string, raw []byte) (id RejectIdentity, ok bool) {
	if column == "" && reason == "bad_row" {
		return id, false
	}
	texts := feed.Fields(header, raw)
	switch feedName {
	case "usage":
		start, err := period.ParseInstant(texts["usage_start"])
		if err != nil || texts["customer_id"] == "" || texts["record_id"] == "" {
			return id, false
		}
		return UsageIdentity(texts["customer_id"], zone.Cycle(start), texts["record_id"]), true
	case "bandwidth":
		at, err := period.ParseInstant(texts["sample_time"])
		if err != nil || texts["resource_id"] == "" {
			return id, false
		}
		return SampleIdentity(texts["resource_id"], percentile.SlotOf(at).Start()), true
	case "orders":
		n, ok := feed.ParseWhole(cmp.Or(texts["order_line"], "1"))
		if !ok || texts["order_id"] == "" {
			return id, false
		}
		line := strconv.FormatInt(n, 10)
		if status := texts["status"]; status != "" {
			line += "/" + status
		}
		return EventIdentity("orders", texts["order_id"]+"/"+line), true
	}
	text := texts[idColumn(feedName)]
	return EventIdentity(feedName, text), text != ""
}
