package accept

import "github.com/tollbook/tollbook/schemas/books"

// uniqueColumns are the columns, by product, that unique counts look at and that may be empty: there a record needs a
// value (§10.1). Products without one have 0.
func uniqueColumns(products []books.Product) (columns []int, any bool) {
	columns = make([]int, len(products))
	for i := range products {
		switch products[i].UniqueBy {
		case "resource_name":
			columns[i], any = uName, true
		case "resource_tag":
			columns[i], any = uTag, true
		}
	}
	return columns, any
}

// lacksUnique is the column that row i has no value in although its product counts the values of it; 0 = none.
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
