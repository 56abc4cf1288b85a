package admin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/intake/inbox"
	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// stored is the path of a file's content in the backup.
func (f *file) stored() string {
	if f.Secret {
		return secretsDir + "/" + f.Hash
	}
	return "files/" + f.Hash[:2] + "/" + f.Hash
}

// private makes the folder of secrets. It refuses a backup that others can read (BACKUP-13).
func (b *making) private() error {
	if !b.o.Secrets || b.place.InStore() {
		return nil
	}
	dir := b.place.Path
	if err := storage.MakeDir(dir, 0o700, storage.Name); err != nil {
		return fmt.Errorf("begin a backup: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("begin a backup: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return &workspace.RefusedError{What: fmt.Sprintf("backup of secrets to %s: others can read the folder (mode "+
			"%04o)", b.dir, mode), Hint: "take that right away (`chmod 700`), or use a new folder"}
	}
	return storage.MakeDir(filepath.Join(dir, secretsDir), 0o700, storage.Name)
}

// ledger copies the run ledger (BACKUP-3).
func (b *making) ledger(ctx context.Context) error {
	if err := b.tree(ctx, "runs", b.secrets()); err != nil {
		return fmt.Errorf("back up runs: %w", err)
	}
	return nil
}

// secrets returns the files that the settings name as secrets; those in the workspace as cleaned paths.
func (b *making) secrets() []string {
	list := b.w.Settings.SecretFiles()
	for i, path := range list {
		if filepath.IsLocal(path) {
			list[i] = filepath.ToSlash(filepath.Clean(path))
		}
	}
	return list
}

// plain copies everything else that does not belong to a lake (BACKUP-3).
func (b *making) plain(ctx context.Context) error {
	list := []string{settings.File, "books", settings.BrandingDir}
	if !b.o.NoInbox {
		list = append(list, "inbox")
	}
	list = append(list, b.volumes()...)
	secrets := b.secrets()
	for i, path := range secrets {
		if !filepath.IsLocal(path) || slices.Contains(secrets[:i], path) {
			continue
		}
		if b.o.Secrets {
			list = append(list, path)
		} else if _, err := os.Stat(b.w.Path(path)); err == nil {
			b.report.Without = append(b.report.Without, path)
		}
	}
	for _, path := range list {
		if err := b.tree(ctx, path, secrets); err != nil {
			return fmt.Errorf("back up %s: %w", path, err)
		}
	}
	return nil
}

// tree copies a file or all files below a folder.
func (b *making) tree(ctx context.Context, root string, secrets []string) error {
	from, err := b.originOf(root)
	if err != nil {
		return err
	}
	return from.walk(func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // absent, or deleted in the meantime
		}
		if root == "inbox" && name != root && b.unreadable(name, err) {
			return fs.SkipDir
		}
		if err = errors.Join(err, ctx.Err()); err != nil || entry.IsDir() {
			return err
		}
		base := entry.Name()
		if name != root && slices.Contains(secrets, name) { // copied by its own name, if at all
			return nil
		}
		if root == "inbox" && inbox.OnItsWay(base, false) || base == storage.LockName {
			return nil
		}
		if !utf8.ValidString(name) { // JSON cannot represent the name
			b.report.LeftOut = append(b.report.LeftOut, feed.ShownName(name)+": its name is not UTF-8; rename it")
			return nil
		}
		f, err := b.file(ctx, from, name)
		switch {
		case root == "inbox" && b.unreadable(name, err):
			return nil
		case errors.Is(err, fs.ErrNotExist), entry.Type()&fs.ModeSymlink != 0 && leadsNowhere(err):
			return nil
		case errors.Is(err, errBusy):
			b.report.LeftOut = append(b.report.LeftOut, name+": "+err.Error())
			return nil
		case err == nil && f != nil:
			b.index.Files = append(b.index.Files, *f)
		}
		return err
	})
}

// unreadable reports whether permissions prevent reading a file or folder of the inbox, and notes that it is omitted.
// Runs ignore it too.
func (b *making) unreadable(name string, err error) bool {
	if !errors.Is(err, fs.ErrPermission) {
		return false
	}
	b.report.LeftOut = append(b.report.LeftOut,
		feed.ShownName(name)+": permission denied; allow tollbook's user to read it")
	return true
}

// leadsNowhere reports whether a link cannot be followed because it leads to itself or to an impossible path.
func leadsNowhere(err error) bool {
	return errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// file copies one file (BACKUP-9); it returns nil if there is no regular file.
func (b *making) file(ctx context.Context, origin *origin, name string) (*file, error) {
	info, err := origin.stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	f := &file{Path: name, Secret: slices.Contains(b.secrets(), name), Bytes: info.Size(),
		Mode: uint32(info.Mode().Perm()), MTime: info.ModTime().UnixNano()}
	was := origin.version(info)
	if old, known := b.before[name]; known && !origin.alwaysRead() && was != "" && old.Version == was &&
		old.Bytes == f.Bytes && old.MTime == f.MTime {
		if f.Hash, f.Version = old.Hash, was; b.has(f) {
			b.report.Kept++
			return f, nil
		}
	}
	if err := b.store(ctx, origin, f); err != nil {
		return nil, err
	}
	after, err := origin.stat(name)
	switch {
	case err != nil:
		return f, err
	case after.Size() != info.Size() || !after.ModTime().Equal(info.ModTime()) || origin.replaced(info, after):
		return f, errBusy
	case origin.version(after) == was:
		f.Version = origin.settled(after, b.o.Started)
	}
	return f, nil
}

// has reports whether the backup has the file's content. A copy of another size was damaged after it was made.
func (b *making) has(f *file) bool {
	n, there := b.stored[f.stored()]
	return there && n == f.Bytes
}

// store copies a file's content to the name of its hash.
func (b *making) store(ctx context.Context, origin *origin, f *file) error {
	from, err := origin.open(f.Path)
	if err != nil {
		return err
	}
	defer from.Close()
	b.sequence++
	temp := fmt.Sprintf("%s/%06d", backupTempDir, b.sequence)
	var hash string
	var n int64
	err = storage.WriteNew(b.st, temp, func(to io.Writer) (err error) {
		if err = storage.SetMode(to, fs.FileMode(f.Mode)|0o600); err == nil { // the next backup opens it
			hash, n, err = copyHashed(ctx, to, from)
		}
		return err
	})
	if errors.Is(err, objects.ErrChanged) {
		return errors.Join(errBusy, b.st.Remove(temp))
	}
	if err != nil {
		return err
	}
	f.Hash = hash
	if n != f.Bytes {
		return errors.Join(errBusy, b.st.Remove(temp))
	}
	b.folders = append(b.folders, path.Dir(f.stored())) // of a file that a killed backup left, too
	if b.has(f) {
		b.report.Kept++
		return b.st.Remove(temp)
	}
	if err := b.st.Rename(temp, f.stored()); err != nil {
		return err
	}
	b.stored[f.stored()] = n
	b.report.Files, b.report.Bytes = b.report.Files+1, b.report.Bytes+n
	return nil
}

// copyHashed copies from to to, and returns the SHA-256 in hexadecimal and the number of bytes.
func copyHashed(ctx context.Context, to io.Writer, from io.Reader) (string, int64, error) {
	sum := sha256.New()
	buf := make([]byte, 256<<10)
	n := int64(0)
	for {
		if err := ctx.Err(); err != nil {
			return "", n, err
		}
		k, err := from.Read(buf)
		if k > 0 {
			sum.Write(buf[:k]) // never fails, by hash.Hash's contract
			n += int64(k)
			if _, err := to.Write(buf[:k]); err != nil {
				return "", n, err
			}
		}
		if errors.Is(err, io.EOF) {
			return hex.EncodeToString(sum.Sum(nil)), n, nil
		}
		if err != nil {
			return "", n, err
		}
	}
}
