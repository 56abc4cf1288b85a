package run

import (
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/rejects"
)

// asSeen puts the texts of the raw record in the place of values that were read: a person searches the file for the text that it has.
// Times and amounts lose their form when they are read; a sample's identity holds a time.
func asSeen(x *rejects.Row) {
	if x.Column == "" || (x.Feed == "usage" && x.ID != "" && !loses(x.Column)) {
		return
	}
	seen := feed.Fields(x.Header, x.Raw)
	if text, ok := seen[x.Column]; ok && loses(x.Column) {
		x.Value = text
	}
	switch {
	case x.Feed == "bandwidth" && seen["resource_id"] != "" && seen["sample_time"] != "":
		x.ID = seen["resource_id"] + "@" + seen["sample_time"]
	case x.Feed == "usage" && x.ID == "":
		x.ID = seen["record_id"]
	}
}

// loses reports whether a column's values are not kept as the text they came as.
func loses(column string) bool {
	switch column {
	case "usage_start", "usage_end", "sample_time", "pay_time", "expire_time", "effective_time", "time", "official_amount", "amount", "bill_detail_type", "period_num":
		return true
	}
	return false
}
