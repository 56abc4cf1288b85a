package commands

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/schemas/period"
)

// invoiceOptions are those of invoice.
type invoiceOptions struct {
	month, issued string
	terms         document.InvoiceTerms
	format        cli.DocumentFlags
}

// NewInvoice is the command invoice.
func NewInvoice(a *cli.App) *cobra.Command {
	var o invoiceOptions
	cmd := &cobra.Command{
		Use:   "invoice",
		Short: "Write what is left to invoice to a customer or a partner",
		Long: `invoice writes a document of what is left to invoice to a recipient for a closed cycle: issuer and
recipient as books/parties.csv describes them, with the bank details, the dates of issue and due, the
amount of each service, tax that is added to prices, and what was invoiced, returned and credited
before. Below zero it is a credit note. The document changes nothing: an event issue of the feed
invoices records that the invoice was sent.

The due date is statement_due_days after the date of issue.`,
		Example: "  tollbook invoice --cycle 2026-09 --to north --number N-17\n" +
			"  tollbook invoice --cycle 2026-09 --to aurora --from north --format html --out exports/17.html",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runInvoice(cmd.Context(), a, &o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.month, "cycle", "", "the closed month, as 2026-09")
	flags.StringVar(&o.terms.To, "to", "", "the recipient, by customer_id or partner_id")
	flags.StringVar(&o.terms.From, "from", "", "the issuer: vendor or a partner_id (default: the only one)")
	flags.StringVar(&o.terms.Number, "number", "", "number of the invoice (default: none, the document is a draft)")
	flags.StringVar(&o.issued, "issued", "", "date of issue, as 2026-10-05 (default: the day of the last run)")
	flags.StringVar(&o.format.Format, "format", "", "table, json, xlsx, html (default table)")
	o.format.Output.Add(cmd, "out", cli.OutUsage)
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// runInvoice writes the document.
func runInvoice(ctx context.Context, a *cli.App, o *invoiceOptions) (err error) {
	if o.month == "" || o.terms.To == "" {
		return &cli.UsageError{What: "invoice needs --cycle and --to",
			Hint: "`tollbook export --table invoices --cycle 2026-09` lists issuers and recipients"}
	}
	if o.terms.Cycle, err = a.CycleOrNewest(o.month); err != nil {
		return err
	}
	if o.issued != "" {
		if o.terms.Issued, err = period.ParseDay(o.issued); err != nil {
			return &cli.UsageError{What: "--issued " + err.Error(), Hint: "write it as 2026-10-05"}
		}
	}
	format, err := a.DocumentFormat(&o.format)
	switch {
	case err != nil:
		return err
	case format == document.CSV:
		return &cli.UsageError{What: "--format csv: an invoice is one of table, json, xlsx, html",
			Hint: "`tollbook export --table invoices` writes CSV of all invoices"}
	}
	var v *document.Invoice
	_, err = a.Compose(func(s *document.Sources) (err error) {
		v, err = document.ComposeInvoice(ctx, s, &o.terms)
		return err
	})
	if err != nil {
		return err
	}
	return a.WriteDocument(format, &o.format.Output, func(w io.Writer) error {
		return v.Write(w, format, document.Options{})
	})
}
