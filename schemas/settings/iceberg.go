package settings

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/settings/yamldoc"
)

// Iceberg is where Iceberg tables of the lake are kept.
type Iceberg struct {
	Warehouse string        // folder or s3://bucket/prefix; "" = no tables
	Namespace string        // folder of the tables in it
	Keep      time.Duration // how long snapshots stay that were replaced
}

// Set reports whether tables are kept.
func (i *Iceberg) Set() bool { return i.Warehouse != "" }

// Publishes reports whether the lake is published anywhere.
func (s *Settings) Publishes() bool { return s.ClickHouse.DSN.Set() || s.Iceberg.Set() }

func readWarehouse(s *Settings, m yamldoc.Map, key string) {
	s.Iceberg.Warehouse = yamldoc.Value(m, key, "", func(path string) (string, error) {
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

// within reports whether a clean path is another one or below it.
func within(path, folder string) bool {
	return path == folder || strings.HasPrefix(filepath.ToSlash(path), filepath.ToSlash(folder)+"/")
}

func readNamespace(s *Settings, m yamldoc.Map, key string) {
	s.Iceberg.Namespace = yamldoc.Value(m, key, s.Iceberg.Namespace, func(name string) (string, error) {
		if !identifier(name) {
			return "", errors.New("must consist of letters, digits and underscores, a letter first")
		}
		return name, nil
	})
}

func readIcebergKeep(s *Settings, m yamldoc.Map, key string) {
	s.Iceberg.Keep = yamldoc.Value(m, key, s.Iceberg.Keep, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 || d > 8760*time.Hour {
			return 0, fmt.Errorf("%q: not a duration from 0s to 8760h", text)
		}
		return d, nil
	})
}
