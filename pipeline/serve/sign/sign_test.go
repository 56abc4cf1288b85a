package sign_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/serve/sign"
)

// The requests in testdata were recorded from a socket to which huaweicloud-sdk-go-v3 v0.1.207, services/bss/v2, wrote
// them with this key.
const (
	access = "TOLLBOOKEXAMPLEKEY01"
	secret = "example-secret-0123456789abcdefghijklmnop"
)

// signedAt is the X-Sdk-Date of the recorded requests.
var signedAt = time.Date(2026, 11, 20, 14, 49, 58, 0, time.UTC)

func recorded(t testing.TB, name string) (*http.Request, []byte) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "sdk-v0.1.207", name+".http"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, body
}

// check verifies a request as the server does.
func check(r *http.Request, body []byte, key string, now time.Time) error {
	s, err := sign.Parse(r.Header)
	if err != nil {
		return err
	}
	if s.Access != access {
		return errors.New("access " + s.Access)
	}
	if err := s.Fresh(now); err != nil {
		return err
	}
	return s.Verify(r, body, key)
}

func TestSDKRequests(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("testdata/sdk-v0.1.207/*.http")
	if err != nil || len(names) != 6 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		r, body := recorded(t, strings.TrimSuffix(filepath.Base(name), ".http"))
		if err := check(r, body, secret, signedAt); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := check(r, body, secret+"x", signedAt); !errors.Is(err, sign.Mismatch) {
			t.Errorf("%s with another secret: %v", name, err)
		}
	}
}

// TestTampered checks that the signature covers the complete request: after any change it is invalid. Invariant:
// SIGN-1.
func TestTampered(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request, *[]byte){
		"another verb":           func(r *http.Request, _ *[]byte) { r.Method = "GET" },
		"another path":           func(r *http.Request, _ *[]byte) { r.URL.Path = "/v2/partners/sub-customers/query" },
		"an added parameter":     func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "customer_id=ember" },
		"a bare parameter":       func(r *http.Request, _ *[]byte) { r.URL.RawQuery = "x" },
		"another body":           func(_ *http.Request, b *[]byte) { *b = []byte(`{"bill_cycle":"2026-08"}` + "\n") },
		"a body without its end": func(_ *http.Request, b *[]byte) { *b = bytes.TrimSpace(*b) },
		"no body":                func(_ *http.Request, b *[]byte) { *b = nil },
		"another language":       func(r *http.Request, _ *[]byte) { r.Header.Set("X-Language", "en_US") },
		"another domain":         func(r *http.Request, _ *[]byte) { r.Header.Set("X-Domain-Id", "f") },
		"another client":         func(r *http.Request, _ *[]byte) { r.Header.Set("User-Agent", "curl") },
		"a second domain":        func(r *http.Request, _ *[]byte) { r.Header.Add("X-Domain-Id", "0") },
		"another second":         func(r *http.Request, _ *[]byte) { r.Header.Set("X-Sdk-Date", "20261120T144959Z") },
		"another signature": func(r *http.Request, _ *[]byte) {
			a := r.Header.Get("Authorization")
			last := byte('0')
			if a[len(a)-1] == '0' {
				last = '1'
			}
			r.Header.Set("Authorization", a[:len(a)-1]+string(last))
		},
		"fewer headers": func(r *http.Request, _ *[]byte) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "x-domain-id;", "", 1))
		},
	} {
		r, body := recorded(t, "post")
		change(r, &body)
		if err := check(r, body, secret, signedAt); !errors.Is(err, sign.Mismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Change the query of a GET, one value or name at a time.
	for _, query := range []string{
		"bill_cycle=2026-09&customer_id=ember&limit=100&offset=0",
		"bill_cycle=2026-08&customer_id=aurora&limit=100&offset=0",
		"bill_cycle=2026-09&customer_id=aurora&limit=100",
		"bill_cycle=2026-09&customer_id=aurora&customer_id=ember&limit=100&offset=0",
		"bill_cycle=2026-09&customer_id=aurora&limit=100&offset=0&indirect_partner_id=south",
		"bill_cycle=2026-09&customer_id=aurora%26limit=100&offset=0",
	} {
		r, body := recorded(t, "get")
		r.URL.RawQuery = query
		if err := check(r, body, secret, signedAt); !errors.Is(err, sign.Mismatch) {
			t.Errorf("%s: %v", query, err)
		}
	}
	// The order of parameters matters neither in the request nor in its signature.
	r, body := recorded(t, "get")
	r.URL.RawQuery = "offset=0&limit=100&customer_id=aurora&bill_cycle=2026-09"
	if err := check(r, body, secret, signedAt); err != nil {
		t.Errorf("in another order: %v", err)
	}
}

// TestPathsDiffer checks that paths that differ in more than their encoding have different signatures: %2F is not a
// slash.
func TestPathsDiffer(t *testing.T) {
	t.Parallel()
	r, body := recorded(t, "get")
	for raw, want := range map[string]error{
		"/v2/bills/subcustomer-bills/res%2Dfee%2drecords":  nil,
		"/v2/bills/subcustomer-bills%2Fres-fee-records":    sign.Mismatch,
		"/v2/bills/subcustomer-bills/res-fee-records%2F":   sign.Mismatch,
		"/v2/bills/x/../subcustomer-bills/res-fee-records": sign.Mismatch,
		"//v2/bills/subcustomer-bills/res-fee-records":     sign.Mismatch,
	} {
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			t.Fatal(err)
		}
		u.RawQuery = r.URL.RawQuery
		r.URL = u
		if err := check(r, body, secret, signedAt); !errors.Is(err, want) {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestDate(t *testing.T) {
	t.Parallel()
	r, body := recorded(t, "get")
	for at, want := range map[time.Duration]error{
		-15*time.Minute - time.Nanosecond: sign.TooFar, -15 * time.Minute: nil, 15 * time.Minute: nil, 15*time.Minute +
			time.Nanosecond: sign.TooFar,
		24 * time.Hour: sign.TooFar,
	} {
		if err := check(r, body, secret, signedAt.Add(at)); !errors.Is(err, want) {
			t.Errorf("%s later: %v, want %v", at, err, want)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const mac = "31a5196ce12147858154c75f5231102b82ef67cc74d640b2f4a628b7e55caa24"
	const date = "20261120T144958Z"
	for text, want := range map[string]error{
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac:      nil,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=host;x-sdk-date, Signature=" + mac: nil,
		"":                sign.Malformed,
		"SDK-HMAC-SHA256": sign.Malformed,
		"sdk-hmac-sha256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac:                  sign.Malformed,
		"V11-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac:                  sign.Malformed,
		"SDK-HMAC-SHA256 Access=, SignedHeaders=x-sdk-date, Signature=" + mac:                   sign.Malformed,
		"SDK-HMAC-SHA256 SignedHeaders=x-sdk-date, Access=A, Signature=" + mac:                  sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac + "00":           sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac[:62]:             sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + strings.ToUpper(mac): sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac + ", X=1":        sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=X-Sdk-Date, Signature=" + mac:                  sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;host, Signature=" + mac:             sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date;x-sdk-date, Signature=" + mac:       sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=a\nb;x-sdk-date, Signature=" + mac:             sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=;x-sdk-date, Signature=" + mac:                 sign.Malformed,
		"SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=" + mac:                        sign.NoDate,
	} {
		_, err := sign.Parse(http.Header{"Authorization": {text}, "X-Sdk-Date": {date}})
		if !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	good := "SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=" + mac
	for name, h := range map[string]http.Header{
		"none":       {},
		"twice":      {"Authorization": {good, good}, "X-Sdk-Date": {date}},
		"no date":    {"Authorization": {good}},
		"two dates":  {"Authorization": {good}, "X-Sdk-Date": {date, date}},
		"other form": {"Authorization": {good}, "X-Sdk-Date": {"2026-11-20T14:49:58Z"}},
		"no day":     {"Authorization": {good}, "X-Sdk-Date": {"20261131T144958Z"}},
		"fraction":   {"Authorization": {good}, "X-Sdk-Date": {"20261120T144958.5Z"}},
	} {
		if _, err := sign.Parse(h); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestUnsignedBody checks that the header with which the SDK excludes the body from the signature is refused.
func TestUnsignedBody(t *testing.T) {
	t.Parallel()
	r, body := recorded(t, "post")
	for said, want := range map[string]error{
		"UNSIGNED-PAYLOAD": sign.Unsigned,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855": sign.Unsigned, // the hash of an empty body
		"a5afd70b6a3bc4ee30c5bbbc2a4a9a3e92d6bee5ad75c2ecc7b02ed8d5e7a2f9": sign.Unsigned,
	} {
		r.Header.Set("X-Sdk-Content-Sha256", said)
		if err := check(r, body, secret, signedAt); !errors.Is(err, want) {
			t.Errorf("%s: %v", said, err)
		}
	}
}

func TestSeen(t *testing.T) {
	t.Parallel()
	one, _ := recorded(t, "get")
	two, _ := recorded(t, "post")
	a, err := sign.Parse(one.Header)
	b, err2 := sign.Parse(two.Header)
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	var s sign.Seen
	for i, step := range []struct {
		sig   *sign.Signature
		conn  uint64
		after time.Duration
		want  error
	}{
		{a, 7, 0, nil},
		{a, 8, 0, sign.Replayed},                               // another connection at the same instant
		{a, 7, 500 * time.Millisecond, nil},                    // the same client, which signs with whole seconds
		{b, 8, 500 * time.Millisecond, nil},                    // another request
		{a, 7, time.Second, nil},                               //
		{a, 7, time.Second + 1, sign.Replayed},                 // more than a second later
		{a, 0, time.Second / 2, sign.Replayed},                 // without a connection to compare
		{a, 9, 15 * time.Minute, sign.Replayed},                // at the end of the window
		{a, 9, 15*time.Minute + 30*time.Second, sign.Replayed}, // later still, when the date is refused
	} {
		if err := s.Take(step.sig, step.conn, signedAt.Add(step.after)); !errors.Is(err, step.want) {
			t.Errorf("step %d: %v, want %v", i, err, step.want)
		}
	}
}

// TestSeenIsFair (SIGN-6) checks a store for 100 signatures. A fast key may use 50; after that it is refused. The next
// key may use 25, half of the rest, and the one after it 13. A used signature is still refused as used. After the end
// of the window the fast key may use 50 again.
func TestSeenIsFair(t *testing.T) {
	t.Parallel()
	s := sign.Seen{Max: 100}
	n := 0
	signed := func(access string, at time.Time) *sign.Signature {
		n++
		sig := signature(n, at)
		sig.Access = access
		return sig
	}
	first := signed("fast", signedAt)
	take(t, &s, first, 1, signedAt, nil)
	for _, c := range []struct {
		access string
		more   int
	}{{"fast", 49}, {"second", 25}, {"third", 13}} {
		for range c.more {
			take(t, &s, signed(c.access, signedAt), 1, signedAt, nil)
		}
		take(t, &s, signed(c.access, signedAt), 1, signedAt, sign.Full)
		take(t, &s, signed("fast", signedAt), 1, signedAt, sign.Full)
	}
	take(t, &s, first, 2, signedAt, sign.Replayed)
	take(t, &s, signed("fourth", signedAt), 1, signedAt, nil)
	later := signedAt.Add(time.Hour)
	for range 50 {
		take(t, &s, signed("fast", later), 1, later, nil)
	}
	take(t, &s, signed("fast", later), 1, later, sign.Full)
}

// FuzzParse passes arbitrary headers to the parser and arbitrary requests to the check. Neither may panic, and only the
// recorded request is accepted.
func FuzzParse(f *testing.F) {
	good, _ := recorded(f, "get")
	f.Add(good.Header.Get("Authorization"), "20261120T144958Z", good.URL.Path, good.URL.RawQuery, good.UserAgent(), "")
	odd, _ := recorded(f, "odd_values")
	f.Add(odd.Header.Get("Authorization"), "20261120T144958Z", odd.URL.Path, odd.URL.RawQuery, odd.UserAgent(), "")
	f.Add("SDK-HMAC-SHA256 Access=A, SignedHeaders=x-sdk-date, Signature=", "20261120T144958Z", "/%2F", "a=%zz;b", "",
		"{}\n")
	f.Fuzz(func(t *testing.T, authorization, date, path, query, agent, body string) {
		r := &http.Request{Method: "GET", Host: "h", URL: &url.URL{Path: path, RawQuery: query},
			Header: http.Header{"Authorization": {authorization}, "X-Sdk-Date": {date}, "User-Agent": {agent},
				"X-Domain-Id": {"0123456789abcdef"}}}
		s, err := sign.Parse(r.Header)
		if err != nil {
			if reason := sign.Reason(""); !errors.As(err, &reason) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		same := func(o *http.Request) bool {
			return path == o.URL.Path && body == "" && cmp.Equal(r.URL.Query(), o.URL.Query())
		}
		if err := s.Verify(r, []byte(body), secret); err == nil && !same(good) && !same(odd) {
			t.Fatalf("taken: %q %q %q", path, query, body)
		}
		if s.Verify(r, []byte(body), "another secret") == nil {
			t.Fatal("taken with another secret")
		}
	})
}
