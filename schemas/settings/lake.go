package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"
)

// objectStore is the prefix of an address in an object store.
const objectStore = "s3://"

// InObjectStore reports whether a path is an address in an object store.
func InObjectStore(path string) bool { return strings.HasPrefix(path, objectStore) }

// ParseObjectStore reads s3://bucket/prefix. The prefix may be empty.
func ParseObjectStore(path string) (bucket, prefix string, err error) {
	rest, is := strings.CutPrefix(path, objectStore)
	bucket, prefix, _ = strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	if !is || bucket == "" || strings.ContainsAny(bucket, "?#@:% ") || prefix != "" && !fs.ValidPath(prefix) {
		return "", "", fmt.Errorf("%q: not s3://bucket/prefix", path)
	}
	return bucket, prefix, nil
}

func readLakePath(s *Settings, m YAMLMap, key string) {
	s.Lake.Path = YAMLValue(m, key, s.Lake.Path, func(path string) (string, error) {
		if InObjectStore(path) {
			_, _, err := ParseObjectStore(path)
			return path, err
		}
		clean := filepath.Clean(path)
		first, _, _ := strings.Cut(filepath.ToSlash(clean), "/")
		switch {
		case path == "":
			return "", errors.New("is empty")
		case clean == "." || clean == "..":
			return "", fmt.Errorf("%q: not a folder of its own", path)
		case first == "books" || first == "inbox" || first == "exports" || first == "runs" || first == LakeScratch,
			within(clean, filepath.Join(Default().Retention.Archive, inboxFolder)):
			return "", fmt.Errorf("%q: is in another folder of the workspace", path)
		case strings.Contains(path, "://"):
			return "", fmt.Errorf("%q: neither a folder nor s3://bucket/prefix", path)
		case strings.ContainsRune(path, 0):
			return "", fmt.Errorf("%q: not a path", path)
		}
		return path, nil
	})
}

// LakeScratch is the folder of a workspace for temporary files of runs if the lake is in an object store.
const LakeScratch = "lake-scratch"

func readLakeEndpoint(s *Settings, m YAMLMap, key string) {
	s.Lake.Endpoint = YAMLValue(m, key, "", parseEndpoint)
	checkInStore(s, m, key, s.Lake.Endpoint)
}

func readLakeRegion(s *Settings, m YAMLMap, key string) {
	s.Lake.Region = YAMLValue(m, key, "", parseRegion)
	checkInStore(s, m, key, s.Lake.Region)
}

func readLease(s *Settings, m YAMLMap, key string) {
	s.Lake.Lease = YAMLValue(m, key, s.Lake.Lease, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d != 0 && d < time.Second || d > time.Hour || d%time.Second != 0 {
			return 0, fmt.Errorf("%q: neither 0s nor whole seconds from 1s to 1h", text)
		}
		return d, nil
	})
}

// checkInStore reports a setting for object stores if the lake is in a folder.
func checkInStore(s *Settings, m YAMLMap, key, value string) {
	if value != "" && !InObjectStore(s.Lake.Path) {
		m.Fail(key, m.Get(key), "set lake.path to s3://bucket/prefix, or empty this", "the lake is in a folder")
	}
}
