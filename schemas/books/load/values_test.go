package load

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// shown returns the books as text, one row per line, for comparisons.
func shown(b *books.Books) string {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	for _, p := range b.Products {
		line("product %s %s %s %s %s policy=%s discount=%v %s", p.SKU, p.ServiceTypeCode, p.Measure, p.Model, p.Meter,
			p.Policy, p.AllowDiscount, p.Class)
	}
	for _, v := range b.Versions {
		line("version %d %s %s %q %s at %s", v.SKU, v.PriceList, v.Region, v.PeriodType, v.Valid, v.At)
		for _, t := range v.Tiers {
			upTo := t.UpTo.Trim()
			if t.Open {
				upTo = "open"
			}
			line("  to %s: %s + %s, block %s", upTo, t.UnitPrice.Trim(), t.FlatFee.Trim(), t.BlockSize.Trim())
		}
	}
	for _, c := range b.Customers {
		for _, r := range c.Rows {
			line("customer %s %q list=%s %s", c.ID, r.Name, r.PriceList, r.Valid)
		}
	}
	for _, p := range b.Partners {
		for _, r := range p.Rows {
			left := "stays"
			if r.LeftOn != period.Forever {
				left = r.LeftOn.String()
			}
			line("partner %s %s parent=%d %s %s", p.ID, r.Kind, r.Parent, r.Valid, left)
		}
	}
	for _, a := range b.Associations {
		line("association %d %d type=%d %s", a.Customer, a.Partner, a.Type, a.Valid)
	}
	for _, d := range b.Discounts {
		line("discount %s %s customer=%d partner=%d %s sku=%d %s rate=%s fixed=%s amount=%s %s", d.ID, d.Kind,
			d.Customer, d.Partner, d.Service, d.SKU, d.Mode, d.Rate.Trim(), d.Fixed.Trim(), d.Amount.Trim(), d.Valid)
	}
	for _, p := range b.Packages {
		line("package %s %d %v %s %s %s %s", p.ID, p.Customer, p.SKUs, p.Region, p.Quota.Trim(), p.Reset, p.Valid)
	}
	for _, k := range b.Links {
		line("link %s %d %d %s group=%s size=%s commit=%s %s", k.ResourceID, k.Customer, k.SKU, k.Region, k.Group,
			k.SizeMbps.Trim(), k.CommitMbps.Trim(), k.Valid)
	}
	for _, t := range b.Terms {
		line("term %d→%d %s sku=%d payable=%v %s %s", t.Seller, t.Buyer, t.Service, t.SKU, t.Payable, t.Rate.Trim(),
			t.Valid)
	}
	for _, c := range b.Coupons {
		line("coupon %s %d cash=%v performance=%v %s min=%s %s sku=%d beside=%v %s", c.ID, c.Customer, c.Cash,
			c.Performance, c.Amount.Trim(), c.MinConsumption.Trim(), c.Service, c.SKU, c.WithDiscount, c.Valid)
	}
	for _, p := range b.Policies {
		line("policy %s %s %s %s zero=%v valid=%v %d drop=%s %s floor=%s", p.ID, p.Method, p.Series, p.Duplicates,
			p.MissingZero, p.ValidDaysOnly, p.Kilo, p.Drop.Trim(), p.Days, p.FloorShare.Trim())
	}
	for _, p := range b.Programmes {
		line("programme %s %s partners=%v %v %v quarterly=%v graduated=%v bonus=%s×%d cap=%s/%v carry=%v confirm=%d "+
			"payout=%v lapse=%d up=%v", p.ID, p.Valid,
			p.Partners, p.AssociationTypes, p.ProductClasses, p.Quarterly, p.Graduated, p.BonusRate.Trim(),
			p.BonusMonths, p.Cap.Trim(), p.HasCap,
			p.CarryNegative, p.ConfirmWithinDays, p.PayoutQuarterly, p.LapseAfterDays, p.RollUp)
		for _, t := range p.Tiers {
			line("  from %s: %s", t.From.Trim(), t.Rate.Trim())
		}
	}
	return out.String()
}

// Shanghai is +08:00: 2026-01-01 begins at 2025-12-31T16:00:00Z, 2026-06-01 at 2026-05-31T16:00:00Z.
const sampleShown = `product bw network Mbps percentile region policy=p95 discount=true ordinary
product cdn network GB volume region policy= discount=true ordinary
product ecs compute GB-hour flat region policy= discount=true ordinary
product msg app count block region policy= discount=true ordinary
product obs storage GB graduated customer policy= discount=false specific
product seat app count stairstep resource policy= discount=true none
product vm-month compute count period region policy= discount=true no_rebate
version 0 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:11:8
  to open: 20 + 0, block 0
version 1 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:7:17
  to open: 0.3 + 0, block 0
version 2 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:2:9
  to open: 0.5 + 0, block 0
version 3 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:8:9
  to open: 1.5 + 0, block 1000
version 4 gold cn-north-1 "" [2025-12-31T16:00:00Z, ) at books/prices.csv:6:22
  to open: 0.05 + 0, block 0
version 4 standard * "" [2025-12-31T16:00:00Z, 2026-06-30T16:00:00Z) at books/prices.csv:3:9
  to 100: 0.2 + 0, block 0
  to open: 0.1 + 5, block 0
version 4 standard * "" [2026-06-30T16:00:00Z, ) at books/prices.csv:5:9
  to open: 0.15 + 0, block 0
version 5 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:9:10
  to 10: 0 + 100, block 0
  to open: 0 + 80, block 0
version 6 standard * "month" [2025-12-31T16:00:00Z, ) at books/prices.csv:12:19
  to open: 99.9 + 0, block 0
customer c1 "First" list= [, )
customer c2 "Second" list=gold [2025-12-31T16:00:00Z, 2026-05-31T16:00:00Z)
customer c2 "Second" list= [2026-05-31T16:00:00Z, )
partner d1 distributor parent=-1 [, ) stays
partner f1 referrer parent=-1 [, ) stays
partner r1 reseller parent=0 [2025-12-31T16:00:00Z, ) 2026-09-29T16:00:00Z
association 0 2 type=2 [2025-12-31T16:00:00Z, 2026-05-31T16:00:00Z)
association 0 1 type=1 [2026-05-31T16:00:00Z, )
association 1 0 type=2 [, )
discount a commercial customer=-1 partner=-1 * sku=-1 rate rate=0.85 fixed=0 amount=0 [2025-12-31T16:00:00Z, 2026-05-31T16:00:00Z)
discount a commercial customer=-1 partner=-1 * sku=-1 rate rate=0.8 fixed=0 amount=0 [2026-05-31T16:00:00Z, )
discount b partner customer=0 partner=2 compute sku=2 fixed rate=0 fixed=0.1234567891 amount=0 [2025-12-31T16:00:00Z, )
discount c order customer=1 partner=-1 * sku=6 reduction rate=0 fixed=0 amount=10.5 [2025-12-31T16:00:00Z, )
discount d channel customer=-1 partner=-1 compute sku=6 fixed rate=0 fixed=0 amount=50 [2025-12-31T16:00:00Z, )
package p1 0 [1 4] * 1000 cycle [2025-12-31T16:00:00Z, 2026-12-31T16:00:00Z)
package p1 1 [2] cn-north-1 5.5 anniversary [2026-01-31T04:00:00Z, )
link l1 1 0 cn-north-1 group= size=0 commit=0 [2025-12-31T16:00:00Z, )
link l2 0 0 cn-north-1 group=g size=100 commit=10 [2025-12-31T16:00:00Z, 2026-05-31T16:00:00Z)
link l2 0 0 cn-north-1 group=g size=200 commit=10 [2026-05-31T16:00:00Z, )
term -1→0 * sku=-1 payable=false 0.7 [2025-12-31T16:00:00Z, )
term 0→2 * sku=-1 payable=false 0.95 [2025-12-31T16:00:00Z, 2026-05-31T16:00:00Z)
term 0→2 * sku=2 payable=true 0.8 [2025-12-31T16:00:00Z, )
term 0→2 compute sku=-1 payable=true 0.9 [2025-12-31T16:00:00Z, )
coupon k1 0 cash=true performance=true 100 min=10 * sku=-1 beside=true [2025-12-31T16:00:00Z, 2026-12-31T16:00:00Z)
coupon k2 1 cash=false performance=false 50.5 min=0 app sku=3 beside=false [2025-12-31T16:00:00Z, )
policy e95 enhanced_p95 sum last zero=true valid=true 1024 drop=0.1 in_force floor=0.2
policy p95 monthly_p95 max max zero=false valid=false 1000 drop=0.05 all floor=0
programme base [, ) partners=[] [1 2] [ordinary specific] quarterly=false graduated=false bonus=0×0 cap=0/false carry=false confirm=-1 payout=false lapse=-1 up=false
  from 0: 0.03
programme growth [2025-12-31T16:00:00Z, 2026-12-31T16:00:00Z) partners=[0 2] [2] [ordinary] quarterly=true graduated=true bonus=0.05×6 cap=5000/true carry=true confirm=10 payout=true lapse=90 up=true
  from 0: 0.01
  from 10000: 0.02
`

func TestLoadSample(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(nil), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(b); got != sampleShown {
		t.Errorf("got\n%s", diff(got, sampleShown))
	}
	if b.Zone.Name() != "Asia/Shanghai" || b.Currency != "CNY" || b.Digits != 2 || b.Notes != nil {
		t.Errorf("%s %s %d %v", b.Zone.Name(), b.Currency, b.Digits, b.Notes)
	}
}

// diff returns the lines that are in only one of two texts.
func diff(got, want string) string {
	var out strings.Builder
	have := map[string]bool{}
	for _, line := range strings.Split(want, "\n") {
		have[line] = true
	}
	for _, line := range strings.Split(got, "\n") {
		if !have[line] {
			out.WriteString("+ " + line + "\n")
		}
		delete(have, line)
	}
	for _, line := range strings.Split(want, "\n") {
		if have[line] {
			out.WriteString("- " + line + "\n")
		}
	}
	return out.String()
}

// TestFormChangesNothing checks that the result does not depend on the order of rows and columns, line ends, a byte
// order mark, quotes or unknown columns.
func TestFormChangesNothing(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for name, text := range sample {
		if !strings.HasSuffix(name, ".csv") {
			continue
		}
		lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		for i, line := range lines {
			cells := strings.Split(line, ",")
			for a, b := 0, len(cells)-1; a < b; a, b = a+1, b-1 {
				cells[a], cells[b] = cells[b], cells[a]
			}
			for j := range cells {
				if i%2 == 1 && cells[j] != "" {
					cells[j] = `"` + cells[j] + `"`
				}
			}
			own := `"a ""note"", over` + "\n" + `two lines"`
			if i == 0 {
				own = "x_note"
			}
			lines[i] = strings.Join(append(cells, own), ",")
		}
		if name != "prices.csv" { // versions of prices contain their line numbers
			for a, b := 1, len(lines)-1; a < b; a, b = a+1, b-1 {
				lines[a], lines[b] = lines[b], lines[a]
			}
		}
		files[name] = "\ufeff" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	b, err := Books(workspace(files), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Books(workspace(nil), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []*books.Books{b, want} {
		for i := range one.Versions {
			one.Versions[i].At = books.Pos{}
		}
	}
	if shown(b) != shown(want) {
		t.Error(diff(shown(b), shown(want)))
	}
	if b.Hash == want.Hash {
		t.Error("other bytes, the same hash")
	}
}

func TestHash(t *testing.T) {
	t.Parallel()
	load := func(files map[string]string) [32]byte {
		b, err := Books(workspace(files), chosen(t))
		if err != nil {
			t.Fatal(err)
		}
		return b.Hash
	}
	base := load(nil)
	if load(nil) != base {
		t.Error("the same books, another hash")
	}
	if load(map[string]string{"calendar.csv": ""}) == base ||
		load(map[string]string{"calendar.csv": sample["calendar.csv"] + "\n"}) == base {
		t.Error("other books, the same hash")
	}
	if load(map[string]string{"readme.txt": "not a book"}) != base {
		t.Error("a file that is no book changed the hash")
	}
}

func TestOptionalBooks(t *testing.T) {
	t.Parallel()
	fsys := fstest.MapFS{
		"books/products.csv":  {Data: []byte("sku,service_type_code,measure,pricing_model\necs,compute,GB,flat\n")},
		"books/prices.csv":    {Data: []byte("sku,valid_from,tier,unit_price\necs,2026-01-01,1,0.5\n")},
		"books/customers.csv": {Data: []byte("customer_id\nc1\n")},
	}
	b, err := Books(fsys, chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `product ecs compute GB flat region policy= discount=true ordinary
version 0 standard * "" [2025-12-31T16:00:00Z, ) at books/prices.csv:2:5
  to open: 0.5 + 0, block 0
customer c1 "" list= [, )
`
	if got := shown(b); got != want {
		t.Error(diff(got, want))
	}
	if !b.IsWorking(period.DayOf(2026, 9, 4)) || b.IsWorking(period.DayOf(2026, 9, 5)) {
		t.Error("without a calendar Friday works and Saturday does not")
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(nil), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) period.Instant {
		v, err := period.ParseInstant(text)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before, spring, june, autumn := at("2025-12-31T15:59:59Z"), at("2026-03-01T00:00:00Z"), at("2026-05-31T16:00:00Z"),
		at("2026-10-01T00:00:00Z")

	c1, c2 := b.Customer("c1"), b.Customer("c2")
	if c1 != 0 || c2 != 1 || b.Customer("c3") != -1 || b.SKU("msg") != 3 || b.SKU("") != -1 || b.Partner("r1") != 2 ||
		b.Policy("p95") != 1 {
		t.Error("codes")
	}
	if b.Coupon("k2") != 1 || b.Coupon("k3") != -1 || b.Programme("growth") != 1 || b.Programme("x") != -1 {
		t.Error("coupon or programme")
	}
	if _, ok := b.CustomerRowAt(c2, before); ok {
		t.Error("c2 is there before its first row")
	}
	if r, ok := b.CustomerRowAt(c2, spring); !ok || r.PriceList != "gold" {
		t.Error("c2 in spring")
	}
	if r, ok := b.CustomerRowAt(c2, june); !ok || r.PriceList != "" {
		t.Error("c2 from june")
	}
	if r, ok := b.PartnerRowAt(b.Partner("r1"), spring); !ok || r.Kind != books.Reseller ||
		r.Parent != b.Partner("d1") {
		t.Error("r1 in spring")
	}
	if a, ok := b.Associations.At(c1, june-1); !ok || a.Type != books.Resale || a.Partner != b.Partner("r1") {
		t.Error("c1 before june")
	}
	if a, ok := b.Associations.At(c1, june); !ok || a.Type != books.Referral {
		t.Error("c1 from june")
	}
	if _, ok := b.Associations.At(c1, before); ok {
		t.Error("c1 before 2026")
	}
	if k, ok := b.Links.At("l2", june); !ok || k.SizeMbps.Trim() != "200" || len(b.Links.Of("l2")) != 2 ||
		b.Links.Of("l3") != nil && len(b.Links.Of("l3")) != 0 {
		t.Error("l2 from june")
	}
	if _, ok := b.Links.At("l3", june); ok {
		t.Error("a link that is not there")
	}
	obs := b.SKU("obs")
	if v := b.Versions.Of(obs, "standard", "*", ""); len(v) != 2 || len(v[0].Tiers) != 2 || len(v[1].Tiers) != 1 {
		t.Error("versions of obs")
	}
	if v, ok := b.Versions.At(obs, "standard", "*", "", autumn); !ok || v.Tiers[0].UnitPrice.Trim() != "0.15" {
		t.Error("obs in autumn")
	}
	if _, ok := b.Versions.At(obs, "gold", "*", "", autumn); ok {
		t.Error("region is exact")
	}
	if len(b.Packages.Of(c1)) != 1 || len(b.Packages.Of(c2)) != 1 || len(b.Discounts.Of("a")) != 2 ||
		len(b.Discounts.Of("z")) != 0 {
		t.Error("packages or discounts")
	}
	d1, r1, ecs := b.Partner("d1"), b.Partner("r1"), b.SKU("ecs")
	for _, c := range []struct {
		sku     int32
		service string
		at      period.Instant
		want    string
	}{{ecs, "compute", spring, "0.8"}, {b.SKU("vm-month"), "compute", spring, "0.9"},
		{obs, "storage", spring, "0.95"}} {
		if term, ok := b.Terms.At(d1, r1, c.service, c.sku, c.at); !ok || term.Rate.Trim() != c.want {
			t.Errorf("term for %d: %v", c.sku, term)
		}
	}
	if _, ok := b.Terms.At(d1, r1, "storage", obs, autumn); ok {
		t.Error("a term that has ended")
	}
	if term, ok := b.Terms.At(-1, d1, "storage", obs, autumn); !ok || term.Rate.Trim() != "0.7" {
		t.Error("the vendor's term")
	}
	if b.IsWorking(period.DayOf(2026, 10, 1)) || !b.IsWorking(period.DayOf(2026, 10, 10)) ||
		!b.IsWorking(period.DayOf(2026, 10, 2)) {
		t.Error("calendar")
	}
}

func TestNotes(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(map[string]string{
		"readme.txt":    "x",
		".prices.swp":   "x",
		"customers.csv": "customer_id,price_list\nc1,silver\nc2,silver\n",
		"coupons.csv": "coupon_id,customer_id,kind,counts_as_performance,amount,valid_from\n" +
			"k,c1,voucher,YES,5,2026-01-01\n",
		"discounts.csv": "discount_id,kind,sku,mode,value,valid_from,valid_to\nd,channel,seat,fixed,5,2026-01-01,\n" +
			"e,order,,rate,0.9,2026-01-01,2026-12-31\ne,order,,rate,0.8,2027-01-01,2027-12-30\n" +
			"e,order,,rate,0.7,2028-01-01,2029-01-01\ne,order,,rate,0.6,2029-01-01,\n",
	}), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `books/coupons.csv:2:14: coupon_id k: a voucher never counts as performance
books/customers.csv:2:4: price_list "silver": no price is in it, so standard applies
books/discounts.csv:2:16: discount_id d: a fixed price does not fit a stairstep product, so it never applies
books/discounts.csv:4:1: discount_id e: not in force in [2026-12-30T16:00:00Z, 2026-12-31T16:00:00Z), between ` +
		`books/discounts.csv:3 and this row
books/readme.txt: not a book: it is not read`
	if got := b.Notes.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if b.Coupons[0].Performance {
		t.Error("a voucher counts as performance")
	}
}

func TestFormats(t *testing.T) {
	t.Parallel()
	formats := books.Formats()
	if len(formats) != 30 {
		t.Errorf("%d books", len(formats))
	}
	for _, f := range formats {
		text := sample[f.File] + countingSample[f.File] + costSample[f.File]
		if text == "" || f.Meaning == "" || f.Key == "" {
			t.Errorf("%s: not in the sample, or without a meaning or a key", f.File)
		}
		for _, c := range f.Columns {
			if !strings.Contains(text+countingSample[f.File], c.Name) || c.Meaning == "" || c.Type == "" {
				t.Errorf("%s %s: not in the sample, or without a meaning or a type", f.File, c.Name)
			}
			if (c.Type == "word") != (c.Words != nil) && c.Type != "list" {
				t.Errorf("%s %s: type %s, words %v", f.File, c.Name, c.Type, c.Words)
			}
			if c.Required && c.Default != "" {
				t.Errorf("%s %s: required with a default", f.File, c.Name)
			}
		}
	}
	if books.Model(255).String() != "" || books.Percentile.String() != "percentile" ||
		books.Subscription.String() != "period" ||
		!books.Block.PeriodLevel() || books.Flat.PeriodLevel() {
		t.Error("models")
	}
	if got := (books.Policy{Drop: money.Rate{}}).Method.String(); got != "monthly_p95" {
		t.Error(got)
	}
}

// BenchmarkLoadCustomers reads a million customers. No check compares each row with each other.
func BenchmarkLoadCustomers(b *testing.B) {
	const n = 1_000_000
	var text strings.Builder
	text.WriteString("customer_id,name,price_list,account_manager_id,valid_from,valid_to\n")
	for i := range n {
		fmt.Fprintf(&text, "cust-%07d,Customer %d,,am%d,2026-01-01,\n", (i*7919)%n, i, i%50)
	}
	fsys := workspace(map[string]string{"customers.csv": text.String(), "associations.csv": "", "discounts.csv": "",
		"packages.csv": "", "links.csv": "", "coupons.csv": ""})
	s := chosen(b)
	b.ReportAllocs()
	for b.Loop() {
		books, err := Books(fsys, s)
		if err != nil || len(books.Customers) != n {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
