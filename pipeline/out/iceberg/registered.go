package iceberg

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/problem"
)

// registration records in the folder of a table which catalog names its newest metadata file (ICE-11).
type registration struct {
	Catalog   string `json:"catalog"`             // its URL
	Warehouse string `json:"warehouse,omitempty"` // name of the catalog's warehouse
	// From is the version of the folder's metadata file that is being registered; 0 = registered, or there is none.
	From int `json:"from,omitempty"`
}

// registrationFile is the name of a registration in the folder of metadata.
const registrationFile = "catalog.json"

// registration reads the registration of a table; nil = no catalog names it.
func (w *Warehouse) registration(folder string) (*registration, error) {
	name := folder + "/metadata/" + registrationFile
	text, err := w.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	r := new(registration)
	if err == nil {
		err = json.Unmarshal(text, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", w.uri(name), err)
	}
	return r, nil
}

// register writes the registration of a table.
func (w *Warehouse) register(folder string, r registration) error {
	name := folder + "/metadata/" + registrationFile
	text, err := json.Marshal(r)
	if err == nil {
		err = w.replace(name, append(text, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", w.uri(name), err)
	}
	return nil
}

// unregister deletes the registration of a table.
func (w *Warehouse) unregister(ctx context.Context, folder string) error {
	name := folder + "/metadata/" + registrationFile
	if err := w.remove(ctx, name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete %s: %w", w.uri(name), err)
	}
	return nil
}

// ElsewhereError reports that another catalog than that of the settings has a table (ICE-11).
type ElsewhereError struct {
	Table   string
	Catalog string // URL of the one that has it
	Now     string // URL of the one in the settings; "" = none
}

// Error names both catalogs.
func (e *ElsewhereError) Error() string {
	now := "no catalog"
	if e.Now != "" {
		now = e.Now
	}
	return fmt.Sprintf("Iceberg table %s is in the catalog %s; the settings name %s", e.Table, e.Catalog, now)
}

// Diagnosis implements problem.Diagnosed.
func (e *ElsewhereError) Diagnosis() (problem.Class, string) {
	return problem.Failed,
		"set iceberg.catalog to " + e.Catalog + ", or drop the table there without deleting its files, delete its " +
			"folder, and run `tollbook publish`"
}

// ours returns a registration in the catalog of the settings.
func (p *publisher) ours() registration {
	return registration{Catalog: p.Catalog.Address(), Warehouse: p.Catalog.Warehouse()}
}

// lookUp reads the catalog's state of a table. If no catalog ever had the table, it reads the newest metadata file of
// the folder, which is to be registered.
func (p *publisher) lookUp(ctx context.Context, s *state) error {
	noted, err := p.Warehouse.registration(s.folder)
	if err != nil {
		return err
	}
	if noted != nil {
		s.noted = *noted
	}
	t, err := p.Catalog.Load(ctx, p.Namespace, s.name)
	switch {
	case err == nil:
		return p.loaded(s, t)
	case !NotFound(err):
		return err
	case noted == nil:
	case noted.Catalog != p.Catalog.Address() || noted.Warehouse != p.Catalog.Warehouse():
		return &ElsewhereError{Table: p.Warehouse.uri(s.folder), Catalog: noted.Catalog, Now: p.Catalog.Address()}
	case noted.From == 0:
		return nil // it was dropped from the catalog
	}
	s.version, s.meta, err = p.Warehouse.newest(s.folder)
	return err
}

// loaded takes over the catalog's state of a table.
func (p *publisher) loaded(s *state, t *CatalogTable) error {
	m, err := parseMetadata(t.Metadata)
	if err == nil {
		s.base, err = parseMetadata(t.Metadata)
	}
	if err != nil {
		return &TableError{Table: p.Warehouse.uri(s.folder), What: "read what the catalog has of it", Err: err,
			InCatalog: true}
	}
	s.meta, s.location = m, t.MetadataLocation
	return nil
}

// registrar changes tables in the catalog.
type registrar struct{ publisher *publisher }

// enter ensures that the catalog has a table: it registers the one in the folder, or creates one (ICE-11).
func (p registrar) enter(ctx context.Context, s *state) error {
	here := p.publisher.ours()
	if s.base != nil {
		if s.noted == here {
			return nil
		}
		return p.publisher.Warehouse.register(s.folder, here)
	}
	if err := p.publisher.Catalog.EnsureNamespace(ctx, p.publisher.Namespace); err != nil {
		return err
	}
	here.From = s.version
	if err := p.publisher.Warehouse.register(s.folder, here); err != nil {
		return err
	}
	t, err := p.create(ctx, s)
	if Conflict(err) || Unknown(err) {
		made, loadErr := p.publisher.Catalog.Load(ctx, p.publisher.Namespace, s.name)
		switch {
		case loadErr == nil:
			t, err = made, nil
		case NotFound(loadErr):
			err = &notDoneError{err}
		default:
			err = unconfirmed(err, loadErr)
		}
	}
	if err != nil {
		if Refused(err) && s.noted == (registration{}) { // the folder still has the table
			err = errors.Join(err, p.publisher.Warehouse.unregister(ctx, s.folder))
		}
		return err
	}
	if err := p.publisher.loaded(s, t); err != nil {
		return err
	}
	if err := p.publisher.check(s); err != nil {
		return err
	}
	if here.From == 0 {
		return nil
	}
	return p.publisher.Warehouse.register(s.folder, p.publisher.ours())
}

// create adds a table to the catalog, in its state before the first snapshot.
func (p registrar) create(ctx context.Context, s *state) (*CatalogTable, error) {
	if s.version > 0 {
		return p.publisher.Catalog.Register(ctx, p.publisher.Namespace, s.name,
			p.publisher.Warehouse.uri(metadataFile(s.folder, s.version)))
	}
	properties := maps.Clone(s.meta.Properties)
	properties[lakeProperty], properties[gcProperty] = p.publisher.origin, "false"
	properties["format-version"] = fmt.Sprint(formatVersion)
	return p.publisher.Catalog.Create(ctx, p.publisher.Namespace,
		&NewCatalogTable{Name: s.name, Location: s.meta.Location, Schema: s.meta.schema(),
			Spec: s.meta.PartitionSpecs[0], Order: s.meta.SortOrders[0], Properties: properties})
}

// commitRegistered commits the new state of a table to the catalog, if the table is still in the state that was read
// (ICE-9). Afterwards s.meta is the catalog's state.
func (p registrar) commitRegistered(ctx context.Context, s *state, id int64) error {
	needs := []Requirement{IsTable(s.base.TableUUID), MainIs(s.base.currentID())}
	if s.meta.CurrentSchemaID != s.base.CurrentSchemaID {
		needs = append(needs, SchemaIs(s.base.CurrentSchemaID, s.base.LastColumnID)...)
	}
	t, err := p.publisher.Catalog.Commit(ctx, p.publisher.Namespace, s.name, needs, updates(s.base, s.meta))
	if err == nil && !has(t, id) || Conflict(err) || Unknown(err) {
		t, err = p.confirm(ctx, s, id, err)
	}
	if err != nil {
		return err
	}
	return p.publisher.loaded(s, t)
}

// updates returns the changes from one metadata to another.
func updates(base, m *metadata) (list []Update) {
	if m.CurrentSchemaID != base.CurrentSchemaID {
		const added = -1 // the schema that this request adds
		list = append(list,
			Update{"action": "add-schema", "schema": m.schema(), "last-column-id": m.LastColumnID},
			Update{"action": "set-current-schema", "schema-id": added})
	}
	changed := make(map[string]string)
	for key, value := range m.Properties {
		if old, found := base.Properties[key]; !found || old != value {
			changed[key] = value
		}
	}
	if len(changed) > 0 {
		list = append(list, Update{"action": "set-properties", "updates": changed})
	}
	newest := m.current()
	list = append(list, Update{"action": "add-snapshot", "snapshot": newest},
		Update{"action": "set-snapshot-ref", "ref-name": mainBranch, "type": "branch",
			"snapshot-id": newest.ID})
	var expired []int64
	for i := range base.Snapshots {
		id := base.Snapshots[i].ID
		if !slices.ContainsFunc(m.Snapshots, func(s snapshot) bool { return s.ID == id }) {
			expired = append(expired, id)
		}
	}
	if len(expired) > 0 {
		list = append(list, Update{"action": "remove-snapshots", "snapshot-ids": expired})
	}
	return list
}

// has reports whether a catalog has a snapshot of a table.
func has(t *CatalogTable, id int64) bool {
	m, err := parseMetadata(t.Metadata)
	return err == nil && slices.ContainsFunc(m.Snapshots, func(s snapshot) bool { return s.ID == id })
}

// confirm loads a table after a commit that failed or whose response was lost: either the catalog has its snapshot, or
// the commit was not executed (ICE-10).
func (p registrar) confirm(ctx context.Context, s *state, id int64, failed error) (*CatalogTable, error) {
	t, err := p.publisher.Catalog.Load(ctx, p.publisher.Namespace, s.name)
	switch {
	case err != nil:
		return nil, unconfirmed(failed, err)
	case has(t, id):
		return t, nil
	case failed == nil || Conflict(failed):
		return nil, fmt.Errorf("commit %s to the catalog: %w", p.publisher.Warehouse.uri(s.folder), errConflict)
	}
	return nil, &notDoneError{failed}
}

// unconfirmed returns an error that says that a request's outcome is not known.
func unconfirmed(failed, err error) error {
	if failed == nil {
		return err
	}
	return fmt.Errorf("%w; whether it took place is not known: %w", failed, err)
}

// notDoneError reports that a change of the catalog failed, and that the table loaded afterwards does not have it.
type notDoneError struct{ Err error }

func (e *notDoneError) Error() string { return e.Err.Error() }

// Unwrap returns the reason.
func (e *notDoneError) Unwrap() error { return e.Err }

// again waits and reports whether a publish starts over: only after failures for which that can help.
func (o *Options) again(ctx context.Context, err error, tries int) bool {
	var failed *notDoneError
	switch {
	case errors.Is(err, errConflict):
		return true
	case !errors.As(err, &failed):
		return false
	}
	return o.Catalog.Wait(ctx, time.Second<<tries) == nil
}

// nameCatalogFiles adds the metadata files that the catalog names, if they are in the warehouse.
func (p *publisher) nameCatalogFiles(s *state, named map[string]bool) {
	uris := []string{s.location}
	for _, l := range s.meta.MetadataLog {
		uris = append(uris, l.MetadataFile)
	}
	for _, uri := range uris {
		if name, ours := strings.CutPrefix(uri, p.Warehouse.root+"/"); ours {
			named[name] = true
		}
	}
}
