package settings

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// Iceberg configures the Iceberg tables of the lake.
type Iceberg struct {
	Warehouse string        // folder or s3://bucket/prefix; "" = no tables
	Namespace string        // folder of the tables in it
	Keep      time.Duration // how long replaced snapshots are kept

	Catalog          string // URL of the catalog server, which names the newest metadata of the tables; "" = none
	CatalogWarehouse string // warehouse of that server; "" = its only one
	TokenFile        string // file with a token to send as is; relative to the workspace, or absolute; "" = none
	ClientID         string // client that requests tokens; "" = none
	SecretFile       string // file with the client's secret; "" = none
	TokenURL         string // where the client requests tokens; "" = from the catalog
	Scope            string // scope of these tokens
}

// Set reports whether the lake has Iceberg tables.
func (i *Iceberg) Set() bool { return i.Warehouse != "" }

// Publishes reports whether the lake is published anywhere.
func (s *Settings) Publishes() bool { return s.ClickHouse.DSN.Set() || s.Iceberg.Set() }

func readWarehouse(s *Settings, m YAMLMap, key string) {
	s.Iceberg.Warehouse = YAMLValue(m, key, "", func(path string) (string, error) {
		switch inStore := InObjectStore(s.Lake.Path); {
		case path == "":
			return "", nil
		case InObjectStore(path) != inStore:
			return "", fmt.Errorf("%q: the lake is in %q: both must be folders, or both in the same object store", path,
				s.Lake.Path)
		case inStore:
			return path, s.apart(path, m.Name(key))
		}
		clean := filepath.Clean(path)
		first, _, _ := strings.Cut(filepath.ToSlash(clean), "/")
		lake := filepath.Clean(s.Lake.Path)
		switch {
		case clean == "." || clean == ".." || strings.ContainsRune(path, 0):
			return "", fmt.Errorf("%q: not a folder of its own", path)
		case strings.Contains(path, "://"):
			return "", fmt.Errorf("%q: neither a folder nor s3://bucket/prefix", path)
		case first == "books" || first == "inbox" || first == "exports" || first == "runs" || first == LakeScratch,
			within(clean, lake), within(lake, clean):
			return "", fmt.Errorf("%q: is in another folder of the workspace, or contains one", path)
		}
		return path, nil
	})
}

func readCatalog(s *Settings, m YAMLMap, key string) {
	s.Iceberg.Catalog = YAMLValue(m, key, "", parseServer)
	if s.Iceberg.Catalog != "" && !s.Iceberg.Set() {
		m.Fail(key, m.Get(key), "set iceberg.warehouse: where the files of the tables are", "without iceberg.warehouse")
	}
}

// parseServer reads the URL of a server, which can have a path; "" is none.
func parseServer(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil ||
		at.RawQuery != "" || at.Fragment != "" {
		return "", fmt.Errorf("%q: not http://host/path or https://host/path", text)
	}
	return text, nil
}

// readCatalogText reads a text setting of a catalog.
func readCatalogText(s *Settings, m YAMLMap, key string) {
	of := &s.Iceberg
	to := map[string]*string{"catalog_warehouse": &of.CatalogWarehouse, "token_file": &of.TokenFile,
		"client_id": &of.ClientID, "client_secret_file": &of.SecretFile, "token_url": &of.TokenURL,
		"scope": &of.Scope}[key]
	before := *to
	switch key {
	case "token_file", "client_secret_file":
		*to = YAMLValue(m, key, "", filePath)
	case "token_url":
		*to = YAMLValue(m, key, "", parseServer)
	default:
		*to = m.Text(key, before)
	}
	switch {
	case *to == before:
	case of.Catalog == "":
		m.Fail(key, m.Get(key), "set iceberg.catalog, or leave it out", "without iceberg.catalog")
	case key == "client_id" && of.TokenFile != "":
		m.Fail(key, m.Get(key), "leave one of them out", "excludes iceberg.token_file")
	}
}

// within reports whether a clean path is folder or is inside it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(filepath.ToSlash(path), filepath.ToSlash(folder)+"/")
}

func readNamespace(s *Settings, m YAMLMap, key string) {
	s.Iceberg.Namespace = YAMLValue(m, key, s.Iceberg.Namespace, func(name string) (string, error) {
		if !identifier(name) {
			return "", errors.New("must consist of letters, digits and underscores, a letter first")
		}
		return name, nil
	})
}

func readIcebergKeep(s *Settings, m YAMLMap, key string) {
	s.Iceberg.Keep = YAMLValue(m, key, s.Iceberg.Keep, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > 8760*time.Hour {
			return 0, fmt.Errorf("%q: not a duration from 0s to 8760h", text)
		}
		return d, nil
	})
}
