package serve_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// asOf is the time of the run and of the server's start: noon of 5 October in Shanghai.
var asOf = time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC)

// world is a server on a loopback address for the workspace testdata/access after its run.
type world struct {
	t     testing.TB
	dir   string
	url   string
	clock func() time.Time
	log   *syncBuffer
	keys  keys.File
	api   http.Handler // the server, without its listener
	stop  context.CancelFunc
	ended chan error // result of Serve
}

// syncBuffer is a log that can be read while it is written to.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// billed returns a copy of the workspace after the run of September 2026.
func billed(t testing.TB) string {
	t.Helper()
	return billedWith(t)
}

// billedWith is billed with the files of other folders added, which may replace files of the workspace.
func billedWith(t testing.TB, overlays ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "w")
	if err := os.CopyFS(dir, os.DirFS("testdata/access")); err != nil {
		t.Fatal(err)
	}
	for _, overlay := range overlays {
		if err := os.Remove(filepath.Join(dir, "tollbook.yaml")); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(dir, os.DirFS(overlay)); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Monthly(t.Context(), w, period.CycleOf(2026, 9),
		workspace.Options{AsOf: period.Instant(asOf.UnixMicro())}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start serves a workspace. change may modify its settings and its configuration.
func start(t testing.TB, dir string, change func(*settings.API, *serve.Config)) *world {
	t.Helper()
	w, err := workspace.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	w.Settings.API.Listen, w.Settings.API.RateLimit = "127.0.0.1:0", 0
	began := time.Now()
	out := &world{t: t, dir: dir, log: &syncBuffer{}, keys: serve.KeysFile(w), ended: make(chan error, 1),
		clock: func() time.Time { return asOf.Add(time.Since(began)) }}
	c := serve.Config{Workspace: w, Clock: out.clock, Log: slog.New(slog.NewTextHandler(out.log, nil)),
		Scratch: filepath.Join(t.TempDir(), "scratch")}
	if change != nil {
		change(&w.Settings.API, &c)
	}
	s, err := serve.New(c)
	if err != nil {
		t.Fatal(err)
	}
	out.api = s
	ctx, cancel := context.WithCancel(context.Background())
	l, err := s.Listen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	out.url, out.stop = "http://"+l.Addr().String(), cancel
	if s.Secure() {
		out.url = "https://" + l.Addr().String()
	}
	go func() { out.ended <- s.Serve(ctx, l) }()
	t.Cleanup(cancel)
	return out
}

func (w *world) key(c keys.Caller, token bool) keys.Issued {
	w.t.Helper()
	made, err := w.keys.Add(c, token, asOf.Format(time.RFC3339))
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

// reply is an answer with its complete body.
type reply struct {
	status int
	header http.Header
	body   string
	code   string // error_code, "" after a success
	text   string // error_msg
}

// client returns a client that opens a connection per request and does not accept gzip.
func client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("X-Language", "en_US")
	return r
}

func (w *world) do(r *http.Request) reply {
	w.t.Helper()
	out, err := send(client(), r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	return out
}

func send(c *http.Client, r *http.Request) (reply, error) {
	resp, err := c.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	out := reply{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if out.status < 400 {
		return out, nil
	}
	var e struct {
		Code string `json:"error_code"`
		Text string `json:"error_msg"`
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil || e.Code == "" || e.Text == "" {
		return out, errors.New("not the shape of an error: " + string(body))
	}
	out.code, out.text = e.Code, e.Text
	return out, nil
}

// get sends a GET request with a token.
func (w *world) get(token, path string) reply {
	w.t.Helper()
	r := w.request(http.MethodGet, path, "")
	if token != "" {
		r.Header.Set("X-Auth-Token", token)
	}
	return w.do(r)
}

// signRequest signs a request as the vendor documents it. The named headers and X-Sdk-Date are signed.
func signRequest(r *http.Request, id, secret string, at time.Time, body string, headers ...string) {
	r.Header.Set("X-Sdk-Date", at.UTC().Format("20060102T150405Z"))
	headers = append(slices.Clone(headers), "x-sdk-date")
	slices.Sort(headers)
	esc := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var path []string
	for part := range strings.SplitSeq(strings.TrimSuffix(r.URL.EscapedPath(), "/"), "/") {
		plain, _ := url.PathUnescape(part)
		path = append(path, esc(plain))
	}
	var query, lines []string
	for name, values := range r.URL.Query() {
		for _, value := range values {
			query = append(query, esc(name)+"="+esc(value))
		}
	}
	slices.Sort(query)
	for _, name := range headers {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.URL.Host
		}
		lines = append(lines, name+":"+value+"\n")
	}
	hash := func(s string) string { sum := sha256.Sum256([]byte(s)); return hex.EncodeToString(sum[:]) }
	text := strings.Join([]string{r.Method, strings.Join(path, "/") + "/", strings.Join(query, "&"),
		strings.Join(lines, ""), strings.Join(headers, ";"), hash(body)}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + r.Header.Get("X-Sdk-Date") + "\n" + hash(text)))
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+id+", SignedHeaders="+strings.Join(headers, ";")+
		", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

// find returns an operation of the server by name.
func find(t testing.TB, name string) *operation.Operation {
	t.Helper()
	ops := serve.Operations()
	i := slices.IndexFunc(ops, func(op operation.Operation) bool { return op.Name == name })
	if i < 0 {
		t.Fatalf("no operation %s", name)
	}
	return &ops[i]
}
