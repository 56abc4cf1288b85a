package settings

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Place is a folder or a prefix in an object store.
type Place struct {
	Path     string // relative to the workspace, or absolute, or s3://bucket/prefix
	Endpoint string // of the object store, with http:// or https://; "" = that of the lake
	Region   string // of the bucket; "" = that of the lake
}

// Below is the place with a name appended to its path.
func (p Place) Below(name string) Place {
	if p.InStore() {
		p.Path = strings.TrimSuffix(p.Path, "/") + "/" + name
	} else {
		p.Path = filepath.ToSlash(filepath.Join(p.Path, name))
	}
	return p
}

// Overlaps reports whether one of two places in object stores contains the other.
func (p Place) Overlaps(path string) bool {
	return p.InStore() && InObjectStore(path) && overlap(p.Path, path)
}

// InStore reports whether the place is in an object store.
func (p Place) InStore() bool { return InObjectStore(p.Path) }

// Resolve returns a place with the endpoint and the region to use: its own, otherwise those of a lake in an object
// store, otherwise "", which means Amazon S3 and us-east-1.
func (s *Settings) Resolve(p Place) Place {
	if p.Endpoint == "" && p.Region == "" {
		p.Endpoint, p.Region = s.Lake.Endpoint, s.Lake.Region
	}
	return p
}

// Folders of the workspace for feed files and books that are not in an object store.
const (
	inboxFolder = "inbox"
	booksFolder = "books"
)

// placeKeys are the keys of the inbox and of the books.
func placeKeys() []Key {
	inbox := func(s *Settings) *Place { return &s.Inbox.Place }
	feeds := []Key{
		{Name: "inbox.path", Type: "inbox or s3://bucket/prefix", Default: inboxFolder, read: readPlace(inbox),
			Meaning: "where feed files arrive: the folder inbox of the workspace, or an object store (deployment.md)"},
		{Name: "inbox.endpoint", Type: endpointType, Default: `""`, read: readPlaceEndpoint(inbox),
			Meaning: "object store of the feed files; if endpoint and region are empty, those of the lake are used"},
		{Name: "inbox.region", Type: "text", Default: `""`, read: readPlaceRegion(inbox),
			Meaning: "region of its bucket"},
		{Name: "inbox.settle", Type: "duration", Default: "0s", read: readSettle,
			Meaning: "a feed file changed less than this before a run is left for the next one"},
	}
	books := func(s *Settings) *Place { return &s.Books }
	return append(feeds,
		Key{Name: "books.path", Type: "books or s3://bucket/prefix", Default: booksFolder, read: readPlace(books),
			Meaning: "where the books are: the folder books of the workspace, or an object store (deployment.md)"},
		Key{Name: "books.endpoint", Type: endpointType, Default: `""`, read: readPlaceEndpoint(books),
			Meaning: "object store of the books; if endpoint and region are empty, those of the lake are used"},
		Key{Name: "books.region", Type: "text", Default: `""`, read: readPlaceRegion(books),
			Meaning: "region of its bucket"})
}

// endpointType describes the form of an object store's endpoint.
const endpointType = "http://host:port or https://"

// reader reads a key.
type reader = func(*Settings, YAMLMap, string)

// readPlace returns a reader of a place's path: its default folder in the workspace, or an address in an object store.
func readPlace(of func(*Settings) *Place) reader {
	return func(s *Settings, m YAMLMap, key string) {
		p := of(s)
		p.Path = YAMLValue(m, key, p.Path, func(path string) (string, error) {
			if InObjectStore(path) {
				return path, s.apart(path, m.Name(key))
			}
			if filepath.Clean(path) != p.Path {
				return "", fmt.Errorf("%q: neither the folder %s of the workspace nor s3://bucket/prefix", path, p.Path)
			}
			return p.Path, nil
		})
	}
}

// apart returns an error if a path is not a valid address in an object store, or overlaps with a place that was read
// before it.
func (s *Settings) apart(path, key string) error {
	if _, _, err := ParseObjectStore(path); err != nil {
		return err
	}
	for _, other := range []struct{ key, path string }{{"lake.path", s.Lake.Path}, {"inbox.path", s.Inbox.Path},
		{"books.path", s.Books.Path}, {"iceberg.warehouse", s.Iceberg.Warehouse}} {
		if other.key != key && InObjectStore(other.path) && overlap(path, other.path) {
			return fmt.Errorf("%q: overlaps with %s %q", path, other.key, other.path)
		}
	}
	return nil
}

// overlap reports whether one of two addresses in object stores contains the other.
func overlap(a, b string) bool {
	a, b = strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/")
	return within(a, b) || within(b, a)
}

// readPlaceEndpoint reads the endpoint of a place.
func readPlaceEndpoint(of func(*Settings) *Place) reader {
	return func(s *Settings, m YAMLMap, key string) {
		p := of(s)
		p.Endpoint = YAMLValue(m, key, "", parseEndpoint)
		checkPlaceInStore(*p, m, key, p.Endpoint)
	}
}

// readPlaceRegion reads the region of a place.
func readPlaceRegion(of func(*Settings) *Place) reader {
	return func(s *Settings, m YAMLMap, key string) {
		p := of(s)
		p.Region = YAMLValue(m, key, "", parseRegion)
		checkPlaceInStore(*p, m, key, p.Region)
	}
}

// checkPlaceInStore reports a setting for object stores if the place is a folder.
func checkPlaceInStore(p Place, m YAMLMap, key, value string) {
	if value != "" && !p.InStore() {
		m.Fail(key, m.Get(key), "set the path to s3://bucket/prefix, or empty this", "the path is a folder")
	}
}

// parseEndpoint checks the address of an object store; "" is none.
func parseEndpoint(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	at, err := url.Parse(text)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil ||
		strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.Fragment != "" {
		return "", fmt.Errorf("%q: not http://host:port or https://host:port", text)
	}
	return text, nil
}

// parseRegion checks the name of a region; "" is none.
func parseRegion(text string) (string, error) {
	if strings.ContainsAny(text, " /:\t\r\n") || len(text) > maxRegion {
		return "", fmt.Errorf("%q: not a region", text)
	}
	return text, nil
}

// maxRegion is the longest name of a region, in bytes.
const maxRegion = 64
