package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

const costsHead = "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\nrounding: {grain: line, mode: half_up}\n"

func TestCosts(t *testing.T) {
	t.Parallel()
	s, err := Parse("tollbook.yaml", []byte(costsHead+`costs:
  settle: 30m
  grain: row
  sources:
    - {source: gcp-1, provider: gcp, format: focus}
    - {source: aws-payer-1, provider: aws, fx: {2026-09: "7.1234"}}
    - {source: hw, zone: Asia/Shanghai, period_end: inclusive, missing: {EffectiveCost: BilledCost, ListCost: "0"}}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Costs
	if c.Settle != 30*time.Minute || c.Grain != CostRow || len(c.Sources.All()) != 3 ||
		c.Sources.All()[0].Source != "aws-payer-1" {
		t.Fatalf("%+v", c)
	}
	september, err := period.ParseCycle("2026-09")
	if err != nil {
		t.Fatal(err)
	}
	if rate := c.Sources.All()[0].Fx[september]; rate.Trim() != "7.1234" || c.Sources.All()[0].Provider != "aws" {
		t.Errorf("%+v", c.Sources.All()[0])
	}
	for i, want := range []string{"UTC exclusive", "UTC exclusive",
		"Asia/Shanghai inclusive ListCost:0 EffectiveCost:BilledCost"} {
		reading := c.Sources.All()[i].Reading
		got, err := books.ParseCostReading(reading.String())
		if reading.String() != want || err != nil || got.String() != want {
			t.Errorf("source %d is read %q, from the lake %q, want %q, %v", i, &reading, &got, want, err)
		}
	}
}

func TestCostsProblems(t *testing.T) {
	t.Parallel()
	_, err := Parse("tollbook.yaml", []byte(costsHead+`costs:
  grain: hour
  sources:
    - {source: a/b}
    - {source: x, format: cur}
    - {source: x, colour: red}
    - {provider: aws}
    - {source: y, fx: {2026-13: "1", 2026-09: "0"}}
    - {source: z, zone: Mars, period_end: closed, missing: {BilledCost: BilledCost, Tags: "0", ListCost: "1"}}
    - {source: w, missing: BilledCost}
`))
	if err == nil {
		t.Fatal("no problem is found")
	}
	for _, want := range []string{`costs.grain "hour"`, `costs.sources[1].source "a/b"`,
		`costs.sources[2].format "cur"`,
		`"costs.sources[3].colour"`, `"x" is listed twice`, `"costs.sources[4].source"`, "2026-13",
		`"0" is not a rate`, `"Mars": not a time zone`, `costs.sources[6].period_end "closed"`,
		`BilledCost: "BilledCost"`, `Tags: "0"`, `ListCost: "1"`, "not a mapping of cost columns"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %s in\n%v", want, err)
		}
	}
}
