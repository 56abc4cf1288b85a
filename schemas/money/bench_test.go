package money

import "testing"

// TestNoAllocations checks that the operations of a line allocate nothing (doc.go, invariant 10). Not parallel:
// AllocsPerRun counts the whole process.
//
//nolint:paralleltest // AllocsPerRun refuses to run in a parallel test
func TestNoAllocations(t *testing.T) {
	field, long := []byte("71.8722222222"), []byte("999999999999999.999999999900")
	q, wide := quantity(t, "71.8722222222"), quantity(t, "999999999999999.9999999999")
	p, d := price(t, "0.00064"), rate(t, "0.85")
	a := amount(t, "-512.12456789")
	s := signed(t, "-71.8722222222")
	buf := make([]byte, 0, fixedRoom)
	var sum AmountTotal
	var used QuantityTotal
	var err error
	check := func(e error) {
		if e != nil {
			err = e
		}
	}
	for name, run := range map[string]func(){
		"ParseQuantity":       func() { _, e := ParseQuantity(field); check(e) },
		"ParseQuantity, long": func() { _, e := ParseQuantity(long); check(e) },
		"ParseUnitPrice":      func() { _, e := ParseUnitPrice(field); check(e) },
		"ParseAmount, text":   func() { _, e := ParseAmount("-512.12456789"); check(e) },
		"ParseRate":           func() { _, e := ParseRate("0.85"); check(e) },
		"UnmarshalText":       func() { var q Quantity; check(q.UnmarshalText(field)) },
		"MulR8":               func() { _, e := MulR8(q, p); check(e) },
		"MulR8, wide":         func() { _, e := MulR8(wide, p); check(e) },
		"MulSignedR8":         func() { _, e := MulSignedR8(s, p); check(e) },
		"MulRateR8":           func() { _, e := a.MulRateR8(d); check(e) },
		"Cut":                 func() { a = a.Cut(8, HalfUp); _ = a.Cut(2, HalfEven) },
		"Add and Sub":         func() { x, e := a.Add(a); check(e); _, e = x.Sub(a); check(e) },
		"CeilDiv":             func() { _, e := CeilDiv(wide, q); check(e) },
		"Prorate":             func() { _, e := Prorate(a, 70, 100, 2); check(e) },
		"AppendText":          func() { buf = a.AppendText(buf[:0]) },
		"FromRaw":             func() { _, e := AmountFromRaw(a.Raw()); check(e) },
		"totals":              func() { check(sum.Add(a)); check(used.Add(q)) },
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"short": "71.8722222222", "long": "999999999999999.9999999999"} {
		field := []byte(text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseQuantity(field); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMulR8(b *testing.B) {
	p := price(b, "0.00064")
	for name, text := range map[string]string{"fast": "71.8722222222", "wide": "999999999999999.9999999999"} {
		q := quantity(b, text)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := MulR8(q, p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkMulRateR8(b *testing.B) {
	a, r := amount(b, "602.49949163"), rate(b, "0.85")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.MulRateR8(r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCut(b *testing.B) {
	a := amount(b, "512.12456789")
	b.ReportAllocs()
	var cut Amount
	for b.Loop() {
		cut = a.Cut(2, HalfUp)
	}
	if cut != amount(b, "512.12") {
		b.Fatal(cut)
	}
}

func BenchmarkAppendText(b *testing.B) {
	a := amount(b, "512.12456789")
	buf := make([]byte, 0, fixedRoom)
	b.ReportAllocs()
	for b.Loop() {
		buf = a.AppendText(buf[:0])
	}
}

func BenchmarkTotal(b *testing.B) {
	a := amount(b, "0.00000001")
	var sum AmountTotal
	b.ReportAllocs()
	for b.Loop() {
		if err := sum.Add(a); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLine measures the arithmetic of a discounted line (§4.2): product, discount, rounding and two differences.
func BenchmarkLine(b *testing.B) {
	q, p, r := quantity(b, "71.8722222222"), price(b, "0.24"), rate(b, "0.85")
	b.ReportAllocs()
	for b.Loop() {
		official, err := MulR8(q, p)
		if err != nil {
			b.Fatal(err)
		}
		after, err := official.MulRateR8(r)
		if err != nil {
			b.Fatal(err)
		}
		payment := after.Cut(2, Truncate)
		if _, err := official.Sub(after); err != nil {
			b.Fatal(err)
		}
		if _, err := after.Sub(payment); err != nil {
			b.Fatal(err)
		}
	}
}
