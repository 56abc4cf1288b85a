package serve

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/out/focus"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/settlement"
)

func consumption() operation.Operation {
	return operation.Operation{
		Name: "ExportConsumption", Method: http.MethodGet, Path: "/v1/exports/consumption",
		Summary: "The consumption records of a cycle that the caller may see, streamed; who comes back with Range " +
			"and If-Range gets the rest",
		Callers: []keys.Role{keys.Vendor, keys.Partner, keys.Customer}, Subject: operation.Customers,
		Params: []operation.Param{
			{Name: "cycle", Kind: operation.Month, Required: true, Meaning: "the cycle, as 2026-09"},
			{Name: "format", Kind: operation.Word, Words: exportFormats(), Default: "csv",
				Meaning: "how it is written; focus is FOCUS 1.2 as CSV"},
			{Name: "customer_id", Meaning: "only this customer's"},
			{Name: "partner_id", Meaning: "limits the rows to this partner; only for the vendor"},
			{Name: "indirect_partner_id",
				Meaning: "what customers consumed as this reseller's, while it was the caller's"},
			{Name: "with_resellers", Kind: operation.Flag, Default: "false",
				Meaning: "also what customers consumed as resellers' that bought from the partner"},
			{Name: "account_manager_id", Meaning: "only customers of this account manager"},
			{Name: "split", Kind: operation.Flag, Default: "false",
				Meaning: "CSV as a tar.gz of parts of 100,000 rows"},
			{Name: "issuer_id",
				Meaning: "FOCUS: whose invoices, a partner_id or vendor; without it the caller's own, or those it " +
					"is sent"},
		},
		Resumed: true,
		Types: []string{"text/csv; charset=utf-8", "application/x-ndjson", "application/vnd.apache.parquet",
			"application/vnd.apache.arrow.stream",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/gzip"},
		Handle: handleConsumption,
	}
}

const (
	focusCSV     = "focus"
	focusParquet = "focus-parquet"
)

// Memory limits of an export of a partner or a customer, of which many run at once: half of those of the complete
// table. Larger ones are merged in passes over scratch space, which stores only the partner's rows.
const (
	narrowRows  = rows.ExportRows / 2
	narrowFiles = 64
)

func exportFormats() []string { return append(export.Formats(), focusCSV, focusParquet) }

// exportType returns the Content-Type and the file extension of a format.
func exportType(format string, split bool) (kind, ending string) {
	switch format {
	case "ndjson":
		return "application/x-ndjson", "ndjson"
	case "parquet", focusParquet:
		return "application/vnd.apache.parquet", "parquet"
	case "arrow":
		return "application/vnd.apache.arrow.stream", "arrows"
	case "xlsx":
		return typeOf("xlsx"), "xlsx"
	}
	if split {
		return "application/gzip", "tar.gz"
	}
	return typeOf("csv"), "csv"
}

func handleConsumption(_ context.Context, c *operation.Call) (any, error) {
	if err := rows.HasCycle(c.State.Snap, c.Cycle("cycle")); err != nil {
		return nil, err
	}
	format := c.Text("format")
	reader, err := c.State.Workspace.Partners()
	if err != nil {
		return nil, err
	}
	reader.Snap, reader.Cache = c.State.Snap, c.Inside.Cache
	if format == focusCSV || format == focusParquet {
		return focusOf(c, reader, format)
	}
	if c.Given("issuer_id") {
		return nil,
			operation.BadParameter("issuer_id", operation.Text{Zh: "仅用于focus格式", En: "only with the formats of FOCUS"})
	}
	r := &export.Request{Table: "lines", Format: format, Cycle: c.Cycle("cycle"), Scope: exportScope(c),
		Split: c.Flag("split"), Partners: reader, Limits: rows.Limits{Rows: rows.ExportRows}}
	if r.Scope.Partner != "" || r.Scope.Customer != "" {
		r.Limits = rows.Limits{Rows: narrowRows, Files: narrowFiles}
	}
	if r.Scope.Resellers && (r.Scope.Partner == "" || c.Given("indirect_partner_id")) {
		return nil, operation.BadParameter("with_resellers", operation.Text{Zh: "需要指定伙伴，且不能与indirect_partner_id同时使用",
			En: "goes with a partner, and without indirect_partner_id"})
	}
	if err := r.Check(); err != nil {
		return nil,
			operation.BadParameter("split", operation.Text{Zh: "仅用于csv格式", En: "only with the format csv"})
	}
	return download(c, r.Tag(c.State.Snap, c.Inside.Program), func(ctx context.Context, w io.Writer) error {
		_, err := export.Write(ctx, c.State.Snap, r, w)
		return err
	}), nil
}

// exportScope converts the call's scope to that of an export.
func exportScope(c *operation.Call) export.Scope {
	s := export.OfPartner(c.Scope.Partner, "", c.Flag("with_resellers"))
	if c.Caller.Partner != "" && c.Scope.Partner != c.Caller.Partner { // the caller's reseller
		s = export.OfPartner(c.Caller.Partner, c.Scope.Partner, c.Flag("with_resellers"))
	}
	s.Customer = c.Scope.Customer
	switch {
	case c.Scope.Nothing:
		s.Only, s.Named = func(string) bool { return false }, "nobody"
	case c.Scope.Manager != "":
		s.Only, s.Named = managed(c)
	}
	return s
}

// managed returns a filter for the current customers of the scope's manager, and a name for it.
func managed(c *operation.Call) (only func(string) bool, name string) {
	b, ids := c.State.Workspace.Books, map[string]bool{}
	var all strings.Builder
	for i := range b.Customers {
		if c.Scope.Managed(b, int32(i), c.State.Now) {
			ids[b.Customers[i].ID] = true
			fmt.Fprintf(&all, "%q", b.Customers[i].ID)
		}
	}
	return func(id string) bool { return ids[id] }, "customers " + string(lake.HashBytes([]byte(all.String())))
}

// download streams an export at the first request and stores it as a file, for callers that request the rest later.
func download(c *operation.Call, tag string, write func(context.Context, io.Writer) error) *operation.Stream {
	kind, ending := exportType(c.Text("format"), c.Flag("split"))
	out := &operation.Stream{Type: kind, Name: fmt.Sprintf("consumption-%s.%s", c.Text("cycle"), ending), Tag: tag,
		Write: write}
	if c.Inside.Cache != nil {
		out.Open = func(ctx context.Context) (io.ReadSeekCloser, error) {
			return c.Inside.Cache.Open(tag, func(w io.Writer) error { return write(ctx, w) })
		}
	}
	return out
}

// focusOf returns the part of one issuer's data set in which the caller is the issuer or is billed.
func focusOf(c *operation.Call, reader query.PartnerReader, format string) (any, error) {
	request, err := focusRequest(c)
	if err != nil {
		return nil, err
	}
	source := &focus.Source{PartnerReader: reader, Publisher: c.State.Workspace.Settings.Vendor.Name}
	form := map[string]string{focusCSV: "csv", focusParquet: "parquet"}[format]
	out := download(c, source.Tag(request, form, c.Inside.Program), func(ctx context.Context, w io.Writer) error {
		_, err := focus.Write(ctx, source, request, form, w)
		if changed := new(focus.ChangedError); errors.As(err, &changed) {
			return operation.NotReady(operation.Textf("已结账账期%s的对账单与现在的账本不一致",
				"the statements of the closed cycle %s do not agree with the books of today", changed.Cycle))
		}
		return err
	})
	if ref, _ := c.State.Snap.Cycle(request.Cycle); ref.State == lake.CycleClosed && out.Open != nil {
		out.Write = finished(out.Open) // only the last row tells whether it agrees with the statements (FOCUS-7)
	}
	return out, nil
}

// finished sends a finished file, so that nothing is sent if the calculation fails.
func finished(open func(context.Context) (io.ReadSeekCloser, error)) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) (err error) {
		f, err := open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		_, err = io.Copy(w, f)
		return err
	}
}

// focusRequest returns the issuer and the account of a request. The vendor sees all, a partner what it invoices and is
// invoiced, a customer what it is invoiced. An issuer that sends the caller nothing gives an empty data set.
func focusRequest(c *operation.Call) (focus.Request, error) {
	issuer := settlement.SellerID(c.Text("issuer_id"), c.State.Workspace.Settings.Vendor.ID)
	r := focus.Request{Cycle: c.Cycle("cycle"), Issuer: issuer, Account: c.Scope.Customer}
	b := c.State.Workspace.Books
	switch {
	case c.Flag("split"):
		return r, operation.BadParameter("split", operation.Text{Zh: "仅用于csv格式", En: "only with the format csv"})
	case c.Given("indirect_partner_id") || c.Flag("with_resellers") || c.Scope.Manager != "":
		return r,
			operation.MayNot(operation.Text{Zh: "focus格式不支持按云经销商或客户经理查询",
				En: "FOCUS data sets are per invoice issuer: not for an indirect partner or an account manager"})
	case r.Issuer != "" && r.Issuer != settlement.VendorID && b.Partner(r.Issuer) < 0:
		return r, operation.BadParameter("issuer_id", operation.Text{Zh: "不存在", En: "is no partner, and not vendor"})
	}
	switch c.Caller.Role {
	case keys.Partner:
		r.Issuer = cmp.Or(r.Issuer, c.Caller.Partner)
		if r.Issuer != c.Caller.Partner {
			if r.Account != "" {
				return r,
					operation.MayNot(operation.Text{Zh: "只能查询本伙伴开具的账单",
						En: "what others invoice a customer is not the partner's to see"})
			}
			r.Account = c.Caller.Partner
		}
	case keys.Customer:
		r.Issuer = cmp.Or(r.Issuer, invoicer(c))
	default:
		r.Issuer = cmp.Or(r.Issuer, c.Scope.Partner, settlement.VendorID)
	}
	return r, nil
}

// invoicer returns who invoices a customer at the end of the cycle: its reseller, or the vendor.
func invoicer(c *operation.Call) string {
	b := c.State.Workspace.Books
	cycle, _ := c.Month("cycle")
	customer := b.Customer(c.Scope.Customer)
	if customer < 0 {
		return settlement.VendorID
	}
	if a, ok := b.Associations.At(customer, b.Zone.Bounds(cycle).To-1); ok && a.Type == books.Resale {
		return b.Partners[a.Partner].ID
	}
	return settlement.VendorID
}

// tagOf returns a tag for all inputs of a result: the program, the state, the books and the request.
func tagOf(c *operation.Call, asked ...string) string {
	text := fmt.Sprintf("%q %s %q %s %q", c.Inside.Program, c.Op.Name, c.State.Snap.Hash,
		hex.EncodeToString(c.State.Workspace.Books.Hash[:]), asked)
	return string(lake.HashBytes([]byte(text)))
}
