package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
)

// ArchivedInbox holds what is needed to pack feed files.
type ArchivedInbox struct {
	Files   fs.FS           // the inbox, for reading
	Own     storage.Storage // the inbox, for removing files
	Archive storage.Storage // the archive's folder
	Feeds   []string
	Inputs  []lake.Input
	Hashes  *inbox.Hashes
	Through period.Cycle // last cycle whose files are packed
	// Latest returns the last cycle that can have records of a file, if the list of feed files does not have its days:
	// it has none for files of events.
	Latest func(lake.Input) (period.Cycle, error)
	// Open reports whether a reject of a file is open.
	Open   func(lake.Input) bool
	DryRun bool
}

// PackedFiles is the result for one cycle's feed files.
type PackedFiles struct {
	Cycle   string `json:"cycle"`
	Volume  string `json:"volume"` // path in the archive; "" = an earlier run packed them
	Files   int    `json:"files"`  // number of files that leave the inbox
	Bytes   int64  `json:"bytes"`  // their size
	Stored  int64  `json:"stored"` // size of the volume in bytes
	members []member
}

// member is a feed file that can be packed.
type member struct {
	name, hash string
	bytes      int64
	link       bool // in remove: a link to a file that is removed
}

func (m member) compare(o member) int {
	return cmp.Or(strings.Compare(m.name, o.name), strings.Compare(m.hash, o.hash))
}

// KeptFiles counts the feed files that are old enough but stay.
type KeptFiles struct {
	Rejects int `json:"rejects"` // because of open rejects
}

// Pack packs the files that can leave the inbox, cycle by cycle (ARCH-1, ARCH-2).
func (in *ArchivedInbox) Pack(ctx context.Context) ([]PackedFiles, KeptFiles, error) {
	due, err := in.due()
	if err != nil {
		return nil, KeptFiles{}, err
	}
	groups, kept, err := in.found(ctx, due)
	if err != nil {
		return nil, kept, err
	}
	var out []PackedFiles
	for _, cycle := range slices.Sorted(maps.Keys(groups)) {
		p := PackedFiles{Cycle: cycle.String(), members: groups[cycle]}
		slices.SortFunc(p.members, member.compare)
		for _, m := range p.members {
			p.Files, p.Bytes = p.Files+1, p.Bytes+m.bytes
		}
		if !in.DryRun {
			if err := in.pack(ctx, &p); err != nil {
				return out, kept, fmt.Errorf("pack feed files of %s: %w", p.Cycle, err)
			}
		}
		out = append(out, p)
	}
	return out, kept, nil
}

// fed identifies a feed file.
type fed struct{ feed, hash string }

// taken is an ingested feed file that is old enough.
type taken struct {
	cycle   period.Cycle
	bytes   int64
	rejects bool
}

// due returns the ingested files that are old enough. A file with an open reject stays, because a person can need it.
func (in *ArchivedInbox) due() (map[fed]taken, error) {
	out := make(map[fed]taken)
	for _, i := range in.Inputs {
		last, err := in.last(i)
		if err != nil {
			return nil, err
		}
		if last <= in.Through {
			out[fed{i.Feed, i.Hash}] = taken{last, i.Bytes, in.Open(i)}
		}
	}
	return out, nil
}

// last returns the last cycle that has records of a file.
func (in *ArchivedInbox) last(i lake.Input) (period.Cycle, error) {
	if day, ok := i.LastDay.Calendar(); ok {
		return day.Cycle(), nil
	}
	return in.Latest(i)
}

// found looks for the due files in the inbox. A file whose size matches none of them is not read.
func (in *ArchivedInbox) found(ctx context.Context, due map[fed]taken) (groups map[period.Cycle][]member,
	kept KeptFiles,
	err error) {
	sizes := make(map[int64]bool)
	for _, t := range due {
		sizes[t.bytes] = true
	}
	groups = make(map[period.Cycle][]member)
	for _, name := range in.Feeds {
		found, err := inbox.Discover(in.Files, name)
		if err != nil {
			return nil, kept, fmt.Errorf("look into inbox/%s: %w", name, err)
		}
		for _, ref := range found.Files {
			if err := ctx.Err(); err != nil {
				return nil, kept, err
			}
			if !sizes[ref.Size] {
				continue
			}
			hash, size, err := in.Hashes.Hash(in.Files, ref.Name)
			if errors.Is(err, fs.ErrPermission) {
				continue // it stays in the inbox, and a run reports it
			}
			if err != nil {
				return nil, kept, err
			}
			switch t, ok := due[fed{name, hash}]; {
			case ok && t.rejects:
				kept.Rejects++
			case ok:
				groups[t.cycle] = append(groups[t.cycle], member{name: ref.Name, hash: hash, bytes: size})
			}
		}
	}
	return groups, kept, nil
}

// pack writes a volume of the files that no volume of the cycle has yet, verifies it, and removes the originals.
func (in *ArchivedInbox) pack(ctx context.Context, p *PackedFiles) error {
	volumes, err := in.volumes(p.Cycle)
	if err != nil {
		return err
	}
	has := make(map[member]bool)
	for _, v := range volumes {
		list, err := readVolume(ctx, in.Archive, v)
		if err != nil {
			return err
		}
		for _, m := range list {
			has[m] = true
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(p.members), func(m member) bool { return has[m] })
	if len(fresh) > 0 {
		p.Volume = in.nameOf(p.Cycle, len(volumes)+1, fresh)
		if p.Stored, err = in.writeVolume(ctx, p.Volume, fresh); err != nil {
			return err
		}
	}
	// a prune that failed can have left a volume whose name is not durable
	if err := storage.SyncTree(in.Archive, inboxDir); err != nil {
		return &lake.SyncError{Name: "the folders of the archive", Err: err}
	}
	return in.remove(p.members)
}

// remove removes the originals whose content is still what was packed, and the links that lead to them.
func (in *ArchivedInbox) remove(list []member) error {
	list, err := in.leaving(list)
	if err != nil {
		return err
	}
	dirs := make(map[string]bool)
	for _, m := range list {
		hash, _, err := inbox.Hash(inbox.Fresh(in.Files), m.name)
		gone := errors.Is(err, fs.ErrNotExist)
		if err != nil && !gone {
			return err
		}
		if gone && !m.link || !gone && hash != m.hash {
			continue // it is another file now, which was not packed; a link's target may be removed already
		}
		if err := in.Own.Remove(m.name); err != nil && !(gone && errors.Is(err, fs.ErrNotExist)) {
			return fmt.Errorf("remove inbox/%s: %w", m.name, err)
		}
		dirs[path.Dir(m.name)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		if err := in.Own.SyncDir(dir); err != nil {
			return fmt.Errorf("sync inbox/%s: %w", dir, err)
		}
	}
	return nil
}
