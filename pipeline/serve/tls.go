package serve

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
)

// certificate is the server's certificate, read again when its file changed: it is renewed without a restart.
type certificate struct {
	cert, key string
	log       *slog.Logger

	mu   sync.Mutex
	info fs.FileInfo
	pair *tls.Certificate
}

// load reads both files.
func (c *certificate) load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read()
}

// get returns the current certificate. If the new one cannot be read, the old one stays in use.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.cert)
	if err == nil && !(os.SameFile(info, c.info) && info.ModTime().Equal(c.info.ModTime())) {
		err = c.read()
	}
	if err != nil {
		c.log.Error("the certificate changed and cannot be read: the server continues with the previous one", "error",
			err.Error())
	}
	return c.pair, nil
}

func (c *certificate) read() error {
	key, err := os.Stat(c.key)
	if err != nil {
		return fmt.Errorf("read api.tls_key: %w", err)
	}
	if key.Mode().Perm()&0o007 != 0 {
		return fmt.Errorf("read api.tls_key: everybody may read %s (mode %04o): chmod 600 it", c.key, key.Mode().Perm())
	}
	info, err := os.Stat(c.cert)
	if err != nil {
		return fmt.Errorf("read api.tls_cert: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("read api.tls_cert and api.tls_key: %w", err)
	}
	c.info, c.pair = info, &pair
	return nil
}
