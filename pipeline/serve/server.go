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
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/console"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/serve/sign"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// Config has the settings of a server.
type Config struct {
	Workspace  *workspace.Workspace
	Operations []operation.Operation // nil = Operations()
	Clock      func() time.Time
	Log        *slog.Logger
	// a folder used only by this server, created and emptied by New, for exports that are read again; "" = exports are
	// calculated again and cannot be resumed
	Scratch string
	// Store returns the store of a state's lines, given the one of the lake. nil = the one of the lake.
	Store func(snap *lake.Snapshot, own query.Store) query.Store
	// LocalConsole makes the server serve the console and no API: every request of this machine is treated as one of
	// this caller, without a key (CONSOLE-4). nil = no such console.
	LocalConsole *keys.Caller
	// Jobs returns the runs of jobs for the console, oldest first; nil = they are not known.
	Jobs func() ([]console.Job, error)
	// Untranslated is called for texts of the console's Chinese pages without a translation; nil = not called.
	Untranslated func(section, text string)
	// Env returns environment variables; nil = there are none.
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
	alone    atomic.Bool // signatures are stored only in memory
	limits   limits
	states   *states
	pins     pins
	metrics  *metrics
	mux      *http.ServeMux
	conns    atomic.Uint64
	texts    sync.Pool // of *[]byte: buffers of responses
	cache    *query.Cache
	program  string // which build this is
	language operation.Language
	packed   func(http.Handler) http.HandlerFunc
	console  http.Handler          // nil = there is none
	prepare  func(context.Context) // calculates the console's pages in advance
}

// kept is how many bytes are stored of exports, for callers that request a part later, and of partner statements of
// open cycles.
const kept = 4 << 30

// New checks the keys file and the lake, and returns a server. Errors: *keys.FileError, and those of opening a lake.
func New(c Config) (*Server, error) {
	api := c.Workspace.Settings.API
	s := &Server{api: api, dir: c.Workspace.Dir, clock: c.Clock, log: c.Log, metrics: newMetrics(), program: build(),
		limits: limits{perSecond: api.RateLimit}, failures: failures{perSecond: api.FailureLimit},
		texts: sync.Pool{New: func() any { return new([]byte) }}}
	s.language, _ = operation.ParseLanguage(api.Language) // checked when the settings were read
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
		if s.cache, err = query.NewCache(c.Scratch, kept); err != nil {
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

// addConsole adds the console, if the configuration requests it.
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

// secretEnv is the environment variable that has precedence over oidc.client_secret_file.
const secretEnv = "TOLLBOOK_OIDC_CLIENT_SECRET"

// openID returns the provider of the settings; nil = there is none.
func (s *Server) openID(c *Config) (*console.OpenIDClient, error) {
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
	return console.NewOpenID(of, settings.Secret(secret), s.clock), nil
}

// build identifies the program's source, if it is known: the bytes of responses can differ between builds.
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

// path returns a file of the settings, relative to the workspace.
func (s *Server) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// KeysFile returns the keys file of a workspace.
func KeysFile(w *workspace.Workspace) keys.File {
	return keys.File{Name: (&Server{dir: w.Dir}).path(w.Settings.API.Keys)}
}

// routes returns the handlers by path and method. For a wrong path or method it replaces net/http's own responses,
// which have another shape.
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
			a := w.(*answer) // created by ServeHTTP
			method := r.Method
			if method == http.MethodHead {
				method = http.MethodGet // net/http omits the body
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

// connKey is the key of the connection's number in a request's context.
type connKey struct{}

func connOf(r *http.Request) uint64 {
	n, _ := r.Context().Value(connKey{}).(uint64)
	return n
}

// Listen listens on the address of the settings.
func (s *Server) Listen(ctx context.Context) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", s.api.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s (api.listen): %w", s.api.Listen, err)
	}
	return l, nil
}

// Secure reports whether the settings require TLS.
func (s *Server) Secure() bool { return s.api.TLSCert != "" }

// Serve serves requests of a listener until ctx is done (SERVE-6), and closes the listener. The error is nil if every
// request was completed, and otherwise reports that some were cut.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler: s, ReadHeaderTimeout: s.api.ReadTimeout, ReadTimeout: s.api.ReadTimeout,
		IdleTimeout: s.api.IdleTimeout,
		// counts from the end of the headers; streams have their own deadline
		WriteTimeout: s.api.ReadTimeout + s.api.WriteTimeout,
		// OPTIONS * gets the same shape of error
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
	l = &listener{Listener: l, server: s, secure: h.TLSConfig, refused: make(chan *conn, refusedConns)}
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

// stop lets current requests end.
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
