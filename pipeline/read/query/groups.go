package query

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// MaxKeys is the maximum number of keys of a question.
const MaxKeys = 11

// id holds the keys of a group, as numbers of words.
type id [MaxKeys]int32

// groups adds up rows by their keys.
type groups struct {
	q    *Question
	keys []int // columns of the batches, by key; -1 = a currency
	sums []int // by sum; -1 = counts 1 per row

	words  []string
	number map[string]int32
	ids    []id
	place  map[id]int
	totals []money.Total // len(q.Sums) for each group

	in [2]int32 // words of the currencies of the current batch

	numbers [MaxKeys][]int32 // of the dictionary of the current batch
}

func newGroups(q *Question) *groups {
	g := &groups{q: q, number: map[string]int32{}, place: map[id]int{}}
	def := q.Lake.given()
	for i, c := range q.Keys {
		at := -1
		if i < len(q.Keys)-q.currencies {
			at = def.Index(c.Name)
		}
		g.keys = append(g.keys, at)
	}
	for _, c := range q.Sums {
		at := -1
		if c.Name != q.Lake.Count {
			at = def.Index(c.Name)
		}
		g.sums = append(g.sums, at)
	}
	return g
}

// word returns the number of a word.
func (g *groups) word(text string) int32 {
	n, ok := g.number[text]
	if !ok {
		n = int32(len(g.words))
		g.words = append(g.words, text)
		g.number[text] = n
	}
	return n
}

// scale returns the number of decimals of a sum.
func (q *Question) scale(i int) int {
	return q.Sums[i].Type.Scale()
}

// at returns the index of a group's first total.
func (g *groups) at(key id) (int, error) {
	if n, ok := g.place[key]; ok {
		return n, nil
	}
	n := len(g.totals)
	for i := range g.q.Sums {
		t, err := money.NewTotal(g.q.scale(i))
		if err != nil {
			return 0, err
		}
		g.totals = append(g.totals, t)
	}
	g.place[key], g.ids = n, append(g.ids, key)
	return n, nil
}

// add adds the rows of a batch that count.
func (g *groups) add(c *parquet.Columns[tables.Any]) error {
	for k, col := range g.keys {
		if col < 0 {
			continue
		}
		g.numbers[k] = g.numbers[k][:0]
		for _, text := range c.Col(tables.ColumnOf[tables.Any](col)).Dict {
			g.numbers[k] = append(g.numbers[k], g.word(text))
		}
	}
	last, at := id{-1}, 0
	for i := range c.N {
		if g.q.Lake.Keep != nil && !g.q.Lake.Keep(c, i) {
			continue
		}
		key := g.key(c, i)
		if key != last {
			var err error
			if at, err = g.at(key); err != nil {
				return err
			}
			last = key
		}
		for s, col := range g.sums {
			if err := g.totals[at+s].Add(value(c, col, i)); err != nil {
				return fmt.Errorf("sum of %s: %w", g.q.Sums[s].Name, err)
			}
		}
	}
	return nil
}

// key returns the keys of a row.
func (g *groups) key(c *parquet.Columns[tables.Any], row int) (key id) {
	for k, col := range g.keys {
		if col < 0 {
			key[k] = g.in[k-len(g.keys)+g.q.currencies]
			continue
		}
		code := c.Col(tables.ColumnOf[tables.Any](col)).Codes[row]
		if c.Def.Columns[col].Type == tables.Word {
			key[k] = g.numbers[k][code]
		} else {
			key[k] = g.word(SmallText(code))
		}
	}
	return key
}

// SmallText returns a small number as a key; 0 becomes "".
func SmallText(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// value returns what a row adds to a sum.
func value(c *parquet.Columns[tables.Any], col, row int) (hi int64, lo uint64) {
	if col < 0 {
		return 0, 1
	}
	if c.Def.Columns[col].Type == tables.Whole {
		n := c.Col(tables.ColumnOf[tables.Any](col)).Ints[row]
		return n >> 63, uint64(n)
	}
	d := c.Col(tables.ColumnOf[tables.Any](col)).Decs[row]
	return d.Hi, d.Lo
}

// merge adds the groups of another worker.
func (g *groups) merge(o *groups) error {
	for _, from := range o.ids {
		var key id
		for k := range g.keys {
			key[k] = g.word(o.words[from[k]])
		}
		at, err := g.at(key)
		if err != nil {
			return err
		}
		for s := range g.sums {
			if err := g.totals[at+s].Add(o.totals[o.place[from]+s].Raw()); err != nil {
				return fmt.Errorf("sum of %s: %w", g.q.Sums[s].Name, err)
			}
		}
	}
	return nil
}

// rows returns the groups as rows, in no particular order.
func (g *groups) rows() []AnswerRow {
	out := make([]AnswerRow, 0, len(g.ids))
	for _, key := range g.ids {
		at := g.place[key]
		row := AnswerRow{Keys: make([]string, len(g.keys)), Sums: g.totals[at : at+len(g.sums) : at+len(g.sums)]}
		for k := range g.keys {
			row.Keys[k] = g.words[key[k]]
		}
		if !g.q.Lake.NoZero || !allZero(row.Sums) {
			out = append(out, row)
		}
	}
	return out
}

func allZero(sums []money.Total) bool {
	return !slices.ContainsFunc(sums, func(t money.Total) bool { hi, lo := t.Raw(); return hi != 0 || lo != 0 })
}

// Compare compares rows in the question's order. Rows of one currency are consecutive.
func (q *Question) Compare(a, b AnswerRow) int {
	for i := len(q.Keys) - 1; i >= len(q.Keys)-q.currencies; i-- {
		if c := q.compareKey(i, a, b); c != 0 {
			return c
		}
	}
	if q.From != nil && q.From.Order != nil {
		if c := q.From.Order(a, b); c != 0 {
			return c
		}
	}
	for _, by := range q.Order {
		c := 0
		if i := slices.IndexFunc(q.Sums, func(c tables.Column) bool { return c.Name == by.Column }); i >= 0 {
			c = compareTotals(a.Sums[i], b.Sums[i])
		} else {
			i := slices.IndexFunc(q.Keys, func(c tables.Column) bool { return c.Name == by.Column })
			c = q.compareKey(i, a, b)
		}
		if by.Down {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	for i := range q.Keys {
		if c := q.compareKey(i, a, b); c != 0 {
			return c
		}
	}
	return 0
}

// compareKey compares words bytewise and small numbers numerically.
func (q *Question) compareKey(i int, a, b AnswerRow) int {
	x, y := a.Keys[i], b.Keys[i]
	if q.Keys[i].Type == tables.Small && len(x) != len(y) {
		return cmp.Compare(len(x), len(y))
	}
	return strings.Compare(x, y)
}

func compareTotals(a, b money.Total) int {
	aHi, aLo := a.Raw()
	bHi, bLo := b.Raw()
	return cmp.Or(cmp.Compare(aHi, bHi), cmp.Compare(aLo, bLo))
}
