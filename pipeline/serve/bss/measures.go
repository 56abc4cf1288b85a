package bss

import (
	"context"
	"net/http"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

func measureUnits() operation.Operation {
	return operation.Operation{
		Name: "ListMeasureUnits", Method: http.MethodGet, Path: "/v2/bases/measurements",
		Summary: "The measures whose numbers answers contain", Callers: Anyone(), Subject: operation.Nobody,
		Answer: measureList{},
		Handle: handleMeasureUnits,
	}
}

// measureList is ListMeasureUnitsResponse.
type measureList struct {
	Units []measureUnit `json:"measure_units"`
}

// measureUnit is MeasureUnitRest.
type measureUnit struct {
	ID           int    `json:"measure_id"`
	Name         string `json:"measure_name"`
	Abbreviation string `json:"abbreviation"`
	Type         int    `json:"measure_type"`
}

func handleMeasureUnits(_ context.Context, c *operation.Call) (any, error) {
	currency := operation.Text{Zh: "元", En: c.State.Workspace.Settings.Currency.Code}
	pieces := operation.Text{Zh: "个", En: "piece"}
	return &measureList{Units: []measureUnit{
		{MeasureYuan, currency.In(c.Language), "Y", ofCurrency},
		{MeasureID("piece"), pieces.In(c.Language), "piece", ofCount},
		{MeasureID("Mbps"), "Mbps", "Mbps", ofBandwidth},
		{MeasureID("GB"), "GB", "G", ofCapacity},
	}}, nil
}

// The vendor's numbers of kinds of measures.
const (
	ofCurrency  = 1
	ofCapacity  = 7
	ofCount     = 12
	ofBandwidth = 16
)

func conversions() operation.Operation {
	return operation.Operation{
		Name: "ListConversions", Method: http.MethodGet, Path: "/v2/bases/conversions",
		Summary: "Conversions between measures; there are none, since answers contain one measure of each kind",
		Callers: Anyone(), Subject: operation.Nobody,
		Params: []operation.Param{{Name: "measure_type", Kind: operation.Whole, Min: 1, Max: 1<<31 - 1,
			Meaning: "only measures of this kind"}},
		Answer: conversionList{},
		Handle: func(context.Context, *operation.Call) (any, error) {
			return &conversionList{Conversions: []conversion{}}, nil
		},
	}
}

// conversionList is ListConversionsResponse.
type conversionList struct {
	Conversions []conversion `json:"conversions"`
}

// conversion is Conversion.
type conversion struct {
	From  int   `json:"measure_id"`
	To    int   `json:"ref_measure_id"`
	Ratio int64 `json:"conversion_ratio"`
	Type  int   `json:"measure_type"`
}

// marker returns the start of a page in a list of specifications; without a marker it is the first.
func marker(c *operation.Call) (int, error) {
	text := c.Text("marker")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != text {
		return 0, operation.BadParameter("marker", operation.Text{Zh: "不是上一页返回的next_marker",
			En: "is not the next_marker of a page"})
	}
	return int(n), nil
}
