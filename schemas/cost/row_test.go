package cost_test

import (
	"strconv"
	"testing"

	"github.com/tollbook/tollbook/schemas/cost"
)

// TestCodeOfNumber checks that a text column that a file stores as numbers keeps its texts: each row has its own.
func TestCodeOfNumber(t *testing.T) {
	t.Parallel()
	words := cost.NewWords()
	at := 0
	row := cost.Row{Header: cost.NewHeader([]string{"SubAccountId", "ServiceName"}), Cells: make([]string, 2),
		Codes: []int32{cost.Uncoded, 0}, Late: func(column int) string {
			if column == 0 {
				return strconv.Itoa(at)
			}
			return ""
		}}
	for at = 77; at < 80; at++ {
		want := strconv.Itoa(at)
		if got := words.Text(row.FieldCode(cost.SubAccount, words)); got != want || row.Account() != want {
			t.Errorf("account %q and %q, want %q", got, row.Account(), want)
		}
		if got := row.FieldCode(cost.Service, words); got != 0 {
			t.Errorf("an empty service is %q", words.Text(got))
		}
	}
}
