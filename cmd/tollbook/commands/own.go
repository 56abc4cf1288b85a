package commands

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// ownWorkspace is what init makes for a person's own data.
type ownWorkspace struct {
	zone, currency string
	allBooks       bool
	money          money.Currency // of currency
}

// ask asks a person for the zone and the currency that are missing, and checks both.
func (o *ownWorkspace) ask(a *cli.App) (err error) {
	if cli.Asks(a) {
		o.zone, err = cli.Answer(a, "time zone in which days and months begin, such as Europe/Berlin", o.zone)
		if err == nil {
			o.currency, err = cli.Answer(a, "currency, such as EUR", o.currency)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case o.zone == "" && o.currency == "" && !o.allBooks:
		return nil
	case o.zone == "" || o.currency == "":
		return &cli.UsageError{What: "--zone and --currency belong together",
			Hint: "such as --zone Europe/Berlin --currency EUR"}
	}
	if _, err := period.LoadZone(o.zone); err != nil {
		return &cli.UsageError{What: "--zone: " + err.Error(), Hint: meantZone(o.zone)}
	}
	var known bool
	if o.money, known = money.CurrencyOf(o.currency); !known {
		return &cli.UsageError{What: fmt.Sprintf("--currency %q: not a code of ISO 4217", o.currency),
			Hint: "write three capital letters, such as EUR"}
	}
	return nil
}

// meantZone returns a hint at the zone of a city.
func meantZone(city string) string {
	if near := period.NearZone(city); near != "" {
		return "write " + near
	}
	return "write an area and a city, such as Europe/Berlin"
}

// exampleMark begins the ids of the example rows.
const exampleMark = "example-"

// examples are the rows of the books that most workspaces have, as columns and values.
func examples() map[string][2]string {
	return map[string][2]string{
		"products.csv": {"sku,name,service_type_code,service_type_name,measure,pricing_model,allow_discount",
			"example-storage,Storage,storage,Storage,GB,flat,YES"},
		"prices.csv": {"sku,price_list,region_code,valid_from,tier,up_to,unit_price",
			"example-storage,standard,*,2026-01-01,1,,0.02"},
		"customers.csv": {"customer_id,name", "example-customer,Example Customer"},
		"discounts.csv": {"discount_id,kind,customer_id,service_type_code,sku,mode,value,valid_from",
			"example-discount,commercial,example-customer,*,*,rate,0.9,2026-01-01"},
		"partners.csv": {"partner_id,name,kind", "example-partner,Example Partner,referrer"},
		"associations.csv": {"customer_id,partner_id,association_type,valid_from",
			"example-customer,example-partner,referral,2026-01-01"},
	}
}

// brandingTemplate is branding.yaml with one issuer.
const brandingTemplate = `# How documents look: a cover with letterhead and how to pay. docs/documents.md has all keys.
vendor:
  # logo: logo.svg        # a PNG or SVG file in this folder
  colour: "#0b5fff"
  issue_day: 5
  payment_days: 30
  instructions: |
    Pay by bank transfer to example-account.
`

// write writes the workspace into dir.
func (o *ownWorkspace) write(dir string) error {
	files := map[string][]byte{settings.File: settings.Start(o.zone, o.money),
		settings.BrandingFile: []byte(brandingTemplate)}
	for _, f := range books.Formats() {
		if rows, ok := examples()[f.File]; ok {
			files["books/"+f.File] = []byte(rows[0] + "\n" + rows[1] + "\n")
		} else if o.allBooks {
			files["books/"+f.File] = emptyBook(f)
		}
	}
	if err := makeFolders(dir, "books", settings.BrandingDir); err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), text, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// exampleNotes returns a note for each book, and for the branding, in which init's example is left.
func exampleNotes(workspace string) (notes []cli.SourcePlace) {
	files := []string{settings.BrandingFile}
	for name := range examples() {
		files = append(files, "books/"+name)
	}
	slices.Sort(files)
	for _, name := range files {
		text, _ := os.ReadFile(filepath.Join(workspace, filepath.FromSlash(name))) // a missing one has no example
		for n, line := range strings.Split(string(text), "\n") {
			if strings.HasPrefix(line, exampleMark) || name == settings.BrandingFile &&
				strings.Contains(line, exampleMark) {
				notes = append(notes, cli.SourcePlace{File: name, Line: n + 1, Text: "an example of `tollbook init`",
					Hint: "replace it by your own, or remove it"})
			}
		}
	}
	return notes
}
