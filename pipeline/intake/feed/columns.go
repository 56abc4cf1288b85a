package feed

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/visible"
)

// Columns matches a file's column names with the Spec. fields has the index of each name in the Spec, negative for a
// sender's own column; present tells whether the file has a column of the Spec. If the file does not fit, wrong is the
// error, whose Column is the position of the name, from 1.
func Columns(spec *Spec, names []string) (fields []int, present []bool, wrong *FormError) {
	fields, present = make([]int, len(names)), make([]bool, len(spec.Columns))
	seen := make(map[string]bool, len(names))
	var unknown []string
	first := 0
	for i, name := range names {
		if seen[name] {
			return nil, nil, &FormError{Column: i + 1, Text: fmt.Sprintf("column %q is named twice", name)}
		}
		seen[name] = true
		fields[i] = spec.Column(name)
		if fields[i] >= 0 {
			present[fields[i]] = true
		} else if !IsOwn(name) {
			if unknown = append(unknown, name); first == 0 {
				first = i + 1
			}
		}
	}
	wrong = missingColumns(spec, present)
	if len(unknown) > 0 {
		e := UnknownColumn(spec, unknown...)
		if e.Column = first; wrong != nil && e.Hint != useCommas {
			e.Text += "; " + wrong.Text
		}
		return nil, nil, e
	}
	return fields, present, wrong
}

// IsOwn reports whether a column is a sender's own, which tollbook keeps only in the raw record.
func IsOwn(name string) bool { return strings.HasPrefix(name, "x_") }

// useCommas is the hint for a header with other separators, whose names are not read.
const useCommas = "fields are separated by commas"

// UnknownColumn returns the error for columns that the Spec does not have, with a hint at the probable names.
func UnknownColumn(spec *Spec, names ...string) *FormError {
	var known, quoted, near []string
	for i := range spec.Columns {
		known = append(known, spec.Columns[i].Name)
	}
	hint := "the name of a column of your own must begin with x_"
	for _, name := range names {
		quoted = append(quoted, strconv.Quote(name))
		if like := visible.Nearest(strings.TrimSpace(name), known); like != "" {
			near = append(near, strconv.Quote(like))
		}
		if strings.ContainsAny(name, ";\t") {
			hint = useCommas
		}
	}
	if len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return &FormError{Text: "unknown column " + strings.Join(quoted, ", "), Hint: hint}
}

// missingColumns returns an error that lists every column that the feed requires and the file lacks.
func missingColumns(spec *Spec, present []bool) *FormError {
	var missing []string
	for i := range spec.Columns {
		if (spec.Columns[i].Required || spec.Columns[i].Header) && !present[i] {
			missing = append(missing, spec.Columns[i].Name)
		}
		if first, all := spec.OneOf(i); first {
			var names []string
			found := false
			for _, j := range all {
				names = append(names, spec.Columns[j].Name)
				found = found || present[j]
			}
			if !found {
				missing = append(missing, strings.Join(names, " or "))
			}
		}
	}
	switch len(missing) {
	case 0:
		return nil
	case 1:
		return &FormError{Text: "the required column " + missing[0] + " is missing"}
	}
	return &FormError{Text: "required columns are missing: " + strings.Join(missing, ", ")}
}
