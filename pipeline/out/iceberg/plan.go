package iceberg

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// plan is the next snapshot of a table.
type plan struct {
	id                       int64
	sequence                 int64
	kept                     []manifestFile // manifests of the current snapshot that stay unchanged
	cycles                   []*cyclePlan   // manifests to be written, by cycle
	list                     string         // name of the manifest list
	addedFiles, removedFiles int
	addedRows, removedRows   int64
}

// cyclePlan is the new manifest of a cycle whose files change.
type cyclePlan struct {
	name          string // of the manifest
	kept, removed []manifestEntry
	added         []*lake.FileEntry
	cycle         string
}

// changed reports whether any file is added or removed.
func (p *plan) changed() bool { return len(p.cycles) > 0 }

// manifestName matches the name of a cycle's manifest: cycle, hash of its files, snapshot. Manifests of other programs
// have other names and are replaced.
var manifestName = regexp.MustCompile(`^([0-9]{4}-[0-9]{2})-([0-9a-f]{32})-[0-9a-f]{16}\.avro$`)

// plan compares the files of a table with those of the lake's state. It does not read a manifest whose name has the
// hash of the wanted files.
func (p *publisher) plan(s *state) (*plan, error) {
	next := &plan{sequence: s.meta.LastSequenceNumber + 1}
	var token [8]byte
	_, _ = rand.Read(token[:]) // never fails
	next.id = int64(binary.BigEndian.Uint64(token[:]) >> 1)
	suffix := hex.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(next.id)))
	next.list = fmt.Sprintf("%s/metadata/snap-%s.avro", s.folder, suffix)
	current, err := p.manifests(s)
	if err != nil {
		return nil, err
	}
	byCycle := make(map[string][]manifestFile)
	hashes := make(map[string]string)
	for _, m := range current {
		cycle := "" // a manifest of another program
		if match := manifestName.FindStringSubmatch(path.Base(m.Path)); match != nil {
			cycle, hashes[match[1]] = match[1], match[2]
		}
		byCycle[cycle] = append(byCycle[cycle], m)
	}
	for cycle := range s.wanted {
		byCycle[cycle] = append(byCycle[cycle], []manifestFile{}...)
	}
	for _, cycle := range slices.Sorted(maps.Keys(byCycle)) {
		files := s.wanted[cycle]
		hash := hashOf(files)
		have := byCycle[cycle]
		if cycle != "" && len(have) == 1 && hashes[cycle] == hash {
			if len(files) > 0 { // a manifest that has only removed files was needed in one snapshot only
				next.kept = append(next.kept, have[0])
			}
			continue
		}
		c := &cyclePlan{cycle: cycle, name: fmt.Sprintf("%s/metadata/%s-%s-%s.avro", s.folder, cycle, hash, suffix)}
		if err := p.compare(s, c, have, files); err != nil {
			return nil, err
		}
		if len(c.kept)+len(c.removed)+len(c.added) == 0 {
			continue
		}
		next.count(c)
		next.cycles = append(next.cycles, c)
	}
	return next, nil
}

func (p *plan) count(c *cyclePlan) {
	p.addedFiles += len(c.added)
	p.removedFiles += len(c.removed)
	for _, e := range c.added {
		p.addedRows += e.Rows
	}
	for _, e := range c.removed {
		p.removedRows += e.File.Rows
	}
}

// compare divides the files of a cycle into those that stay, are removed and are added.
func (p *publisher) compare(s *state, c *cyclePlan, have []manifestFile, files []*lake.FileEntry) error {
	wanted := make(map[string]*lake.FileEntry, len(files))
	for _, e := range files {
		wanted[p.Warehouse.dataURI(s.folder, e)] = e
	}
	for _, m := range have {
		entries, err := p.entries(s, m)
		if err != nil {
			return err
		}
		for _, e := range entries {
			file := &e.File
			if to := wanted[file.Path]; to != nil && c.cycle != "" && file.Rows == to.Rows && file.Bytes == to.Bytes {
				delete(wanted, file.Path)
				c.kept = append(c.kept, e)
			} else {
				c.removed = append(c.removed, e)
			}
		}
	}
	for _, e := range files {
		if wanted[p.Warehouse.dataURI(s.folder, e)] != nil {
			c.added = append(c.added, e)
		}
	}
	return nil
}

// hashOf returns the hash that identifies a set of files of the lake.
func hashOf(files []*lake.FileEntry) string {
	var text []byte
	for _, e := range files {
		text = append(append(text, e.Path...), '\n')
	}
	return string(lake.HashBytes(text))
}

// manifests returns the manifests of the current snapshot.
func (p *publisher) manifests(s *state) ([]manifestFile, error) {
	current := s.meta.current()
	if current == nil {
		return nil, nil
	}
	return p.listed(s, current)
}

// listed returns the manifests of a snapshot.
func (p *publisher) listed(s *state, of *snapshot) ([]manifestFile, error) {
	text, err := p.Warehouse.readURI(of.ManifestList)
	if err != nil {
		return nil, s.failed(p, of.ManifestList, err)
	}
	list, err := readAvro[manifestFile](text)
	if err != nil {
		return nil, s.failed(p, of.ManifestList, err)
	}
	return list, nil
}

// entries returns the files of a manifest, without those that it marks as removed.
func (p *publisher) entries(s *state, m manifestFile) ([]manifestEntry, error) {
	text, err := p.Warehouse.readURI(m.Path)
	if err != nil {
		return nil, s.failed(p, m.Path, err)
	}
	entries, err := readAvro[manifestEntry](text)
	if err != nil {
		return nil, s.failed(p, m.Path, err)
	}
	entries = slices.DeleteFunc(entries, func(e manifestEntry) bool { return e.Status == fileDeleted })
	for i := range entries {
		e := &entries[i]
		e.SnapshotID, e.Sequence = cmp.Or(e.SnapshotID, &m.SnapshotID), cmp.Or(e.Sequence, &m.Sequence)
		e.FileSequence = cmp.Or(e.FileSequence, &m.Sequence)
	}
	return entries, nil
}

func (s *state) failed(p *publisher, uri string, err error) error {
	return &TableError{Table: p.Warehouse.uri(s.folder), What: "read " + path.Base(uri), Err: err,
		InCatalog: s.base != nil}
}

// write writes the manifests of a plan and their list.
func (p *publisher) write(s *state, next *plan) error {
	list := next.kept
	for _, c := range next.cycles {
		m, err := p.writeManifest(s, next, c)
		if err != nil {
			return fmt.Errorf("write %s: %w", p.Warehouse.uri(c.name), err)
		}
		list = append(list, m)
	}
	var parent *int64
	if current := s.meta.current(); current != nil {
		parent = &current.ID
	}
	text, err := encodeList(next, parent, list)
	if err == nil {
		err = p.Warehouse.create(next.list, text)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", p.Warehouse.uri(next.list), err)
	}
	return nil
}

// writeManifest writes the manifest of a cycle.
func (p *publisher) writeManifest(s *state, next *plan, c *cyclePlan) (manifestFile, error) {
	var entries []manifestEntry
	for _, e := range c.kept {
		e.Status = fileExisting
		entries = append(entries, e)
	}
	for _, e := range c.removed {
		e.Status, e.SnapshotID = fileDeleted, &next.id
		entries = append(entries, e)
	}
	for _, e := range c.added {
		entries = append(entries, manifestEntry{Status: fileAdded, SnapshotID: &next.id,
			File: s.meta.dataFile(p.Warehouse.dataURI(s.folder, e), e)})
	}
	m, text, err := s.meta.encodeManifest(next, entries)
	if err != nil {
		return m, err
	}
	m.Path = p.Warehouse.uri(c.name)
	return m, p.Warehouse.create(c.name, text)
}

// encode returns the bytes of a metadata file.
func encode(m *metadata) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err := enc.Encode(m)
	return out.Bytes(), err
}
