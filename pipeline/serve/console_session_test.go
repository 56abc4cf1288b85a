package serve_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// TestConcurrentSessions checks that sessions of one key do not affect each other and that a session of another key
// shows none of their data. Signing in with another key in the same browser replaces the session.
func TestConcurrentSessions(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	of := d.key(vendor, true)
	fern := d.key(keys.Caller{Role: keys.Customer, Customer: "cust-fern"}, true)
	desk, phone := d.signIn(of, ""), d.signIn(of, "")
	if desk == phone || !d.signedIn(desk) || !d.signedIn(phone) {
		t.Fatal("one key has one session only")
	}
	form := ""
	each(d.send(http.MethodGet, "/console/", desk, nil).root, func(n *html.Node) {
		if attr(n, "name") == "csrf" {
			form = attr(n, "value")
		}
	}, "input")
	if p := d.send(http.MethodPost, "/console/sign-out", phone, url.Values{"csrf": {form}}, "Sec-Fetch-Site",
		"same-origin"); p.status != http.StatusForbidden || !d.signedIn(phone) {
		t.Errorf("the form of one session ends another: %d", p.status)
	}
	other := d.signIn(fern, desk)
	if d.signedIn(desk) || !d.signedIn(other) || !d.signedIn(phone) {
		t.Error("another key in the same browser leaves the session before, or ends one of another browser")
	}
	if got := d.send(http.MethodGet, "/console/customers", other, nil).outcome(); got != role {
		t.Errorf("the new session has the rights of the old one: %s", got)
	}
}

// TestSessionInTheAddress checks that an id is accepted only in the cookie, and that pages, addresses and headers do
// not reveal it.
func TestSessionInTheAddress(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	cookie := d.signIn(d.key(vendor, true), "")
	_, id, _ := strings.Cut(cookie, "=")
	for _, address := range []string{"/console/?tollbook=" + id, "/console/?session=" + id,
		"/console/;tollbook=" + id} {
		if p := d.send(http.MethodGet, address, "", nil, "X-Session", id, "Authorization", "Bearer "+id); p.status ==
			http.StatusOK {
			t.Errorf("%s: signed in by the address", address)
		}
	}
	for _, address := range []string{"/console/", "/console/customers", "/console/nothing"} {
		p := d.send(http.MethodGet, address, cookie, nil)
		if strings.Contains(p.body, id) || strings.Contains(p.header.Get("Location"), id) {
			t.Errorf("%s has the session's id", address)
		}
	}
}

// TestConsoleHeaders checks that for any caller no answer may be cached or shown in a frame, whether page, download,
// error, form or redirect. Invariant: CONSOLE-3.
func TestConsoleHeaders(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	cookie := d.signIn(d.key(vendor, true), "")
	for _, c := range []struct{ address, cookie string }{
		{"/console/", cookie}, {"/console/customers", cookie}, {"/console/customers?download=customers.csv", cookie},
		{"/console/nothing", cookie}, {"/console/bill?customer_id=nobody", cookie}, {"/console/", ""},
		{"/console/sign-in", ""}, {"/console/oidc", ""}, {"/", ""}} {
		h := d.send(http.MethodGet, c.address, c.cookie, nil).header
		for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY",
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", c.address, name, got, want)
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s: may be framed: %s", c.address, h.Get("Content-Security-Policy"))
		}
	}
}

// TestForgedHost checks that no answer contains the request's host name, and that redirects have no host. Invariant:
// CONSOLE-6.
func TestForgedHost(t *testing.T) {
	t.Parallel()
	d := signing(t, nil)
	made := d.key(vendor, true)
	d.host = "evil.example"
	forwarded := []string{"X-Forwarded-Host", "evil.example", "Forwarded", "host=evil.example", "X-Forwarded-Proto",
		"http"}
	signed := d.send(http.MethodPost, "/console/sign-in", "", url.Values{"key": {made.Secret},
		"next": {"/console/customers"}}, forwarded...)
	cookie, rest, _ := strings.Cut(signed.header.Get("Set-Cookie"), ";")
	if signed.header.Get("Location") != "/console/customers" || !strings.Contains(rest, "Secure") ||
		strings.Contains(rest, "Domain") {
		t.Errorf("signing in: %v", signed.header)
	}
	for _, address := range []string{"/", "/console", "/console/", "/console/customers", "/console/sign-in",
		"/console/nothing", "/console/bill?customer_id=cust-fern"} {
		for _, c := range []string{"", cookie} {
			p := d.send(http.MethodGet, address, c, nil, forwarded...)
			if strings.Contains(p.body+p.header.Get("Location"), "evil.example") {
				t.Errorf("%s: the answer names the host: %s", address, p.header.Get("Location"))
			}
		}
	}
	local := openConsole(t, d.dir, vendor, nil)
	r := httptest.NewRequest(http.MethodGet, "http://evil.example/console/", nil)
	if p := local.do(r); p.status != http.StatusForbidden {
		t.Errorf("the local console answers %q: %d", r.Host, p.status)
	}
}
