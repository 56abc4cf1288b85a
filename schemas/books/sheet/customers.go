package sheet

import (
	"bytes"
	"slices"
	"strings"
)

// KeepCustomer removes the rows of other customers from some files, but for customers that the other files name.
func (f *Files) KeepCustomer(customer string, from []string) {
	keep := map[string]bool{customer: true, "": true, "*": true}
	for name, data := range f.Data {
		if !slices.Contains(from, name) && strings.HasSuffix(name, ".csv") {
			eachCustomer(data, func(id, _ []byte) { keep[string(id)] = true })
		}
	}
	for _, name := range from {
		if data, ok := f.Data[name]; ok {
			f.Data[name] = rowsOfCustomers(data, keep)
		}
	}
}

// rowsOfCustomers are the header and the rows of some customers.
func rowsOfCustomers(data []byte, keep map[string]bool) []byte {
	var rows []byte
	head, ok := eachCustomer(data, func(id, record []byte) {
		if keep[string(id)] {
			rows = append(append(rows, record...), '\n')
		}
	})
	if !ok {
		return data
	}
	return append(bytes.Clone(head), rows...)
}

// eachCustomer gives the records of a CSV file with their cell of the column customer_id, and returns its header. Not
// ok: it has no such column.
func eachCustomer(data []byte, visit func(id, record []byte)) (head []byte, ok bool) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	end := bytes.IndexByte(data, '\n') + 1
	r := csvReader{text: string(data[:end]), line: 1}
	cells, ok, bad := r.next(nil)
	column := slices.IndexFunc(cells, func(c cell) bool { return c.Text == "customer_id" })
	if !ok || bad != nil || column < 0 {
		return nil, false
	}
	if bytes.IndexByte(data[end:], '"') >= 0 {
		eachQuoted(string(data[end:]), column, visit)
	} else {
		eachLine(data[end:], column, visit)
	}
	return data[:end], true
}

// eachQuoted is eachCustomer of the rows after the header.
func eachQuoted(text string, column int, visit func(id, record []byte)) {
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
		visit([]byte(id), []byte(strings.Trim(text[from:r.at], "\r\n")))
		cells = record
	}
}

// eachLine is eachQuoted for rows without quotes.
func eachLine(data []byte, column int, visit func(id, record []byte)) {
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			continue
		}
		rest := line
		for range column {
			_, rest, _ = bytes.Cut(rest, []byte(","))
		}
		id, _, _ := bytes.Cut(rest, []byte(","))
		visit(id, line)
	}
}
