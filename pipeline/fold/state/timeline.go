package state

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/period"
)

// changeRows are the rows of one key in the old books and in the new ones.
type changeRows[T any] struct{ was, is []*T }

// byKey groups the rows of both books by key.
func byKey[T any, K comparable](was, is []T, key func(*T) K) map[K]*changeRows[T] {
	all := make(map[K]*changeRows[T])
	at := func(k K) *changeRows[T] {
		if all[k] == nil {
			all[k] = &changeRows[T]{}
		}
		return all[k]
	}
	for i := range was {
		r := at(key(&was[i]))
		r.was = append(r.was, &was[i])
	}
	for i := range is {
		r := at(key(&is[i]))
		r.is = append(r.is, &is[i])
	}
	return all
}

// differ lists the spans in which the old rows and the new rows differ (CHANGE-4). same compares two rows except for
// their validity.
func (r *changeRows[T]) differ(valid func(*T) period.Span, same func(a, b *T) bool) []period.Span {
	if slices.EqualFunc(r.was, r.is, func(a, b *T) bool { return valid(a) == valid(b) && same(a, b) }) {
		return nil
	}
	var bounds []period.Instant
	for _, list := range [...][]*T{r.was, r.is} {
		for _, one := range list {
			bounds = append(bounds, valid(one).From, valid(one).To)
		}
	}
	slices.Sort(bounds)
	bounds = slices.Compact(bounds)
	at := func(list []*T, t period.Instant) *T {
		for _, one := range list {
			if valid(one).Holds(t) {
				return one
			}
		}
		return nil
	}
	var out []period.Span
	for i := 1; i < len(bounds); i++ {
		a, b := at(r.was, bounds[i-1]), at(r.is, bounds[i-1])
		if a == nil && b == nil || a != nil && b != nil && same(a, b) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].To == bounds[i-1] {
			out[n-1].To = bounds[i]
			continue
		}
		out = append(out, period.Span{From: bounds[i-1], To: bounds[i]})
	}
	return out
}
