package books_test

import (
	"strconv"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
)

// TestLateTexts checks that a text column that a file stores as numbers has the text of each row.
func TestLateTexts(t *testing.T) {
	t.Parallel()
	at := 0
	row := books.CostRow{CostHeader: books.NewCostHeader([]string{"SubAccountId", "ServiceName"}),
		Cells: make([]string, 2),
		Late: func(column int) string {
			if column == 0 {
				return strconv.Itoa(at)
			}
			return ""
		}}
	for at = 77; at < 80; at++ {
		want := strconv.Itoa(at)
		if row.Account() != want || row.Field(books.CostService) != "" || row.Field(books.CostRegion) != "" {
			t.Errorf("account %q, want %q; service %q and region %q, want none", row.Account(), want,
				row.Field(books.CostService), row.Field(books.CostRegion))
		}
	}
}
