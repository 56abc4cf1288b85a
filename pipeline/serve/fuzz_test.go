package serve_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// FuzzParameters sets each parameter of each operation to arbitrary values, as north and as a customer. No answer is an
// internal error or shows data of others, and each has the form of its operation.
func FuzzParameters(f *testing.F) {
	w := start(f, billed(f), nil)
	north, customer := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret,
		w.key(keys.Caller{Role: keys.Customer, Customer: "cust-aurora"}, true).Secret
	ops := serve.Operations()
	ops = slices.DeleteFunc(ops, func(op operation.Operation) bool { return op.Public() })
	for i := range ops {
		for j := range ops[i].Params {
			for _, value := range []string{"", "cust-dune", "2026-09", "-1", "99999999999999999999", "%00", "null",
				"' OR 1=1 --", "../../etc/passwd", "\x80", "１", "2026-09-31",
				"2026-09-05T00:00:00Z", "true", "{\"a\":[}", "[]", "part-east", "m-2"} {
				f.Add(i, j, value, i%2 == 0)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, param int, value string, partner bool) {
		op := &ops[abs(which)%len(ops)]
		c, token := caller{name: "north", key: keys.Caller{Role: keys.Partner, Partner: "part-north"}}, north
		if !partner {
			c, token = caller{name: "aurora", key: keys.Caller{Role: keys.Customer, Customer: "cust-aurora"}}, customer
		}
		r := fuzzed(op, param, value, c)
		if r == nil {
			return
		}
		r.Header.Set("X-Auth-Token", token)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		body := rec.Body.String()
		if rec.Code >= 500 {
			t.Fatalf("%s: %d %s", r.URL, rec.Code, body)
		}
		if rec.Code >= 400 {
			var e struct {
				Code string `json:"error_code"`
				Text string `json:"error_msg"`
			}
			if err := json.Unmarshal([]byte(body), &e); err != nil || e.Code == "" || e.Text == "" {
				t.Fatalf("%s: %d %s", r.URL, rec.Code, body)
			}
			return
		}
		for _, word := range hidden[c.name] {
			if strings.Contains(body, word) && !slices.Contains(mayName[op.Name], word) &&
				!strings.Contains(value, word) {
				t.Fatalf("%s as %s shows %s:\n%s", r.URL, c.name, word, body)
			}
		}
	})
}

func abs(n int) int { return max(n, -(n + 1)) }

// fuzzed returns a request that is valid except for one parameter, or nil if no URL can express it.
func fuzzed(op *operation.Operation, param int, value string, c caller) *http.Request {
	path, query, body := op.Path, url.Values{}, map[string]any{}
	for i, p := range op.Params {
		text := given(op, &p, c, "cust-aurora")
		if i == abs(param)%len(op.Params) {
			text = value
		}
		switch p.In {
		case operation.Path:
			path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(text))
		case operation.Query:
			query.Set(p.Name, text)
		case operation.Body:
			body[p.Name] = text
			if json.Valid([]byte(text)) {
				body[p.Name] = json.RawMessage(text)
			}
		}
	}
	text := ""
	if op.Method == http.MethodPost {
		b, err := json.Marshal(body)
		if err != nil {
			return nil
		}
		text = string(b)
	}
	r, err := http.NewRequest(op.Method, "http://a"+path+"?"+query.Encode(), strings.NewReader(text))
	if err != nil {
		return nil
	}
	r.RequestURI = r.URL.RequestURI()
	return r
}

// FuzzRequest sends arbitrary paths, queries and bodies to the server.
func FuzzRequest(f *testing.F) {
	w := start(f, billed(f), nil)
	token := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret
	f.Add("GET", "/v1/lines/a%2Fb/explain", "customer_id=cust-aurora&cycle=2026-09", "")
	f.Add("POST", "/v2/bills/subcustomer-bills/res-fee-records", "a;b&%zz", "{\"a\":1e999}")
	f.Add("GET", "//%2e%2e/\x00", "=&=&", "\xff")
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r, err := http.NewRequest(method, "http://a/", strings.NewReader(body))
		if err != nil {
			return
		}
		u, err := url.ParseRequestURI(path)
		if err != nil {
			return
		}
		u.RawQuery = query
		r.URL, r.RequestURI = u, path+"?"+query
		r.Header.Set("X-Auth-Token", token)
		rec := httptest.NewRecorder()
		w.api.ServeHTTP(rec, r)
		if rec.Code >= 500 || rec.Code >= 300 && rec.Code < 400 || rec.Code >= 400 &&
			!strings.HasPrefix(rec.Body.String(), `{"error_code":"CBC.`) {
			t.Fatalf("%q %q %q: %d %s", method, path, query, rec.Code, rec.Body)
		}
	})
}
