package table

import "cmp"

// ComparePositions orders the positions of a customer, by kind, key, scope, resource and start of the quota period.
func ComparePositions(a, b PositionRow) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.At, b.At))
}

// PositionAdds reports whether a position is a counter that adds up: the positions after records are those before, plus
// what the records alone count.
func PositionAdds(row *PositionRow) bool {
	return row.Kind == MeterPosition || row.Kind == EventsPosition
}

// AddPositionCounts adds counters, for which Adds is true, to the positions of a customer. All are in the order of
// Compare, and so is the result.
func AddPositionCounts(rows, adds []PositionRow) (sum []PositionRow, err error) {
	for len(rows) > 0 && len(adds) > 0 {
		order := ComparePositions(rows[0], adds[0])
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
