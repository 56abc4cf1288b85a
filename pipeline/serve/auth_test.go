package serve_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/settings"
)

const aurora = "/v2/bills/subcustomer-bills/res-fee-records?bill_cycle=2026-09&customer_id=cust-aurora"

// signed returns a signed request for a path.
func (w *world) signed(k keys.Issued, path string, at time.Time) *http.Request {
	r := w.request(http.MethodGet, path, "")
	signRequest(r, k.ID, k.Secret, at, "", "x-language")
	return r
}

// TestSignatures checks every kind of change of a signed request that is possible in transit.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	north := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, false)
	east := w.key(keys.Caller{Role: keys.Partner, Partner: "part-east"}, false)
	revoked := w.key(keys.Caller{Role: keys.Vendor}, false)
	if _, err := w.keys.Revoke(revoked.ID, "2026-10-05T04:00:00Z"); err != nil {
		t.Fatal(err)
	}
	token := w.key(keys.Caller{Role: keys.Vendor}, true)
	seconds := 0
	for name, c := range map[string]struct {
		change func(*http.Request)
		want   string
	}{
		"as it is":            {func(*http.Request) {}, ok},
		"another host header": {func(r *http.Request) { r.Host = "bss.example.com" }, ok}, // the host is not signed
		"another order of parameters": {func(r *http.Request) {
			r.URL.RawQuery = "customer_id=cust-aurora&bill_cycle=2026-09"
		}, ok},
		"an unsigned header": {func(r *http.Request) { r.Header.Set("X-Other", "1") }, ok},
		"another customer": {func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "aurora", "birch", 1)
		}, "CBC.0154"},
		"an added parameter":  {func(r *http.Request) { r.URL.RawQuery += "&limit=100" }, "CBC.0154"},
		"an added bare one":   {func(r *http.Request) { r.URL.RawQuery += "&x" }, "CBC.0154"},
		"another operation":   {func(r *http.Request) { r.URL.Path = "/v1/statements/2026-09" }, "CBC.0154"},
		"an added body":       {func(r *http.Request) { setBody(r, "{}") }, "CBC.0154"},
		"another language":    {func(r *http.Request) { r.Header.Set("X-Language", "zh_CN") }, "CBC.0154"},
		"a signed header off": {func(r *http.Request) { r.Header.Del("X-Language") }, "CBC.0154"},
		"another key's id": {func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), north.ID, east.ID, 1))
		}, "CBC.0154"},
		"another date": {func(r *http.Request) {
			r.Header.Set("X-Sdk-Date", asOf.Add(time.Minute).Format("20060102T150405Z"))
		}, "CBC.0154"},
		"no signature": {func(r *http.Request) { r.Header.Del("Authorization") }, "CBC.0154"},
		"two": {func(r *http.Request) {
			r.Header.Add("Authorization", r.Header.Get("Authorization"))
		}, "CBC.0154"},
		"a token too": {func(r *http.Request) { r.Header.Set("X-Auth-Token", token.Secret) }, "CBC.0154"},
		"sixteen minutes old": {func(r *http.Request) {
			signRequest(r, north.ID, north.Secret, asOf.Add(-16*time.Minute), "")
		}, "CBC.0154"},
		"sixteen minutes on": {func(r *http.Request) {
			signRequest(r, north.ID, north.Secret, asOf.Add(16*time.Minute), "")
		}, "CBC.0154"},
		"fourteen minutes old": {func(r *http.Request) {
			signRequest(r, north.ID, north.Secret, asOf.Add(-14*time.Minute), "")
		}, ok},
		"with the host": {func(r *http.Request) {
			signRequest(r, north.ID, north.Secret, asOf.Add(-13*time.Minute), "", "host")
		}, ok},
		"no such key": {func(r *http.Request) { signRequest(r, "NOBODY", north.Secret, asOf, "") },
			"CBC.0154"},
		"no such key, no secret": {func(r *http.Request) { signRequest(r, "NOBODY", "", asOf, "") }, "CBC.0154"},
		"a revoked key": {func(r *http.Request) {
			signRequest(r, revoked.ID, revoked.Secret, asOf, "")
		}, "CBC.0154"},
		"a revoked key, no secret": {func(r *http.Request) { signRequest(r, revoked.ID, "", asOf, "") }, "CBC.0154"},
		"a token's id": {func(r *http.Request) { signRequest(r, token.ID, token.Secret, asOf, "") },
			"CBC.0154"},
		"a token's id, no secret": {func(r *http.Request) { signRequest(r, token.ID, "", asOf, "") }, "CBC.0154"},
	} {
		seconds++ // each request has its own date and therefore its own signature
		r := w.signed(north, aurora, asOf.Add(time.Duration(seconds)*time.Second))
		c.change(r)
		got := w.do(r)
		if outcome(got) != c.want {
			t.Errorf("%s: %s %s, want %s", name, outcome(got), got.text, c.want)
		}
		if got.code == "CBC.0154" && got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: 401 without WWW-Authenticate", name)
		}
	}
	for _, secret := range []string{north.Secret, east.Secret, revoked.Secret, token.Secret} {
		if strings.Contains(w.log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
	if strings.Contains(w.log.String(), "Signature=") {
		t.Error("a signature is in the log")
	}
}

func setBody(r *http.Request, text string) {
	other, _ := http.NewRequest(r.Method, r.URL.String(), strings.NewReader(text))
	r.Body, r.ContentLength, r.GetBody = other.Body, other.ContentLength, other.GetBody
}

// TestBodySigned sends a signed POST, then the same one with another body.
func TestBodySigned(t *testing.T) {
	t.Parallel()
	echo := post(t)
	w := start(t, billed(t), func(_ *settings.API, c *serve.Config) { c.Operations = append(serve.Operations(), echo) })
	k := w.key(keys.Caller{Role: keys.Vendor}, false)
	for i, c := range []struct{ signed, sent, want string }{
		{`{"name":"a"}` + "\n", `{"name":"a"}` + "\n", ok},
		{`{"name":"a"}` + "\n", `{"name":"b"}` + "\n", "CBC.0154"},
		{`{"name":"a"}` + "\n", `{"name":"a"}`, "CBC.0154"},
		{`{"name":"a"}` + "\n", ``, "CBC.0154"},
		{``, `{"name":"a"}`, "CBC.0154"},
	} {
		r := w.request(http.MethodPost, "/test/post", c.sent)
		signRequest(r, k.ID, k.Secret, asOf.Add(time.Duration(i)*time.Second), c.signed)
		if got := w.do(r); outcome(got) != c.want {
			t.Errorf("%d: %s %s", i, outcome(got), got.body)
		}
		r = w.request(http.MethodPost, "/test/post", c.sent)
		r.Header.Set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD")
		signRequest(r, k.ID, k.Secret, asOf.Add(-time.Duration(i+1)*time.Second), c.signed, "x-sdk-content-sha256")
		if got := w.do(r); got.code != "CBC.0154" {
			t.Errorf("%d unsigned: %s", i, outcome(got))
		}
	}
}

// TestReplay repeats a signed request. A signature is valid once, except on the same connection within one second.
func TestReplay(t *testing.T) {
	t.Parallel()
	now := asOf
	w := start(t, billed(t), func(_ *settings.API, c *serve.Config) { c.Clock = func() time.Time { return now } })
	k := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, false)
	kept := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	defer kept.CloseIdleConnections()
	again := func(c *http.Client, want string) {
		t.Helper()
		got, err := send(c, w.signed(k, aurora, asOf))
		if err != nil || outcome(got) != want {
			t.Errorf("%s %s, want %s (%v)", outcome(got), got.text, want, err)
		}
	}
	again(kept, ok)
	again(client(), "CBC.0154") // a captured request that is sent immediately
	again(kept, ok)             // by the same client: two calls within a second have the same signature
	now = asOf.Add(time.Second + time.Millisecond)
	again(kept, "CBC.0154")
	again(client(), "CBC.0154")
	now = asOf.Add(15 * time.Minute)
	again(client(), "CBC.0154")
	now = asOf.Add(15*time.Minute + time.Second)
	again(client(), "CBC.0154") // older than the window
	now = asOf.Add(time.Hour)
	if got := w.do(w.signed(k, aurora, now)); outcome(got) != ok {
		t.Errorf("signed anew: %s", got.body)
	}
	// A signature that was refused for another reason remains usable.
	now = asOf.Add(2 * time.Hour)
	bad := w.signed(k, aurora, now)
	bad.URL.RawQuery += "&x=1"
	if got := w.do(bad); got.code != "CBC.0154" {
		t.Error(got.body)
	}
	if got := w.do(w.signed(k, aurora, now)); outcome(got) != ok {
		t.Errorf("after a tampered one: %s", got.body)
	}
}

// TestRevoke revokes keys while the server runs.
func TestRevoke(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	if got := w.get("tbt_nothing", aurora); got.code != "CBC.0154" {
		t.Errorf("before there are keys: %s", got.body)
	}
	token, key := w.key(keys.Caller{Role: keys.Vendor}, true), w.key(keys.Caller{Role: keys.Vendor}, false)
	if got := w.get(token.Secret, aurora); outcome(got) != ok {
		t.Fatal(got.body)
	}
	if got := w.do(w.signed(key, aurora, asOf)); outcome(got) != ok {
		t.Fatal(got.body)
	}
	for _, id := range []string{token.ID, key.ID} {
		if _, err := w.keys.Revoke(id, "2026-10-05T04:00:00Z"); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.get(token.Secret, aurora); got.code != "CBC.0154" {
		t.Errorf("token: %s", got.body)
	}
	if got := w.do(w.signed(key, aurora, asOf.Add(time.Second))); got.code != "CBC.0154" {
		t.Errorf("key: %s", got.body)
	}
}

// TestLimits checks the limit of requests per second of each caller and operation.
func TestLimits(t *testing.T) {
	t.Parallel()
	now := asOf
	w := start(t, billed(t), func(a *settings.API, c *serve.Config) {
		a.RateLimit = 3
		c.Clock = func() time.Time { return now }
	})
	one, two := w.key(keys.Caller{Role: keys.Vendor}, true).Secret, w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	burst := func(token, path string, want ...string) {
		t.Helper()
		for i, code := range want {
			got := w.get(token, path)
			if outcome(got) != code {
				t.Errorf("%s, request %d: %s, want %s", path, i+1, outcome(got), code)
			}
			if code == "CBC.0250" && (got.status != http.StatusTooManyRequests ||
				got.header.Get("Retry-After") != "1") {
				t.Errorf("%d %v", got.status, got.header)
			}
		}
	}
	const many = "CBC.0250"
	burst(one, "/v1/cycles", ok, ok, ok, many, many)
	burst(one, "/v1/runs", ok, ok, ok, many) // another operation
	burst(two, "/v1/cycles", ok, ok, ok, many)
	burst("tbt_wrong", "/v1/cycles", "CBC.0154", "CBC.0154", "CBC.0154", "CBC.0154") // does not count for any caller
	burst("", "/healthz", ok, ok, ok, ok, ok)
	now = asOf.Add(334 * time.Millisecond)
	burst(one, "/v1/cycles", ok, many)
	now = asOf.Add(time.Minute)
	burst(one, "/v1/cycles", ok, ok, ok, many)
}
