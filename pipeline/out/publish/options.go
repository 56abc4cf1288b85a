package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/settings"
)

// These environment variables have precedence over the settings.
const (
	UserEnv     = "TOLLBOOK_CLICKHOUSE_USER"
	PasswordEnv = "TOLLBOOK_CLICKHOUSE_PASSWORD"
)

// ServerOptions says how to connect to a server.
type ServerOptions struct {
	HTTP           bool   // else the native protocol
	Address        string // host:port
	Database       string // for unqualified names
	User           string // "" = default
	Password       settings.Secret
	TLS            *tls.Config // nil = none
	Compression    settings.Compression
	ConnectTimeout time.Duration
	Timeout        time.Duration // how long the server may send nothing
	Retries        int           // attempts after the first one
	// Pause waits between two attempts. nil = a timer.
	Pause func(context.Context, time.Duration) error
}

// ServerOptionsFrom returns the options in a workspace's settings. dir is the workspace, env returns environment
// variables. It fails if a file cannot be read or has no certificate.
func ServerOptionsFrom(s *settings.ClickHouse, dir string, env func(string) string) (ServerOptions, error) {
	o := ServerOptions{
		HTTP: s.DSN.HTTP, Address: s.DSN.Address(), Database: s.DSN.Database, User: s.DSN.User,
		Password:    s.DSN.Password,
		Compression: s.Compression, ConnectTimeout: s.ConnectTimeout, Timeout: s.Timeout, Retries: s.Retries,
	}
	if s.User != "" {
		o.User = s.User
	}
	if s.PasswordFile != "" {
		text, err := os.ReadFile(within(dir, s.PasswordFile))
		if err != nil {
			return ServerOptions{}, fmt.Errorf("read clickhouse.password_file: %w", err)
		}
		o.Password = settings.Secret(strings.TrimRight(string(text), "\r\n"))
	}
	if user := env(UserEnv); user != "" {
		o.User = user
	}
	if password := env(PasswordEnv); password != "" {
		o.Password = settings.Secret(password)
	}
	if !s.DSN.TLS {
		return o, nil
	}
	var err error
	o.TLS, err = tlsOf(s, dir)
	return o, err
}

// within returns a path that is relative to a folder.
func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func tlsOf(s *settings.ClickHouse, dir string) (*tls.Config, error) {
	c := &tls.Config{ServerName: s.DSN.Host, MinVersion: tls.VersionTLS12, InsecureSkipVerify: s.SkipVerify}
	if s.CAFile != "" {
		pem, err := os.ReadFile(within(dir, s.CAFile))
		if err != nil {
			return nil, fmt.Errorf("read clickhouse.ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read clickhouse.ca_file: %s contains no certificate in PEM", s.CAFile)
		}
	}
	if s.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(within(dir, s.CertFile), within(dir, s.KeyFile))
		if err != nil {
			return nil, fmt.Errorf("read clickhouse.cert_file and key_file: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// At returns the options for another server of the cluster.
func (o ServerOptions) At(host string, port int) ServerOptions {
	d := settings.DSN{Host: host, Port: port}
	o.Address = d.Address()
	if o.TLS != nil {
		o.TLS = o.TLS.Clone()
		o.TLS.ServerName = host
	}
	return o
}
