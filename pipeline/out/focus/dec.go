package focus

// The scales of decimal columns: a quantity or a unit price has 10 decimals, their product 20. A cost also has 20, so
// that nothing is rounded in between: an amount has 8 decimals, its share by a term 18.
const (
	priceScale  = 10
	costScale   = 20
	amountScale = 8
	precision   = Precision
)

// dec is a decimal; the place where it is declared says its scale.
type dec = Dec

// maybe is a decimal or null.
type maybe struct {
	v  dec
	ok bool
}

func some(v dec) maybe { return maybe{v, true} }
