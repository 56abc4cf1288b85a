package admin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/inbox"
)

// leaving returns the members, preceded by the links in the feeds' folders that lead to one of them under any name, in
// the order of removal. Links come first: a prune that was killed then finds the files again, and no run finds a broken
// link.
func (in *ArchivedInbox) leaving(list []member) ([]member, error) {
	out := slices.Clone(list)
	if _, is := in.Files.(inbox.Store); is {
		return out, nil // an object store has no links
	}
	listed := make(map[string]bool)
	var targets []target
	for _, m := range list {
		listed[m.name] = true
		info, err := fs.Stat(in.Files, m.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		targets = append(targets, target{m, info})
	}
	links, err := in.links()
	if err != nil {
		return nil, err
	}
	isLink := make(map[string]bool)
	for _, name := range links {
		isLink[name] = true
		info, err := fs.Stat(in.Files, name)
		if err != nil || listed[name] {
			continue // a broken link, or a member itself
		}
		i := slices.IndexFunc(targets, func(t target) bool { return os.SameFile(t.info, info) })
		if i >= 0 {
			out = append(out, member{name: name, hash: targets[i].hash})
		}
	}
	files := slices.DeleteFunc(slices.Clone(out), func(m member) bool { return isLink[m.name] })
	out = slices.DeleteFunc(out, func(m member) bool { return !isLink[m.name] })
	for i := range out {
		out[i].link = true
	}
	return append(out, files...), nil
}

// target is a member with the file to which its name leads.
type target struct {
	member
	info fs.FileInfo
}

// links returns the names of the links in the feeds' folders, in the order of fs.WalkDir, without names that a run
// ignores.
func (in *ArchivedInbox) links() ([]string, error) {
	var out []string
	for _, feed := range in.Feeds {
		err := fs.WalkDir(in.Files, feed, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
				return nil // a run reports it
			case err != nil:
				return err
			case inbox.LeftBehind(path.Base(name), entry.IsDir()):
				if entry.IsDir() {
					return fs.SkipDir
				}
			case entry.Type()&fs.ModeSymlink != 0 && !inbox.OnItsWay(path.Base(name), false):
				out = append(out, name)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look for links in inbox/%s: %w", feed, err)
		}
	}
	return out, nil
}
