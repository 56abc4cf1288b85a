package line

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
)

// AppendDraws writes draws as lines and tables hold them: package_id:quantity, joined by semicolons. Each quantity has
// a minus sign where the draws are returned to their packages.
func AppendDraws(dst []byte, packages books.Packages, draws []Draw, returned bool) []byte {
	for i, d := range draws {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(append(dst, packages[d.Package].ID...), ':')
		q := d.Quantity.Signed()
		if returned {
			q = q.Neg()
		}
		dst = q.AppendText(dst)
	}
	return dst
}

// EachDraw visits the draws that AppendDraws wrote, and those of positions. Package ids may contain colons. It fails
// at a draw without a colon, at a quantity that parse refuses and at an error of visit.
func EachDraw[Q any](text string, parse func(string) (Q, error), visit func(packageID string, q Q) error) error {
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
