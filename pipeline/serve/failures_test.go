package serve_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/schemas/settings"
)

// TestFailuresOfAnAddress checks that the first three unauthenticated requests per second of an address get an error
// with the cause, and that authenticated requests are never refused because of them. Invariant: SERVE-8.
func TestFailuresOfAnAddress(t *testing.T) {
	t.Parallel()
	now := asOf
	w := start(t, billed(t), func(a *settings.API, c *serve.Config) {
		a.FailureLimit = 3
		c.Clock = func() time.Time { return now }
	})
	token := w.key(keys.Caller{Role: keys.Vendor}, true).Secret
	ask := func(from, token string) int {
		r := httptest.NewRequest(http.MethodGet, "/v1/cycles", strings.NewReader(""))
		r.RemoteAddr = from
		if token != "" {
			r.Header.Set("X-Auth-Token", token)
		}
		answer := httptest.NewRecorder()
		w.api.ServeHTTP(answer, r)
		if answer.Code == http.StatusTooManyRequests && (answer.Header().Get("Retry-After") != "1" ||
			!strings.Contains(answer.Body.String(), "CBC.0250")) {
			t.Errorf("%v %s", answer.Header(), answer.Body)
		}
		return answer.Code
	}
	const here, there = "203.0.113.7:1000", "203.0.113.8:1000"
	for i, c := range []struct {
		from, token string
		want        int
	}{
		{here, token, 200}, {here, "wrong", 401}, {here, token, 200}, {here, "", 401}, {here, token, 200},
		{"203.0.113.7:2000", "wrong", 401},
		{here, "wrong", 429}, {here, "", 429}, {here, token, 200}, // another key from the same address
		{there, "wrong", 401}, {there, token, 200},
		// the same address as an IPv6 socket reports it
		{"[::ffff:203.0.113.7]:1", "", 429},
		// one site (the same /64 network)
		{"[2001:db8:0:1::1]:1", "", 401}, {"[2001:db8:0:1::2]:1", "", 401}, {"[2001:db8:0:1:9::3]:1", "", 401},
		{"[2001:db8:0:1::4]:1", "", 429},
		{"[2001:db8:0:2::4]:1", "", 401}, {"[fe80::1%eth0]:1", "", 401},
	} {
		if got := ask(c.from, c.token); got != c.want {
			t.Errorf("step %d: %s %q: %d, want %d", i, c.from, c.token, got, c.want)
		}
	}
	now = now.Add(time.Second / 4)
	if got := ask(here, "wrong"); got != 429 {
		t.Errorf("after a quarter of a second: %d", got)
	}
	now = now.Add(time.Second / 12)
	if a, b, c := ask(here, token), ask(here, ""), ask(here, "wrong"); a != 200 || b != 401 || c != 429 {
		t.Errorf("a third of a second pays for one: %d %d %d", a, b, c)
	}
	for i := range 100 {
		if got := ask(fmt.Sprintf("127.0.0.1:%d", 1000+i), "wrong"); got != 401 {
			t.Fatalf("a proxy of this machine: %d", got)
		}
	}
}

// TestUsedSignaturesOutliveAServer checks that a signature that one server accepted is refused by a server that runs at
// the same time and by one that starts later.
func TestUsedSignaturesOutliveAServer(t *testing.T) {
	t.Parallel()
	dir := billed(t)
	one, two := start(t, dir, nil), start(t, dir, nil)
	k := one.key(keys.Caller{Role: keys.Vendor}, false)
	captured := one.signed(k, aurora, asOf)
	again := func(w *world) string {
		r := w.request(http.MethodGet, aurora, "")
		r.Header = captured.Header.Clone()
		return outcome(w.do(r))
	}
	if got := outcome(one.do(captured)); got != ok {
		t.Fatal(got)
	}
	if got := again(two); got != "CBC.0154" {
		t.Errorf("at another server: %s", got)
	}
	if got := outcome(two.do(two.signed(k, aurora, asOf.Add(time.Second)))); got != ok {
		t.Errorf("another signature at another server: %s", got)
	}
	one.stop()
	if err := <-one.ended; err != nil {
		t.Fatal(err)
	}
	three := start(t, dir, nil)
	if got := again(three); got != "CBC.0154" {
		t.Errorf("after a restart: %s", got)
	}
	if got := outcome(three.do(three.signed(k, aurora, asOf.Add(2*time.Second)))); got != ok {
		t.Errorf("another signature after a restart: %s", got)
	}
}
