package console

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/settings"
)

const (
	signInPath  = Root + "sign-in"
	signOutPath = Root + "sign-out"
	beginPath   = Root + "oidc/begin"
	maxForm     = 8 << 10 // bytes
)

// cookies reads and sets the cookies of a request.
type cookies struct {
	w http.ResponseWriter
	r *http.Request
	// secure limits cookies to TLS. Behind a proxy the server itself does not see TLS, so cookies without it are only
	// for browsers on this machine.
	secure bool
}

// session returns the name of the session cookie. The prefix makes browsers accept it only by TLS for this host.
func (c cookies) session() string {
	if c.secure {
		return "__Host-tollbook"
	}
	return "tollbook"
}

// attempt returns the name of the cookie of a sign-in through the provider.
func (c cookies) attempt() string { return c.session() + "-oidc" }

// set sets a cookie for some time; an empty value deletes it.
func (c cookies) set(name, value string, life time.Duration) {
	cookie := &http.Cookie{Name: name, Value: value, Path: "/", HttpOnly: true, Secure: c.secure,
		SameSite: http.SameSiteLaxMode, MaxAge: int(life.Seconds())}
	if value == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(c.w, cookie)
}

// cookies returns the cookies of the request and of its response.
func (a *answer) cookies() cookies { return cookies{a.w, a.r, a.console.Secure || !loopback(a.r.Host)} }

// signIn shows the sign-in form, or handles it (CONSOLE-6).
func (a *answer) signIn() {
	c := a.console
	switch {
	case c.Local != nil:
		a.redirect(Root)
		return
	case a.r.Method == http.MethodGet || a.r.Method == http.MethodHead:
		a.signInPage(http.StatusOK, "")
		return
	case a.r.Method != http.MethodPost:
		a.w.Header().Set("Allow", "GET, HEAD, POST")
		a.fail(operation.WrongVerb("GET, HEAD, POST"))
		return
	}
	if !a.own() {
		return
	}
	if c.Blocked != nil && c.Blocked(a.r, a.now) {
		a.w.Header().Set("Retry-After", "1")
		a.fail(operation.TooMany())
		return
	}
	a.r.Body = http.MaxBytesReader(a.w, a.r.Body, maxForm)
	if err := a.r.ParseForm(); err != nil {
		a.fail(operation.BadRequest(operation.Text{Zh: "表单格式错误", En: "the form is malformed"}))
		return
	}
	caller, ok, err := a.known(strings.TrimSpace(a.r.PostForm.Get("key")),
		strings.TrimSpace(a.r.PostForm.Get("secret")))
	if err != nil {
		a.fail(err)
		return
	}
	if !ok {
		if c.Failed != nil {
			c.Failed(a.r, a.now)
		}
		a.signInPage(http.StatusUnauthorized, operation.Text{Zh: "密钥无效。", En: "The key is not valid."}.In(a.language))
		return
	}
	a.begin(caller, a.r.PostForm.Get("next"))
}

// begin begins a session, ends the browser's previous one, and redirects to the requested page.
func (a *answer) begin(caller keys.Caller, next string) {
	c := a.console
	if old, err := a.r.Cookie(a.cookies().session()); err == nil {
		c.sessions.End(old.Value)
	}
	a.cookies().set(a.cookies().session(), c.sessions.Begin(caller, a.now), SessionLife)
	c.Log.Info("signed in", "caller", caller.ID, "role", string(caller.Role), "remote", a.r.RemoteAddr)
	a.redirect(target(next))
}

// known returns the caller of a token, or of an access key with its secret.
func (a *answer) known(key, secret string) (keys.Caller, bool, error) {
	store := a.console.Keys
	if strings.HasPrefix(key, "tbt_") || secret == "" {
		return store.Token(key)
	}
	caller, want, ok, err := store.Secret(key)
	if err != nil {
		return keys.Caller{}, false, err
	}
	same := subtle.ConstantTimeCompare([]byte(secret), []byte(want)) == 1
	return caller, ok && same, nil
}

// own reports whether a form was sent by one of the console's own pages; if not, it has sent the response.
func (a *answer) own() bool {
	if err := a.console.guard.Check(a.r); err != nil {
		a.fail(operation.MayNot(operation.Text{Zh: "请求来自其他网站", En: "the form was sent by another site"}))
		return false
	}
	return true
}

// target returns where a caller is redirected after signing in: always a page of the console.
func target(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(u.Path, Root) ||
		strings.Contains(next, `\`) || strings.ContainsFunc(u.Path, unicode.IsControl) ||
		path.Clean(u.Path)+"/" != Root && path.Clean(u.Path) != u.Path ||
		u.Path == signInPath || u.Path == signOutPath || u.Path == beginPath || u.Path == settings.CallbackPath {
		return Root
	}
	return u.RequestURI()
}

// signInPage sends the sign-in form.
func (a *answer) signInPage(status int, wrong string) {
	t := func(zh, en string) string { return operation.Text{Zh: zh, En: en}.In(a.language) }
	next := a.query.Get("next")
	if a.r.PostForm != nil {
		next = a.r.PostForm.Get("next")
	}
	p := &Page{Title: t("登录", "Sign in"),
		Lead: t("使用API密钥登录，只读。", "Sign in with an API key. The console is read-only."),
		Blocks: []Block{{ID: "sign-in", Form: &Form{Action: a.to(signInPath), Post: true,
			Button: t("登录", "Sign in"),
			Fields: []Field{{Name: "next", Type: "hidden", Value: target(next)},
				{Name: "key", Label: t("令牌，或访问密钥编号", "Token, or id of an access key"), Type: "password",
					Required: true},
				{Name: "secret", Label: t("访问密钥的密钥（使用令牌时留空）", "Secret of the access key (empty with a token)"),
					Type: "password"}}}}}}
	if a.console.OpenID != nil {
		p.Blocks[0].Links = []Link{{Text: t("使用单位账号登录", "Sign in with your organization's account"),
			Href: beginPath + "?" + url.Values{"next": {target(next)}}.Encode()}}
	}
	if wrong != "" {
		p.Notes = []Note{{Tone: Bad, Text: wrong}}
	}
	if err := a.write(status, nil, "", p); err != nil {
		a.fail(err)
	}
}

// signOut ends the session.
func (a *answer) signOut() {
	if a.r.Method != http.MethodPost {
		a.w.Header().Set("Allow", "POST")
		a.fail(operation.WrongVerb("POST"))
		return
	}
	if a.console.Local != nil {
		a.redirect(Root)
		return
	}
	if !a.own() || !a.identify() {
		return
	}
	a.r.Body = http.MaxBytesReader(a.w, a.r.Body, maxForm)
	if err := a.r.ParseForm(); err != nil || !a.session.Posted(a.r.PostForm.Get("csrf")) {
		a.fail(operation.MayNot(operation.Text{Zh: "表单令牌无效", En: "the token of the form is not valid"}))
		return
	}
	if id, err := a.r.Cookie(a.cookies().session()); err == nil {
		a.console.sessions.End(id.Value)
	}
	a.cookies().set(a.cookies().session(), "", SessionLife)
	a.redirect(signInPath)
}
