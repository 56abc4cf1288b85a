package serve_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/settings"
)

// TestHead sends HEAD to everything that answers GET and checks for the same status and headers. Invariant: SERVE-11.
func TestHead(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	vendor := caller{name: "vendor", key: keys.Caller{Role: keys.Vendor}}
	token := w.key(vendor.key, true).Secret
	for _, op := range serve.Operations() {
		if op.Method != http.MethodGet {
			continue
		}
		got := w.ask(&op, vendor, token, "cust-aurora")
		op.Method = http.MethodHead
		head := w.ask(&op, vendor, token, "cust-aurora")
		if head.status != http.StatusOK || head.status != got.status || head.body != "" {
			t.Errorf("%s: %d with %d bytes, want %d", op.Name, head.status, len(head.body), got.status)
		}
		for _, name := range []string{"Content-Type", "ETag", "Accept-Ranges", "X-Tollbook-State",
			"Content-Disposition", "Vary"} {
			if head.header.Get(name) != got.header.Get(name) {
				t.Errorf("%s: %s is %q, of GET %q", op.Name, name, head.header.Get(name), got.header.Get(name))
			}
		}
		if n := head.header.Get("Content-Length"); n != "" && n != fmt.Sprint(len(got.body)) {
			t.Errorf("%s: Content-Length %s, of GET %d bytes", op.Name, n, len(got.body))
		}
	}
	signed := w.key(keys.Caller{Role: keys.Vendor}, false)
	r := w.request(http.MethodHead, aurora, "")
	signRequest(r, signed.ID, signed.Secret, asOf, "")
	if got := w.do(r); got.status != http.StatusOK {
		t.Errorf("signed: %d", got.status)
	}
	for path, want := range map[string]string{"/healthz": "GET, HEAD", "/v2/partners/sub-customers/query": "POST"} {
		got := w.do(w.request(http.MethodPut, path, ""))
		if got.code != "CBC.0405" || got.header.Get("Allow") != want {
			t.Errorf("PUT %s: %s, Allow %q, want %q", path, got.code, got.header.Get("Allow"), want)
		}
	}
}

// ways sends a request with headers through a client that does not decompress answers.
func (w *world) ways(token, path string, headers ...string) reply {
	w.t.Helper()
	r := w.request(http.MethodGet, path, "")
	r.Header.Set("X-Auth-Token", token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.do(r)
}

// unpacked returns the decompressed body of an answer.
func unpacked(t *testing.T, r reply) string {
	t.Helper()
	in, err := gzip.NewReader(strings.NewReader(r.body))
	if err != nil {
		t.Fatalf("%.60q: %v", r.body, err)
	}
	text, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestGzip checks that JSON and CSV are compressed for clients that accept gzip, with a separate ETag. Answers that are
// already compressed, small, or a part of a file are sent unchanged.
func TestGzip(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	const accept = "Accept-Encoding"
	for _, path := range []string{"/v1/cycles", "/openapi.yaml", exports + "&format=csv", exports + "&format=ndjson",
		exports + "&format=focus", "/v1/statements/2026-09/part-north",
		"/v1/statements/2026-09/part-north?format=csv", "/v1/statements/2026-09/part-north?format=html"} {
		plain, packed := w.ways(token, path, accept, "identity"), w.ways(token, path, accept, "gzip")
		if packed.header.Get("Content-Encoding") != "gzip" || packed.header.Get("Vary") != accept ||
			len(packed.body) >= len(plain.body) {
			t.Errorf("%s: %v, %d bytes of %d", path, packed.header, len(packed.body), len(plain.body))
			continue
		}
		if got := unpacked(t, packed); got != plain.body {
			t.Errorf("%s: other bytes", path)
		}
		if plain.header.Get("Content-Encoding") != "" || plain.header.Get("Vary") != accept {
			t.Errorf("%s: %v", path, plain.header)
		}
		tag, other := plain.header.Get("ETag"), packed.header.Get("ETag")
		if tag == "" {
			continue
		}
		if want := strings.TrimSuffix(tag, `"`) + `-gzip"`; other != want || packed.header.Get("Accept-Ranges") != "" {
			t.Errorf("%s: ETag %s, want %s; Accept-Ranges %q", path, other, want, packed.header.Get("Accept-Ranges"))
		}
		for _, known := range []string{tag, other, "W/" + other, `"x", ` + other, "*"} {
			if got := w.ways(token, path, accept, "gzip", "If-None-Match",
				known); got.status != http.StatusNotModified || got.body != "" {
				t.Errorf("%s If-None-Match %s: %d", path, known, got.status)
			}
		}
	}
	// Ranges refer to the uncompressed file. For the compressed form ranges are not supported: the answer is complete.
	path := exports + "&format=csv"
	plain, packed := w.ways(token, path), w.ways(token, path, accept, "gzip")
	if got := w.ways(token, path, accept, "gzip", "Range", "bytes=100-2099", "If-Range",
		plain.header.Get("ETag")); got.status != http.StatusPartialContent ||
		got.body != plain.body[100:2100] || got.header.Get("Content-Encoding") != "" {
		t.Errorf("a part: %d, %d bytes, %v", got.status, len(got.body), got.header)
	}
	if got := w.ways(token, path, "Range", "bytes=100-2099", "If-Range",
		packed.header.Get("ETag")); got.status != http.StatusOK || got.body != plain.body {
		t.Errorf("a part of the packed form: %d, %d bytes", got.status, len(got.body))
	}
	for _, path := range []string{"/healthz", exports + "&format=parquet", exports + "&format=csv&split=true",
		"/nowhere"} {
		if got := w.ways(token, path, accept, "gzip"); got.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %v", path, got.header)
		}
	}
}

// TestGzipCut checks that an answer that was cut off is not a valid gzip stream, so that even a client that ignores the
// end of the transfer notices.
func TestGzipCut(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), with(test("cut", func(context.Context, *operation.Call) (any, error) {
		return &operation.Stream{Type: "text/csv", Write: func(_ context.Context, out io.Writer) error {
			for i := range 200_000 {
				if _, err := fmt.Fprintf(out, "%d,%d\n", i, i*i); err != nil {
					return err
				}
			}
			return errors.New("the disk is gone")
		}}, nil
	})))
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /test/cut HTTP/1.0\r\nX-Auth-Token: %s\r\nAccept-Encoding: gzip\r\n\r\n", token)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	in, err := gzip.NewReader(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, in); err == nil || n == 0 {
		t.Errorf("%d bytes, %v: half an answer passes for the whole", n, err)
	}
}

// TestErrorsBelowHTTP checks that input that is not an HTTP request gets an error in the usual form.
func TestErrorsBelowHTTP(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	for text, want := range map[string]string{
		"GET /healthz HTTP/1.1\r\n\r\n": "400 CBC.0100 the request is not valid HTTP: missing required Host header",
		"nonsense\r\n\r\n":              "400 CBC.0100 the request is not valid HTTP: 400 Bad Request",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("x", 64<<10) +
			"\r\n\r\n": "431 CBC.0431 the request is not valid HTTP: 431 Request Header Fields Too Large",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: odd\r\n\r\n": "501 CBC.0501 the " +
			"request is not valid HTTP: Unsupported transfer encoding",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n": "417 CBC.0417 the " +
			"request is not valid HTTP: Expect: not supported",
		"GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n": "505 CBC.0505 the " +
			"request is not valid HTTP: unsupported protocol version",
	} {
		w := start(t, dir, nil)
		conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.WriteString(conn, text) // the server may answer and close before everything is sent
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%.60q: %v", text, err)
			continue
		}
		var e struct {
			Code string `json:"error_code"`
			Text string `json:"error_msg"`
		}
		err = json.NewDecoder(resp.Body).Decode(&e)
		if got := fmt.Sprintf("%d %s %s", resp.StatusCode, e.Code, e.Text); err != nil || got != want {
			t.Errorf("%.60q: %s %v, want %s", text, got, err, want)
		}
		if id := resp.Header.Get("X-Request-Id"); id == "" || !strings.Contains(w.log.String(), "request="+id) ||
			resp.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%.60q: %v is not in the log", text, resp.Header)
		}
		conn.Close()
	}
}

// TestErrorsOfFiles checks that errors of net/http for a file have the usual form.
func TestErrorsOfFiles(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	got := w.ways(token, exports, "Range", "bytes=99999999-")
	if got.status != http.StatusRequestedRangeNotSatisfiable || got.code != "CBC.0416" ||
		!strings.HasPrefix(got.header.Get("Content-Range"), "bytes */") {
		t.Errorf("%d %s %v", got.status, got.body, got.header)
	}
	for _, headers := range [][]string{{"Range", "bytes=0-9"}, {}} {
		got = w.ways(token, exports, append(headers, "If-Match", `"other"`)...)
		if got.status != http.StatusPreconditionFailed || got.code != "CBC.0412" {
			t.Errorf("%v: %d %s", headers, got.status, got.body)
		}
		tag := w.ways(token, exports).header.Get("ETag")
		for match, want := range map[string]bool{tag: true, `"other", ` + tag: true, "*": true, "W/" + tag: false} {
			got = w.ways(token, exports, append(headers, "If-Match", match)...)
			if (got.status < 300) != want {
				t.Errorf("%v, If-Match %s: %d", headers, match, got.status)
			}
		}
	}
}

// TestNoKeyStarvesAnother checks that failed requests of one key do not make the server refuse another key of the same
// address, and that a reused signature does not count as a failed request of the address.
func TestNoKeyStarvesAnother(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), func(a *settings.API, c *serve.Config) {
		a.FailureLimit = 2
		c.Clock = func() time.Time { return asOf }
	})
	ask := func(r *http.Request) string {
		t.Helper()
		r.URL.Scheme, r.URL.Host = "", ""
		in := httptest.NewRequest(r.Method, r.URL.String(), r.Body)
		in.Header, in.RemoteAddr, in.ContentLength = r.Header.Clone(), "203.0.113.7:1000", r.ContentLength
		answer := httptest.NewRecorder()
		w.api.ServeHTTP(answer, in)
		var e struct {
			Code string `json:"error_code"`
		}
		_ = json.Unmarshal(answer.Body.Bytes(), &e) // without a code there is no error
		return e.Code
	}
	one, two := w.key(keys.Caller{Role: keys.Vendor}, false), w.key(keys.Caller{Role: keys.Vendor}, false)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	for i := range 10 {
		want := "CBC.0154"
		if i == 0 {
			want = ""
		}
		if got := ask(w.signed(one, aurora, asOf)); got != want {
			t.Fatalf("a repeat, time %d: %q, want %q", i, got, want)
		}
	}
	late := func() *http.Request { return w.signed(two, aurora, asOf.Add(-time.Hour)) } // signed with a wrong clock
	if a, b, c := ask(late()), ask(late()), ask(late()); a != "CBC.0154" || b != "CBC.0154" || c != "CBC.0250" {
		t.Errorf("repeats counted as failures of the address: %q %q %q", a, b, c)
	}
	for i := range 10 {
		if got := ask(w.signed(one, aurora, asOf.Add(time.Duration(i+1)*time.Second))); got != "" {
			t.Errorf("another key: %q", got)
		}
	}
	r := w.request(http.MethodGet, aurora, "")
	r.Header.Set("X-Auth-Token", token)
	if got := ask(r); got != "" {
		t.Errorf("a token: %q", got)
	}
	post := w.request(http.MethodPost, "/v2/partners/sub-customers/query", "{}")
	signRequest(post, one.ID, one.Secret, asOf, "{}")
	if got := ask(post); got != "" {
		t.Errorf("a body: %q", got)
	}
	// The server does not read a large body of an address that exceeds the limit.
	large := w.request(http.MethodPost, "/v2/partners/sub-customers/query", strings.Repeat(" ", 100_000)+"{}")
	signRequest(large, one.ID, "wrong", asOf, "{}")
	if got := ask(large); got != "CBC.0250" {
		t.Errorf("a large body: %q", got)
	}
}
