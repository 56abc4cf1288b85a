package run

import "github.com/tollbook/tollbook/pipeline/intake/feed"

// asSeen puts the texts of the raw record in the place of values that were read: a person searches the file for what stands there.
// Times and amounts lose their form when they are read; a sample's identity holds a time.
func (x *keptReject) asSeen() {
	if x.column == "" || (x.feed == "usage" && x.id != "" && !loses(x.column)) {
		return
	}
	seen := feed.Fields(x.header, x.raw)
	if text, ok := seen[x.column]; ok && loses(x.column) {
		x.value = text
	}
	switch {
	case x.feed == "bandwidth" && seen["resource_id"] != "" && seen["sample_time"] != "":
		x.id = seen["resource_id"] + "@" + seen["sample_time"]
	case x.feed == "usage" && x.id == "":
		x.id = seen["record_id"]
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
