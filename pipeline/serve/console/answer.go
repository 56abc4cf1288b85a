package console

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/schemas/visible"
)

// answer is the response to one request.
type answer struct {
	console  *Console
	w        http.ResponseWriter
	r        *http.Request
	now      time.Time
	query    url.Values
	language operation.Language
	caller   keys.Caller
	session  Session
	status   int // 0 = nothing was sent yet
	state    *operation.State
	note     string // about the state
	// background says that no client waits for the response: it ends only with its context.
	background bool
}

// serve handles the request.
func (a *answer) serve() {
	path := a.r.URL.Path
	if a.console.Local != nil && !loopback(a.r.Host) {
		a.fail(operation.MayNot(operation.Textf("请使用本机地址打开，例如http://127.0.0.1:8181/：%q不是本机地址",
			"open the console by a loopback address such as http://127.0.0.1:8181/: %q is not one", a.r.Host)))
		return
	}
	switch {
	case path == "/" || path+"/" == Root:
		a.redirect(Root)
	case path != Root+Assets && strings.HasPrefix(path, Root+Assets):
		a.asset(strings.TrimPrefix(path, Root+Assets))
	case path == signInPath:
		a.signIn()
	case path == signOutPath:
		a.signOut()
	case path == beginPath || path == settings.CallbackPath:
		a.byProvider(path == beginPath)
	default:
		a.page()
	}
}

func (a *answer) redirect(to string) {
	a.status = http.StatusSeeOther
	http.Redirect(a.w, a.r, to, a.status)
}

// asset sends a file that pages load. Its address changes with its content.
func (a *answer) asset(name string) {
	file := a.console.render.Asset(name)
	if file == nil || a.r.Method != http.MethodGet && a.r.Method != http.MethodHead {
		a.fail(operation.NotFound(operation.Text{Zh: "没有该文件", En: "there is no such file"}))
		return
	}
	h := a.w.Header()
	h.Set("Content-Type", file.Type)
	h.Set("ETag", `"`+file.Tag+`"`)
	if a.query.Get("v") == file.Tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	a.status = http.StatusOK
	http.ServeContent(a.w, a.r, "", time.Time{}, bytes.NewReader(file.Bytes))
}

// page sends a page, a file or a download of a table.
func (a *answer) page() {
	c := a.console
	route := c.routes[a.r.URL.Path]
	if !a.identify() {
		return
	}
	switch {
	case route == nil:
		a.fail(operation.NotFound(operation.Text{Zh: "没有该页面", En: "there is no such page"}))
		return
	case a.r.Method != http.MethodGet && a.r.Method != http.MethodHead:
		a.w.Header().Set("Allow", "GET, HEAD")
		a.fail(operation.WrongVerb("GET, HEAD"))
		return
	}
	if c.Local == nil && c.Limit != nil && !c.Limit(a.caller.ID, a.r.URL.Path, a.now) {
		a.w.Header().Set("Retry-After", "1")
		a.fail(operation.TooMany())
		return
	}
	var err error
	for turn := range operation.MaxTurns {
		err = a.try(route, turn > 0)
		if moved := new(lake.MovedError); !errors.As(err, &moved) || a.status != 0 {
			break
		}
	}
	if err != nil {
		a.fail(err)
	}
}

// identify authenticates the caller; false = a response was sent: one that requests sign-in, or an error.
func (a *answer) identify() bool {
	c := a.console
	if c.Local != nil {
		a.caller = *c.Local
		return true
	}
	id, err := a.r.Cookie(a.cookies().session())
	if err == nil {
		found, ok, err := c.sessions.Find(id.Value, a.now)
		if err != nil {
			a.fail(err)
			return false
		}
		if ok {
			a.session, a.caller = found, found.Caller
			return true
		}
	}
	to := url.Values{"next": {a.r.URL.RequestURI()}}
	if lang := a.query.Get("lang"); lang != "" {
		to.Set("lang", lang)
	}
	a.redirect(signInPath + "?" + to.Encode())
	return false
}

// try builds the response from one state. moved says that the previous state no longer exists.
func (a *answer) try(route *Route, moved bool) error {
	c, now := a.console, period.Instant(a.now.UnixMicro())
	ctx := a.r.Context()
	if c.Timeout > 0 {
		within, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		ctx = within
	}
	r := a.r.WithContext(ctx)
	if err := operation.Admit(&route.Op, &a.caller); err != nil {
		return err
	}
	if err := a.choose(now, moved); err != nil {
		return err
	}
	call := &operation.Call{Op: &route.Op, Caller: a.caller, State: a.state, Inside: c.Inside, Language: a.language}
	if r = managed(r, call); r.URL != a.r.URL {
		a.query = r.URL.Query()
	}
	var err error
	if call.Values, err = operation.Parse(&route.Op, r, nil, now, a.state.Workspace.Books.Zone); err != nil {
		return err
	}
	if call.Scope, err = operation.Decide(ctx, &route.Op, &a.caller, &call.Values, a.state); err != nil {
		return unknown(call, err)
	}
	v := &View{Call: call, Request: r, Query: a.query, Allowed: a.allowed, Kept: c.kept,
		Jobs: c.Jobs, Background: a.background}
	if a.language == operation.Chinese {
		v.Words = c.words
	}
	giveBack, err := c.turns.take(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	if route.File != nil {
		return a.file(route, v)
	}
	p, err := route.Show(v)
	if err != nil {
		return unknown(call, err)
	}
	if wanted := a.query.Get("download"); wanted != "" {
		return a.download(p, v, wanted)
	}
	return a.write(http.StatusOK, v, route.Op.Path, p)
}

// managed adds the parameter that the API requires from a key that is limited to an account manager.
func managed(r *http.Request, call *operation.Call) *http.Request {
	_, takes := call.Op.Param("account_manager_id")
	query := r.URL.Query()
	if call.Caller.Manager == "" || !takes || query.Get("account_manager_id") != "" {
		return r
	}
	query.Set("account_manager_id", call.Caller.Manager)
	out := r.Clone(r.Context())
	out.URL.RawQuery = query.Encode()
	return out
}

// choose selects the state that the address names, else the live one (CONSOLE-2).
func (a *answer) choose(now period.Instant, moved bool) error {
	c := a.console
	live, err := c.State(now)
	if err != nil {
		return err
	}
	c.keep(live.Snap)
	a.state, a.note = live, ""
	text := a.query.Get("state")
	if text == "" || text == strconv.FormatInt(live.Snap.Manifest.Number, 10) {
		return nil
	}
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return operation.BadParameter("state", operation.Text{Zh: "不是整数", En: "is not a whole number"})
	}
	if snap := c.numbered(number); snap != nil && !moved {
		old := *live
		old.Snap, old.Store = snap, c.Store(snap)
		a.state = &old
		return nil
	}
	a.note = operation.Textf("状态%d已不可用，显示的是当前状态%d。", "State %d is no longer available: this is the live state %d.",
		number, live.Snap.Manifest.Number).In(a.language)
	return nil
}

// allowed reports whether the caller may open a page, with any parameters.
func (a *answer) allowed(path string) bool {
	route := a.console.routes[path]
	return route != nil && operation.Admit(&route.Op, &a.caller) == nil
}

// file sends a file, such as a drawing.
func (a *answer) file(route *Route, v *View) error {
	f, err := route.File(v)
	if err != nil {
		return unknown(v.Call, err)
	}
	h := a.w.Header()
	h.Set("Content-Type", f.Type)
	// A drawing or a document has its own style and images and no script.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	if f.Name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	}
	a.send(http.StatusOK, f.Bytes)
	return nil
}

// download sends a table of a page.
func (a *answer) download(p *Page, v *View, wanted string) error {
	name, kind, write, err := p.Download(v, wanted)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := write(&out); err != nil {
		return err
	}
	h := a.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	a.send(http.StatusOK, out.Bytes())
	return nil
}

// write sends a page.
func (a *answer) write(status int, v *View, path string, p *Page) error {
	if a.note != "" {
		p.Notes = slices.Insert(p.Notes, 0, Note{Tone: Warn, Text: a.note})
	}
	var out bytes.Buffer
	s := a.shell(path)
	if v != nil && v.Mixed() {
		s.Currency = v.Currency()
	}
	if err := a.console.render.Write(&out, v, s, p); err != nil {
		return err
	}
	a.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	a.send(status, out.Bytes())
	return nil
}

func (a *answer) send(status int, body []byte) {
	a.status = status
	a.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	a.w.WriteHeader(status)
	if a.r.Method != http.MethodHead {
		_, _ = io.Copy(a.w, bytes.NewReader(body)) // if the caller is gone, there is no one to report an error to
	}
}

// fail sends an error as a page (CONSOLE-5).
func (a *answer) fail(err error) {
	e := new(operation.Error)
	if !errors.As(err, &e) {
		e = a.failed(err)
	}
	title := http.StatusText(e.Code.Status)
	if a.language == operation.Chinese {
		title = map[int]string{http.StatusBadRequest: "请求有误", http.StatusForbidden: "没有权限",
			http.StatusNotFound: "未找到", http.StatusTooManyRequests: "请求过于频繁"}[e.Code.Status]
		if title == "" {
			title = "出错了"
		}
	}
	p := &Page{Title: title, Notes: []Note{{Tone: Bad, Text: e.Text.In(a.language) + " (" + e.Code.ID +
		")"}}}
	var out bytes.Buffer
	if err := a.console.render.Write(&out, nil, a.shell(""), p); err != nil {
		a.console.Log.Error("write an error page", "error", err.Error())
		a.send(http.StatusInternalServerError, nil)
		return
	}
	a.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	a.send(e.Code.Status, out.Bytes())
}

// failed converts an internal error to one that a caller may see.
func (a *answer) failed(err error) *operation.Error {
	if known := operation.Known(err); known != nil {
		return known
	}
	id := fmt.Sprintf("%x", a.now.UnixNano())
	a.console.Log.Error("page failed", "request", id, "path", a.r.URL.Path, "error", err.Error())
	return operation.Internal(id)
}

// shell returns what surrounds the page.
func (a *answer) shell(path string) *Shell {
	c := a.console
	s := &Shell{Language: a.language, Vendor: "tollbook", Home: a.to(Root), Query: a.query.Get("q")}
	other := url.Values{}
	for name, values := range a.query {
		if name != "download" {
			other[name] = values
		}
	}
	s.Other.Text = "中文"
	other.Set("lang", "zh")
	if a.language == operation.Chinese {
		s.Other.Text = "English"
		other.Set("lang", "en")
	}
	s.Other.Href = a.r.URL.Path + "?" + other.Encode()
	if a.caller.ID == "" {
		return s
	}
	s.Who, s.SignOut = a.who(), a.session.Form
	for _, route := range c.menu {
		// a partner opens pages that need a customer from the customer
		needs := a.caller.Role == keys.Partner && route.Op.Subject == operation.WholeCustomer
		if !needs && operation.Admit(&route.Op, &a.caller) == nil {
			link := MenuLink{Link: Link{Text: route.Menu.In(a.language), Href: a.to(route.Op.Path)},
				Current: path == route.Op.Path}
			s.Menu = append(s.Menu, link)
		}
	}
	s.Search = a.allowed(Root + "search")
	if a.state != nil {
		a.describe(s)
	}
	return s
}

// to returns the address of a page in the language of this one.
func (a *answer) to(path string) string {
	if lang := a.query.Get("lang"); lang != "" {
		return path + "?" + url.Values{"lang": {lang}}.Encode()
	}
	return path
}

// who returns who is signed in.
func (a *answer) who() string {
	t := func(zh, en string) string { return operation.Text{Zh: zh, En: en}.In(a.language) }
	switch a.caller.Role {
	case keys.Partner:
		return t("伙伴", "Partner") + " " + a.caller.Partner
	case keys.Customer:
		return t("客户", "Customer") + " " + a.caller.Customer
	case keys.Finance:
		return t("财务", "Finance")
	}
	if a.console.Local != nil {
		return t("本机操作员", "Local operator")
	}
	return t("厂商", "Vendor")
}

// describe sets which state the page shows and how old it is (CONSOLE-2).
func (a *answer) describe(s *Shell) {
	m := &a.state.Snap.Manifest
	w := a.state.Workspace
	s.Vendor = cmp.Or(visible.Isolated(w.Settings.Vendor.Name), w.Settings.Vendor.ID)
	asOf, err := period.ParseInstant(m.AsOf)
	if err != nil {
		s.State = operation.Textf("状态%d", "State %d", m.Number).In(a.language)
		return
	}
	zone := w.Books.Zone
	s.State = operation.Textf("状态%d，截至%s（%s）", "State %d, as of %s (%s)", m.Number,
		time.UnixMicro(int64(asOf)).In(zone.Location()).Format("2006-01-02 15:04"), zone.Name()).In(a.language)
	s.Age = age(a.now.Sub(time.UnixMicro(int64(asOf)))).In(a.language)
	if live := a.live(); live != 0 && live != m.Number {
		query := url.Values{}
		for name, values := range a.query {
			if name != "state" {
				query[name] = values
			}
		}
		s.Moved = Link{Text: operation.Textf("当前状态为%d：刷新", "The live state is %d: show it", live).In(a.language),
			Href: a.r.URL.Path + "?" + query.Encode()}
	}
}

// live returns the number of the newest known state.
func (a *answer) live() (number int64) {
	c := a.console
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.recent {
		number = max(number, s.Manifest.Number)
	}
	return number
}

// age says how old a state is.
func age(d time.Duration) operation.Text {
	switch {
	case d < 0:
		return operation.Text{Zh: "（时钟在未来）", En: "(its clock is ahead of this one)"}
	case d < time.Hour:
		return operation.Textf("%d分钟前", "%d minutes old", int(d.Minutes()))
	case d < 48*time.Hour:
		return operation.Textf("%d小时前", "%d hours old", int(d.Hours()))
	}
	return operation.Textf("%d天前", "%d days old", int(d.Hours()/24))
}
