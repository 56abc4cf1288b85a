package accept

import (
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
)

// uniqueColumns returns, by product, the optional column whose values the product counts: a record needs a value there
// (§10.1). Other products have 0. own lists the senders' own columns, which follow those of the feed.
func uniqueColumns(products []books.Product, own []string) (columns []int, any bool) {
	columns = make([]int, len(products))
	for i := range products {
		switch p := &products[i]; {
		case p.UniqueBy == "resource_name":
			columns[i], any = uName, true
		case p.UniqueBy == "resource_tag":
			columns[i], any = uTag, true
		case p.CountsOwn():
			columns[i], any = len(feedColumns)+slices.Index(own, p.UniqueBy), true
		}
	}
	return columns, any
}

// column returns the name of a column of the feed or of a sender's own column.
func (a *acceptor) column(i int) string {
	if i < len(feedColumns) {
		return feedColumns[i]
	}
	return a.own[i-len(feedColumns)]
}

// ownTag returns the tag of row i. If the row's product counts a sender's own column, the tag includes the column's
// value. It is valid until the next row.
func (a *acceptor) ownTag(v *usageView, i int, sku int32, tag []byte) []byte {
	if len(a.own) == 0 || !a.cfg.Books.Products[sku].CountsOwn() {
		return tag
	}
	column := a.unique[sku]
	a.tag = books.AppendOwn(a.tag[:0], tag, a.column(column), v.texts[column].bytes(i))
	return a.tag
}

// lacksUnique returns the column that the product of row i counts but that is empty in the row; 0 = none.
func (a *acceptor) lacksUnique(v *usageView, i int) int {
	sku := v.sku.at(i)
	if sku < 0 {
		return 0
	}
	if column := a.unique[sku]; column > 0 && len(v.texts[column].bytes(i)) == 0 {
		return column
	}
	return 0
}
