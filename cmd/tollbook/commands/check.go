package commands

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// checkResult is the result of check, as JSON.
type checkResult struct {
	Workspace string            `json:"workspace"`
	Zone      string            `json:"zone"`
	Currency  string            `json:"currency"`
	Digits    int               `json:"digits"`
	Rounding  string            `json:"rounding"`
	Books     []bookRead        `json:"books"`
	Inbox     []feedSeen        `json:"inbox"`
	Notes     []cli.SourcePlace `json:"notes,omitempty"`
}

// bookRead is the number of entries of a book.
type bookRead struct {
	Book  string `json:"book"`
	Count int    `json:"count"`
	What  string `json:"what"`
}

// feedSeen is a folder of the inbox.
type feedSeen struct {
	Feed  string `json:"feed"`
	Files int    `json:"files"`
	State string `json:"state"` // taken | unknown
}

// The states of a folder of the inbox.
const (
	feedTaken   = "taken"
	feedUnknown = "unknown"
)

// NewCheck is the command check.
func NewCheck(a *cli.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check settings and books and report all errors",
		Long: `check reads tollbook.yaml and every book, and lists all errors at once, each with file, line and
column. Of the lake it reads from which packages closed months draw. It reports how much it read,
and which feeds of the inbox this version ingests. It writes nothing.`,
		Example: "  tollbook check\n  tollbook -w sample check --json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			w, err := checked(a)
			if err != nil {
				return err
			}
			if err := checkPackages(w); err != nil {
				return err
			}
			r := checkResult{
				Workspace: w.Dir, Zone: w.Settings.Zone.Name(), Currency: w.Settings.Currency.Code,
				Digits:   w.Settings.Currency.Digits,
				Rounding: fmt.Sprintf("%s, %s", w.Settings.Rounding.Grain, w.Settings.Rounding.Mode),
				Books:    readBooks(w.Books),
			}
			for _, n := range w.Books.Notes {
				r.Notes = append(r.Notes, cli.SourcePlace{File: n.File, Line: n.Line,
					Column: n.Column, Text: n.Text, Hint: n.Hint})
			}
			r.Notes = append(r.Notes, emptyBooks(w.Books)...)
			r.Notes = append(r.Notes, exampleNotes(w.Dir)...)
			if r.Inbox, err = seenFeeds(w); err != nil {
				return err
			}
			return a.Show(r, func() { printCheck(a, &r) }, nil, false)
		},
	}
	return cli.Exits(cmd, cli.ExitDone, cli.ExitWrong, cli.ExitFailed)
}

// checked opens the workspace. If the settings are wrong, it reads the books with defaults in place of what is wrong,
// and zone UTC if the zone is, so that all errors are reported at once.
func checked(a *cli.App) (*workspace.Workspace, error) {
	w, err := a.Open()
	var problems problem.Problems
	if err == nil || !errors.As(err, &problems) {
		return w, err
	}
	s, err := settings.Load(filepath.Join(a.Flags.Workspace, settings.File))
	if err == nil {
		return nil, problems
	}
	if s.Zone == nil {
		if s.Zone, err = period.LoadZone("UTC"); err != nil {
			return nil, problems
		}
	}
	var more problem.Problems
	if _, err := workspace.LoadBooks(a.Flags.Workspace, s); errors.As(err, &more) {
		problems = append(slices.Clone(problems), more...)
	}
	return nil, problems
}

// checkPackages checks the packages against the closed cycles of the lake.
func checkPackages(w *workspace.Workspace) error {
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		return err
	}
	return l.Read(func(snap *lake.Snapshot) error { return state.CheckPackages(snap, w.Books) })
}

// emptyBooks returns notes on empty books without which no usage can be billed.
func emptyBooks(b *books.Books) (notes []cli.SourcePlace) {
	for _, r := range readBooks(b)[:3] {
		if r.Count == 0 {
			notes = append(notes, cli.SourcePlace{File: "books/" + r.Book + ".csv",
				Text: "no rows: usage cannot be billed without " + r.What})
		}
	}
	return notes
}

// readBooks counts the entries of the books: of those that most workspaces have, and of others that are not empty.
func readBooks(b *books.Books) []bookRead {
	all := []bookRead{
		{"products", len(b.Products), "products"}, {"prices", len(b.Versions), "price versions"},
		{"customers", len(b.Customers), "customers"}, {"partners", len(b.Partners), "partners"},
		{"associations", len(b.Associations), "associations"}, {"discounts", len(b.Discounts), "discounts"},
		{"packages", len(b.Packages), "packages"}, {"links", len(b.Links), "links"}, {"terms", len(b.Terms), "terms"},
		{"coupons", len(b.Coupons), "coupons"}, {"calendar", len(b.NonWorking), "dates"},
		{"policies", len(b.Policies), "percentile policies"}, {"incentives", len(b.Programmes), "incentive programmes"},
	}
	m := &b.Money
	for _, one := range []bookRead{
		{"price_lists", len(b.ListCurrencies), "price lists in other currencies"},
		{"rates", len(b.Rates), "exchange rates"},
		{"recurring", len(b.Recurring), "recurring charges"}, {"commitments", len(b.Commitments), "commitments"},
		{"subscribers", len(b.Subscribers), "subscribers"}, {"taxes", len(b.Taxes), "taxes"},
		{"budgets", len(b.Budgets), "budgets"}, {"managers", len(b.Managers), "account managers"},
		{"allocation", len(b.Allocations), "rules of allocation"}, {"markups", len(b.Markups), "markups"},
		{"parties", len(m.Parties), "parties"}, {"coupon_quotas", len(m.CouponQuotas), "coupon quotas"},
		{"funds", len(m.Funds), "funds"}, {"fund_quotas", len(m.FundQuotas), "fund quotas"},
		{"experts", len(m.Experts), "experts"}, {"solutions", len(m.Solutions), "solutions"},
		{"qualifications", len(m.Qualifications), "qualifications"},
	} {
		if one.Count > 0 {
			all = append(all, one)
		}
	}
	return all
}

// isTaken reports whether a feed with this name exists.
func isTaken(name string) bool {
	return slices.ContainsFunc(accept.Feeds(), func(f *feed.Spec) bool { return f.Name == name })
}

// seenFeeds lists the folders of the inbox with their files.
func seenFeeds(w *workspace.Workspace) ([]feedSeen, error) {
	files := os.DirFS(w.InboxDir())
	if w.InboxDir() == "" {
		var err error
		if files, err = w.Inbox(); err != nil {
			return nil, err
		}
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the inbox: %w", err)
	}
	var out []feedSeen
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		seen := feedSeen{Feed: e.Name(), State: feedUnknown}
		if isTaken(e.Name()) || e.Name() == accept.CostFolder {
			seen.State = feedTaken
		}
		err := fs.WalkDir(files, e.Name(), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				seen.Files++
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read the inbox: %w", err)
		}
		out = append(out, seen)
	}
	return out, nil
}

func printCheck(a *cli.App, r *checkResult) {
	fmt.Fprintf(a.Out, "settings and books are right\n\n  zone %s, %s with %d digits, rounding %s\n\n", r.Zone,
		r.Currency, r.Digits, r.Rounding)
	g := cli.NewGrid("book", ">count", "")
	for _, b := range r.Books {
		g.Add(b.Book, b.Count, b.What)
	}
	g.Print(a.Out, "  ")
	if len(r.Inbox) > 0 {
		fmt.Fprintln(a.Out)
		g := cli.NewGrid("inbox", ">files", "")
		says := map[string]string{feedTaken: "", feedUnknown: "not a feed: never read"}
		for _, f := range r.Inbox {
			g.Add(f.Feed, f.Files, says[f.State])
		}
		g.Print(a.Out, "  ")
	}
	for _, n := range r.Notes {
		fmt.Fprintf(a.Out, "\nnote: %s: %s\n", problem.Pos{File: n.File, Line: n.Line, Column: n.Column}, n.Text)
		if n.Hint != "" {
			fmt.Fprintf(a.Out, "    hint: %s\n", n.Hint)
		}
	}
}
