package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// ownName matches the files of a table's metadata folder that tollbook writes, other than the metadata files.
var ownName = regexp.MustCompile(`^(snap|([0-9]{4}-[0-9]{2})?-[0-9a-f]{32})-[0-9a-f]{16}\.avro$`)

// dayOld is the age in seconds, by the store's clock, from which a file in an object store can be deleted.
const dayOld = 24 * 60 * 60

// clean deletes files that no snapshot of the newest version names: those of expired snapshots, and those that an
// interrupted publish left (ICE-8).
func (p *publisher) clean(ctx context.Context, s *state) error {
	named, err := p.named(s)
	if err != nil {
		return err
	}
	seen, err := p.Warehouse.st.List(s.folder + "/")
	if err != nil {
		return err
	}
	var newest int64
	sizes := make(map[string]int64)
	for _, e := range seen {
		newest, sizes[e.Name] = max(newest, e.Changed), e.Size
	}
	if err := p.complete(s, sizes); err != nil {
		return err
	}
	for _, e := range seen {
		if named[e.Name] || !s.isOwn(e.Name) || p.Warehouse.chain != nil && e.Changed > newest-dayOld {
			continue
		}
		if err := p.Warehouse.remove(ctx, e.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete %s: %w", p.Warehouse.uri(e.Name), err)
		}
		p.report.Deleted++
	}
	return nil
}

// complete checks that the current snapshot's manifests have their sizes. A list of an object store can lack new files,
// so that a file of another size is opened.
func (p *publisher) complete(s *state, sizes map[string]int64) error {
	manifests, err := p.manifests(s)
	if err != nil {
		return err
	}
	for _, m := range manifests {
		name, err := p.Warehouse.name(m.Path)
		if err == nil && sizes[name] == m.Length {
			continue
		}
		content, err := p.Warehouse.readURI(m.Path)
		if err == nil && int64(len(content)) != m.Length {
			err = fmt.Errorf("it has %d bytes instead of %d", len(content), m.Length)
		}
		if err != nil {
			return s.failed(p, m.Path, err)
		}
	}
	return nil
}

// isOwn reports whether tollbook creates files of this name.
func (s *state) isOwn(name string) bool {
	rest := strings.TrimPrefix(name, s.folder+"/")
	base := path.Base(name)
	if strings.HasPrefix(rest, "data/") {
		return strings.HasSuffix(base, ".parquet")
	}
	inCatalog := s.base != nil
	return version(base) > 0 || ownName.MatchString(base) || strings.HasPrefix(base, temporaryPrefix) ||
		inCatalog && base == hintFile // nothing updates it
}

// named returns the names of the files that the snapshots of the newest version need.
func (p *publisher) named(s *state) (map[string]bool, error) {
	named := make(map[string]bool)
	add := func(uri string) error {
		name, err := p.Warehouse.name(uri)
		named[name] = true
		return err
	}
	if p.Catalog != nil {
		p.nameCatalogFiles(s, named)
	} else if err := p.nameVersions(s, add); err != nil {
		return nil, err
	}
	for _, e := range s.entries {
		named[dataName(s.folder, e)] = true
	}
	read := make(map[string]bool)
	for i := len(s.meta.Snapshots) - 1; i >= 0; i-- {
		of := &s.meta.Snapshots[i]
		manifests, err := p.listed(s, of)
		if err != nil {
			return nil, err
		}
		if err := add(of.ManifestList); err != nil {
			return nil, err
		}
		for _, m := range manifests {
			if err := add(m.Path); err != nil {
				return nil, err
			}
			newest := of.ID == s.meta.CurrentSnapshotID // its files are those of the state
			if newest || read[m.Path] || p.Warehouse.chain != nil {
				read[m.Path] = true
				continue
			}
			read[m.Path] = true
			entries, err := p.entries(s, m)
			if err != nil {
				return nil, err
			}
			for _, e := range entries {
				if err := add(e.File.Path); err != nil {
					return nil, err
				}
			}
		}
	}
	return named, nil
}

// nameVersions adds the newest metadata file, and the earlier ones in its log.
func (p *publisher) nameVersions(s *state, add func(uri string) error) error {
	err := add(p.Warehouse.uri(metadataFile(s.folder, s.version)))
	for _, l := range s.meta.MetadataLog {
		if err == nil {
			err = add(l.MetadataFile)
		}
	}
	return err
}
