package export

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// Scope says whose rows are exported: a customer's, a partner's, or those of both; the zero value is all. A partner's
// lines are those of its own customers, only while they were its customers. The fields below Partner apply only to
// lines. The command and the query API create a partner's scope with OfPartner.
type Scope struct {
	Customer, Partner string

	// Resellers adds the resold lines of the resellers that bought from the partner at the line's own time, as in
	// settlement (§6.4); for a closed cycle the stored statements decide (C160).
	Resellers bool
	// Seller limits lines to what Partner, a reseller, bought from this partner; not with Resellers.
	Seller string
	Only   func(string) bool // only customers for which it is true; called concurrently. nil = all
	Named  string            // identifies Only in Request.Tag: different functions need different names
}

// OfPartner returns the scope of a partner's lines: of its own customers; or, if reseller is set, of that reseller's
// customers; or, if resellers is true, of its own customers and those of all its resellers.
func OfPartner(partner, reseller string, resellers bool) Scope {
	if reseller != "" {
		return Scope{Partner: reseller, Seller: partner, Resellers: resellers}
	}
	return Scope{Partner: partner, Resellers: resellers}
}

// CustomerTables returns the tables that can be limited to a customer.
func CustomerTables() []string { return []string{"lines", "statements", "accounts", "taxes"} }

// PartnerTables returns the tables that can be limited to a partner.
func PartnerTables() []string {
	return []string{"lines", "partner_statements", "incentives", "partner_accounts", "receivables", "funds",
		"withdrawals", "taxes"}
}

// check returns what is wrong with a scope for a table. A customer's statement and balances cannot be limited to a
// partner: they are not divided by partner.
func (s Scope) check(table string) error {
	switch {
	case s.Resellers && table != "lines":
		return fmt.Errorf("with-resellers: for lines only, not for %s", table)
	case (s.Seller != "" || s.Only != nil) && table != "lines":
		return fmt.Errorf("indirect-partner: for lines only, not for %s", table)
	case (s.Resellers || s.Seller != "") && s.Partner == "":
		return errors.New("with-resellers: name the partner of the resellers")
	case s.Resellers && s.Seller != "":
		return errors.New("with-resellers: not with --indirect-partner, which names one reseller")
	case (s.Only == nil) != (s.Named == ""):
		return errors.New("a choice of customers has a name, and a name a choice")
	case s.Customer != "" && !slices.Contains(CustomerTables(), table):
		return fmt.Errorf("customer: %s cannot be limited to a customer; want one of %s", table,
			strings.Join(CustomerTables(), ", "))
	case s.Partner != "" && !slices.Contains(PartnerTables(), table):
		return fmt.Errorf("partner: %s cannot be limited to a partner; want one of %s", table,
			strings.Join(PartnerTables(), ", "))
	}
	return nil
}

// known returns *rows.NotFoundError for a customer or partner that the books do not have.
func (s Scope) known(b *books.Books) error {
	switch {
	case s.Customer != "" && b.Customer(s.Customer) < 0:
		return &rows.NotFoundError{What: fmt.Sprintf("no customer %q in books/customers.csv", s.Customer),
			Do: "`tollbook bill --cycle CYCLE` lists those that consumed"}
	case s.Seller != "" && s.Seller != settlement.VendorID && b.Partner(s.Seller) < 0:
		return &rows.NotFoundError{What: fmt.Sprintf("no seller %q in books/partners.csv", s.Seller),
			Do: "a seller is vendor or a partner_id"}
	case s.Partner != "" && b.Partner(s.Partner) < 0:
		return &rows.NotFoundError{What: fmt.Sprintf("no partner %q in books/partners.csv", s.Partner),
			Do: "`tollbook statement --cycle CYCLE` lists those that settle"}
	}
	return nil
}

// lines returns the selection of lines in the scope. closed says from whom resellers bought by their statements of the
// lines' closed cycle; for other resellers the books say it.
func (s Scope) lines(r *query.PartnerReader, closed map[string]string) rows.Selection {
	out := rows.Selection{Customer: s.Customer}
	if s.Only != nil {
		out.Keep, out.Cols = func(row rows.Row[tables.Line]) bool {
			return s.Only(row.Word(tables.LineCustomerID))
		}, tables.Columns(tables.LineCustomerID)
	}
	if s.Partner == "" {
		return out
	}
	partner := r.Books.Partner(s.Partner)
	boughtFrom := func(seller, buyer string, at period.Instant) bool {
		if kept, ok := closed[buyer]; ok {
			return kept == seller
		}
		code := settlement.Vendor
		if seller != settlement.VendorID {
			code = r.Books.Partner(seller)
		}
		return r.Book.Seller(r.Books.Partner(buyer), at) == code
	}
	// Partners that ever bought from this one; boughtFrom checks whether one did at a line's own time.
	buyers := map[string]int32{s.Partner: partner}
	for i := range r.Books.Partners {
		p := &r.Books.Partners[i]
		if s.Resellers && (closed[p.ID] == s.Partner || slices.ContainsFunc(p.Rows, func(row books.PartnerRow) bool {
			return row.Parent == partner
		})) {
			buyers[p.ID] = int32(i)
		}
	}
	out.Cols = tables.Columns(tables.LinePartnerID, tables.LineAssociationType, tables.LineUsageStart,
		tables.LineOwnTime,
		tables.LineCustomerID)
	out.Keep = func(row rows.Row[tables.Line]) bool {
		id := row.Word(tables.LinePartnerID)
		of, known := buyers[id]
		switch {
		case !known || s.Only != nil && !s.Only(row.Word(tables.LineCustomerID)):
			return false
		case of == partner:
			return s.Seller == "" || boughtFrom(s.Seller, id, rows.OwnTime(row.Cols, row.I))
		case row.Word(tables.LineAssociationType) != resold:
			return false
		}
		return boughtFrom(s.Partner, id, rows.OwnTime(row.Cols, row.I))
	}
	return out
}

// resold is the association type of a reseller's customer.
var resold = strconv.Itoa(int(books.Resale))

// only returns the rows whose column has a word.
func only[T tables.Row](cols *parquet.Columns[T], col tables.WordColumn[T], word string) *parquet.Columns[T] {
	out, words := parquet.NewColumns(tables.Typed[T](cols.Def)), parquet.Recode{}
	words.Reset(cols.Any())
	for i := range cols.N {
		if cols.Word(col).At(i) == word {
			out.AppendRun(cols, i, i+1, nil, &words)
		}
	}
	return out
}
