package console

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
)

// CausesBlock shows why the newest month differs from the previous one in the page's currency, to callers that see
// every customer; it returns nil if there is no previous month.
func CausesBlock(v *View, refs []lake.CycleRef) (*Block, error) {
	if len(refs) < 2 || !Everybody(v) {
		return nil, nil
	}
	this := refs[len(refs)-1].Cycle
	q, _ := query.FindQuestion("change")
	reader, err := ReaderOf(v)
	if err != nil {
		return nil, err
	}
	sums, err := Keep(v, "causes "+this.String()+" "+v.Currency(),
		func(m map[string]causeSum) int { return len(m) },
		func(v *View) (map[string]causeSum, error) {
			a, err := query.AnswerFromLake(v.Request.Context(), q, query.Request{Cycle: this}, reader)
			if err != nil {
				return nil, err
			}
			return sumCauses(a, v.Currency())
		})
	if err != nil {
		return nil, err
	}
	t := &Table{Name: "causes", Order: "-difference", Columns: []Column{
		{Name: "cause", Title: v.T("原因", "Cause")},
		{Name: "before", Title: v.T("上月", "Month before"), Kind: Amount},
		{Name: "now", Title: v.T("本月", "This month"), Kind: Amount},
		{Name: "difference", Title: v.T("差额", "Difference"), Kind: Amount}},
		Note: v.T("各行之和等于总变化。", "The rows add up to the change.")}
	var all causeSum
	for _, cause := range slices.SortedFunc(maps.Keys(sums), cmp.Compare) {
		one := sums[cause]
		if err := all.add(one); err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, []Cell{{Text: cause, Shown: causeText(cause).In(v.Call.Language)},
			v.Money(one.before, ""), v.Money(one.now, ""), v.Money(one.change, "")})
	}
	t.Total = []Cell{{}, v.Money(all.before, ""), v.Money(all.now, ""), v.Money(all.change, "")}
	return &Block{ID: "causes-block", Title: v.T("变化的原因", "Why it changed"), Table: t}, nil
}

// causeSum has the amounts of a cause.
type causeSum struct{ before, now, change money.AmountTotal }

func (s *causeSum) add(o causeSum) error {
	return ErrorsOf(s.before.AddTotal(o.before), s.now.AddTotal(o.now), s.change.AddTotal(o.change))
}

// sumCauses adds up the rows of an answer to the question change by cause; if there are several currencies, only those
// of one.
func sumCauses(a *query.Answer, currency string) (map[string]causeSum, error) {
	sums := map[string]causeSum{}
	for _, row := range a.Rows {
		if of := a.Question.Currency(row); of != "" && of != currency {
			continue
		}
		var one causeSum
		for i, to := range []*money.AmountTotal{&one.before, &one.now, &one.change} {
			if err := to.UnmarshalText([]byte(row.Sums[i].String())); err != nil {
				return nil, err
			}
		}
		all := sums[row.Keys[0]]
		if err := all.add(one); err != nil {
			return nil, err
		}
		sums[row.Keys[0]] = all
	}
	return sums, nil
}

// causeText describes a cause in words.
func causeText(cause string) operation.Text {
	texts := map[string]operation.Text{
		"new_customer":  {Zh: "新客户", En: "new customers"},
		"lost_customer": {Zh: "流失客户", En: "lost customers"},
		"new_product":   {Zh: "新用产品", En: "new products of customers"},
		"lost_product":  {Zh: "停用产品", En: "lost products of customers"},
		"volume":        {Zh: "用量", En: "volume, at the average price before"},
		"price":         {Zh: "价格", En: "prices, tiers and discounts"},
		"correction":    {Zh: "更正（以前账期）", En: "corrections of earlier cycles"},
	}
	if t, ok := texts[cause]; ok {
		return t
	}
	return operation.Text{Zh: cause, En: cause}
}
