package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ClickHouse is the server or cluster to publish to, and how to connect to it. A DSN without a host means none.
type ClickHouse struct {
	DSN            DSN
	Cluster        string // name in system.clusters; "" = a single server
	User           string // takes precedence over the DSN's; "" = the DSN's
	PasswordFile   string // relative to the workspace; "" = none
	CAFile         string // PEM; "" = the system's authorities
	CertFile       string // PEM; client certificate
	KeyFile        string // PEM; its key
	SkipVerify     bool   // accept any certificate
	Compression    Compression
	ConnectTimeout time.Duration
	Timeout        time.Duration // of one response
	Retries        int           // further attempts after an error that can be temporary
	Keep           time.Duration // how long rows are kept that the copy no longer shows
	Samples        bool          // publish bandwidth samples too
}

// Compression is how blocks are compressed for transfer.
type Compression uint8

// The compressions.
const (
	LZ4 Compression = iota
	ZSTD
	Unpacked
)

var compressionWords = []string{"lz4", "zstd", "none"}

// String is the word in the settings.
func (c Compression) String() string {
	if int(c) >= len(compressionWords) {
		return fmt.Sprintf("Compression(%d)", uint8(c))
	}
	return compressionWords[c]
}

// Secret is a text that must not be printed.
type Secret string

// String does not show the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString does not show the secret, so that %#v does not either.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// DSN is the address of a server: clickhouse://[user[:password]@]host[:port][/database][?secure=true], or the same with
// http or https.
type DSN struct {
	HTTP     bool // otherwise the native protocol
	TLS      bool
	Host     string // "" = no server
	Port     int
	Database string
	User     string
	Password Secret
}

// Set reports whether there is a server.
func (d DSN) Set() bool { return d.Host != "" }

// Address is host:port.
func (d DSN) Address() string {
	if strings.Contains(d.Host, ":") {
		return "[" + d.Host + "]:" + strconv.Itoa(d.Port)
	}
	return d.Host + ":" + strconv.Itoa(d.Port)
}

// String is the DSN without user and password.
func (d DSN) String() string {
	if !d.Set() {
		return ""
	}
	scheme, query := "clickhouse", ""
	switch {
	case d.HTTP && d.TLS:
		scheme = "https"
	case d.HTTP:
		scheme = "http"
	case d.TLS:
		query = "?secure=true"
	}
	return scheme + "://" + d.Address() + "/" + d.Database + query
}

// parseDSN reads a DSN strictly. An empty text means no server. Errors do not repeat the text, because it can contain a
// password.
func parseDSN(text string) (DSN, error) {
	if text == "" {
		return DSN{}, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return DSN{},
			errors.New("not of the form clickhouse://host:9000/database (percent-encode what is special in user and " +
				"password)")
	}
	d := DSN{Host: u.Hostname(), Database: strings.TrimPrefix(u.Path, "/")}
	if u.User != nil {
		d.User = u.User.Username()
		password, _ := u.User.Password()
		d.Password = Secret(password)
	}
	if err := d.scheme(u); err != nil {
		return DSN{}, err
	}
	switch {
	case u.Opaque != "" || u.Fragment != "" || !oneHost(d.Host):
		return DSN{}, errors.New("does not name one host: clickhouse://host:9000/database")
	case d.Database == "":
		d.Database = "default"
	case !identifier(d.Database):
		return DSN{}, errors.New("the database's name must consist of letters, digits and underscores, a letter first")
	}
	if port := u.Port(); port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return DSN{}, errors.New("the port is not from 1 to 65535")
		}
		d.Port = int(n)
	}
	return d, nil
}

// scheme sets protocol, TLS and the protocol's default port from a URL.
func (d *DSN) scheme(u *url.URL) error {
	query := u.Query()
	for key, values := range query {
		switch {
		case key != "secure":
			return errors.New("takes no parameter but secure=true; timeouts, TLS and the like are keys of their own")
		case len(values) != 1 || values[0] != "true" && values[0] != "false":
			return errors.New("secure is not true or false")
		}
	}
	secure := query.Get("secure")
	switch u.Scheme {
	case "clickhouse":
		d.TLS, d.Port = secure == "true", 9000
		if d.TLS {
			d.Port = 9440
		}
	case "http":
		d.HTTP, d.Port = true, 8123
		if secure == "true" {
			return errors.New("http with secure=true: write https")
		}
	case "https":
		d.HTTP, d.TLS, d.Port = true, true, 8443
		if secure == "false" {
			return errors.New("https with secure=false: write http")
		}
	default:
		return errors.New("begins with none of clickhouse://, http://, https://")
	}
	return nil
}

// oneHost reports whether a text can be the name of a host or is an address; only an IPv6 address has colons.
func oneHost(text string) bool {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Zone() == ""
	}
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(":,[]%/\\@?#\"<>", r)
	})
}

// identifier reports whether a name needs no quotes in SQL.
func identifier(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

func readDSN(s *Settings, m YAMLMap, key string) {
	text := m.Text(key, "")
	dsn, err := parseDSN(text)
	if err != nil {
		m.FailSecret(key, m.Get(key), "example: clickhouse://ch.example.com:9440/tollbook?secure=true", "%v", err)
		return
	}
	s.ClickHouse.DSN = dsn
}

func readCluster(s *Settings, m YAMLMap, key string) {
	s.ClickHouse.Cluster = YAMLValue(m, key, "", func(name string) (string, error) {
		if strings.ContainsAny(name, "'\\`\"\r\n\t ") || len(name) > 64 {
			return "", fmt.Errorf("%q: not a cluster's name", name)
		}
		return name, nil
	})
	dsn := m.Get("dsn")
	switch {
	case s.ClickHouse.Cluster == "":
	case dsn == nil || dsn.Kind == YAMLScalar && dsn.Text == "":
		m.Fail(key, m.Get(key), "set clickhouse.dsn, or empty the cluster", "a cluster without a dsn")
	case s.ClickHouse.DSN.HTTP:
		m.Fail(key, m.Get(key), "begin the dsn with clickhouse://",
			"a cluster requires the native protocol: system.clusters has no HTTP ports")
	}
}

func readUser(s *Settings, m YAMLMap, key string) { s.ClickHouse.User = m.Text(key, "") }

func readCHFile(s *Settings, m YAMLMap, key string) {
	path := YAMLValue(m, key, "", func(path string) (string, error) {
		if strings.ContainsRune(path, 0) {
			return "", fmt.Errorf("%q: not a path", path)
		}
		return path, nil
	})
	switch key {
	case "password_file":
		s.ClickHouse.PasswordFile = path
		if path != "" && s.ClickHouse.DSN.Password != "" {
			m.Fail(key, m.Get(key), "keep one of the two", "the dsn has a password too")
		}
		return
	case "ca_file":
		s.ClickHouse.CAFile = path
	case "cert_file":
		s.ClickHouse.CertFile = path
		pair(m, key, "key_file")
	default:
		s.ClickHouse.KeyFile = path
		pair(m, key, "cert_file")
	}
	if path != "" && s.ClickHouse.DSN.Set() && !s.ClickHouse.DSN.TLS {
		m.Fail(key, m.Get(key), "use https://, or ?secure=true", "the dsn does not use TLS")
	}
}

// pair reports a problem if other is set and key is not.
func pair(m YAMLMap, key, other string) {
	set := func(n *YAMLNode) bool { return n != nil && (n.Kind != YAMLScalar || n.Text != "") }
	if set(m.Get(key)) && !set(m.Get(other)) {
		m.Fail(key, m.Get(key), "a client certificate is two files: set cert_file and key_file",
			"one without the other")
	}
}

func readSkipVerify(s *Settings, m YAMLMap, key string) {
	s.ClickHouse.SkipVerify = m.Bool(key, false)
}

func readCompression(s *Settings, m YAMLMap, key string) {
	s.ClickHouse.Compression = Compression(m.Word(key, int(s.ClickHouse.Compression), compressionWords))
}

func readRetries(s *Settings, m YAMLMap, key string) {
	s.ClickHouse.Retries = m.Int(key, s.ClickHouse.Retries, 0, 20)
}

func readSamples(s *Settings, m YAMLMap, key string) { s.ClickHouse.Samples = m.Bool(key, false) }

func readCHDuration(s *Settings, m YAMLMap, key string) {
	to, least, most := &s.ClickHouse.Keep, time.Duration(0), 8760*time.Hour
	switch key {
	case "connect_timeout":
		to, least, most = &s.ClickHouse.ConnectTimeout, 10*time.Millisecond, time.Hour
	case "timeout":
		to, least, most = &s.ClickHouse.Timeout, 10*time.Millisecond, 24*time.Hour
	}
	*to = YAMLValue(m, key, *to, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q: not a duration such as 24h or 30s", text)
		case d < least || d > most:
			return 0, fmt.Errorf("%q: not from %s to %s", text, least, most)
		}
		return d, nil
	})
}
