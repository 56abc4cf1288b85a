package accept

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
)

// ShowAsRead sets the value and the id of a reject to the texts that can be found in the file (INGEST-5). Times,
// amounts and numbers lose their original form when they are parsed, so they are replaced by the text of the raw
// record. The same applies to the id of a sample, which contains a time. All texts become valid UTF-8.
func (r *RejectRow) ShowAsRead() {
	switch {
	case r.Column == "":
		r.ID = "" // the record as a whole cannot be read, and neither can its identity
	case r.Feed != "usage" || r.ID == "" || loses(r.Column):
		r.readAgain()
	}
	if !utf8.Valid(r.Raw) {
		r.Raw = bytes.ToValidUTF8(r.Raw, []byte("\ufffd")) // TEXT-3
	}
	r.Value, r.ID = feed.ShownText(r.Value), strings.ToValidUTF8(r.ID, "\ufffd")
}

// readAgain takes the value and the id from the raw record.
func (r *RejectRow) readAgain() {
	texts := feed.Fields(r.Header, r.Raw)
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

// loses reports whether parsing a column loses the original text of its values.
func loses(column string) bool {
	switch column {
	case "usage_start", "usage_end", "sample_time", "pay_time", "status_time", "expire_time", "effective_time",
		"time", "quantity", "official_amount", "amount", "bill_detail_type", "period_num", "heads":
		return true
	}
	return false
}
