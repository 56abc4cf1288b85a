package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/settings"
)

// lakeFolder is the folder of a backup for the workspace's lake, archiveFolder that for the archive of the settings;
// archivesFolder is for those of earlier settings and of `prune --archive`.
const (
	lakeFolder     = "lake"
	archiveFolder  = "archive"
	archivesFolder = "archives"
)

// Folders of a restored workspace for an archive that was in an object store: the second one if the workspace also has
// an archive in the first.
const (
	storeFolder      = "archive"
	otherStoreFolder = "archive-of-store"
)

// archives copies the lakes to which closed cycles were archived: the one of the settings, then those that have a cycle
// which no lake copied before has. A cycle that is in no copy is reported (BACKUP-10).
func (b *making) archives(ctx context.Context) error {
	own := b.w.Settings.ArchivePlace().Below("lake")
	within, inside := b.inside(own.Path)
	missing, tried := slices.Clone(b.archived), []string{within}
	if own.InStore() {
		within = own.Path
	}
	if inside || own.InStore() {
		s, err := b.archive(ctx, within, true, &missing)
		if err != nil {
			return err
		}
		if b.index.Archive = s; s != nil && b.storeFolder != storeFolder {
			s.Restore = b.storeFolder + "/lake"
		}
	}
	for _, ref := range b.archived {
		if within, inside = b.inside(ref.Archived.Where); !inside || slices.Contains(tried, within) ||
			!slices.ContainsFunc(missing, func(m lake.CycleRef) bool { return m.Cycle == ref.Cycle }) {
			continue
		}
		tried = append(tried, within)
		s, err := b.archive(ctx, within, false, &missing)
		if err != nil {
			return err
		}
		if s != nil {
			b.index.Archives = append(b.index.Archives, *s)
		}
	}
	b.noteMissing(missing)
	return nil
}

// archive copies the lake of an archive, and removes the cycles that it has from missing. It returns nil if there is no
// lake. own says that the archive is the one of the settings.
func (b *making) archive(ctx context.Context, within string, own bool, missing *[]lake.CycleRef) (*backupState, error) {
	place := b.w.Settings.ArchivePlace()
	place.Path = within
	from, err := b.w.OpenPlace(place, "archive/lake")
	if err != nil {
		return nil, err
	}
	l, err := lake.Open(b.o.Wrap(from), lake.Options{})
	if err != nil {
		return nil, err
	}
	folder, err := b.folderOf(l, within, own)
	if err != nil {
		return nil, fmt.Errorf("back up %s: %w", within, lake.Placed(err, within, lake.HintOther))
	}
	s, err := b.lake(ctx, l, folder, within, func(snap *lake.Snapshot) error {
		*missing = slices.DeleteFunc(*missing, func(ref lake.CycleRef) bool { return HasArchived(snap, ref) })
		return nil
	})
	if s != nil && folder != archiveFolder {
		s.In = folder
	}
	return s, lake.Placed(err, within, lake.HintOther)
}

// folderOf returns the folder of the backup for the lake of an archive. A folder is never reused for another lake,
// whose copy would replace the first.
func (b *making) folderOf(l *lake.Lake, within string, own bool) (string, error) {
	first, err := storage.ReadAll(b.st, archiveFolder+"/"+lake.NameOf(1))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err != nil && own {
		b.usesFolder = true
		return archiveFolder, nil
	}
	var origin lake.Hash
	if err := l.Read(func(snap *lake.Snapshot) (err error) {
		origin, err = snap.Origin()
		return err
	}); err != nil {
		return "", err
	}
	if lake.HashBytes(first) == origin && !b.usesFolder {
		b.usesFolder = true
		return archiveFolder, nil
	}
	return archivesFolder + "/" + string(lake.HashBytes([]byte(within+"\n"+string(origin)))), nil
}

// inside returns the path of a folder relative to the workspace; ok is false if it is elsewhere or in an object store.
func (b *making) inside(folder string) (string, bool) {
	if settings.InObjectStore(folder) {
		return "", false
	}
	if filepath.IsAbs(folder) {
		dir, err := filepath.Abs(b.w.Dir)
		if err != nil {
			return "", false
		}
		if folder, err = filepath.Rel(dir, folder); err != nil {
			return "", false
		}
	}
	folder = filepath.Clean(folder)
	return filepath.ToSlash(folder), filepath.IsLocal(folder) && folder != "."
}

// noteMissing reports archived cycles that are not in the backup, grouped by the folder to which they were archived.
func (b *making) noteMissing(missing []lake.CycleRef) {
	for len(missing) > 0 {
		where := missing[0].Archived.Where
		here := slices.IndexFunc(missing, func(ref lake.CycleRef) bool { return ref.Archived.Where != where })
		if here < 0 {
			here = len(missing)
		}
		cycles := missing[0].Cycle.String()
		if here > 1 {
			cycles += " to " + missing[here-1].Cycle.String()
		}
		why := "it is not in the workspace; copy it separately"
		if _, inside := b.inside(where); inside {
			why = "it does not have them; move the archive back there, or copy it separately"
		}
		b.report.LeftOut = append(b.report.LeftOut, fmt.Sprintf("%s, the archive of %s: %s", where, cycles, why))
		missing = missing[here:]
	}
}

// volumes returns the folders of the workspace with archived feed files: that of the settings and those next to the
// lakes of archived cycles. It reports folders elsewhere that have volumes. It also decides to which folder the archive
// of an object store is restored.
func (b *making) volumes() (list []string) {
	folders := []string{b.w.Settings.Retention.Archive}
	for _, ref := range b.archived {
		if where := filepath.ToSlash(ref.Archived.Where); path.Base(where) == "lake" && path.Dir(where) != "." {
			folders = append(folders, path.Dir(where))
		}
	}
	for _, folder := range folders {
		if settings.InObjectStore(folder) {
			continue
		}
		feeds, inside := b.inside(filepath.Join(folder, "inbox"))
		switch {
		case !inside && hasVolumes(b.w.Path(filepath.Join(folder, "inbox"))):
			note := filepath.Join(folder, "inbox") +
				", archived feed files: it is not in the workspace; copy it separately"
			b.elsewhere = true
			if !slices.Contains(b.report.LeftOut, note) {
				b.report.LeftOut = append(b.report.LeftOut, note)
			}
		case inside && !slices.Contains(list, feeds):
			list = append(list, feeds)
		}
	}
	if b.storeFolder = storeFolder; slices.Contains(list, storeFolder+"/inbox") {
		b.storeFolder = otherStoreFolder
	}
	if b.w.ArchiveDir() == "" {
		list = append(list, b.storeFolder+"/inbox")
	}
	b.feedFolders = list
	return list
}

// hasVolumes reports whether a folder has archived feed files or cannot be read.
func hasVolumes(folder string) bool {
	entries, err := os.ReadDir(folder)
	return err != nil && !errors.Is(err, fs.ErrNotExist) ||
		slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return path.Ext(e.Name()) == ".zst" })
}
