package load

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

const (
	listsHeader    = "price_list,currency\n"
	ratesHeader    = "date,from,to,rate\n"
	customerHeader = "customer_id,price_list,valid_from,valid_to\n"
)

// oneOf returns the sample with two customers that have lists of their own, and without files that do not support a
// second currency.
func oneOf(files map[string]string) map[string]string {
	all := map[string]string{
		"price_lists.csv": listsHeader + "gold,USD\nyen,JPY\n", "customers.csv": customerHeader + "c1,gold,,\nc2,,,\n",
		"funds.yaml": "", "fund_quotas.csv": "", "experts.csv": "", "qualifications.csv": "", "coupon_quotas.csv": "",
		"solutions.csv": "", "coupons.csv": "", "associations.csv": "",
	}
	for name, text := range files {
		all[name] = text
	}
	return all
}

func TestCurrencies(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(oneOf(map[string]string{
		"rates.csv": ratesHeader + "2026-09-30,USD,CNY,7.1\n2026-09-01,USD,CNY,7\n2026-09-01,CNY,USD,0.14\n",
	})), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(b.Currencies, b.Mixed), "[{CNY 2} {JPY 0} {USD 2}] true"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for id, want := range map[string]string{"c1": "{USD 2}", "c2": "{CNY 2}", "nobody": "{CNY 2}"} {
		if got := fmt.Sprint(b.CustomerCurrencyOf(id)); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	for _, c := range []struct{ from, to, day, want string }{
		{"USD", "CNY", "2026-08-31", ""}, {"USD", "CNY", "2026-09-01", "7 2026-09-01"},
		{"USD", "CNY", "2026-09-29", "7 2026-09-01"}, {"USD", "CNY", "2026-10-31", "7.1 2026-09-30"},
		{"CNY", "USD", "2026-10-31", "0.14 2026-09-01"}, {"JPY", "USD", "2026-10-31", ""},
	} {
		day, err := period.ParseDay(c.day)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if x := b.Rates.On(c.from, c.to, day); x != nil {
			got = x.Rate.Trim() + " " + x.Date.String()
		}
		if got != c.want {
			t.Errorf("%s to %s on %s: %q, want %q", c.from, c.to, c.day, got, c.want)
		}
	}
}

// TestOwnCurrency checks that a list with the workspace's own currency changes nothing.
func TestOwnCurrency(t *testing.T) {
	t.Parallel()
	b, err := Books(workspace(map[string]string{"price_lists.csv": listsHeader + "gold,CNY\nsilver,\n"}), chosen(t))
	if err != nil {
		t.Fatal(err)
	}
	if b.Mixed || len(b.Currencies) != 1 {
		t.Error(b.Mixed, b.Currencies)
	}
}

func TestCurrencyProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, text, want string }{
		{"price_lists.csv", listsHeader + "gold,USDT\n",
			`books/price_lists.csv:2:6: currency "USDT": neither a currency of ISO 4217 nor that of tollbook.yaml`},
		{"price_lists.csv", listsHeader + "gold,USD\ngold,EUR\n", "price_list gold is duplicate"},
		{"customers.csv", customerHeader + "c1,gold,2026-01-01,2026-02-01\nc1,,2026-02-01,\nc2,,,\n",
			"customer_id c1: price_list is in CNY, and that of its first row in USD"},
		{"rates.csv", ratesHeader + "2026-09-01,USD,CNY,0\n", `rate "0": not above 0`},
		{"rates.csv", ratesHeader + "2026-09-01,USD,USD,1\n", `to "USD": a rate is between two currencies`},
		{"rates.csv", ratesHeader + "2026-09-01,USD,ABC,1\n", `to "ABC": neither a currency of ISO 4217`},
		{"rates.csv", ratesHeader + "2026-09-01,USD,CNY,7\n2026-09-01,USD,CNY,8\n",
			"from USD, to CNY, date 2026-09-01 is duplicate"},
		{"discounts.csv", "discount_id,kind,mode,value,valid_from,currency\na,commercial,rate,0.9,2026-01-01,USD\n",
			`currency "USD": a rate is a share and has no currency`},
		{"partners.csv", "partner_id,kind,valid_from,valid_to,currency\nd1,distributor,,2026-01-01,USD\n" +
			"d1,distributor,2026-01-01,,EUR\nr1,reseller,,,\nf1,referrer,,,\n",
			"partner_id d1: currency EUR, and in its first row USD"},
	} {
		_, err := Books(workspace(oneOf(map[string]string{c.file: c.text})), chosen(t))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n%v\nwant %s", c.text, err, c.want)
		}
	}
}

// TestCurrenciesOfPartnersMoney checks that amounts between a partner and another party are in one currency (§10.7).
func TestCurrenciesOfPartnersMoney(t *testing.T) {
	t.Parallel()
	const partners = "partner_id,kind,valid_from,valid_to,currency\nd1,distributor,,,USD\nr1,reseller,,,\n" +
		"f1,referrer,,,\n"
	const quotas = "quota_id,partner_id,parent_quota_id,kind,amount,coupon_months\n"
	const solutions = "solution_id,partner_id,customer_id,level,valid_from,valid_to\n"
	for _, c := range []struct {
		file, text, want string
	}{
		{"coupon_quotas.csv", quotas + "a,d1,,voucher,100,3\nb,r1,a,voucher,10,3\n",
			"quota_id b: partner r1 is in CNY, and parent_quota_id is of partner d1, in USD"},
		{"solutions.csv", solutions + "s,d1,c2,basic,,\n", `partner_id "d1": the partner is in USD`},
		{"solutions.csv", solutions + "s,r1,c1,basic,,\n", `customer_id "c1": the customer is in USD`},
		{"customers.csv", customerHeader + "c1,gold,,\nc2,,,\nd1,yen,,\n",
			"partner_id d1: it is in USD, and the customer of the same id in JPY"},
		{"coupon_quotas.csv", quotas + "a,d1,,voucher,100,3\nb,r1,,voucher,10,3\n", ""},
		{"solutions.csv", solutions + "s,r1,c2,basic,,\n", ""},
		{"customers.csv", customerHeader + "c1,gold,,\nc2,,,\nd1,gold,,\n", ""},
	} {
		files := oneOf(map[string]string{c.file: c.text})
		files["partners.csv"] = partners
		_, err := Books(workspace(files), chosen(t))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s:\n%v\nwant %s", c.text, err, c.want)
		}
	}
}
