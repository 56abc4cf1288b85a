package load

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// uniqueColumns are the columns of the usage feed that unique_by can name in addition to columns of the sender's own.
// Each is part of a record's content and is stored with it.
var uniqueColumns = []string{"resource_id", "resource_name", "resource_tag", "region_code"}

// counting reads what a product counts and checks that it fits the model.
func (r *row) counting(p *books.Product, modelKnown bool) {
	p.Aggregation = books.Aggregation(max(r.rec.Word("aggregation"), 0))
	p.BlockDown, p.BlockEach = r.rec.Word("block_rounding") == 1, r.rec.Word("block_fill") == 1
	p.FeeAtZero = r.rec.Flag("fee_at_zero")
	p.Prorate, p.Delta = r.rec.Word("prorate") == 1, r.rec.Word("level") == 1
	if p.Delta && p.Aggregation != books.TimeWeighted {
		p.Delta = false
		r.rec.Fail("level", "leave it empty", "only aggregation time_weighted has one")
	}
	r.uniqueBy(p)
	r.conversion(p)
	if !modelKnown {
		return
	}
	of := p.Model.Traits()
	switch {
	case p.Aggregation != books.Sum && !of.Usage:
		r.rec.Fail("aggregation", "leave it empty", "does not fit a %s product", p.Model)
	case !p.Convert.IsZero() && !of.Usage:
		r.rec.Fail("convert", "leave it empty", "does not fit a %s product", p.Model)
	}
	if p.FeeAtZero && !of.FeeAtZero {
		r.rec.Fail("fee_at_zero", "leave it empty", "does not fit a %s product", p.Model)
	}
	switch {
	case !p.Prorate:
	case !of.Days:
		r.rec.Fail("prorate", "leave it empty", "does not fit a %s product", p.Model)
	case p.Aggregation != books.Sum || !p.Convert.IsZero() || p.FeeAtZero:
		r.rec.Fail("prorate", "leave it empty, or those columns",
			"does not go with aggregation, convert or fee_at_zero")
	}
	if p.BlockDown && p.Model != books.Block {
		r.rec.Fail("block_rounding", "leave it empty", "only a block product has one")
	}
	if p.BlockEach && p.Model != books.Block {
		r.rec.Fail("block_fill", "leave it empty", "only a block product has one")
	}
}

func (r *row) uniqueBy(p *books.Product) {
	text := r.rec.Key("unique_by")
	switch {
	case text == "" || text == uniqueColumns[0]:
		return
	case p.Aggregation != books.UniqueCount:
		r.rec.Fail("unique_by", "leave it empty", "only aggregation unique_count has one")
	case !slices.Contains(uniqueColumns, text) && (!strings.HasPrefix(text, books.OwnPrefix) ||
		text == books.OwnPrefix):
		r.rec.Fail("unique_by", "", "not one of %s, and no column of your own, which begins with x_",
			strings.Join(uniqueColumns, ", "))
	default:
		p.UniqueBy = text
	}
}

func (r *row) conversion(p *books.Product) {
	text := r.rec.Cell("convert").Text
	if text == "" {
		return
	}
	c, err := money.ParseConversion(text)
	if err != nil {
		r.rec.Bad = true
		r.l.files.Problems.Add(r.rec.Pos(r.rec.Mark("convert")), "write *F or /F, then nothing, ^N, vN or ~N",
			"convert %v", err)
		return
	}
	p.Convert = c
}
