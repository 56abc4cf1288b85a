package settle

import (
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// LinesOf returns a bucket's files of lines from those of a cycle.
func LinesOf(files []lake.FileEntry, bucket int) []lake.FileEntry {
	return slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table != tables.Lines().Name || e.Bucket != bucket
	})
}

// BucketRows returns the rows of partner statements of all customers of the files of lines, in the order of the table.
func BucketRows(o rows.FileOpener, b *books.Books, s *settlement.Settler,
	files []lake.FileEntry) ([]settlement.Row, error) {
	return rowsOf(o, b, s, files, nil)
}

// PartnerRows returns those rows of BucketRows that belong to a partner. It settles only lines of this partner and of
// resellers whose distributor it was at any time: no other line affects its rows (§6.2).
func PartnerRows(o rows.FileOpener, b *books.Books, s *settlement.Settler, files []lake.FileEntry,
	partner int32) ([]settlement.Row, error) {
	only := make([]bool, len(b.Partners))
	for i := range b.Partners {
		only[i] = int32(i) == partner || slices.ContainsFunc(b.Partners[i].Rows,
			func(r books.PartnerRow) bool { return r.Parent == partner })
	}
	all, err := rowsOf(o, b, s, files, only)
	return slices.DeleteFunc(all, func(r settlement.Row) bool { return r.Partner != partner }), err
}

func rowsOf(o rows.FileOpener, b *books.Books, s *settlement.Settler, files []lake.FileEntry,
	only []bool) ([]settlement.Row, error) {
	var all []settlement.Row
	err := settleFiles(o, b, s, files, only, func(rows []settlement.Row) error {
		all = append(all, rows...)
		return nil
	})
	slices.SortFunc(all, func(x, y settlement.Row) int { return settlement.CompareRows(b, &x, &y) })
	return all, err
}

// groupRows is the number of rows that are written at once.
const groupRows = 1 << 16

// WriteRows writes rows in batches.
func WriteRows(b *books.Books, rows []settlement.Row,
	write func(*parquet.Columns[tables.PartnerStatement]) error) error {
	out := parquet.NewColumns(tables.PartnerStatementsOf(b.Mixed))
	for part := range slices.Chunk(rows, groupRows) {
		out.Reset()
		for i := range part {
			addRow(out, b, &part[i])
		}
		if err := write(out); err != nil {
			return err
		}
	}
	return nil
}

// rowAmounts are the amount columns of partner_statements, in the order of amountsIn.
var rowAmounts = [...]tables.AmountColumn[tables.PartnerStatement]{tables.PartnerStatementOfficialAmount,
	tables.PartnerStatementOfficialDiscountAmount, tables.PartnerStatementTruncatedAmount,
	tables.PartnerStatementPaymentAmount, tables.PartnerStatementPerformanceAmount,
	tables.PartnerStatementOwedAmount, tables.PartnerStatementRevenueAmount,
	tables.PartnerStatementCostAmount, tables.PartnerStatementMarginAmount}

func amountsIn(r *settlement.Row) [len(rowAmounts)]*money.Amount {
	return [...]*money.Amount{&r.Official, &r.Discount, &r.Truncated, &r.Payment, &r.Performance, &r.Owed, &r.Revenue,
		&r.Cost, &r.Margin}
}

// addRow appends a row to a batch of the table.
func addRow(c *parquet.Columns[tables.PartnerStatement], b *books.Books, r *settlement.Row) {
	c.Word(tables.PartnerStatementCycle).Add(r.Cycle.String())
	c.Word(tables.PartnerStatementPartnerID).Add(settlement.PartnerID(b, r.Partner))
	c.Word(tables.PartnerStatementSellerID).Add(settlement.PartnerID(b, r.Seller))
	c.Word(tables.PartnerStatementResellerID).Add(settlement.PartnerID(b, r.Reseller))
	c.Word(tables.PartnerStatementCustomerID).Add(b.Customers[r.Customer].ID)
	c.Word(tables.PartnerStatementAssociationType).Add(strconv.Itoa(int(r.Association)))
	c.Word(tables.PartnerStatementServiceTypeCode).Add(r.Service)
	c.Small(tables.PartnerStatementChargingMode).Add(int32(r.ChargingMode))
	c.Word(tables.PartnerStatementSign).Add(r.Sign())
	c.Whole(tables.PartnerStatementLineCount).Add(r.Lines)
	for k, a := range amountsIn(r) {
		c.Amount(rowAmounts[k]).Add(a.Raw())
	}
	if len(c.Def.Columns) > tables.PartnerStatementFxDate.Index() {
		c.Word(tables.PartnerStatementCurrency).Add(b.PartnerCurrency(r.Partner).Code)
		rate, date := "", ""
		if r.Rate != nil {
			rate, date = r.Rate.Rate.String(), r.Rate.Date.String()
		}
		c.Word(tables.PartnerStatementFxRate).Add(rate)
		c.Word(tables.PartnerStatementFxDate).Add(date)
	}
	c.N++
}

// firstOfPartner is the index in rowAmounts of the first amount in the partner's currency.
const firstOfPartner = 4

// currencySums returns the sums of the amounts in partners' currencies, by currency, as the manifest stores them; nil
// in a workspace with one currency.
func currencySums(b *books.Books, rows []settlement.Row) (sums []lake.ColumnSum, err error) {
	if !b.Mixed {
		return nil, nil
	}
	var totals [len(rowAmounts)]money.PerCurrency
	for i := range rows {
		currency := b.PartnerCurrency(rows[i].Partner).Code
		for k, a := range amountsIn(&rows[i]) {
			if err := totals[k].Add(currency, *a); err != nil {
				return nil, err
			}
		}
	}
	for k := firstOfPartner; k < len(rowAmounts); k++ {
		for _, t := range totals[k].List() {
			column := tables.PartnerStatements().Columns[rowAmounts[k]].Name
			sums = append(sums, lake.ColumnSum{Column: column + "." + t.Currency, Value: t.Total.String()})
		}
	}
	return sums, nil
}

// putRows writes rows as the one file of a key, with the sums of its amounts; no rows, no file.
func (s *Worker) putRows(key lake.FileKey, batch []settlement.Row) error {
	var totals [len(rowAmounts)]money.AmountTotal
	for i := range batch {
		for k, a := range amountsIn(&batch[i]) {
			if err := totals[k].Add(*a); err != nil {
				return err
			}
		}
	}
	sums := make([]lake.ColumnSum, len(totals))
	byMoney, err := currencySums(s.Books, batch)
	if err != nil {
		return err
	}
	for k, t := range totals {
		sums[k] = lake.ColumnSum{Column: tables.PartnerStatements().Columns[rowAmounts[k]].Name, Value: t.String()}
	}
	sums = append(sums, byMoney...)
	slices.SortFunc(sums, func(a, b lake.ColumnSum) int { return strings.Compare(a.Column, b.Column) })
	w := rows.NewFileWriter(s.Txn, tables.PartnerStatementsOf(s.Books.Mixed))
	w.Restart(key)
	if err := WriteRows(s.Books, batch, w.Write); err != nil {
		return err
	}
	files, err := w.Finish(sums)
	if err != nil {
		return err
	}
	return s.Txn.Next().Replace(key, files...)
}
