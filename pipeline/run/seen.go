package run

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/rejects"
)

// asSeen gives a reject the value and the id that people find when they search the file (INGEST-5). Times, amounts and
// numbers lose their form when they are read, so the text of the raw record takes their place; a sample's identity
// holds a time.
func asSeen(x *rejects.Row) {
	switch {
	case x.Column == "":
		x.ID = "" // the record as a whole cannot be read, and neither can its identity
	case x.Feed != "usage" || x.ID == "" || loses(x.Column):
		seen(x)
	}
	x.Value, x.ID = feed.Shown(x.Value), strings.ToValidUTF8(x.ID, "\ufffd")
}

// seen looks the value and the id up in the raw record.
func seen(x *rejects.Row) {
	texts := feed.Fields(x.Header, x.Raw)
	if text, ok := texts[x.Column]; ok && loses(x.Column) {
		x.Value = text
	}
	switch {
	case x.Feed == "bandwidth" && texts["resource_id"] != "" && texts["sample_time"] != "":
		x.ID = texts["resource_id"] + "@" + texts["sample_time"]
	case x.Feed == "usage" && x.ID == "":
		x.ID = texts["record_id"]
	}
}

// loses reports whether a column's values are not kept as the text they came as.
func loses(column string) bool {
	switch column {
	case "usage_start", "usage_end", "sample_time", "pay_time", "status_time", "expire_time", "effective_time",
		"time", "official_amount", "amount", "bill_detail_type", "period_num", "heads":
		return true
	}
	return false
}
