package feed

import (
	"fmt"
	"strings"
)

// Columns matches a file's column names with the Spec. fields has the index of each name in the Spec, negative for a
// sender's own column; present tells whether the file has a column of the Spec. If the file does not fit, wrong is the
// error, whose Column is the position of the name, from 1.
func Columns(spec *Spec, names []string) (fields []int, present []bool, wrong *FormError) {
	fields, present = make([]int, len(names)), make([]bool, len(spec.Columns))
	seen := make(map[string]bool, len(names))
	for i, name := range names {
		if seen[name] {
			return nil, nil, &FormError{Column: i + 1, Text: fmt.Sprintf("column %q is named twice", name)}
		}
		seen[name] = true
		fields[i] = spec.Column(name)
		if fields[i] >= 0 {
			present[fields[i]] = true
		} else if !IsOwn(name) {
			wrong := UnknownColumn(spec, name)
			wrong.Column = i + 1
			return nil, nil, wrong
		}
	}
	return fields, present, missingColumns(spec, present)
}

// IsOwn reports whether a column is a sender's own, which tollbook keeps only in the raw record.
func IsOwn(name string) bool { return strings.HasPrefix(name, "x_") }

// UnknownColumn returns the error for a column that the Spec does not have, with a hint at the probable name.
func UnknownColumn(spec *Spec, name string) *FormError {
	e := &FormError{Text: fmt.Sprintf("unknown column %q", name),
		Hint: "the name of a column of your own must begin with x_"}
	if strings.ContainsAny(name, ";\t") {
		e.Hint = "fields are separated by commas"
	}
	for i := range spec.Columns {
		if strings.EqualFold(strings.TrimSpace(name), spec.Columns[i].Name) {
			e.Hint = fmt.Sprintf("did you mean %q?", spec.Columns[i].Name)
		}
	}
	return e
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
