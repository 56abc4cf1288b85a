package console

import (
	"errors"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// byProvider redirects a browser to the provider, or handles the provider's response (CONSOLE-7).
func (a *answer) byProvider(begin bool) {
	c := a.console
	switch {
	case c.OpenID == nil || c.Local != nil:
		a.fail(operation.NotFound(operation.Text{Zh: "没有该页面", En: "there is no such page"}))
		return
	case a.r.Method != http.MethodGet:
		a.w.Header().Set("Allow", "GET")
		a.fail(operation.WrongVerb("GET"))
		return
	case c.Blocked != nil && c.Blocked(a.r, a.now):
		a.w.Header().Set("Retry-After", "1")
		a.fail(operation.TooMany())
		return
	}
	in := a.cookies()
	if begin {
		id, to, err := c.OpenID.Begin(a.r.Context(), target(a.query.Get("next")))
		if err != nil {
			a.notSignedIn(err)
			return
		}
		in.set(in.attempt(), id, AttemptLifetime)
		a.redirect(to)
		return
	}
	id := ""
	if cookie, err := a.r.Cookie(in.attempt()); err == nil {
		id = cookie.Value
	}
	in.set(in.attempt(), "", 0)
	caller, next, err := c.OpenID.Finish(a.r.Context(), id, a.query)
	if err != nil {
		a.notSignedIn(err)
		return
	}
	a.begin(caller, next)
}

// notSignedIn shows the form with the reason; details for the operator are only in the log.
func (a *answer) notSignedIn(err error) {
	c := a.console
	why := new(RefusedError)
	if !errors.As(err, &why) {
		a.fail(err)
		return
	}
	if c.Failed != nil {
		c.Failed(a.r, a.now)
	}
	c.Log.Warn("sign-in by the provider failed", "error", err.Error(), "remote", a.r.RemoteAddr)
	a.query.Del("next")
	a.signInPage(http.StatusUnauthorized, why.Text.In(a.language))
}
