package feed

import (
	"encoding/csv"
	"encoding/json"
	"strings"
)

// Fields reads the texts of one raw record by column: CSV by its header as Reader.Header gives it, or a JSON object where that is
// empty. What cannot be read is absent.
func Fields(header string, raw []byte) map[string]string {
	out := make(map[string]string)
	if header == "" {
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			return out
		}
		for name, value := range object {
			if string(value) == "null" {
				continue
			}
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
