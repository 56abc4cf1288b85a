package settings

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// Retention says what `prune` archives, and where.
type Retention struct {
	LinesMonths int    // older closed cycles are archived, except those that Usage.MaxAgeMonths still accepts
	InboxCycles int    // feed files stay for this number of closed cycles; 0 = forever
	Archive     string // folder, relative to the workspace, or s3://bucket/prefix
	// for an archive in an object store; if both are "", those of the lake are used
	ArchiveEndpoint, ArchiveRegion string
}

// ArchivePlace is the place of the archive.
func (s *Settings) ArchivePlace() Place {
	r := &s.Retention
	return s.Resolve(Place{r.Archive, r.ArchiveEndpoint, r.ArchiveRegion})
}

// UseLake makes the settings use another lake. A lake in the archive gets the endpoint and region of the archive.
func (s *Settings) UseLake(path string) {
	if at := s.ArchivePlace(); at.Overlaps(path) {
		s.Lake.Endpoint, s.Lake.Region = at.Endpoint, at.Region
	}
	s.Lake.Path = path
}

func readLinesMonths(s *Settings, m YAMLMap, key string) {
	s.Retention.LinesMonths = m.Int(key, s.Retention.LinesMonths, 1, 1200)
}

func readInboxCycles(s *Settings, m YAMLMap, key string) {
	s.Retention.InboxCycles = m.Int(key, s.Retention.InboxCycles, 0, 1200)
}

func readArchiveEndpoint(s *Settings, m YAMLMap, key string) {
	s.Retention.ArchiveEndpoint = YAMLValue(m, key, "", parseEndpoint)
	checkPlaceInStore(s.ArchivePlace(), m, key, s.Retention.ArchiveEndpoint)
}

func readArchiveRegion(s *Settings, m YAMLMap, key string) {
	s.Retention.ArchiveRegion = YAMLValue(m, key, "", parseRegion)
	checkPlaceInStore(s.ArchivePlace(), m, key, s.Retention.ArchiveRegion)
}

func readArchive(s *Settings, m YAMLMap, key string) {
	s.Retention.Archive = YAMLValue(m, key, s.Retention.Archive, func(path string) (string, error) {
		clean := filepath.Clean(path)
		first, _, _ := strings.Cut(filepath.ToSlash(clean), "/")
		switch {
		case path == "":
			return "", errors.New("is empty")
		case InObjectStore(path):
			return path, s.apart(path, m.Name(key))
		case clean == "." || clean == ".." || strings.ContainsRune(path, 0):
			return "", fmt.Errorf("%q: not a folder of its own", path)
		case first == "books" || first == "inbox" || first == "exports" || first == "runs",
			clean == filepath.Clean(s.Lake.Path),
			within(filepath.Clean(s.Lake.Path), filepath.Join(clean, inboxFolder)):
			return "", fmt.Errorf("%q: a folder that the workspace uses for something else", path)
		}
		return path, nil
	})
}
