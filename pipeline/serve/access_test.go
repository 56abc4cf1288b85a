package serve_test

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// mayCall lists the roles that may call each operation. The test fails for an operation that is missing here: first
// list who may call it.
var mayCall = map[string]string{
	"ListSubCustomerBillDetail":             "vendor partner",
	"ListConsumeSubCustomers":               "vendor partner",
	"ListSubcustomerMonthlyBills":           "vendor partner",
	"ListCustomerselfResourceRecords":       "vendor customer",
	"ListCustomerBillsFeeRecords":           "vendor customer",
	"ListCustomerselfResourceRecordDetails": "vendor customer",
	"ListCustomerBillsMonthlyBreakDown":     "vendor customer",
	"ListCustomerOnDemandResources":         "vendor partner",
	"ListSubCustomerNewTag":                 "vendor partner",
	"ShowCustomerMonthlySum":                "vendor customer",
	"ListSubCustomers":                      "vendor partner",
	"ListIndirectPartners":                  "vendor partner",
	"ListPartnerAccountChangeRecords":       "vendor partner",
	"ListPartnerAdjustRecords":              "vendor partner",
	"ListIncentiveDiscountPolicies":         "vendor partner",
	"ListCustomerOrders":                    "vendor partner customer",
	"ListResourceUsageSummary":              "vendor customer",
	"ListResourceUsage":                     "vendor customer",
	"ListFreeResourcesUsageRecords":         "vendor customer",
	"ListOnDemandResourceRatings":           "vendor partner customer",
	"ListRateOnPeriodDetail":                "vendor partner customer",
	"ListRenewRateOnPeriod":                 "vendor partner customer",
	"ListServiceTypes":                      "vendor partner customer",
	"ListResourceTypes":                     "vendor partner customer",
	"ListServiceResources":                  "vendor partner customer",
	"ListUsageTypes":                        "vendor partner customer",
	"ListMeasureUnits":                      "vendor partner customer",
	"ListConversions":                       "vendor partner customer",
	"ListResourceSpecs":                     "vendor partner customer",
	"ShowCustomerOrderDetails":              "vendor partner customer",
	"ShowRefundOrderDetails":                "vendor partner customer",
	"ListOrderCouponsByOrderId":             "vendor partner customer",
	"ListOrderDiscounts":                    "vendor partner customer",
	"ListPayPerUseCustomerResources":        "vendor partner customer",
	"ListFreeResourceInfos":                 "vendor customer",
	"ListFreeResourceUsages":                "vendor customer",
	"ListCosts":                             "vendor customer",
	"ListPartnerBalances":                   "vendor partner",
	"ShowCustomerAccountBalances":           "vendor customer",
	"ListCustomersBalancesDetail":           "vendor partner",
	"ListCustomerAccountChangeRecords":      "vendor customer",
	"ListQuotaCoupons":                      "vendor partner",
	"ListIssuedCouponQuotas":                "vendor partner",
	"ListCouponQuotasRecords":               "vendor partner",
	"ListIssuedPartnerCoupons":              "vendor partner",
	"ListPartnerCouponsRecord":              "vendor partner",
	"ListSubCustomerCoupons":                "vendor customer",
	"ListCustomerCouponChangeRecords":       "vendor customer",
	"ListStoredValueCards":                  "vendor customer",
	"ExportConsumption":                     "vendor partner customer",
	"ListStatements":                        "vendor finance partner",
	"ShowStatement":                         "vendor finance partner",
	"ListIncentives":                        "vendor finance partner",
	"ListCycles":                            "vendor finance",
	"ListRuns":                              "vendor finance",
	"ExplainLine":                           "vendor finance partner customer",
	"Health":                                "anybody",
	"Ready":                                 "anybody",
	"Metrics":                               "anybody",
	"OpenAPI":                               "anybody",
}

// asked has the parameters that an operation needs for an answer with status 200, in addition to those whose values the
// test derives from their name and kind.
var asked = map[string]map[string]string{
	"ExplainLine": {"id": "rec-CUSTOMER"},
	"ListOnDemandResourceRatings": {
		"product_infos": `[{"id":"1","cloud_service_type":"compute","resource_type":"vm","resource_spec":"vm","region":"east",` +
			`"usage_factor":"Duration","usage_value":1,"usage_measure_id":4,"subscription_num":1}]`},
	"ListRateOnPeriodDetail": {
		"product_infos": `[{"id":"1","cloud_service_type":"compute","resource_type":"server","resource_spec":"server","region":"east",` +
			`"period_type":2,"period_num":1,"subscription_num":1}]`},
	"ListPartnerAccountChangeRecords": {"partner_id": "PARTNER"},
	"ListPartnerBalances":             {"partner_id": "PARTNER"},
	"ListQuotaCoupons":                {"partner_id": "PARTNER"},
	"ListIssuedCouponQuotas":          {"partner_id": "PARTNER"},
	"ListCouponQuotasRecords":         {"partner_id": "PARTNER"},
	"ListCustomersBalancesDetail":     {"customer_infos": everybody},
	"ListFreeResourceUsages":          {"free_resource_ids": `["rec-aurora-pack","rec-fern-pack"]`},
	"ShowCustomerOrderDetails":        {"order_id": "rec-CUSTOMER"},
	"ShowRefundOrderDetails":          {"order_id": "rec-CUSTOMER"},
	"ListOrderCouponsByOrderId":       {"order_id": "rec-CUSTOMER-open"},
	"ListOrderDiscounts":              {"order_id": "rec-CUSTOMER-open"},
	"ListCosts": {"time_condition": `{"time_measure_id":2,"begin_time":"2026-09","end_time":"2026-09"}`,
		"groupby": `[{"type":"dimension","key":"RESOURCE_ID"}]`},
	"ListRenewRateOnPeriod": {"resource_ids": `["res-CUSTOMER"]`},
}

// everybody lists all customers and one that does not exist. The answer to a caller has only its own customers.
const everybody = `[{"customer_id":"cust-aurora"},{"customer_id":"cust-birch"},{"customer_id":"cust-cedar"},` +
	`{"customer_id":"cust-dune"},{"customer_id":"cust-elm"},{"customer_id":"cust-fern"},{"customer_id":"cust-nobody"}]`

// caller is a column of the matrix.
type caller struct {
	name    string
	key     keys.Caller
	manager string // value of account_manager_id, for operations that have it
}

func callers() []caller {
	return []caller{
		{"vendor", keys.Caller{Role: keys.Vendor}, ""},
		{"finance", keys.Caller{Role: keys.Finance}, ""},
		{"north", keys.Caller{Role: keys.Partner, Partner: "part-north"}, ""},
		{"north-m1", keys.Caller{Role: keys.Partner, Partner: "part-north", Manager: "m-1"}, "m-1"},
		{"south", keys.Caller{Role: keys.Partner, Partner: "part-south"}, ""},
		{"east", keys.Caller{Role: keys.Partner, Partner: "part-east"}, ""},
		{"aurora", keys.Caller{Role: keys.Customer, Customer: "cust-aurora"}, ""},
		{"fern", keys.Caller{Role: keys.Customer, Customer: "cust-fern"}, ""},
		{"left", keys.Caller{Role: keys.Partner, Partner: "part-gone"}, ""},      // no longer in the books
		{"stray", keys.Caller{Role: keys.Customer, Customer: "cust-nobody"}, ""}, // the same for a customer
	}
}

const (
	ok      = "200"
	role    = "CBC.0151"
	missing = "CBC.0100"
	foreign = "CBC.99000035"
	others  = "CBC.0150"
)

// customers are the rows of the matrix; "" means that no customer is named.
var customers = []string{"", "cust-aurora", "cust-birch", "cust-cedar", "cust-dune", "cust-elm", "cust-fern",
	"cust-nobody"}

// outcomes has, by subject of the operation, the answers to callers that may call it, in the order of customers.
var outcomes = map[operation.Subject]map[string][]string{
	operation.OneCustomer: {
		"vendor":   {missing, ok, ok, ok, ok, ok, ok, foreign},
		"finance":  {missing, ok, ok, ok, ok, ok, ok, foreign},
		"north":    {missing, ok, ok, foreign, foreign, ok, foreign, foreign},
		"north-m1": {missing, ok, foreign, foreign, foreign, ok, foreign, foreign},
		"south":    {missing, foreign, foreign, ok, foreign, foreign, foreign, foreign},
		"east":     {missing, foreign, foreign, foreign, ok, ok, foreign, foreign},
		"aurora":   {missing, ok, role, role, role, role, role, role},
		"fern":     {missing, role, role, role, role, role, ok, role},
		"stray":    {missing, role, role, role, role, role, role, role},
		"left":     {missing, role, role, role, role, role, role, role},
	},
	operation.Customers: {
		"vendor":   {ok, ok, ok, ok, ok, ok, ok, foreign},
		"finance":  {ok, ok, ok, ok, ok, ok, ok, foreign},
		"north":    {ok, ok, ok, foreign, foreign, ok, foreign, foreign},
		"north-m1": {ok, ok, foreign, foreign, foreign, ok, foreign, foreign},
		"south":    {ok, foreign, foreign, ok, foreign, foreign, foreign, foreign},
		"east":     {ok, foreign, foreign, foreign, ok, ok, foreign, foreign},
		"aurora":   {ok, ok, role, role, role, role, role, role},
		"fern":     {ok, role, role, role, role, role, ok, role},
		"stray":    {role, role, role, role, role, role, role, role},
		"left":     {role, role, role, role, role, role, role, role},
	},
	// The vendor must name a customer. A customer may name itself, but no other customer.
	operation.ItsCustomer: {
		"vendor": {missing, ok, ok, ok, ok, ok, ok, foreign},
		"aurora": {ok, ok, role, role, role, role, role, role},
		"fern":   {ok, role, role, role, role, role, ok, role},
		"stray":  {role, role, role, role, role, role, role, role},
	},
	// A partner is accepted only if the customer never belonged to another partner. birch is north's and has left m-1.
	operation.WholeCustomer: {
		"vendor":   {ok, ok, ok, ok, ok, ok, ok, foreign},
		"finance":  {ok, ok, ok, ok, ok, ok, ok, foreign},
		"north":    {missing, ok, ok, foreign, foreign, others, foreign, foreign},
		"north-m1": {role, role, role, role, role, role, role, role},
		"south":    {missing, foreign, foreign, ok, foreign, foreign, foreign, foreign},
		"east":     {missing, foreign, foreign, foreign, ok, others, foreign, foreign},
		"aurora":   {ok, ok, role, role, role, role, role, role},
		"fern":     {ok, role, role, role, role, role, ok, role},
		"stray":    {role, role, role, role, role, role, role, role},
		"left":     {role, role, role, role, role, role, role, role},
	},
}

// priced are the operations in which callers other than customers must name a customer that is in the books.
var priced = []string{"ListOnDemandResourceRatings", "ListRateOnPeriodDetail", "ListRenewRateOnPeriod",
	"ListPayPerUseCustomerResources"}

// unnamed has the answers to callers that may call an operation that takes no customer.
var unnamed = map[operation.Subject]map[string]string{
	operation.Nobody: {"vendor": ok, "finance": ok, "north": ok, "north-m1": ok, "south": ok, "east": ok,
		"aurora": ok, "fern": ok, "left": ok, "stray": ok},
	operation.AnyStatement: {"vendor": ok, "finance": ok, "north": ok, "north-m1": role, "south": ok, "east": ok,
		"left": role},
	operation.ItsPartner: {"vendor": ok, "finance": ok, "north": ok, "north-m1": role, "south": ok, "east": ok,
		"left": role},
}

// hidden has, by caller, the words that no answer may contain: ids of customers, partners, records and managers of
// others. The test searches every answer of every operation for them.
var hidden = map[string][]string{
	"north": {"cust-cedar", "cust-dune", "cust-fern", "res-cedar", "res-dune", "res-fern", "rec-cedar", "rec-dune",
		"rec-elm-2", "rec-fern", "part-east"},
	"north-m1": {"cust-birch", "cust-cedar", "cust-dune", "cust-fern", "rec-birch", "rec-cedar", "rec-dune",
		"rec-elm-2", "rec-fern", "part-east"},
	"south": {"cust-aurora", "cust-birch", "cust-dune", "cust-elm", "cust-fern", "rec-aurora", "rec-birch",
		"rec-dune", "rec-elm", "rec-fern"},
	"east": {"cust-aurora", "cust-birch", "cust-cedar", "cust-fern", "rec-aurora", "rec-birch", "rec-cedar",
		"rec-elm-1", "rec-fern", "part-north"},
	"aurora": {"cust-birch", "cust-cedar", "cust-dune", "cust-elm", "cust-fern", "rec-birch", "rec-cedar", "rec-dune",
		"rec-elm", "rec-fern", "part-east"},
	"fern": {"cust-aurora", "cust-birch", "cust-cedar", "cust-dune", "cust-elm", "rec-aurora", "rec-birch",
		"rec-cedar", "rec-dune", "rec-elm", "part-"},
	"left":  {"cust-", "rec-", "res-", "part-"},
	"stray": {"cust-", "rec-", "res-", "part-"},
}

// mayName has the words of others that an operation may show: a distributor's statement names its resellers' customers.
var mayName = map[string][]string{
	"ShowStatement": {"cust-cedar", "part-north", "part-east"},
}

// TestAccess calls every operation as every caller for every customer. Invariants: BSS-3, OP-3, OP-6.
func TestAccess(t *testing.T) {
	t.Parallel()
	seen := start(t, billed(t), nil).matrix()
	for name := range mayCall {
		if !seen[name] {
			t.Errorf("%s is in the matrix and no operation", name)
		}
	}
}

// TestAccessToMoney is TestAccess for customers and partners with accounts, quotas and coupons. Invariants: ACCOUNTS-2,
// BENEFITS-1.
func TestAccessToMoney(t *testing.T) {
	t.Parallel()
	w := start(t, billedWith(t, "testdata/money"), nil)
	w.matrix()
	north := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret
	east := w.key(keys.Caller{Role: keys.Partner, Partner: "part-east"}, true).Secret
	for _, c := range []struct{ token, path, shows, hides string }{
		// part-south was north's reseller until 11 September and has been east's since.
		{north, "/v2/partners/issued-coupon-quotas", "q-down", "q-cust-cedar"},
		{north, "/v2/partners/coupon-quotas/records?indirect_partner_id=part-south", "q-down", "q-cust-cedar"},
		{north, "/v2/promotions/benefits/partner-coupons", "rec-aurora-gift", "rec-cedar"},
		{north, "/v2/promotions/benefits/partner-coupons?indirect_partner_id=part-south", "[]", "rec-cedar"},
		{east, "/v2/promotions/benefits/partner-coupons?indirect_partner_id=part-south", "rec-cedar-gift", "rec-dune"},
		{north, "/v2/promotions/benefits/partner-coupons/records/query?customer_id=cust-elm", "rec-elm-1-gift",
			"aurora"},
		{north, "/v2/accounts/partner-accounts/balances?indirect_partner_id=part-south", "[]", "300"},
		{east, "/v2/accounts/partner-accounts/balances?indirect_partner_id=part-south", `"amount":200.00000000`, "q-"},
		{east, "/v2/accounts/partner-accounts/balances", `"credit_amount":200.00000000`, "300"},
		{north, "/v2/accounts/partner-accounts/account-change-records?balance_type=BALANCE_TYPE_DEBIT",
			`"balance_after_change":"400.00000000"`, "cedar"},
	} {
		got := w.get(c.token, c.path)
		if got.status != http.StatusOK || !strings.Contains(got.body, c.shows) || strings.Contains(got.body, c.hides) {
			t.Errorf("%s: %d, want %s and not %s:\n%s", c.path, got.status, c.shows, c.hides, got.body)
		}
	}
}

// matrix calls every operation as every caller for every customer, and returns the names of the operations.
func (w *world) matrix() map[string]bool {
	t := w.t
	described := loadSpec(t)
	tokens := map[string]string{}
	for _, c := range callers() {
		tokens[c.name] = w.key(c.key, true).Secret
	}
	seen := map[string]bool{}
	for _, op := range serve.Operations() {
		who, known := mayCall[op.Name]
		if !known {
			t.Errorf("operation %s is not in the matrix: say in mayCall who may call it", op.Name)
			continue
		}
		seen[op.Name] = true
		if op.Public() != (who == "anybody") {
			t.Errorf("%s: is open to anybody: %t", op.Name, op.Public())
		}
		for _, c := range callers() {
			for i, customer := range customers {
				if _, takes := op.Param("customer_id"); !takes && customer != "" {
					continue
				}
				want := expected(t, &op, who, c, i)
				got := w.ask(&op, c, tokens[c.name], customer)
				described.conforms(t, &op, got)
				if outcome(got) != want {
					t.Errorf("%s as %s for %q: %s, want %s\n%s", op.Name, c.name, customer, outcome(got), want,
						got.body)
				}
				for _, word := range hidden[c.name] {
					if strings.Contains(got.body, word) && !slices.Contains(mayName[op.Name], word) && !op.Public() {
						t.Errorf("%s as %s for %q shows %s:\n%s", op.Name, c.name, customer, word, got.body)
					}
				}
			}
			if got := w.ask(&op, c, "", ""); who != "anybody" && outcome(got) != "CBC.0154" {
				t.Errorf("%s without a key: %s", op.Name, outcome(got))
			}
		}
	}
	return seen
}

func outcome(r reply) string {
	if r.status == http.StatusOK {
		return ok
	}
	return r.code
}

// expected returns the expected outcome of a cell of the matrix.
func expected(t testing.TB, op *operation.Operation, who string, c caller, i int) string {
	t.Helper()
	switch {
	case who == "anybody":
		return ok
	case !slices.Contains(strings.Fields(who), string(c.key.Role)):
		return role
	}
	if _, manages := op.Param("account_manager_id"); c.key.Manager != "" && !manages && op.Subject != operation.Nobody {
		return role
	}
	if slices.Contains(priced, op.Name) && c.key.Role != keys.Customer && c.name != "left" && customers[i] == "" {
		return missing
	}
	if row, listed := outcomes[op.Subject][c.name]; listed {
		return row[i]
	}
	want, listed := unnamed[op.Subject][c.name]
	if !listed {
		t.Errorf("%s as %s: subject %d is not in the matrix", op.Name, c.name, op.Subject)
	}
	return want
}

// ask calls an operation with all parameters that it requires.
func (w *world) ask(op *operation.Operation, c caller, token, customer string) reply {
	w.t.Helper()
	path, query, body := op.Path, url.Values{}, map[string]any{}
	for _, p := range op.Params {
		value := given(op, &p, c, customer)
		if value == "" {
			continue
		}
		switch p.In {
		case operation.Path:
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
		case operation.Query:
			query.Set(p.Name, value)
		case operation.Body:
			body[p.Name] = value
			if p.Kind == operation.Raw {
				body[p.Name] = json.RawMessage(value)
			}
		}
	}
	text := ""
	if op.Method == http.MethodPost {
		b, err := json.Marshal(body)
		if err != nil {
			w.t.Fatal(err)
		}
		text = string(b)
	}
	r := w.request(op.Method, path+"?"+query.Encode(), text)
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	return w.do(r)
}

// given returns the value of a parameter in the matrix; "" means that it is omitted.
func given(op *operation.Operation, p *operation.Param, c caller, customer string) string {
	if value, listed := asked[op.Name][p.Name]; listed {
		record := map[string]string{"": "aurora", "cust-cedar": "cedar-1", "cust-elm": "elm-1"}[customer]
		if record == "" {
			record = strings.TrimPrefix(customer, "cust-")
		}
		if customer == "" && c.name == "fern" {
			record = "fern"
		}
		return strings.NewReplacer("CUSTOMER", record, "PARTNER", cmp.Or(c.key.Partner, "part-north")).Replace(value)
	}
	switch {
	case p.Name == "customer_id":
		return customer
	case p.Name == "account_manager_id":
		return c.manager
	case p.Name == "partner_id" && p.Required:
		return cmp.Or(c.key.Partner, "part-north")
	case !p.Required:
		return ""
	}
	switch p.Kind {
	case operation.Month:
		return "2026-09"
	case operation.Date:
		return "2026-09-05"
	case operation.Moment:
		return "2026-09-05T00:00:00Z"
	case operation.Word:
		return p.Words[0]
	case operation.Flag:
		return "true"
	case operation.Whole:
		return "1"
	}
	return "x"
}

// TestScopeOfLines checks which lines of each customer a caller can read. The payments are powers of two, so that a sum
// identifies its lines.
func TestScopeOfLines(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	north, east, south := keys.Caller{Role: keys.Partner, Partner: "part-north"},
		keys.Caller{Role: keys.Partner, Partner: "part-east"}, keys.Caller{Role: keys.Partner, Partner: "part-south"}
	bound := keys.Caller{Role: keys.Partner, Partner: "part-north", Manager: "m-2"}
	tokens := map[keys.Caller]string{}
	for _, c := range []struct {
		who   keys.Caller
		query string
		want  string // sum of payment_amount, or an error code
	}{
		{keys.Caller{Role: keys.Vendor}, "customer_id=cust-elm", "96"},
		{keys.Caller{Role: keys.Vendor}, "customer_id=cust-cedar", "12"},
		{keys.Caller{Role: keys.Vendor}, "customer_id=cust-elm&indirect_partner_id=part-east", "64"},
		{keys.Caller{Role: keys.Vendor}, "customer_id=cust-nobody", "CBC.99000035"},
		{north, "customer_id=cust-elm", "32"}, // usage from before it left
		{east, "customer_id=cust-elm", "64"},
		{south, "customer_id=cust-cedar", "12"},
		{north, "customer_id=cust-cedar&indirect_partner_id=part-south", "4"}, // until south moved to east
		{east, "customer_id=cust-cedar&indirect_partner_id=part-south", "8"},
		{north, "customer_id=cust-aurora&indirect_partner_id=part-south", "CBC.99000035"},
		{north, "customer_id=cust-dune&indirect_partner_id=part-east", "CBC.99000037"},
		{north, "customer_id=cust-dune&indirect_partner_id=part-nobody", "CBC.99000037"},
		{south, "customer_id=cust-aurora&indirect_partner_id=part-north", "CBC.99000037"},
		{south, "customer_id=cust-cedar&indirect_partner_id=part-south", "CBC.99000037"}, // not its own reseller
		{north, "customer_id=cust-aurora&account_manager_id=m-1", "1"},
		{north, "customer_id=cust-aurora&account_manager_id=m-2", "0"},
		{north, "customer_id=cust-birch&account_manager_id=m-2", "2"},
		{bound, "customer_id=cust-birch&account_manager_id=m-2", "2"},
		{bound, "customer_id=cust-aurora&account_manager_id=m-2", "CBC.99000035"},
		{bound, "customer_id=cust-birch", "CBC.0100"},
		{bound, "customer_id=cust-birch&account_manager_id=", "CBC.0100"},
		{bound, "customer_id=cust-birch&account_manager_id=m-1", "CBC.0151"},
		{bound, "customer_id=cust-cedar&account_manager_id=m-2&indirect_partner_id=part-south", "CBC.99000035"},
	} {
		if tokens[c.who] == "" {
			tokens[c.who] = w.key(c.who, true).Secret
		}
		got := w.get(tokens[c.who], find(t, "ListSubCustomerBillDetail").Path+"?bill_cycle=2026-09&"+c.query)
		if got.status != http.StatusOK {
			if got.code != c.want {
				t.Errorf("%+v %s: %s %s, want %s", c.who, c.query, got.code, got.text, c.want)
			}
			continue
		}
		if sum := paid(t, got.body); sum != c.want {
			t.Errorf("%+v %s: %s, want %s\n%s", c.who, c.query, sum, c.want, got.body)
		}
	}
}

// paid returns the sum of the payments of fee records, which are integers here.
func paid(t *testing.T, body string) string {
	t.Helper()
	var answer struct {
		Records []struct {
			Payment json.Number `json:"payment_amount"`
		} `json:"fee_records"`
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, r := range answer.Records {
		f, err := r.Payment.Float64()
		if err != nil {
			t.Fatal(err)
		}
		sum += f
	}
	text, _ := json.Marshal(sum)
	return string(text)
}
