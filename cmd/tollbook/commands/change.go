package commands

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/run/quote"
)

// runChange prices the change of an order.
func runChange(cmd *cobra.Command, a *cli.App, q quote.ChangeQuestion) error {
	for _, name := range []string{"usage", "books", "from-lake"} {
		if cmd.Flags().Changed(name) {
			return &cli.UsageError{What: "--" + name + " does not go with --order and --to",
				Hint: "price a usage file and the change of an order with two commands"}
		}
	}
	if q.Order == "" || q.SKU == "" {
		return &cli.UsageError{What: "--order and --to go together",
			Hint: "name an order and the product that it is changed to: --order o-17 --to server.large"}
	}
	o, err := a.Options()
	if err != nil {
		return err
	}
	w, err := a.Open()
	if err != nil {
		return err
	}
	q.At = o.AsOf
	c, err := quote.PriceChange(cmd.Context(), w, o, q)
	if err != nil {
		return err
	}
	return a.Show(c, func() { printChange(a, c, w.Books.CurrencyNamed(c.Currency).Digits) }, nil, false)
}

func printChange(a *cli.App, c *quote.Change, digits int) {
	cli.PrintLine(a.Out, "change of order line %s of customer %s from %s to %s at %s, in %s", c.OrderLine,
		c.CustomerID, c.From, c.To, c.At, c.Currency)
	fmt.Fprintln(a.Out)
	fmt.Fprintf(a.Out, "term %s to %s, left from %s\n\n", c.TermFrom, c.TermTo, c.LeftFrom)
	g := cli.NewGrid("", ">complete term", ">rest")
	offer := ""
	if c.DiscountID != "" {
		offer = ", discount " + c.DiscountID
	}
	g.Add(c.To+offer, c.Payment.StringFixed(digits), c.Rest.StringFixed(digits))
	g.Add(c.From+", paid without coupons", c.Paid.StringFixed(digits), c.Credit.StringFixed(digits))
	g.Add("change", "", c.Amount.StringFixed(digits))
	g.Print(a.Out, "  ")
	if c.Order != nil {
		fmt.Fprintf(a.Out, "\nofficial_amount of the change order: %s\n", c.Order.StringFixed(digits))
	}
}
