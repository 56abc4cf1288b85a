package position

import "cmp"

// Compare orders the positions of a customer, by kind, key, scope, resource and start of the quota period.
func Compare(a, b Row) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
}

// Adds reports whether a position is a counter that adds up: the positions after records are those before, plus what
// the records alone count.
func Adds(row *Row) bool { return row.Kind == Meter || row.Kind == Events }

// AddCounts adds counters, for which Adds is true, to the positions of a customer. All are in the order of Compare,
// and so is the result.
func AddCounts(rows, adds []Row) (sum []Row, err error) {
	for len(rows) > 0 && len(adds) > 0 {
		order := Compare(rows[0], adds[0])
		next := rows[0]
		switch {
		case order > 0:
			next = adds[0]
		case order == 0:
			if next.Count, err = next.Count.Add(adds[0].Count); err != nil {
				return nil, err
			}
		}
		sum = append(sum, next)
		if order <= 0 {
			rows = rows[1:]
		}
		if order >= 0 {
			adds = adds[1:]
		}
	}
	return append(append(sum, rows...), adds...), nil
}
