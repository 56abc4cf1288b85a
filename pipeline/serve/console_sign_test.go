package serve_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// signDesk is a server with `console: on`, on which callers sign in.
type signDesk struct {
	*desk
	keys keys.File
	host string
	dir  string // the workspace
}

func signing(t *testing.T, change func(*settings.API)) *signDesk {
	t.Helper()
	w, err := workspace.Open(billed(t))
	if err != nil {
		t.Fatal(err)
	}
	w.Settings.Console, w.Settings.API.RateLimit = true, 0
	if change != nil {
		change(&w.Settings.API)
	}
	d := &signDesk{desk: &desk{t: t, log: &syncBuffer{}, now: asOf}, keys: serve.KeysFile(w), host: "127.0.0.1:8080",
		dir: w.Dir}
	if d.api, err = serve.New(serve.Config{Workspace: w, Clock: func() time.Time { return d.now },
		Log: slog.New(slog.NewTextHandler(d.log, nil)), Scratch: filepath.Join(t.TempDir(), "scratch")}); err != nil {
		t.Fatal(err)
	}
	return d
}

// key issues a key.
func (d *signDesk) key(c keys.Caller, token bool) keys.Issued {
	d.t.Helper()
	made, err := d.keys.Add(c, token, asOf.Format(time.RFC3339))
	if err != nil {
		d.t.Fatal(err)
	}
	d.now = d.now.Add(2 * time.Second) // the server checks the file once per second
	return made
}

// send sends a request with a cookie, unless it is "".
func (d *signDesk) send(method, address, cookie string, form url.Values, headers ...string) *view {
	d.t.Helper()
	r := httptest.NewRequest(method, "http://"+d.host+address, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if cookie != "" {
		r.Header.Set("Cookie", cookie)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return d.do(r)
}

// signIn signs in and returns the cookie in the form in which a browser sends it.
func (d *signDesk) signIn(made keys.Issued, cookie string) string {
	d.t.Helper()
	p := d.send(http.MethodPost, "/console/sign-in", cookie, url.Values{"key": {made.Secret}}, "Sec-Fetch-Site",
		"same-origin")
	got, _, _ := strings.Cut(p.header.Get("Set-Cookie"), ";")
	if p.status != http.StatusSeeOther || p.header.Get("Location") != "/console/" || len(got) < 40 {
		d.t.Fatalf("sign in: %d %v\n%s", p.status, p.header, p.text("main"))
	}
	return got
}

// signedIn reports whether a cookie belongs to a session.
func (d *signDesk) signedIn(cookie string) bool {
	d.t.Helper()
	p := d.send(http.MethodGet, "/console/", cookie, nil)
	if p.status == http.StatusSeeOther && strings.HasPrefix(p.header.Get("Location"), "/console/sign-in?") {
		return false
	}
	if p.status != http.StatusOK {
		d.t.Fatalf("status %d\n%s", p.status, p.body)
	}
	return true
}

// TestSignIn checks that without a session every page redirects to the form, and that with one a caller sees its own
// data. Invariant: CONSOLE-6.
func TestSignIn(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	for _, page := range []string{"/console/", "/console/bill?customer_id=cust-aurora", "/console/nothing",
		"/console/rejects"} {
		p := d.send(http.MethodGet, page, "", nil)
		form := url.Values{"next": {page}}
		if p.status != http.StatusSeeOther || p.header.Get("Location") != "/console/sign-in?"+form.Encode() ||
			strings.Contains(p.body, "cust-b") {
			t.Errorf("%s: %d %s", page, p.status, p.header.Get("Location"))
		}
	}
	form := d.send(http.MethodGet, "/console/sign-in?next=%2Fconsole%2Fcustomers", "", nil)
	fields := map[string]string{}
	each(form.root, func(n *html.Node) { fields[attr(n, "name")] = attr(n, "type") + " " + attr(n, "value") }, "input")
	if fields["key"] != "password " || fields["secret"] != "password " ||
		fields["next"] != "hidden /console/customers" {
		t.Errorf("the form: %v", fields)
	}
	token := d.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true)
	access := d.key(keys.Caller{Role: keys.Customer, Customer: "cust-fern"}, false)
	north := d.signIn(token, "")
	p := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {access.ID}, "secret": {access.Secret},
		"next": {"/console/bill?customer_id=cust-fern"}}, "Sec-Fetch-Site", "same-origin")
	fern, _, _ := strings.Cut(p.header.Get("Set-Cookie"), ";")
	if p.header.Get("Location") != "/console/bill?customer_id=cust-fern" {
		t.Errorf("after signing in: %v", p.header)
	}
	for _, c := range []struct{ cookie, customer, want string }{
		{north, "cust-aurora", ok}, {north, "cust-fern", "CBC.0404"}, {fern, "cust-fern", ok},
		{fern, "cust-aurora", "CBC.0404"}} {
		got := d.send(http.MethodGet, "/console/bill?customer_id="+c.customer, c.cookie, nil)
		if got.outcome() != c.want {
			t.Errorf("bill of %s: %s, want %s\n%s", c.customer, got.outcome(), c.want, got.text("main"))
		}
	}
	who := d.send(http.MethodGet, "/console/", north, nil).text("header")
	if !strings.Contains(who, "Partner part-north") {
		t.Errorf("who: %s", who)
	}
}

// TestSignInRefusesWrongKeys checks that a wrong key, an incomplete key, and a key of another kind get the same answer
// and no cookie.
func TestSignInRefusesWrongKeys(t *testing.T) {
	t.Parallel()
	d := signing(t, func(a *settings.API) { a.FailureLimit = 3 })
	token := d.key(vendor, true)
	access := d.key(vendor, false)
	texts := map[string]bool{}
	for _, form := range []url.Values{{}, {"key": {"tbt_x"}}, {"key": {access.ID}},
		{"key": {access.ID}, "secret": {"x"}}, {"key": {access.ID}, "secret": {access.Secret + " x"}},
		{"key": {token.ID}},
		{"key": {"nobody"}, "secret": {"x"}}, {"key": {access.Secret}}, {"key": {token.Secret + "x"}}} {
		d.now = d.now.Add(time.Minute)
		p := d.send(http.MethodPost, "/console/sign-in", "", form, "Sec-Fetch-Site", "same-origin")
		texts[p.text("main")] = true
		if p.status != http.StatusUnauthorized || p.header.Get("Set-Cookie") != "" {
			t.Errorf("%v: %d %v", form, p.status, p.header)
		}
	}
	if len(texts) != 1 {
		t.Errorf("the answers differ: %v", texts)
	}
	refused := false
	for range 10 {
		p := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {"tbt_guess"}}, "Sec-Fetch-Site",
			"same-origin")
		refused = refused || p.status == http.StatusTooManyRequests && p.header.Get("Retry-After") == "1"
	}
	if !refused {
		t.Error("guesses are not limited")
	}
	long := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {strings.Repeat("x", 1<<20)}})
	if long.status == http.StatusSeeOther || long.status == http.StatusOK {
		t.Errorf("a form of 1 MB: %d", long.status)
	}
}

// TestSignInCookie checks that only the server can read the cookie: scripts cannot read it, other sites cannot send it
// with a form, and it is sent only over TLS, unless the browser is on this machine. Invariant: CONSOLE-6.
func TestSignInCookie(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	for host, want := range map[string]string{
		"127.0.0.1:8080":      "tollbook=; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		"localhost":           "tollbook=; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax",
		"billing.example.com": "__Host-tollbook=; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax",
		"10.0.0.7:8080":       "__Host-tollbook=; Path=/; Max-Age=43200; HttpOnly; Secure; SameSite=Lax",
	} {
		d.host = host
		p := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {made.Secret}})
		name, rest, _ := strings.Cut(p.header.Get("Set-Cookie"), "=")
		id, rest, _ := strings.Cut(rest, ";")
		if got := name + "=;" + rest; got != want || len(id) != 43 {
			t.Errorf("%s: %s, id of %d bytes", host, got, len(id))
		}
		if strings.Contains(d.log.String(), id) || strings.Contains(d.log.String(), made.Secret) {
			t.Error("the log has the session or the key")
		}
	}
}

// TestSessionFixation checks that an id that the browser had before signing in does not become a session, and that
// signing in ends the previous session.
func TestSessionFixation(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	planted := "tollbook=" + strings.Repeat("A", 43)
	first := d.signIn(made, planted)
	if first == planted || d.signedIn(planted) || !d.signedIn(first) {
		t.Error("the planted id is a session")
	}
	second := d.signIn(made, first)
	if second == first || d.signedIn(first) || !d.signedIn(second) {
		t.Error("signing in again keeps the session before")
	}
}

// TestForgedForms checks that other sites cannot sign a browser in or out. Invariant: CONSOLE-6.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Origin", "https://evil.example"}, {"Origin", "null"}} {
		p := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {made.Secret}}, headers...)
		if p.status != http.StatusForbidden || p.header.Get("Set-Cookie") != "" {
			t.Errorf("signed in with %v: %d %v", headers, p.status, p.header)
		}
	}
	mine, other := d.signIn(made, ""), d.signIn(made, "")
	token := func(cookie string) (out string) {
		each(d.send(http.MethodGet, "/console/", cookie, nil).root, func(n *html.Node) {
			if attr(n, "name") == "csrf" {
				out = attr(n, "value")
			}
		}, "input")
		return out
	}
	if len(token(mine)) != 43 || token(mine) == token(other) {
		t.Fatalf("form tokens %q %q", token(mine), token(other))
	}
	for _, c := range []struct {
		csrf, site string
	}{{"", "same-origin"}, {"x", "same-origin"}, {token(other), "same-origin"}, {token(mine), "cross-site"}} {
		p := d.send(http.MethodPost, "/console/sign-out", mine, url.Values{"csrf": {c.csrf}}, "Sec-Fetch-Site", c.site)
		if p.status != http.StatusForbidden || !d.signedIn(mine) {
			t.Errorf("signed out by %+v: %d", c, p.status)
		}
	}
	p := d.send(http.MethodGet, "/console/sign-out?csrf="+token(mine), mine, nil)
	if p.status != http.StatusMethodNotAllowed || !d.signedIn(mine) {
		t.Errorf("signed out by a link: %d", p.status)
	}
	p = d.send(http.MethodPost, "/console/sign-out", mine, url.Values{"csrf": {token(mine)}}, "Sec-Fetch-Site",
		"same-origin")
	if p.status != http.StatusSeeOther ||
		!strings.Contains(p.header.Get("Set-Cookie"), "tollbook=; Path=/; Max-Age=0") {
		t.Errorf("signed out: %d %v", p.status, p.header)
	}
	if d.signedIn(mine) || !d.signedIn(other) {
		t.Error("signing out ends the session, and no other one")
	}
}

// TestSessionEnds checks that a session ends after 30 minutes without a request, after 12 hours, and with its key.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	idle := d.signIn(made, "")
	d.now = d.now.Add(30 * time.Minute)
	if d.signedIn(idle) {
		t.Error("idle for 30 minutes")
	}
	busy := d.signIn(made, "")
	for range 25 {
		if d.now = d.now.Add(28 * time.Minute); !d.signedIn(busy) {
			t.Fatal("it ended although it was used")
		}
	}
	if d.now = d.now.Add(20 * time.Minute); d.signedIn(busy) {
		t.Error("12 hours old")
	}
	kept, revoked := d.key(vendor, true), d.key(vendor, true)
	one, two := d.signIn(kept, ""), d.signIn(revoked, "")
	if _, err := d.keys.Revoke(revoked.ID, asOf.Format(time.RFC3339)); err != nil {
		t.Fatal(err)
	}
	if d.now = d.now.Add(2 * time.Second); !d.signedIn(one) || d.signedIn(two) {
		t.Error("a session outlives its key")
	}
}

// TestSignInLeadsToThisSiteOnly checks that after signing in a caller is redirected only to pages of the console,
// whatever the address requests.
func TestSignInLeadsToThisSiteOnly(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	for next, want := range map[string]string{
		"/console/bill?customer_id=cust-elm": "/console/bill?customer_id=cust-elm",
		"":                                   "/console/", "https://evil.example/console/": "/console/",
		"//evil.example/console/": "/console/", "/\\evil.example": "/console/", "/console/../v1/cycles": "/console/",
		"javascript:alert(1)": "/console/", "/console/\r\nSet-Cookie: x=1": "/console/", "/v1/cycles": "/console/",
		"/console/sign-out": "/console/", "/console//evil.example": "/console/", "http:/console/": "/console/",
		"/console/%0d%0aX: y": "/console/",
	} {
		p := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {made.Secret}, "next": {next}})
		if got := p.header.Get("Location"); got != want || len(p.header.Values("Set-Cookie")) != 1 {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
	}
}

// TestSessionIsNoKeyOfTheAPI checks that the API does not accept the cookie, and that without `console: on` there are
// no pages.
func TestSessionIsNoKeyOfTheAPI(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	cookie := d.signIn(d.key(vendor, true), "")
	if p := d.send(http.MethodGet, "/v1/cycles", cookie, nil); p.status != http.StatusUnauthorized {
		t.Errorf("the API took the cookie: %d %s", p.status, p.body)
	}
	w := start(t, billed(t), nil)
	for _, path := range []string{"/console/", "/console/sign-in", "/console/assets/console.css", "/"} {
		if got := w.do(w.request(http.MethodGet, path, "")); got.status != http.StatusNotFound {
			t.Errorf("console: off: %s: %d", path, got.status)
		}
	}
}

// TestConsoleRateLimit checks that pages per second are limited like requests of the API.
func TestConsoleRateLimit(t *testing.T) {
	t.Parallel()
	d := signing(t, func(a *settings.API) { a.RateLimit = 5 })
	cookie := d.signIn(d.key(vendor, true), "")
	last := 0
	for range 20 {
		last = d.send(http.MethodGet, "/console/customers", cookie, nil).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 20th page of a second: %d", last)
	}
}

// TestKeptPages checks that callers of one server who open the same addresses in turn, in both languages, see only
// their own data: a cached page is never shown to another caller. Invariant: CONSOLE-1.
func TestKeptPages(t *testing.T) {
	t.Parallel()
	shared := signing(t, nil)
	addresses := []string{"/console/customers", "/console/customers?lang=zh",
		"/console/customers?customers.sort=customer_id", "/console/customers?customers.find=cedar",
		"/console/partners", "/console/chain?lang=zh", "/console/chain",
		"/console/chain?chain.sort=-customer_id"}
	cookies := map[string]string{}
	for _, c := range callers() {
		if c.key.Manager == "" && c.key.Role != keys.Customer && c.name != "left" {
			cookies[c.name] = shared.signIn(shared.key(c.key, true), "")
		}
	}
	alone := map[string]string{}
	for _, c := range callers() {
		if cookies[c.name] == "" {
			continue
		}
		d := openConsole(t, shared.dir, c.key, nil)
		for _, address := range addresses {
			alone[c.name+address] = d.page(address).text("main")
		}
	}
	for _, order := range [][]string{{"vendor", "north", "south", "east", "finance"}, {"east", "vendor", "finance",
		"south", "north"}} {
		for _, address := range addresses {
			for _, who := range order {
				p := shared.send(http.MethodGet, address, cookies[who], nil)
				if got, want := p.text("main"), alone[who+address]; p.status != http.StatusOK || got != want {
					t.Errorf("%s as %s: %d %s\nwant %s", address, who, p.status, got, want)
				}
			}
		}
	}
}
