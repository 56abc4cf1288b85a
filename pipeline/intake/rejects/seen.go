package rejects

import (
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed/feedrows"
)

// ShowAsRead gives a reject the value and the id that people find when they search the file (INGEST-5). Times, amounts
// and numbers lose their form when they are read, so the text of the raw record takes their place; a sample's identity
// holds a time.
func (r *Row) ShowAsRead() {
	switch {
	case r.Column == "":
		r.ID = "" // the record as a whole cannot be read, and neither can its identity
	case r.Feed != "usage" || r.ID == "" || loses(r.Column):
		r.readAgain()
	}
	r.Value, r.ID = feedrows.Shown(r.Value), strings.ToValidUTF8(r.ID, "\ufffd")
}

// readAgain looks the value and the id up in the raw record.
func (r *Row) readAgain() {
	texts := feedrows.Fields(r.Header, r.Raw)
	if text, ok := texts[r.Column]; ok && loses(r.Column) {
		r.Value = text
	}
	switch {
	case r.Feed == "bandwidth" && texts["resource_id"] != "" && texts["sample_time"] != "":
		r.ID = texts["resource_id"] + "@" + texts["sample_time"]
	case r.Feed == "usage" && r.ID == "":
		r.ID = texts["record_id"]
	}
}

// loses reports whether a column's values are not kept as the text they came as.
func loses(column string) bool {
	switch column {
	case "usage_start", "usage_end", "sample_time", "pay_time", "status_time", "expire_time", "effective_time",
		"time", "quantity", "official_amount", "amount", "bill_detail_type", "period_num", "heads":
		return true
	}
	return false
}
