package serve_test

import (
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// person is a person with an account at the provider. forge changes the id token before it is signed.
type person struct {
	*mockoidc.MockUser
	claim any
	forge func(*mockoidc.IDTokenClaims)
	party any // azp of the token
}

// claimed is an id token with the claim that identifies a caller.
type claimed struct {
	*mockoidc.IDTokenClaims
	Tollbook any `json:"tollbook,omitempty"`
	Party    any `json:"azp,omitempty"`
}

func (p *person) Claims(_ []string, base *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	if p.forge != nil {
		p.forge(base)
	}
	return &claimed{base, p.claim, p.party}, nil
}

// provided is a console whose callers can sign in with a local provider.
type provided struct {
	*signDesk
	provider *mockoidc.MockOIDC
	tamper   atomic.Bool
}

func withProvider(t *testing.T, change func(*settings.Settings)) *provided {
	t.Helper()
	m, err := mockoidc.NewServer(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &provided{provider: m}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err := errors.Join(err, m.AddMiddleware(p.tampering)); err != nil {
		t.Fatal(err)
	}
	if err := m.Start(l, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Shutdown() })
	m.FastForward(asOf.Sub(m.Now()))
	w, err := workspace.Open(billed(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "secret"), []byte(m.ClientSecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.Settings.Console, w.Settings.API.RateLimit = true, 0
	w.Settings.OIDC = settings.OIDC{Issuer: m.Issuer(), ClientID: m.ClientID, SecretFile: "secret",
		RedirectURL: "http://127.0.0.1:8080/console/oidc", Claim: "tollbook", Scopes: "openid"}
	if change != nil {
		change(&w.Settings)
	}
	d := &signDesk{desk: &desk{t: t, log: &syncBuffer{}, now: asOf}, keys: serve.KeysFile(w), host: "127.0.0.1:8080",
		dir: w.Dir}
	d.api, err = serve.New(serve.Config{Workspace: w, Clock: func() time.Time { return d.now },
		Log: slog.New(slog.NewTextHandler(d.log, nil)), Scratch: filepath.Join(t.TempDir(), "scratch")})
	if err != nil {
		t.Fatal(err)
	}
	p.signDesk = d
	return p
}

// tampering returns the provider with a proxy that changes id tokens while tamper is set.
func (p *provided) tampering(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != mockoidc.TokenEndpoint || !p.tamper.Load() {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		// other claims, with the original signature of the token
		text := regexp.MustCompile(`("id_token":"[^.]*\.)[^.]*`).ReplaceAllString(answer.Body.String(),
			"${1}"+base64.RawURLEncoding.EncodeToString([]byte(`{"tollbook":"vendor"}`)))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	})
}

// begin starts a sign-in at the provider. It returns the cookie of the attempt and the address to which the provider
// redirects the browser.
func (p *provided) begin(who *person, next string) (cookie, back string) {
	p.t.Helper()
	p.provider.QueueUser(who)
	v := p.send(http.MethodGet, "/console/oidc/begin?"+url.Values{"next": {next}}.Encode(), "", nil)
	cookie, _, _ = strings.Cut(v.header.Get("Set-Cookie"), ";")
	to, err := url.Parse(v.header.Get("Location"))
	if err != nil || v.status != http.StatusSeeOther || !strings.HasPrefix(to.String(), p.provider.Issuer()) {
		p.t.Fatalf("begin: %d %v %s", v.status, v.header, v.text("main"))
	}
	q := to.Query()
	for name, length := range map[string]int{"state": 43, "nonce": 43, "code_challenge": 43} {
		if len(q.Get(name)) != length {
			p.t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if q.Get("code_challenge_method") != "S256" || q.Get("scope") != "openid" {
		p.t.Errorf("asked with %v", q)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Get(to.String())
	if err != nil {
		p.t.Fatal(err)
	}
	_ = answer.Body.Close()
	back, ok := strings.CutPrefix(answer.Header.Get("Location"), "http://127.0.0.1:8080")
	if !ok {
		p.t.Fatalf("the provider sends to %s", answer.Header.Get("Location"))
	}
	return cookie, back
}

// finish opens the provider's redirect and returns the cookie of the session; "" means that nobody is signed in.
func (p *provided) finish(cookie, back string) (session string, v *view) {
	p.t.Helper()
	v = p.send(http.MethodGet, back, cookie, nil, "Sec-Fetch-Site", "cross-site")
	for _, one := range v.header.Values("Set-Cookie") {
		if value, _, _ := strings.Cut(one, ";"); strings.HasPrefix(value, "tollbook=") {
			session = value
		}
	}
	return session, v
}

// TestProviderSignIn checks that a claim of a verified id token identifies a caller, as a key does. Invariants:
// CONSOLE-7, OPENID-2, OPENID-3.
func TestProviderSignIn(t *testing.T) {
	t.Parallel()
	d := withProvider(t, nil)
	form := d.send(http.MethodGet, "/console/sign-in?next=%2Fconsole%2Fcustomers", "", nil)
	if !strings.Contains(form.body, `href="/console/oidc/begin?next=%2Fconsole%2Fcustomers"`) {
		t.Errorf("the form has no link to the provider: %s", form.text("main"))
	}
	bill := "/console/bill?customer_id=cust-fern"
	for _, c := range []struct {
		claim any
		who   string
		want  string // outcome of a bill of cust-fern
	}{
		{"vendor", "Vendor", ok}, {"finance", "Finance", ok}, {"customer:cust-fern", "Customer cust-fern", ok},
		{"customer:cust-aurora", "Customer cust-aurora", "CBC.0404"},
		{"partner:part-north", "Partner part-north", "CBC.0404"},
		{[]string{"everyone", "partner:part-north", "team:billing"}, "Partner part-north", "CBC.0404"},
	} {
		cookie, back := d.begin(&person{MockUser: &mockoidc.MockUser{Subject: "4711"}, claim: c.claim}, bill)
		session, v := d.finish(cookie, back)
		if session == "" || v.header.Get("Location") != bill {
			t.Errorf("%v: %d %v %s", c.claim, v.status, v.header, v.text("main"))
			continue
		}
		if got := d.send(http.MethodGet, "/console/", session, nil).text("header"); !strings.Contains(got, c.who) {
			t.Errorf("%v is %q, want %q", c.claim, got, c.who)
		}
		if got := d.send(http.MethodGet, bill, session, nil).outcome(); got != c.want {
			t.Errorf("%v: the bill: %s, want %s", c.claim, got, c.want)
		}
		if again, _ := d.finish(cookie, back); again != "" {
			t.Error("an answer of the provider was taken twice")
		}
		d.now = d.now.Add(30 * time.Minute)
		d.provider.FastForward(30 * time.Minute)
		if d.signedIn(session) {
			t.Error("idle for 30 minutes")
		}
	}
}

// TestProviderRefuses checks that nobody is signed in by a claim that does not name exactly one caller, or by a token
// that is not the provider's, or that is for another sign-in or another client. The page reports it, and the log has
// the reason. Invariants: OPENID-1, OPENID-2, OPENID-3.
func TestProviderRefuses(t *testing.T) {
	t.Parallel()
	d := withProvider(t, nil)
	for name, c := range map[string]struct {
		claim any
		forge func(*mockoidc.IDTokenClaims)
		log   string
	}{
		"no claim":       {nil, nil, "the id token does not have it"},
		"another role":   {"admin", nil, "it names 0 callers"},
		"no id":          {"partner:", nil, "it names 0 callers"},
		"id of a vendor": {"vendor:all", nil, "it names 0 callers"},
		"two":            {[]string{"vendor", "customer:cust-elm"}, nil, "it names 2 callers"},
		"a number":       {7, nil, "no text"},
		"another issuer": {"vendor", func(c *mockoidc.IDTokenClaims) { c.Issuer = "https://evil.example" },
			"issued by a different"},
		"another client": {"vendor", func(c *mockoidc.IDTokenClaims) { c.Audience = jwt.ClaimStrings{"other"} },
			"expected audience"},
		"expired": {"vendor", func(c *mockoidc.IDTokenClaims) {
			c.ExpiresAt = jwt.NewNumericDate(asOf.Add(-time.Hour))
		}, "token is expired"},
		"another nonce": {"vendor", func(c *mockoidc.IDTokenClaims) { c.Nonce = "x" }, "nonce is of another sign-in"},
	} {
		who := &person{MockUser: &mockoidc.MockUser{Subject: "4711"}, claim: c.claim, forge: c.forge}
		cookie, back := d.begin(who, "")
		session, v := d.finish(cookie, back)
		if session != "" || v.status != http.StatusUnauthorized || !strings.Contains(d.log.String(), c.log) {
			t.Errorf("%s: %d %v\n%s", name, v.status, v.header, d.log.String())
		}
	}
	someone := func(party any) *person {
		return &person{MockUser: &mockoidc.MockUser{Subject: "4711"}, claim: "vendor", party: party}
	}
	for _, party := range []any{"other", 7, []string{d.provider.ClientID}} {
		if session, v := d.finish(d.begin(someone(party), "")); session != "" || v.status != http.StatusUnauthorized ||
			!strings.Contains(d.log.String(), "its authorized party (azp) is") {
			t.Errorf("a token for the party %v: %d\n%s", party, v.status, d.log.String())
		}
	}
	if session, v := d.finish(d.begin(someone(d.provider.ClientID), "")); session == "" {
		t.Errorf("a token for this party: %d %s", v.status, v.text("main"))
	}
	cookie, back := d.begin(someone(nil), "")
	d.tamper.Store(true)
	if session, v := d.finish(cookie, back); session != "" || v.status != http.StatusUnauthorized {
		t.Errorf("a token that was changed on its way: %d", v.status)
	}
}

// TestProviderAttempts checks that an answer is accepted only from the browser that started the sign-in, once, and for
// ten minutes. Another site can neither inject an answer nor choose the target of a redirect. Invariant: OPENID-1.
func TestProviderAttempts(t *testing.T) {
	t.Parallel()
	d := withProvider(t, nil)
	who := &person{MockUser: &mockoidc.MockUser{Subject: "4711"}, claim: "vendor"}
	mine, back := d.begin(who, "https://evil.example/")
	other, foreignBack := d.begin(who, "")
	for name, c := range map[string]struct{ cookie, back string }{
		"no cookie": {"", back}, "another browser's cookie": {"tollbook-oidc=" + strings.Repeat("A", 43), back},
		"an answer of another browser": {other, back},
		"no state":                     {mine, "/console/oidc?code=x"},
	} {
		if session, v := d.finish(c.cookie, c.back); session != "" || v.status != http.StatusUnauthorized {
			t.Errorf("%s: %d %v", name, v.status, v.header)
		}
	}
	if session, _ := d.finish(other, foreignBack); session != "" {
		t.Error("an attempt is used twice")
	}
	mine, back = d.begin(who, "https://evil.example/")
	if _, v := d.finish(mine, back); v.header.Get("Location") != "/console/" {
		t.Errorf("leads to %q", v.header.Get("Location"))
	}
	mine, back = d.begin(who, "")
	d.now = d.now.Add(10 * time.Minute)
	if session, _ := d.finish(mine, back); session != "" {
		t.Error("an attempt of ten minutes ago")
	}
	mine, back = d.begin(who, "")
	denied := "/console/oidc?error=access_denied&state=" + mustQuery(t, back).Get("state")
	if session, v := d.finish(mine, denied); session != "" || !strings.Contains(v.text("main"), "did not sign you in") {
		t.Errorf("access_denied: %d %s", v.status, v.text("main"))
	}
	mine, back = d.begin(who, "")
	if session, _ := d.finish(mine, back+"&iss=https%3A%2F%2Fevil.example"); session != "" {
		t.Error("an answer that says it is of another provider")
	}
	if v := d.send(http.MethodPost, "/console/oidc", "", url.Values{}); v.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", v.status)
	}
}

// TestProviderUnreachable checks that there is no sign-in link without a provider, and that the page reports a provider
// that does not answer.
func TestProviderUnreachable(t *testing.T) {
	t.Parallel()
	without := signing(t, nil)
	for _, path := range []string{"/console/oidc", "/console/oidc/begin"} {
		if v := without.send(http.MethodGet, path, "", nil); v.status != http.StatusNotFound {
			t.Errorf("%s without a provider: %d", path, v.status)
		}
	}
	d := withProvider(t, func(s *settings.Settings) { s.OIDC.Issuer = "http://127.0.0.1:1" })
	v := d.send(http.MethodGet, "/console/oidc/begin?lang=zh", "", nil)
	if v.status != http.StatusUnauthorized || !strings.Contains(v.text("main"), "无法连接身份提供方") ||
		!strings.Contains(d.log.String(), "sign-in by the provider failed") {
		t.Errorf("%d %s\n%s", v.status, v.text("main"), d.log.String())
	}
}

// TestProviderHangs checks that sign-ins at a provider that does not answer do not wait for each other: all of them are
// at the provider at the same time. Invariant: OPENID-4.
func TestProviderHangs(t *testing.T) {
	t.Parallel()
	const people = 10
	arrived, leave := make(chan struct{}, people), make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-leave
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer hangs.Close()
	d := withProvider(t, func(s *settings.Settings) { s.OIDC.Issuer = hangs.URL })
	var all sync.WaitGroup
	for range people {
		all.Go(func() {
			if v := d.send(http.MethodGet, "/console/oidc/begin", "", nil); v.status != http.StatusUnauthorized {
				t.Errorf("%d %s", v.status, v.text("main"))
			}
		})
	}
	late := time.After(5 * time.Second)
	for n := range people {
		select {
		case <-arrived:
			continue
		case <-late:
			t.Errorf("%d of %d sign-ins have asked the provider", n, people)
		}
		break
	}
	close(leave)
	all.Wait()
}

func mustQuery(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query()
}
