package console

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// Config has the settings of a console.
type Config struct {
	State  func(now period.Instant) (*operation.State, error) // returns the live state
	Store  func(*lake.Snapshot) query.Store
	Inside *operation.Inside
	Clock  func() time.Time
	Log    *slog.Logger
	// Local is the caller of every request on this machine (CONSOLE-4); nil = callers sign in (CONSOLE-6).
	Local *keys.Caller
	Keys  *keys.Store // keys with which callers sign in
	// OpenID is a provider with which callers can also sign in (CONSOLE-7); nil = none.
	OpenID *OpenIDClient
	// Secure says that the server itself uses TLS.
	Secure bool
	// Limit reports whether a caller may open a page now; nil = always. Failed counts a failed sign-in from an address,
	// and Blocked reports whether there were too many; nil = not counted.
	Limit    func(caller, page string, now time.Time) bool
	Failed   func(r *http.Request, now time.Time)
	Blocked  func(r *http.Request, now time.Time) bool
	Language operation.Language // of callers whose browser requests none that the console has
	Timeout  time.Duration      // of one page; 0 = none
	// Jobs returns the runs of jobs, the oldest first; nil = they are not known.
	Jobs func() ([]Job, error)
	// Untranslated is called for a text of a Chinese page that has no translation; nil = not called.
	Untranslated func(section, text string)
}

// Console is an http.Handler for the paths below Root.
type Console struct {
	Config
	render    *Renderer
	routes    map[string]*Route
	menu      []*Route
	expensive []*Route // pages that are prepared
	sessions  SessionStore
	guard     *http.CrossOriginProtection
	kept      *Kept
	turns     turns
	words     *document.Translator // of Chinese pages

	mu     sync.Mutex
	recent []*lake.Snapshot // states of recent pages, the newest last
}

// Routes returns the table of all pages, in the order of the navigation.
func Routes() []Route { return billingRoutes() }

// New makes a console.
func New(c Config) (*Console, error) {
	render, err := NewRenderer()
	if err != nil {
		return nil, err
	}
	kept, err := NewKept()
	if err != nil {
		return nil, err
	}
	out := &Console{Config: c, render: render, routes: map[string]*Route{},
		guard: http.NewCrossOriginProtection(), kept: kept, turns: newTurns(),
		words: document.NewTranslator(Chinese())}
	if c.Untranslated != nil {
		out.words.Watch(c.Untranslated)
	}
	if c.Keys != nil {
		out.sessions.Known = func(caller keys.Caller) (bool, error) {
			if strings.HasPrefix(caller.ID, IDPrefix) { // the caller has no key
				return c.OpenID != nil, nil
			}
			return c.Keys.Known(caller)
		}
	}
	routes := Routes()
	for i := range routes {
		out.routes[routes[i].Op.Path] = &routes[i]
		if routes[i].Menu.En != "" {
			out.menu = append(out.menu, &routes[i])
		}
		if routes[i].Prepare != nil {
			out.expensive = append(out.expensive, &routes[i])
		}
	}
	return out, nil
}

// Holds reports whether the console serves a path.
func Holds(path string) bool {
	return path == "/" || path+"/" == Root || strings.HasPrefix(path, Root)
}

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := c.Clock()
	a := &answer{console: c, w: w, r: r, now: begun, query: r.URL.Query()}
	a.language = c.languageOf(r)
	secured(w.Header(), c.Secure)
	defer func() {
		if p := recover(); p != nil {
			if p == http.ErrAbortHandler {
				panic(p)
			}
			c.Log.Error("panic", "path", r.URL.Path, "value", p, "stack", string(debug.Stack()))
			if a.status != 0 {
				panic(http.ErrAbortHandler) // a partial response must not look complete
			}
			a.fail(errors.New("panic"))
		}
		c.Log.Info("page", "method", r.Method, "path", r.URL.Path, "status", a.status, "caller", a.caller.ID, "took",
			c.Clock().Sub(begun).String(), "remote", r.RemoteAddr)
	}()
	a.serve()
}

// secured sets the headers of every answer (CONSOLE-3).
func secured(h http.Header, tls bool) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
	if tls {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// languageOf returns the language that the address names, else that of the browser, else that of the settings.
func (c *Console) languageOf(r *http.Request) operation.Language {
	switch r.URL.Query().Get("lang") {
	case "zh":
		return operation.Chinese
	case "en":
		return operation.English
	}
	for one := range strings.SplitSeq(strings.ToLower(r.Header.Get("Accept-Language")), ",") {
		one = strings.TrimSpace(one)
		if strings.HasPrefix(one, "zh") {
			return operation.Chinese
		}
		if strings.HasPrefix(one, "en") {
			return operation.English
		}
	}
	return c.Language
}

// loopback reports whether a host names this machine (CONSOLE-4).
func loopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	}
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

// keep remembers the state of a page.
func (c *Console) keep(snap *lake.Snapshot) {
	const most = 16
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.recent {
		if s == snap {
			return
		}
	}
	if c.recent = append(c.recent, snap); len(c.recent) > most {
		c.recent = c.recent[1:]
	}
}

// numbered returns a remembered state; nil = none.
func (c *Console) numbered(number int64) *lake.Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.recent {
		if s.Manifest.Number == number {
			return s
		}
	}
	return nil
}
