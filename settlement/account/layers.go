package account

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// layer is the amount above zero that one entry added to cash, and what is left of it (§9.6).
type layer struct {
	age     int // position in the order in which layers were added
	id      string
	channel string // of a recharge; empty = it cannot go back the way it came
	time    period.Instant
	left    money.Amount
}

// layers divides a partner's cash by origin, oldest first. The rests of the layers add up to the cash (ACCT-4).
type layers struct {
	list []layer
	next int
}

// add appends a new layer.
func (l *layers) add(one layer) {
	one.age = l.next
	l.next++
	l.list = append(l.list, one)
}

// spend takes an amount from the oldest layers.
func (l *layers) spend(a money.Amount) (err error) {
	n := 0
	for a.Sign() > 0 && n < len(l.list) {
		part := least(a, l.list[n].left)
		if a, err = a.Sub(part); err != nil {
			return err
		}
		if l.list[n].left, err = l.list[n].left.Sub(part); err != nil {
			return err
		}
		if l.list[n].left.Sign() > 0 {
			break
		}
		n++
	}
	l.list = l.list[n:]
	return nil
}

// take takes an amount from one layer.
func (l *layers) take(i int, a money.Amount) (taken layer, err error) {
	taken = l.list[i]
	taken.left = a
	l.list[i].left, err = l.list[i].left.Sub(a)
	return taken, err
}

// tidy removes empty layers.
func (l *layers) tidy() {
	l.list = slices.DeleteFunc(l.list, func(one layer) bool { return one.left.IsZero() })
}

// restore puts back taken layers with their old age.
func (l *layers) restore(taken []layer) (err error) {
	for _, one := range taken {
		i, there := slices.BinarySearchFunc(l.list, one.age,
			func(x layer, age int) int { return cmp.Compare(x.age, age) })
		if !there {
			l.list = slices.Insert(l.list, i, one)
			continue
		}
		if l.list[i].left, err = l.list[i].left.Add(one.left); err != nil {
			return err
		}
	}
	return nil
}

func least(a, b money.Amount) money.Amount {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func most(a, b money.Amount) money.Amount {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}
