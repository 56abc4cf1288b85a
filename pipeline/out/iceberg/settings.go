package iceberg

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/schemas/settings"
)

// These environment variables have precedence over the files that the settings name.
const (
	TokenEnv  = "TOLLBOOK_ICEBERG_TOKEN"
	SecretEnv = "TOLLBOOK_ICEBERG_CLIENT_SECRET"
)

// CatalogOf returns a client for a workspace's settings, or nil if they name no catalog. dir is the workspace, env
// returns environment variables. It fails if a file cannot be read or a client has no secret.
func CatalogOf(s *settings.Iceberg, dir string, env func(string) string) (*CatalogClient, error) {
	if s.Catalog == "" {
		return nil, nil
	}
	o, err := CatalogOptionsOf(s, dir, env)
	if err != nil {
		return nil, err
	}
	return NewCatalog(o), nil
}

// CatalogOptionsOf returns the options of the catalog in the settings. Its errors are those of CatalogOf.
func CatalogOptionsOf(s *settings.Iceberg, dir string, env func(string) string) (CatalogOptions, error) {
	o := CatalogOptions{Address: s.Catalog, Warehouse: s.CatalogWarehouse, ClientID: s.ClientID,
		TokenAddress: s.TokenURL,
		Scope:        s.Scope}
	var err error
	if o.ClientID == "" {
		o.Token, err = secret(env(TokenEnv), dir, "iceberg.token_file", s.TokenFile)
		return o, err
	}
	o.ClientSecret, err = secret(env(SecretEnv), dir, "iceberg.client_secret_file", s.SecretFile)
	if err == nil && o.ClientSecret == "" {
		err = fmt.Errorf("iceberg.client_id is set: set %s or iceberg.client_secret_file too", SecretEnv)
	}
	return o, err
}

// secret returns the value of the environment, or else the content of a file.
func secret(set, dir, key, path string) (settings.Secret, error) {
	if set != "" || path == "" {
		return settings.Secret(set), nil
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", key, err)
	}
	return settings.Secret(strings.TrimRight(string(text), "\r\n")), nil
}
