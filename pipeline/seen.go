package pipeline

import (
	"encoding/csv"
	"encoding/json"
	"strings"
)

// asSeen puts the texts of the raw record in the place of values that were read: a person searches the file for what stands there.
// Only times lose their form when they are read; a sample's identity holds one.
func (x *keptReject) asSeen() {
	isTime := x.column == "usage_start" || x.column == "usage_end" || x.column == "sample_time"
	if !isTime && x.feed != "bandwidth" {
		return
	}
	seen := fields(x.header, x.raw)
	if text, ok := seen[x.column]; ok && isTime {
		x.value = text
	}
	if x.feed == "bandwidth" && x.column != "" && seen["resource_id"] != "" && seen["sample_time"] != "" {
		x.id = seen["resource_id"] + "@" + seen["sample_time"]
	}
}

// fields reads a raw record's texts by column: CSV with its header, or a JSON object. What cannot be read is absent.
func fields(header string, raw []byte) map[string]string {
	out := make(map[string]string)
	if header == "" {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return out
		}
		for name, value := range object {
			text := string(value)
			if json.Unmarshal(value, &text) != nil {
				text = string(value) // a number by its digits
			}
			out[name] = text
		}
		return out
	}
	rows, err := csv.NewReader(strings.NewReader(header + "\n" + string(raw))).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		return out
	}
	for i, name := range rows[0] {
		out[name] = rows[1][i]
	}
	return out
}
