package money_test

import (
	"fmt"
	"log"

	"github.com/tollbook/tollbook/schemas/money"
)

// 71.8722222222 GB-hours at 0.00064 each: the product is rounded to 8 decimals, then truncated to the currency's 2.
func ExampleMulR8() {
	quantity, err := money.ParseQuantity("71.8722222222")
	if err != nil {
		log.Fatal(err)
	}
	price, err := money.ParseUnitPrice("0.00064")
	if err != nil {
		log.Fatal(err)
	}
	official, err := money.MulR8(quantity, price)
	if err != nil {
		log.Fatal(err)
	}
	payment := official.Cut(2, money.Truncate)
	truncated, err := official.Sub(payment)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(official, payment.StringFixed(2), truncated)
	// Output: 0.04599822 0.04 0.00599822
}

// 100.00 over three equal weights: the remaining cent is added to the first.
func ExampleAllocate() {
	total, err := money.ParseAmount("100.00")
	if err != nil {
		log.Fatal(err)
	}
	weight, err := money.ParseAmount("1")
	if err != nil {
		log.Fatal(err)
	}
	parts, err := money.Allocate(total, []money.Amount{weight, weight, weight}, 2)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range parts {
		fmt.Println(p.StringFixed(2))
	}
	// Output:
	// 33.34
	// 33.33
	// 33.33
}

func ExampleParseError() {
	_, err := money.ParseQuantity("1,000")
	fmt.Printf("read inbox/usage/a.csv: line 12: quantity %v\n", err)
	// Output: read inbox/usage/a.csv: line 12: quantity "1,000": thousands separator
}
