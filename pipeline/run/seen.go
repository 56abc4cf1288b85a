package run

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// asSeen gives a reject the value and the id that people find when they search the file (INGEST-5). Times, amounts and
// numbers lose their form when they are read, so the text of the raw record takes their place; a sample's identity
// holds a time.
func (x *keptReject) asSeen() {
	switch {
	case x.column == "":
		x.id = "" // the record as a whole cannot be read, and neither can its identity
	case x.feed != "usage" || x.id == "" || loses(x.column):
		x.seen()
	}
	x.value, x.id = feed.Shown(x.value), strings.ToValidUTF8(x.id, "\ufffd")
}

// seen looks the value and the id up in the raw record.
func (x *keptReject) seen() {
	texts := feed.Fields(x.header, x.raw)
	if text, ok := texts[x.column]; ok && loses(x.column) {
		x.value = text
	}
	switch {
	case x.feed == "bandwidth" && texts["resource_id"] != "" && texts["sample_time"] != "":
		x.id = texts["resource_id"] + "@" + texts["sample_time"]
	case x.feed == "usage" && x.id == "":
		x.id = texts["record_id"]
	}
}

// loses reports whether a column's values are not kept as the text they came as.
func loses(column string) bool {
	switch column {
	case "usage_start", "usage_end", "sample_time", "pay_time", "expire_time", "effective_time", "time",
		"official_amount", "amount", "bill_detail_type", "period_num":
		return true
	}
	return false
}
