package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/cache"
	"github.com/tollbook/tollbook/pipeline/read/records"
	"github.com/tollbook/tollbook/pipeline/serve/console"
	"github.com/tollbook/tollbook/pipeline/serve/console/openid"
	"github.com/tollbook/tollbook/pipeline/serve/console/page"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/serve/sign"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Config is what a server is made of.
type Config struct {
	Workspace  *workspace.Workspace
	Operations []operation.Operation // nil = Operations()
	Clock      func() time.Time
	Log        *slog.Logger
	// a folder of the server's own, made and emptied by New: exports that are read again; "" = they are sent again, and
	// cannot be resumed
	Scratch string
	// Store says what looks lines of a state up, given what the lake itself does. nil = the lake.
	Store func(snap *lake.Snapshot, own records.Store) records.Store
	// LocalConsole serves the console and no API: every request of this machine is one of this caller, without a key
	// (CONSOLE-4). nil = there is no console.
	LocalConsole *keys.Caller
	// Jobs gives the runs of jobs to the console, the oldest first; nil = they are not known.
	Jobs func() ([]page.Job, error)
	// Untranslated is called with the texts of Chinese pages of the console that have no translation; nil = none is.
	Untranslated func(section, text string)
	// Env gives environment variables; nil = there are none.
	Env func(string) string
}

// Server is the query API. It is an http.Handler; Serve runs it on a socket.
type Server struct {
	api      settings.API
	dir      string // of the workspace
	clock    func() time.Time
	log      *slog.Logger
	keys     *keys.Store
	failures failures
	seen     sign.Seen
	alone    atomic.Bool // signatures are remembered in memory alone
	limits   limits
	states   *states
	pins     pins
	metrics  *metrics
	mux      *http.ServeMux
	conns    atomic.Uint64
	texts    sync.Pool // of *[]byte: what answers were written in
	cache    *cache.Cache
	program  string // which build this is
	language operation.Language
	packed   func(http.Handler) http.HandlerFunc
	console  http.Handler          // nil = there is none
	prepare  func(context.Context) // prepares the console's pages
}

// kept is how many bytes are kept of exports, for those who come back for a part of one, and of what settles in open
// cycles.
const kept = 4 << 30

// New checks what the server needs: the keys file and the lake. Errors: *keys.FileError, and those of opening a lake.
func New(c Config) (*Server, error) {
	api := c.Workspace.Settings.API
	s := &Server{api: api, dir: c.Workspace.Dir, clock: c.Clock, log: c.Log, metrics: newMetrics(), program: build(),
		limits: limits{perSecond: api.RateLimit}, failures: failures{perSecond: api.FailureLimit},
		texts: sync.Pool{New: func() any { return new([]byte) }}}
	s.language, _ = operation.ParseLanguage(api.Language) // the settings' reader has checked it
	var err error
	if s.packed, err = packer(); err != nil {
		return nil, err
	}
	if s.keys, err = keys.Open(s.path(api.Keys)); err != nil {
		return nil, err
	}
	s.seen.Name = s.path(api.Keys) + ".used"
	if s.states, err = newStates(c.Workspace, c.Store, c.Log); err != nil {
		return nil, err
	}
	if c.Scratch != "" {
		if s.cache, err = cache.New(c.Scratch, kept); err != nil {
			return nil, err
		}
	}
	ops := c.Operations
	if ops == nil {
		ops = Operations()
	}
	if c.LocalConsole != nil {
		ops = nil
	}
	s.mux = s.routes(ops)
	return s, s.addConsole(&c)
}

// addConsole adds the console, if it is asked for.
func (s *Server) addConsole(c *Config) error {
	if c.LocalConsole == nil && !c.Workspace.Settings.Console {
		return nil
	}
	provider, err := s.openID(c)
	if err != nil {
		return err
	}
	made, err := console.New(console.Config{OpenID: provider, Jobs: c.Jobs, Untranslated: c.Untranslated,
		State: s.states.at, Store: s.states.store, Inside: s.inside(), Clock: s.clock, Log: s.log,
		Local: c.LocalConsole, Keys: s.keys, Secure: s.Secure(), Limit: s.limits.take,
		Failed:   func(r *http.Request, now time.Time) { s.failures.add(remote(r), now) },
		Blocked:  func(r *http.Request, now time.Time) bool { return s.failures.blocked(remote(r), now) },
		Language: s.language, Timeout: s.api.WriteTimeout})
	if err == nil {
		s.console, s.prepare = s.packed(made), made.Prepare
	}
	return err
}

// secretEnv is the environment variable that comes before oidc.client_secret_file.
const secretEnv = "TOLLBOOK_OIDC_CLIENT_SECRET"

// openID is the provider of the settings; nil = there is none.
func (s *Server) openID(c *Config) (*openid.Client, error) {
	of := c.Workspace.Settings.OIDC
	if !of.Set() || c.LocalConsole != nil {
		return nil, nil
	}
	secret := ""
	if c.Env != nil {
		secret = c.Env(secretEnv)
	}
	if secret == "" && of.SecretFile != "" {
		text, err := os.ReadFile(s.path(of.SecretFile))
		if err != nil {
			return nil, fmt.Errorf("read oidc.client_secret_file: %w", err)
		}
		secret = strings.TrimRight(string(text), "\r\n")
	}
	return openid.New(of, settings.Secret(secret), s.clock), nil
}

// build names the program's source as far as it knows it: answers of two builds may differ in their bytes.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	text := info.Main.Version + " " + info.GoVersion
	for _, set := range info.Settings {
		if strings.HasPrefix(set.Key, "vcs.") {
			text += " " + set.Value
		}
	}
	return text
}

// path is a file of the settings, relative to the workspace.
func (s *Server) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// KeysFile is where a workspace's keys are.
func KeysFile(w *workspace.Workspace) keys.File {
	return keys.File{Name: (&Server{dir: w.Dir}).path(w.Settings.API.Keys)}
}

// routes is what there is by path, and by verb within one. net/http's own answers to a wrong path or verb have another
// shape than ours.
func (s *Server) routes(ops []operation.Operation) *http.ServeMux {
	byPath := map[string]map[string]*operation.Operation{}
	for i := range ops {
		op := &ops[i]
		if byPath[op.Path] == nil {
			byPath[op.Path] = map[string]*operation.Operation{}
		}
		byPath[op.Path][op.Method] = op
	}
	mux := http.NewServeMux()
	for path, verbs := range byPath {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			a := w.(*answer) // ServeHTTP made it
			method := r.Method
			if method == http.MethodHead {
				method = http.MethodGet // net/http leaves the body out
			}
			if op := verbs[method]; op != nil {
				a.op = op
				s.answer(a, r)
				return
			}
			var allowed []string
			if verbs[http.MethodGet] != nil {
				allowed = append(allowed, http.MethodGet, http.MethodHead)
			}
			if verbs[http.MethodPost] != nil {
				allowed = append(allowed, http.MethodPost)
			}
			a.Header().Set("Allow", strings.Join(allowed, ", "))
			a.fail(operation.WrongVerb(strings.Join(allowed, ", ")))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.(*answer).fail(operation.NoPath()) })
	return mux
}

// connKey is where a request's context has the number of its connection.
type connKey struct{}

func connOf(r *http.Request) uint64 {
	n, _ := r.Context().Value(connKey{}).(uint64)
	return n
}

// Listen opens the address of the settings.
func (s *Server) Listen(ctx context.Context) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.api.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (api.listen): %w", s.api.Listen, err)
	}
	return l, nil
}

// Secure reports whether the settings ask for TLS.
func (s *Server) Secure() bool { return s.api.TLSCert != "" }

// Serve answers what comes to a listener until ctx is done (SERVE-6). It closes the listener. The error is nil where
// every request came to its end; where some were cut it says so.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: s.api.ReadTimeout, ReadTimeout: s.api.ReadTimeout,
		IdleTimeout: s.api.IdleTimeout,
		// counts from the end of the headers; streams have their own
		WriteTimeout: s.api.ReadTimeout + s.api.WriteTimeout,
		// OPTIONS * is answered in our shape as well
		DisableGeneralOptionsHandler: true,
		MaxHeaderBytes:               s.api.MaxURL + 16<<10, ErrorLog: slog.NewLogLogger(s.log.Handler(),
			slog.LevelWarn),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, s.conns.Add(1))
		},
	}
	if s.Secure() {
		certs := &certificate{cert: s.path(s.api.TLSCert), key: s.path(s.api.TLSKey), log: s.log}
		if err := certs.load(); err != nil {
			return errors.Join(err, l.Close())
		}
		h.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certs.get,
			NextProtos: []string{"h2", "http/1.1"}}
	}
	if s.prepare != nil {
		ended := make(chan struct{})
		preparing, cancel := context.WithCancel(ctx)
		go func() {
			defer close(ended)
			s.prepare(preparing)
		}()
		defer func() { cancel(); <-ended }()
	}
	failed := make(chan error, 1)
	l = &listener{Listener: l, server: s}
	go func() {
		if s.Secure() {
			failed <- h.ServeTLS(l, "", "")
			return
		}
		failed <- h.Serve(l)
	}()
	select {
	case err := <-failed:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	return s.stop(ctx, h)
}

// stop lets what is on come to its end.
func (s *Server) stop(ctx context.Context, h *http.Server) error {
	s.log.Info("stopping", "within", s.api.StopTimeout.String())
	wait, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.api.StopTimeout)
	defer cancel()
	defer s.seen.Close()
	err := h.Shutdown(wait)
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.Join(fmt.Errorf("stop the server: requests longer than %s were cut", s.api.StopTimeout),
			h.Close())
	}
	return err
}
