package line

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// AppendDraws appends draws in the text form of lines and tables: package_id:quantity, joined by semicolons.
func AppendDraws(dst []byte, packages books.Packages, draws []Draw) []byte {
	for i, d := range draws {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = appendDraw(dst, packages[d.Package].ID, d.Quantity.Signed())
	}
	return dst
}

// Returned returns the draws that a reversal gives back, with a minus sign: of the draws in drew, the first ones up to
// the quantity most (§4.11, §10.2). It includes draws on packages that the books no longer have.
func Returned(drew string, most money.Quantity) (string, error) {
	var dst []byte
	err := EachDraw(drew, money.ParseQuantity, func(packageID string, q money.Quantity) (err error) {
		if q = q.Min(most); q.IsZero() {
			return nil
		}
		if len(dst) > 0 {
			dst = append(dst, ';')
		}
		dst = appendDraw(dst, packageID, q.Signed().Neg())
		most, err = most.Sub(q)
		return err
	})
	return string(dst), err
}

// Without returns what remains of draws after others, which are parts of them, were given back.
func Without(draws, returned []Draw) (rest []Draw, err error) {
	for _, d := range draws {
		for _, back := range returned {
			if back.Package != d.Package {
				continue
			}
			if d.Quantity, err = d.Quantity.Sub(back.Quantity); err != nil {
				return nil, err
			}
		}
		if !d.Quantity.IsZero() {
			rest = append(rest, d)
		}
	}
	return rest, nil
}

func appendDraw(dst []byte, packageID string, q money.SignedQuantity) []byte {
	return q.AppendText(append(append(dst, packageID...), ':'))
}

// EachDraw calls visit for each draw in a text of AppendDraws or of a position. Package ids can contain colons. It is
// an error if a draw has no colon, or if parse or visit returns one.
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
