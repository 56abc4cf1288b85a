package serve_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/settings"
)

// test returns an operation of the vendor that exists only in tests.
func test(path string, handle func(context.Context, *operation.Call) (any, error)) operation.Operation {
	return operation.Operation{Name: "Test" + path, Method: http.MethodGet, Path: "/test/" + path,
		Callers: []keys.Role{keys.Vendor}, Handle: handle}
}

// post returns an operation whose answer repeats members of the request body.
func post(testing.TB) operation.Operation {
	op := test("post", func(_ context.Context, c *operation.Call) (any, error) {
		return map[string]string{"name": c.Text("name"), "n": c.Text("n")}, nil
	})
	op.Method = http.MethodPost
	op.Params = []operation.Param{{Name: "name", In: operation.Body, Max: 8},
		{Name: "n", In: operation.Body, Kind: operation.Whole, Min: 1, Max: 9},
		{Name: "more", In: operation.Body, Kind: operation.Raw}}
	return op
}

// with adds operations to those of the server.
func with(ops ...operation.Operation) func(*settings.API, *serve.Config) {
	return func(_ *settings.API, c *serve.Config) { c.Operations = append(serve.Operations(), ops...) }
}

// TestShapes sends malformed requests. Each refusal has the same form, which send checks, and an X-Request-Id that is
// in the log.
func TestShapes(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), with(post(t)))
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	const records = "/v2/bills/subcustomer-bills/res-fee-records"
	for _, c := range []struct{ method, path, body, want string }{
		{"GET", "/", "", "404 CBC.0404"},
		{"GET", "/v2", "", "404 CBC.0404"},
		{"GET", records + "/", "", "404 CBC.0404"},
		{"GET", "/v2/bills//subcustomer-bills/res-fee-records", "", "404 CBC.0404"},
		{"GET", "/v2/../healthz", "", "404 CBC.0404"},
		{"GET", "/v2/%2e%2e/healthz", "", "404 CBC.0404"},
		{"GET", "/healthz/.", "", "404 CBC.0404"},
		{"GET", "/HEALTHZ", "", "404 CBC.0404"},
		{"POST", records, "{}", "405 CBC.0405"},
		{"DELETE", records, "", "405 CBC.0405"},
		{"OPTIONS", "/healthz", "", "405 CBC.0405"},
		{"GET", "/test/post", "", "405 CBC.0405"},
		{"GET", records, "", "400 CBC.0100 parameter bill_cycle: is missing"},
		{"GET", records + "?bill_cycle=&customer_id=x", "", "400 CBC.0100 parameter bill_cycle: is missing"},
		{"GET", records + "?bill_cycle=2026-13&customer_id=x", "",
			"400 CBC.0100 parameter bill_cycle: is not written as YYYY-MM"},
		{"GET", records + "?bill_cycle=2026-9&customer_id=x", "",
			"400 CBC.0100 parameter bill_cycle: is not written as YYYY-MM"},
		{"GET", records + "?bill_cycle=2025-03&customer_id=x", "",
			"400 CBC.0100 parameter bill_cycle: is not one of the last 18 months"},
		{"GET", records + "?bill_cycle=2026-11&customer_id=x", "",
			"400 CBC.0100 parameter bill_cycle: is not one of the last 18 months"},
		{"GET", records + "?bill_cycle=2025-04&customer_id=cust-aurora", "", "200"},
		{"GET", records + "?bill_cycle=2026-10&customer_id=cust-aurora", "", "200"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&limit=0", "",
			"400 CBC.0100 parameter limit: is not from 1 to 100"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&limit=101", "",
			"400 CBC.0100 parameter limit: is not from 1 to 100"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&limit=1e1", "",
			"400 CBC.0100 parameter limit: is not a whole number"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&limit=+1", "",
			"400 CBC.0100 parameter limit: is not a whole number"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&offset=-1", "",
			"400 CBC.0100 parameter offset: is not from 0 to 2147483647"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&offset=2147483648", "",
			"400 CBC.0100 parameter offset: is not a whole number"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=x&customer_id=y", "",
			"400 CBC.0100 parameter customer_id: is duplicate"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=%00", "",
			"400 CBC.0100 parameter customer_id: is malformed"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=a%0d%0aX-Evil:1", "",
			"400 CBC.0100 parameter customer_id: is malformed"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=%ff", "",
			"400 CBC.0100 parameter customer_id: is malformed"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=" + strings.Repeat("x", 257), "",
			"400 CBC.0100 parameter customer_id: is longer than 256 characters"},
		{"GET", records + "?bill_cycle=2026-09;customer_id=x", "", "400 CBC.0100 the query is malformed"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=%zz", "", "400 CBC.0100 the query is malformed"},
		{"GET", records + "?bill_cycle=2026-09&customer_id=cust-aurora&unknown=1&unknown=2", "", "200"},
		{"GET", "/v1/cycles?colour=blue", "", "400 CBC.0100 parameter colour: is unknown"},
		{"GET", "/v1/exports/consumption?cycle=2026-09&customer=x&limit=2", "",
			"400 CBC.0100 parameter customer: is unknown"},
		{"GET", "/v1/statements/2026-09?cycle=2026-09", "", "400 CBC.0100 parameter cycle: is unknown"},
		{"GET", records + "?" + strings.Repeat("x", 8193), "", "414 CBC.0414"},
		{"GET", "/v1/lines/..%2f..%2fetc%2fpasswd/explain", "", "404 CBC.0404"},
		{"GET", "/v1/lines/%00/explain", "", "400 CBC.0100 parameter id: is malformed"},
		{"GET", "/v1/statements/..%2f2026-09", "", "400 CBC.0100 parameter cycle: is not written as YYYY-MM"},
		{"GET", "/v1/statements/2026-09/" + strings.Repeat("x", 257), "",
			"400 CBC.0100 parameter partner_id: is longer than 256 characters"},
		{"GET", "/v1/incentives?period=2026", "",
			"400 CBC.0100 parameter period: is neither written as YYYY-MM nor as YYYY-Qn"},
		{"POST", "/test/post", `{"name":"a"}`, "200"},
		{"POST", "/test/post", `{"name":"a","n":"3","other":[1]}`, "200"},
		{"POST", "/test/post", "", "200"},
		{"POST", "/test/post", `{"name":null}`, "200"},
		{"POST", "/test/post", `[]`, "400 CBC.0100 the body is not a JSON object"},
		{"POST", "/test/post", `{"name":"a","name":"b"}`, "400 CBC.0100 the body is not a JSON object"},
		{"POST", "/test/post", `{"name":"a"} {}`, "400 CBC.0100 the body is not a JSON object"},
		{"POST", "/test/post", `{"name":`, "400 CBC.0100 the body is not a JSON object"},
		{"POST", "/test/post", `{"name":1}`, "400 CBC.0100 parameter name: is malformed"},
		{"POST", "/test/post", `{"name":["a"]}`, "400 CBC.0100 parameter name: is malformed"},
		{"POST", "/test/post", `{"name":"123456789"}`, "400 CBC.0100 parameter name: is longer than 8 characters"},
		{"POST", "/test/post", `{"n":1.0}`, "400 CBC.0100 parameter n: is not a whole number"},
		{"POST", "/test/post", `{"n":10}`, "400 CBC.0100 parameter n: is not from 1 to 9"},
		{"POST", "/test/post", `{"n":true}`, "400 CBC.0100 parameter n: is malformed"},
		{"POST", "/test/post", strings.Repeat(" ", 1<<20), "200"},
		{"POST", "/test/post", strings.Repeat(" ", 1<<20+1), "413 CBC.0413"},
	} {
		r := w.request(c.method, c.path, c.body)
		r.Header.Set("X-Auth-Token", token)
		got := w.do(r)
		said := fmt.Sprint(got.status)
		if got.code != "" {
			said = strings.Join([]string{said, got.code, got.text}, " ")
		}
		if said != c.want && (got.code == "CBC.0100" || !strings.HasPrefix(said, c.want)) {
			t.Errorf("%s %.100s %.60s:\n%s\nwant %s", c.method, c.path, c.body, said, c.want)
		}
		id := got.header.Get("X-Request-Id")
		if len(id) != 16 || !strings.Contains(w.log.String(), "request="+id) || got.header.Get("X-Evil") != "" {
			t.Errorf("%s %.100s: X-Request-Id %q", c.method, c.path, id)
		}
		if c.want[:3] == "405" && got.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
}

// TestUnknownParameters checks that every operation of tollbook's own refuses a parameter that it does not have, and
// that no operation of the vendor does. Invariant: OP-2.
func TestUnknownParameters(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	for _, op := range serve.Operations() {
		r := w.request(op.Method, strings.NewReplacer("{", "", "}", "").Replace(op.Path)+"?colour=blue", "")
		r.Header.Set("X-Auth-Token", token)
		got := w.do(r)
		refused := got.status == http.StatusBadRequest && got.text == "parameter colour: is unknown"
		if want := strings.HasPrefix(op.Path, "/v1/"); refused != want {
			t.Errorf("%s: %d %s, refused: %t, want %t", op.Name, got.status, got.text, refused, want)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	w := start(t, dir, nil)
	zh := start(t, dir, func(a *settings.API, _ *serve.Config) { a.Language = "zh_CN" })
	r := zh.request("GET", "/nowhere", "")
	r.Header.Del("X-Language")
	if got := zh.do(r); got.text != "接口不存在" {
		t.Errorf("api.language: %s", got.text)
	}
	for language, want := range map[string]string{"": "there is no such operation", "zh_CN": "接口不存在", "ZH_cn": "接口不存在",
		"en_US": "there is no such operation", "EN_us": "there is no such operation"} {
		r := w.request("GET", "/nowhere", "")
		r.Header.Del("X-Language")
		if language != "" {
			r.Header.Set("X-Language", language)
		}
		if got := w.do(r); got.text != want {
			t.Errorf("%q: %s", language, got.text)
		}
	}
	r = w.request("GET", "/healthz", "")
	r.Header.Set("X-Language", "fr")
	if got := w.do(r); got.code != "CBC.0100" || !strings.Contains(got.text, "X-Language") {
		t.Errorf("%+v", got)
	}
	r.Header["X-Language"] = []string{"en_US", "zh_CN"}
	if got := w.do(r); got.code != "CBC.0100" {
		t.Errorf("%+v", got)
	}
}

// TestWire sends bytes that no Go client would send. The server answers or closes the connection, and continues to
// serve.
func TestWire(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	address := strings.TrimPrefix(w.url, "http://")
	for text, want := range map[string]string{
		"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Language: en_US\r\n\r\n":                      "200",
		"GET /healthz HTTP/1.1\r\n\r\n":                                                      "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n":                                "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n":                                "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nX-A: b\x00c\r\n\r\n":                            "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n":    "501",
		"CONNECT /healthz HTTP/1.1\r\nHost: a\r\n\r\n":                                       "404",
		"GET http://elsewhere/healthz HTTP/1.1\r\nHost: a\r\n\r\n":                           "200",
		"GET healthz HTTP/1.1\r\nHost: a\r\n\r\n":                                            "400",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n":                                              "404",
		"G\x01T /healthz HTTP/1.1\r\nHost: a\r\n\r\n":                                        "400",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: " + strings.Repeat("x", 64<<10) +
			"\r\n\r\n": "431",
		"GET /v1/cycles HTTP/1.1\r\nHost: a\r\n" +
			"Authorization: SDK-HMAC-SHA256 Access=\x80, SignedHeaders=a, Signature=0\r\n\r\n": "401",
		"GET /healthz\r\n\r\n":                 "400",
		"\x16\x03\x01\x00\xa5":                 "400",
		"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n": "400",
	} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := io.WriteString(conn, text); err != nil {
			t.Errorf("%.60q: %v", text, err)
		}
		_ = conn.(*net.TCPConn).CloseWrite()
		line, err := bufio.NewReader(conn).ReadString('\n')
		if fields := strings.Fields(line); len(fields) < 2 || fields[1] != want {
			t.Errorf("%.60q: %q %v, want %s", text, line, err, want)
		}
		conn.Close()
	}
	if got := w.get("", "/healthz"); got.status != http.StatusOK {
		t.Errorf("afterwards: %+v", got)
	}
}

// TestFailures checks that the answer to an internal error has only an id, and that the log has the details.
func TestFailures(t *testing.T) {
	t.Parallel()
	turns := 0
	w := start(t, billed(t), with(
		test("error", func(context.Context, *operation.Call) (any, error) {
			return nil, errors.New("disk /secret/place is full")
		}),
		test("panic", func(context.Context, *operation.Call) (any, error) { panic("at /secret/place") }),
		test("late", func(ctx context.Context, _ *operation.Call) (any, error) {
			return nil, context.DeadlineExceeded
		}),
		test("json", func(context.Context, *operation.Call) (any, error) { return func() {}, nil }),
		test("moved", func(context.Context, *operation.Call) (any, error) {
			if turns++; turns < 3 {
				return nil, fmt.Errorf("read: %w", &lake.MovedError{Name: "x", Was: 1, Now: 2})
			}
			return "good", nil
		}),
		test("moving", func(context.Context, *operation.Call) (any, error) {
			return nil, &lake.MovedError{Name: "x", Was: 1, Now: 2}
		}),
		test("cut", func(context.Context, *operation.Call) (any, error) {
			return &operation.Stream{Type: "text/plain", Write: func(_ context.Context, out io.Writer) error {
				_, err := io.WriteString(out, strings.Repeat("half ", 10_000))
				return errors.Join(err, errors.New("disk /secret/place is gone"))
			}}, nil
		}),
		test("none", func(context.Context, *operation.Call) (any, error) {
			return &operation.Stream{Type: "text/plain", Write: func(context.Context, io.Writer) error {
				return errors.New("disk /secret/place is gone")
			}}, nil
		}),
	))
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	for path, want := range map[string]string{"error": "500 CBC.0999", "panic": "500 CBC.0999", "late": "504 CBC.0504",
		"json": "500 CBC.0999", "moved": "200 ", "moving": "503 CBC.0503", "none": "500 CBC.0999"} {
		got := w.get(token, "/test/"+path)
		if said := fmt.Sprintf("%d %s", got.status, got.code); said != want || strings.Contains(got.body, "secret") {
			t.Errorf("%s: %s %s", path, said, got.body)
		}
		if id := got.header.Get("X-Request-Id"); got.status == 500 &&
			(!strings.Contains(got.text, id) || !strings.Contains(w.log.String(), "request="+id)) {
			t.Errorf("%s: the id %q is not told", path, id)
		}
	}
	r := w.request("GET", "/test/cut", "")
	r.Header.Set("X-Auth-Token", token)
	if got, err := send(client(), r); err == nil {
		t.Errorf("half an answer passes for the whole: %d %d bytes", got.status, len(got.body))
	}
	if !strings.Contains(w.log.String(), "/secret/place is full") || !strings.Contains(w.log.String(),
		"/secret/place is gone") {
		t.Error("the log lacks the causes")
	}
	if strings.Contains(w.log.String(), token) {
		t.Error("the log has a token")
	}
}

// TestLog checks that the log has only those parameters of a query that the operation defines.
func TestLog(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	w.get(token, aurora+"&token=hidden-1&password=hidden-2")
	w.get("hidden-3", aurora)
	r := w.request("GET", aurora, "")
	r.Header.Set("Cookie", "hidden-4")
	r.Header.Set("Authorization", "Bearer hidden-5")
	w.do(r)
	log := w.log.String()
	if strings.Contains(log, "hidden") || strings.Contains(log, token) ||
		!strings.Contains(log, "p.customer_id=cust-aurora") {
		t.Error(log)
	}
}

// TestStop checks that current requests complete, that later ones are not accepted, and that requests that take too
// long are cut off.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"in time": time.Minute, "cut": 200 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			entered, leave := make(chan bool), make(chan bool)
			w := start(t, billed(t), func(a *settings.API, c *serve.Config) {
				a.StopTimeout = patience
				with(test("wait", func(context.Context, *operation.Call) (any, error) {
					close(entered)
					<-leave
					return "done", nil
				}))(a, c)
			})
			token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
			type outcome struct {
				reply reply
				err   error
			}
			got := make(chan outcome)
			go func() {
				r := w.request("GET", "/test/wait", "")
				r.Header.Set("X-Auth-Token", token)
				answer, err := send(client(), r)
				got <- outcome{answer, err}
			}()
			<-entered
			w.stop()
			// The socket is closed first, so no new connection is accepted after this.
			for {
				conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
				if err != nil {
					break
				}
				conn.Close()
			}
			if name == "in time" {
				close(leave)
				if one := <-got; one.err != nil || one.reply.body != "\"done\"\n" {
					t.Errorf("%+v", one)
				}
				if err := <-w.ended; err != nil {
					t.Errorf("stop: %v", err)
				}
				return
			}
			if err := <-w.ended; err == nil || !strings.Contains(err.Error(), "were cut") {
				t.Errorf("stop: %v", err)
			}
			if one := <-got; one.err == nil {
				t.Errorf("an answer came: %+v", one)
			}
			close(leave)
		})
	}
}

// TestRange resumes a download: the tag is unchanged, and the answer has the remaining bytes.
func TestRange(t *testing.T) {
	t.Parallel()
	w := start(t, billed(t), with(test("file", func(context.Context, *operation.Call) (any, error) {
		return &operation.Stream{Type: "text/csv", Name: "a\"b\r\n.csv", Tag: "t1",
			Open: func(context.Context) (io.ReadSeekCloser, error) {
				return nopCloser{strings.NewReader("0123456789")}, nil
			}}, nil
	})))
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	for _, c := range []struct {
		headers map[string]string
		status  int
		body    string
	}{
		{nil, 200, "0123456789"},
		{map[string]string{"Range": "bytes=4-"}, 206, "456789"},
		{map[string]string{"Range": "bytes=4-5", "If-Range": `"t1"`}, 206, "45"},
		{map[string]string{"Range": "bytes=4-", "If-Range": `"t0"`}, 200, "0123456789"},
		{map[string]string{"If-None-Match": `"t1"`}, 304, ""},
	} {
		r := w.request("GET", "/test/file", "")
		r.Header.Set("X-Auth-Token", token)
		for name, value := range c.headers {
			r.Header.Set(name, value)
		}
		if got := w.do(r); got.status != c.status || got.body != c.body || got.header.Get("ETag") != `"t1"` {
			t.Errorf("%v: %d %q %v", c.headers, got.status, got.body, got.header)
		}
	}
}

type nopCloser struct{ io.ReadSeeker }

func (nopCloser) Close() error { return nil }

// TestSlowReader checks that the server waits at most WriteTimeout for a client that does not read, and that it serves
// a slow client. Invariant: SERVE-5.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	w := start(t, billed(t), func(a *settings.API, c *serve.Config) {
		a.WriteTimeout = time.Second
		with(test("long", func(context.Context, *operation.Call) (any, error) {
			return &operation.Stream{Type: "text/plain", Write: func(_ context.Context, out io.Writer) error {
				for {
					if _, err := out.Write(make([]byte, 1<<20)); err != nil {
						ended <- err
						return err
					}
				}
			}}, nil
		}))(a, c)
	})
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /test/long HTTP/1.1\r\nHost: a\r\nX-Auth-Token: %s\r\n\r\n", token)
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// TestBooks checks that corrected books take effect at the next check while the server runs, and that invalid ones do
// not.
func TestBooks(t *testing.T) {
	t.Parallel()
	now := asOf
	dir := billed(t)
	w := start(t, dir, func(_ *settings.API, c *serve.Config) { c.Clock = func() time.Time { return now } })
	token := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret
	path := strings.Replace(aurora, "aurora", "fern", 1)
	name := filepath.Join(dir, "books", "associations.csv")
	book, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	step := func(text, want string) {
		t.Helper()
		err := os.WriteFile(name, []byte(text), 0o644)
		if err := errors.Join(err, os.Chtimes(name, time.Unix(0, 0), time.Unix(0, 0))); err != nil {
			t.Fatal(err)
		}
		now = now.Add(2 * time.Second)
		if got := w.get(token, path); outcome(got) != want {
			t.Errorf("%s, want %s", got.body, want)
		}
	}
	step(string(book), "CBC.99000035")
	step(string(book)+"cust-fern,part-north,1,2027-01-01,\n", "CBC.99000035")
	step(string(book)+"cust-fern,part-north,1,2026-01-01,\n", ok)         // of the same size and mtime
	step(string(book)+"cust-fern,part-nowhere,1,2026-01-01,\nmore\n", ok) // invalid: the previous books stay in use
	if got := w.get("", "/metrics"); !strings.Contains(got.body, "tollbook_books_stale 1") {
		t.Error("the metrics do not tell")
	}
	step(string(book), "CBC.99000035")
	if got := w.get("", "/metrics"); !strings.Contains(got.body, "tollbook_books_stale 0") ||
		!strings.Contains(got.body, `operation="ListSubCustomerBillDetail"`) {
		t.Error("the metrics do not tell")
	}
}

// TestReady checks that a server that cannot read its keys or its lake reports it and continues to run.
func TestReady(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	w := start(t, dir, nil)
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	expect := func(ready, call string) {
		t.Helper()
		if got := w.get("", "/readyz"); outcome(got) != ready {
			t.Errorf("ready: %s", got.body)
		}
		if got := w.get(token, aurora); outcome(got) != call {
			t.Errorf("call: %s", got.body)
		}
		if got := w.get("", "/healthz"); outcome(got) != ok {
			t.Errorf("health: %s", got.body)
		}
	}
	expect(ok, ok)
	if err := os.Chmod(w.keys.Name, 0o644); err != nil {
		t.Fatal(err)
	}
	expect("CBC.0503", "CBC.0999")
	if err := os.Chmod(w.keys.Name, 0o600); err != nil {
		t.Fatal(err)
	}
	expect(ok, ok)
	head := filepath.Join(dir, "lake", "HEAD")
	text, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(head, []byte("torn"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect("CBC.0503", "CBC.0999")
	if err := os.WriteFile(head, text, 0o644); err != nil {
		t.Fatal(err)
	}
	expect(ok, ok)
}

// TestTLS serves with a certificate, loads a renewed one without a restart, and keeps that one if the next is invalid.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	certify(t, dir, 1)
	w := start(t, dir, func(a *settings.API, _ *serve.Config) { a.TLSCert, a.TLSKey = "cert.pem", "key.pem" })
	serial := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", strings.TrimPrefix(w.url, "https://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Errorf("certificate %d", n)
	}
	certify(t, dir, 2)
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after it was renewed", n)
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	if n := serial(); n != 2 {
		t.Errorf("certificate %d after a broken one", n)
	}
	if _, err := tls.Dial("tcp", strings.TrimPrefix(w.url, "https://"), &tls.Config{InsecureSkipVerify: true,
		MaxVersion: tls.VersionTLS11}); err == nil {
		t.Error("TLS 1.1 is taken")
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		ForceAttemptHTTP2: true}}
	defer c.CloseIdleConnections()
	got, err := send(c, w.request("GET", "/healthz", ""))
	if err != nil || got.status != http.StatusOK {
		t.Errorf("over HTTP/2: %+v %v", got, err)
	}
}

// certify writes a certificate with a serial number and its key, replacing each file atomically.
func certify(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: time.Unix(0, 0),
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct {
		name, kind string
		bytes      []byte
	}{{"key.pem", "PRIVATE KEY", secret}, {"cert.pem", "CERTIFICATE", cert}} {
		tmp := filepath.Join(dir, "."+f.name)
		if err := os.WriteFile(tmp, pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(tmp, filepath.Join(dir, f.name)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLSKeyMode checks that the key of a certificate is refused if everybody may read it.
func TestTLSKeyMode(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	certify(t, dir, 1)
	if err := os.Chmod(filepath.Join(dir, "key.pem"), 0o644); err != nil {
		t.Fatal(err)
	}
	w := start(t, dir, func(a *settings.API, _ *serve.Config) { a.TLSCert, a.TLSKey = "cert.pem", "key.pem" })
	if err := <-w.ended; err == nil || !strings.Contains(err.Error(), "everybody may read") {
		t.Errorf("%v", err)
	}
}
