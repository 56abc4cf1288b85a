package bss_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// bssBooks is a workspace in UTC. hub is a distributor, north its reseller, scout a referrer. ann buys from north, bob
// from hub, cat was referred by scout, dan is a direct customer of the vendor. gb costs 2 per GB, of which ann's
// package has the first 5 of a cycle; mail 1 per piece up to 10 and 0.5 above; line 1 per Mbps of the largest sample;
// care 30 per month, for ann less 10 %.
var bssBooks = map[string]string{
	"tollbook.yaml": `zone: UTC
currency: {code: CNY, digits: 2}
vendor: {id: vendor, name: Example Cloud}
rounding: {grain: line, mode: truncate}
lake: {buckets: 2}
api: {rate_limit: 0}
`,
	"books/products.csv": `sku,name,service_type_code,service_type_name,resource_type_code,resource_type_name,usage_type,measure,pricing_model,meter,policy,allow_discount,performance_class
gb,Storage,st,Stores,st.gb,Store,stored,GB,flat,,,YES,no_rebate
cold,Cold storage,st,Stores,st.cold,Cold store,stored,GB,flat,,,NO,specific
mail,Mail,ml,Mailing,ml.out,Mail,sent,piece,graduated,,,YES,specific
line,Line,bw,Bandwidth,bw.line,Line,peak,Mbps,percentile,,top,YES,
care,Care,su,Support,su.care,Care,term,month,period,,,YES,none
`,
	"books/prices.csv": `sku,region_code,period_type,valid_from,valid_to,tier,up_to,unit_price
gb,*,,2026-01-01,,1,,2
cold,*,,2026-01-01,,1,,1
mail,*,,2026-01-01,,1,10,1
mail,*,,2026-01-01,,2,,0.5
line,*,,2026-01-01,,1,,1
care,*,month,2026-01-01,,1,,30
care,*,year,2026-01-01,,1,,300
`,
	"books/customers.csv": `customer_id,name,account_manager_id,valid_from,valid_to
ann,Ann Ltd,am1,2026-01-01,
bob,Bob,am2,2026-01-01,
cat,Cat,,2026-01-01,
dan,Dan,,2026-01-01,
eve,Eve,,2026-01-01,
`,
	"books/partners.csv": `partner_id,name,kind,parent_partner_id,valid_from,valid_to,left_on
hub,Hub Distribution,distributor,,2026-01-01,,
north,North Reselling,reseller,hub,2026-01-01,,
scout,Scout,referrer,,2026-01-01,,
`,
	"books/associations.csv": `customer_id,partner_id,association_type,valid_from,valid_to
ann,north,2,2026-01-01,
bob,hub,2,2026-01-01,2026-10-01
cat,scout,1,2026-01-01,
`,
	"books/discounts.csv": "discount_id,kind,customer_id,partner_id,service_type_code,sku,mode,value,valid_from," +
		"valid_to\nd1,commercial,ann,,su,*,rate,0.9,2026-01-01,\n",
	"books/packages.csv": "package_id,customer_id,skus,region_code,quota,reset,valid_from,valid_to\n" +
		"p1,ann,gb,*,5,cycle,2026-01-01,\n",
	"books/policies.yaml": "top: {method: monthly_p95, drop: \"0\"}\n",
	"books/links.csv": "resource_id,customer_id,sku,region_code,group,size_mbps,commit_mbps,valid_from,valid_to\n" +
		"l1,ann,line,east,,1000,0,2026-09-01,\n",
	"inbox/usage/a.csv": `record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,resource_name,resource_tag
a1,ann,r1,gb,east,2026-09-02T10:00:00Z,2026-09-02T11:00:00Z,15,disk,env=prod
a2,ann,r2,mail,east,2026-09-03T10:00:00Z,2026-09-03T11:00:00Z,12,,
b1,bob,r3,gb,east,2026-09-03T23:30:00Z,2026-09-04T00:30:00Z,10.00551,,
c1,cat,r4,gb,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,4,,
d1,dan,r5,gb,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,3,,
`,
	"inbox/bandwidth/l.csv": "resource_id,sample_time,in_bps\nl1,2026-09-05T00:00:00Z,7000000\n" +
		"l1,2026-09-06T00:00:00Z,3000000\n",
	"inbox/orders/o.csv": `order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num,pay_time,effective_time,expire_time,base_order_id
o1,new,ann,care,east,s1,1,month,1,2026-09-20T10:00:00Z,2026-10-05T00:00:00Z,2026-11-05T00:00:00Z,
o2,new,ann,care,east,s2,1,month,1,2026-09-20T10:00:00Z,2026-09-20T10:00:00Z,2026-10-20T10:00:00Z,
o3,unsubscribe,ann,,,,,,,2026-09-21T10:00:00Z,,,o2
`,
	"inbox/adjustments/m.csv": "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n" +
		"m1,ann,gb,2026-09-22T10:00:00Z,-1.5,9,goodwill\n",
}

// house is a workspace with September in its lake, and a server.
type house struct {
	t      *testing.T
	dir    string
	server *serve.Server
	tokens map[string]string // by partner or customer of the caller; "" = the vendor
}

const now = "2026-10-10T00:00:00Z"

func newHouse(t *testing.T) *house {
	t.Helper()
	return houseWith(t, nil)
}

// houseWith returns a house in which more adds files to books or replaces them.
func houseWith(t *testing.T, more map[string]string) *house {
	t.Helper()
	dir := t.TempDir()
	files := maps.Clone(bssBooks)
	maps.Copy(files, more)
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		must(t, os.WriteFile(path, []byte(text), 0o644))
	}
	h := &house{t: t, dir: dir, tokens: map[string]string{}}
	h.run("2026-10-03T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Monthly(context.Background(), w, cycleOf(t, "2026-09"), o)
	})
	w, err := workspace.Open(dir)
	must(t, err)
	file := serve.KeysFile(w)
	for id, caller := range map[string]keys.Caller{"": {Role: keys.Vendor},
		"north": {Role: keys.Partner, Partner: "north"}, "hub": {Role: keys.Partner, Partner: "hub"},
		"scout": {Role: keys.Partner, Partner: "scout"}, "ann": {Role: keys.Customer, Customer: "ann"},
		"bob": {Role: keys.Customer, Customer: "bob"}} {
		made, err := file.Add(caller, true, now)
		must(t, err)
		h.tokens[id] = made.Secret
	}
	clock, err := time.Parse(time.RFC3339, now)
	must(t, err)
	h.server, err = serve.New(serve.Config{Workspace: w, Clock: func() time.Time {
		return clock
	}, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	return h
}

// run performs one run with an as-of.
func (h *house) run(asOf string, do func(*workspace.Workspace, workspace.Options) (*workspace.Report, error)) {
	h.t.Helper()
	w, err := workspace.Open(h.dir)
	must(h.t, err)
	at, err := period.ParseInstant(asOf)
	must(h.t, err)
	r, err := do(w, workspace.Options{AsOf: at, Workers: 2, Env: func(string) string { return "" }})
	must(h.t, err)
	if r.Owed != nil {
		h.t.Fatalf("not published: %v", r.Owed)
	}
}

func (h *house) night(asOf string) {
	h.t.Helper()
	h.run(asOf, func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Nightly(context.Background(), w, o)
	})
}

// close closes September.
func (h *house) close() {
	h.t.Helper()
	h.run("2026-10-05T00:00:00Z", func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		return run.Close(context.Background(), w, cycleOf(h.t, "2026-09"), false, o)
	})
}

// later closes September, adds late records to it, and rates it again with another price.
func (h *house) later() {
	h.t.Helper()
	h.close()
	h.lay("inbox/usage/late.csv",
		`record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity,replaces
a3,ann,r2,mail,east,2026-09-04T10:00:00Z,2026-09-04T11:00:00Z,3,
a4,ann,r1,gb,east,2026-09-02T10:00:00Z,2026-09-02T11:00:00Z,9,a1
a5,ann,r1,gb,east,2026-10-02T10:00:00Z,2026-10-02T11:00:00Z,7,
b9,bob,r3,gb,west,2026-10-02T10:00:00Z,2026-10-02T11:00:00Z,0,
e1,eve,r9,mail,east,2026-09-07T10:00:00Z,2026-09-07T11:00:00Z,12,
e1,eve,r9,mail,east,2026-10-02T10:00:00Z,2026-10-02T11:00:00Z,14,
e2,eve,r9,gb,east,2026-10-02T10:00:00Z,2026-10-02T11:00:00Z,1,
`)
	h.lay("inbox/adjustments/later.csv", "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n"+
		"e1,eve,gb,2026-10-03T10:00:00Z,-1.5,9,goodwill\ne3,eve,gb,2026-10-03T10:00:00Z,-1,9,goodwill\n")
	h.night("2026-10-05T01:00:00Z")
	h.edit("books/prices.csv", "mail,*,,2026-01-01,,2,,0.5", "mail,*,,2026-01-01,,2,,0.25")
	h.rerate("2026-10-05T02:00:00Z")
}

// rerate rates September again.
func (h *house) rerate(asOf string) {
	h.t.Helper()
	h.run(asOf, func(w *workspace.Workspace, o workspace.Options) (*workspace.Report, error) {
		r, _, err := run.Rerate(context.Background(), w, cycleOf(h.t, "2026-09"), run.RerateOptions{}, o)
		return r, err
	})
}

func cycleOf(t *testing.T, text string) period.Cycle {
	t.Helper()
	c, err := period.ParseCycle(text)
	must(t, err)
	return c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// call sends a request as a caller: a POST if it has a body, otherwise a GET.
func (h *house) call(as, path, body string) (int, string) {
	h.t.Helper()
	method := http.MethodGet
	if body != "" {
		method = http.MethodPost
	}
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", h.tokens[as])
	r.Header.Set("X-Language", "en_US")
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	answer, err := io.ReadAll(w.Result().Body)
	must(h.t, err)
	return w.Code, strings.TrimSpace(string(answer))
}

// says compares an answer with indented JSON. White space between values is ignored; the digits of numbers are not.
func (h *house) says(as, path, body, want string) {
	h.t.Helper()
	code, got := h.call(as, path, body)
	if code != http.StatusOK {
		h.t.Fatalf("%s as %q: %d %s", path, as, code, got)
	}
	if diff := cmp.Diff(indented(h.t, want), indented(h.t, got)); diff != "" {
		h.t.Errorf("%s as %q (-want +got):\n%s", path, as, diff)
	}
}

func indented(t *testing.T, text string) string {
	t.Helper()
	var out strings.Builder
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	must(t, dec.Decode(&v))
	enc := json.NewEncoder(&out)
	enc.SetIndent("", " ")
	must(t, enc.Encode(v))
	return out.String()
}

// few returns the given fields of the rows of an answer, one row per line.
func (h *house) few(as, path, body, list string, fields ...string) string {
	h.t.Helper()
	code, got := h.call(as, path, body)
	if code != http.StatusOK {
		h.t.Fatalf("%s as %q: %d %s", path, as, code, got)
	}
	var v map[string]json.RawMessage
	must(h.t, json.Unmarshal([]byte(got), &v))
	var rows []map[string]json.RawMessage
	must(h.t, json.Unmarshal(v[list], &rows))
	var out []string
	for _, row := range rows {
		var line []string
		for _, f := range fields {
			line = append(line, strings.Trim(string(row[f]), `"`))
		}
		out = append(out, strings.Join(line, " "))
	}
	return strings.Join(out, "\n")
}

func (h *house) same(what, got, want string) {
	h.t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		h.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
