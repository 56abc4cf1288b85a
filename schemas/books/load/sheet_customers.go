package load

import (
	"slices"
	"strings"
)

// KeepCustomer removes from some files the rows of other customers, except customers that the remaining files name.
func (f *Files) KeepCustomer(customer string, from []string) {
	keep := f.NamedCustomers(from)
	keep[customer] = true
	for _, name := range from {
		if data, ok := f.Data[name]; ok {
			f.Data[name] = rowsOfCustomers(data, keep)
		}
	}
}

// NamedCustomers returns the customers that files outside than name, and the ids for no particular customer.
func (f *Files) NamedCustomers(than []string) map[string]bool {
	named := map[string]bool{"": true, "*": true}
	for name, data := range f.Data {
		if !slices.Contains(than, name) && strings.HasSuffix(name, ".csv") {
			EachCustomer(data, func(id, _ string) { named[id] = true })
		}
	}
	return named
}

// rowsOfCustomers returns the header and the rows of some customers.
func rowsOfCustomers(data string, keep map[string]bool) string {
	var rows strings.Builder
	head, ok := EachCustomer(data, func(id, record string) {
		if keep[id] {
			rows.WriteString(record)
			rows.WriteByte('\n')
		}
	})
	if !ok {
		return data
	}
	return head + rows.String()
}

// EachCustomer calls visit with each record of a CSV file and its customer_id, and returns the header. ok is false if
// the file has no such column.
func EachCustomer(data string, visit func(id, record string)) (head string, ok bool) {
	end := strings.IndexByte(data, '\n') + 1
	r := csvReader{text: data[:end], line: 1}
	cells, ok, bad := r.next(nil)
	column := slices.IndexFunc(cells, func(c cell) bool { return c.Text == "customer_id" })
	if !ok || bad != nil || column < 0 {
		return "", false
	}
	if strings.IndexByte(data[end:], '"') >= 0 {
		eachQuoted(data[end:], column, visit)
	} else {
		eachLine(data[end:], column, visit)
	}
	return data[:end], true
}

// eachQuoted is EachCustomer for the rows after the header.
func eachQuoted(text string, column int, visit func(id, record string)) {
	r := csvReader{text: text, line: 1}
	var cells []cell
	for {
		from := r.at
		record, ok, bad := r.next(cells)
		if !ok || bad != nil {
			return
		}
		id := ""
		if column < len(record) {
			id = record[column].Text
		}
		visit(id, strings.Trim(text[from:r.at], "\r\n"))
		cells = record
	}
}

// eachLine is eachQuoted for rows without quotes.
func eachLine(data string, column int, visit func(id, record string)) {
	for line := range strings.SplitSeq(data, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		rest := line
		for range column {
			_, rest, _ = strings.Cut(rest, ",")
		}
		id, _, _ := strings.Cut(rest, ",")
		visit(id, line)
	}
}
