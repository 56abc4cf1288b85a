package admin

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
)

// feedHash is the length of the hash that identifies a feed file in the lake: the beginning of file.Hash.
const feedHash = 32

// maxMissing is the number of missing feed files that are reported individually.
const maxMissing = 20

// ingested ensures that every feed file that the lake ingested is in the backup (BACKUP-12). One that is neither in the
// inbox nor in a volume of the archive is kept from the previous backup; if that lacks it, it is reported.
func (b *making) ingested(ctx context.Context) error {
	if b.o.NoInbox {
		return nil
	}
	missing, err := b.missing(ctx)
	if err != nil {
		return err
	}
	before := make(map[string]file)
	for _, f := range b.before {
		if is := strings.HasPrefix(f.Path, "inbox/") && b.has(&f); is && f.Path >= before[f.Hash[:feedHash]].Path {
			before[f.Hash[:feedHash]] = f
		}
	}
	taken := make(map[string]bool)
	for _, f := range b.index.Files {
		taken[f.Path] = true
	}
	lost := 0
	for _, in := range missing {
		f, kept := before[in.Hash]
		switch {
		case kept:
			if taken[f.Path] { // by another file
				f.Path = path.Join(path.Dir(f.Path), in.Hash+"-"+path.Base(f.Path))
			}
			f.Version = "" // the workspace does not have it
			taken[f.Path] = true
			b.index.Files = append(b.index.Files, f)
			b.report.Kept++
		case b.elsewhere || b.named(in.Name): // already reported
		default:
			if lost++; lost <= maxMissing {
				b.report.LeftOut = append(b.report.LeftOut, "inbox/"+feed.ShownName(in.Name)+
					": it was ingested and is neither in the inbox nor in the archive; put it back under any name")
			}
		}
	}
	if lost > maxMissing {
		b.report.LeftOut = append(b.report.LeftOut, fmt.Sprintf("and %d more feed files that were ingested",
			lost-maxMissing))
	}
	return nil
}

// missing returns the ingested feed files that this backup copied neither from the inbox nor in a volume, once for each
// content. Volumes are read only if a file is missing in the inbox.
func (b *making) missing(ctx context.Context) ([]lake.Input, error) {
	has := make(map[string]bool)
	for i := range b.index.Files {
		if f := &b.index.Files[i]; strings.HasPrefix(f.Path, "inbox/") {
			has[f.Hash[:feedHash]] = true
		}
	}
	missing := slices.DeleteFunc(slices.Clone(b.inputs), func(in lake.Input) bool { return has[in.Hash] })
	if len(missing) == 0 {
		return nil, nil
	}
	for i := range b.index.Files {
		f := &b.index.Files[i]
		if path.Ext(f.Path) != ".zst" || !slices.Contains(b.feedFolders, path.Dir(f.Path)) {
			continue
		}
		if old, known := b.before[f.Path]; known && old.Hash == f.Hash {
			f.Has = old.Has
		}
		if f.Has == nil {
			var err error
			f.Has, err = PackedHashes(ctx, b.st, f.stored())
			if corrupt := new(lake.CorruptError); errors.As(err, &corrupt) {
				b.report.LeftOut = append(b.report.LeftOut,
					f.Path+": it was copied and cannot be read: "+corrupt.Detail)
				f.Has, b.elsewhere = nil, true
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("back up %s: %w", f.Path, err)
			}
		}
		for _, hash := range f.Has {
			has[hash] = true
		}
	}
	return slices.DeleteFunc(missing, func(in lake.Input) bool {
		was := has[in.Hash]
		has[in.Hash] = true
		return was
	}), nil
}

// named reports whether a feed file is already reported as unreadable or changed.
func (b *making) named(name string) bool {
	return slices.ContainsFunc(b.report.LeftOut, func(note string) bool {
		return strings.HasPrefix(note, "inbox/"+feed.ShownName(name)+":")
	})
}
