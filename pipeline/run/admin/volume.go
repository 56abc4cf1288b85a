package admin

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// hashRecord is the tar header record with the hash of a member, in the form in which feed files are identified. tar
// ignores comments silently.
const hashRecord = "comment"

// inboxDir is the folder of volumes in the archive, tempDir the folder of unfinished volumes.
const (
	inboxDir = "inbox"
	tempDir  = "tmp"
)

// volumeName names the n-th volume of a cycle.
func volumeName(cycle string, n int) string {
	if n == 1 {
		return path.Join(inboxDir, cycle+volumeSuffix)
	}
	return path.Join(inboxDir, fmt.Sprintf("%s-%d%s", cycle, n, volumeSuffix))
}

// nameOf names the n-th volume of a cycle. In an object store, to which another machine can write at the same time, the
// name includes a hash of the content, so that no volume replaces another.
func (in *ArchivedInbox) nameOf(cycle string, n int, list []member) string {
	if storage.AsChain(in.Archive) == nil {
		return volumeName(cycle, n)
	}
	sum := sha256.New()
	for _, m := range list {
		fmt.Fprintf(sum, "%s %q\n", m.hash, m.name)
	}
	return path.Join(inboxDir, fmt.Sprintf("%s-%x%s", cycle, sum.Sum(nil)[:8], volumeSuffix))
}

// volumeSuffix ends the name of a volume.
const volumeSuffix = ".tar.zst"

// volumes lists a cycle's volumes, in order.
func (in *ArchivedInbox) volumes(cycle string) ([]string, error) {
	entries, err := in.Archive.List(path.Join(inboxDir, cycle))
	if err != nil {
		return nil, fmt.Errorf("list the archive: %w", err)
	}
	if storage.AsChain(in.Archive) != nil {
		var out []string
		for _, e := range entries {
			if strings.HasSuffix(e.Name, volumeSuffix) {
				out = append(out, e.Name)
			}
		}
		return out, nil
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name] = true
	}
	var out []string
	for n := 1; there[volumeName(cycle, n)]; n++ {
		out = append(out, volumeName(cycle, n))
	}
	return out, nil
}

// writeVolume writes a volume under a temporary name, syncs it, reads it back and renames it (ARCH-2). Its name is not
// durable yet.
func (in *ArchivedInbox) writeVolume(ctx context.Context, name string, list []member) (stored int64, err error) {
	temp := path.Join(tempDir, path.Base(name))
	if err := in.Archive.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("remove what a run left unfinished: %w", err)
	}
	f, err := in.Archive.Create(temp)
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", temp, err)
	}
	err = in.fill(ctx, f, list)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, fmt.Errorf("write %s: %w", temp, err)
	}
	back, err := readVolume(ctx, in.Archive, temp)
	if err != nil {
		return 0, err
	}
	if len(back) != len(list) {
		return 0, fmt.Errorf("read %s back: %d files, %d were written", temp, len(back), len(list))
	}
	if err := in.Archive.Rename(temp, name); err != nil {
		return 0, fmt.Errorf("put %s in place: %w", name, err)
	}
	if storage.AsChain(in.Archive) != nil { // the copy that was read back was not in the store yet
		if back, err = readVolume(ctx, in.Archive, name); err != nil {
			return 0, err
		}
		if !slices.Equal(back, list) {
			return 0, fmt.Errorf("read %s back: it has other files than were written", name)
		}
	}
	v, err := in.Archive.Open(name)
	if err != nil {
		return 0, fmt.Errorf("open %s: %w", name, err)
	}
	return v.Size(), v.Close()
}

// fill writes the members (ARCH-3).
func (in *ArchivedInbox) fill(ctx context.Context, to io.Writer, list []member) error {
	z, err := zstd.NewWriter(to, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	for _, m := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := in.member(w, m); err != nil {
			return fmt.Errorf("inbox/%s: %w", m.name, err)
		}
	}
	return errors.Join(w.Close(), z.Close())
}

func (in *ArchivedInbox) member(w *tar.Writer, m member) error {
	f, err := in.Files.Open(m.name)
	if err != nil {
		return err
	}
	defer f.Close()
	head := &tar.Header{Typeflag: tar.TypeReg, Name: m.name, Size: m.bytes, Mode: 0o644, ModTime: time.Unix(0, 0),
		Format: tar.FormatPAX, PAXRecords: map[string]string{hashRecord: m.hash}}
	if err := w.WriteHeader(head); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(w, io.TeeReader(io.LimitReader(f, m.bytes), sum))
	if err != nil {
		return err
	}
	if n != m.bytes || hex.EncodeToString(sum.Sum(nil)[:16]) != m.hash {
		return errors.New("it changed while it was packed; run again")
	}
	return nil
}

// PackedHashes verifies a complete volume and returns the hashes of the feed files in it, in order. Errors:
// *lake.CorruptError.
func PackedHashes(ctx context.Context, from storage.Storage, name string) (hashes []string, err error) {
	members, err := readVolume(ctx, from, name)
	for _, m := range members {
		hashes = append(hashes, m.hash)
	}
	return hashes, err
}

// readVolume reads a complete volume and verifies the hash of every member. Errors: *lake.CorruptError.
func readVolume(ctx context.Context, from storage.Storage, name string) ([]member, error) {
	corrupt := func(detail string) error {
		return &lake.CorruptError{Name: name, Detail: detail,
			Hint: "put the volume back from a copy of the archive; the feed files in it stay in the inbox until it " +
				"can be read"}
	}
	f, err := from.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	defer z.Close()
	var out []member
	for r := tar.NewReader(z); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, corrupt(err.Error())
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, r); err != nil {
			return nil, corrupt(head.Name + ": " + err.Error())
		}
		m := member{name: head.Name, hash: hex.EncodeToString(sum.Sum(nil)[:16]), bytes: head.Size}
		if want := head.PAXRecords[hashRecord]; m.hash != want {
			return nil, corrupt(fmt.Sprintf("%s: hash is %s, %s was packed", m.name, m.hash, want))
		}
		out = append(out, m)
	}
}
