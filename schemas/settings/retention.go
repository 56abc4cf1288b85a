package settings

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tollbook/tollbook/schemas/settings/yamldoc"
)

// Retention is what `prune` packs away, and where to.
type Retention struct {
	LinesMonths int    // closed cycles further back are archived, except those of Usage.MaxAgeMonths
	InboxCycles int    // feed files stay for so many closed cycles; 0 = forever
	Archive     string // folder, relative to the workspace
}

func readLinesMonths(s *Settings, m yamldoc.Map, key string) {
	s.Retention.LinesMonths = m.Int(key, s.Retention.LinesMonths, 1, 1200)
}

func readInboxCycles(s *Settings, m yamldoc.Map, key string) {
	s.Retention.InboxCycles = m.Int(key, s.Retention.InboxCycles, 0, 1200)
}

func readArchive(s *Settings, m yamldoc.Map, key string) {
	s.Retention.Archive = yamldoc.Value(m, key, s.Retention.Archive, func(path string) (string, error) {
		clean := filepath.Clean(path)
		first, _, _ := strings.Cut(filepath.ToSlash(clean), "/")
		switch {
		case path == "":
			return "", errors.New("is empty")
		case InObjectStore(path):
			return "", fmt.Errorf("%q: the archive is a folder, also of a lake in an object store", path)
		case clean == "." || clean == ".." || strings.ContainsRune(path, 0):
			return "", fmt.Errorf("%q: not a folder of its own", path)
		case first == "books" || first == "inbox" || first == "exports" || clean == filepath.Clean(s.Lake.Path):
			return "", fmt.Errorf("%q: a folder that the workspace uses for something else", path)
		}
		return path, nil
	})
}
