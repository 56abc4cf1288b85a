package table

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// AppendDraws appends draws in the text form of lines and tables: package_id:quantity, joined by semicolons.
func AppendDraws(dst []byte, packages books.Packages, draws []PackageDraw) []byte {
	return appendDraws(dst, packages, draws, money.Quantity.Signed)
}

// AppendReturned appends draws that a reversal gives back, with a minus sign (§4.11).
func AppendReturned(dst []byte, packages books.Packages, draws []PackageDraw) []byte {
	return appendDraws(dst, packages, draws, func(q money.Quantity) money.SignedQuantity { return q.Signed().Neg() })
}

func appendDraws(dst []byte, packages books.Packages, draws []PackageDraw,
	signed func(money.Quantity) money.SignedQuantity) []byte {
	for i, d := range draws {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = signed(d.Quantity).AppendText(append(append(dst, packages[d.Package].ID...), ':'))
	}
	return dst
}

// EachPackageDraw calls visit for each draw in a text of AppendDraws or of a position. Package ids can contain colons.
// It is an error if a draw has no colon, or if parse or visit returns one.
func EachPackageDraw[Q any](text string, parse func(string) (Q, error), visit func(packageID string, q Q) error) error {
	for text != "" {
		var draw string
		draw, text, _ = strings.Cut(text, ";")
		colon := strings.LastIndexByte(draw, ':')
		if colon < 0 {
			return fmt.Errorf("draw %q: no colon", draw)
		}
		q, err := parse(draw[colon+1:])
		if err == nil {
			err = visit(draw[:colon], q)
		}
		if err != nil {
			return fmt.Errorf("draw on package %s: %w", draw[:colon], err)
		}
	}
	return nil
}
