package jobs

import (
	"fmt"

	"github.com/tollbook/tollbook/jobs/ledger"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/settings"
)

// OtherLakeError says that the lake of a workspace is not one that its runs wrote to.
type OtherLakeError struct {
	Lake      string        // its folder or address
	Is, Was   manifest.Hash // origins (lake.Snapshot.Origin): of the lake that is there, and of the one that was there
	Run, AsOf string        // the newest run of the ledger that wrote to the latter
}

// Error names both lakes.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("the lake in %s is not this workspace's: it began with manifest %s, and run %s as of %s wrote "+
		"to one "+
		"that began with %s", e.Lake, e.Is, e.Run, e.AsOf, e.Was)
}

// Hint says what to do.
func (e *OtherLakeError) Hint() string {
	return "put this workspace's lake back, or correct lake.path; to continue with the lake that is there, move the " +
		"folder " +
		"runs/ away"
}

// SameLake checks that a workspace's lake is one that its runs wrote to, as far as the run ledger knows (JOBS-6). A
// lake in which no run wrote anything is any workspace's.
func SameLake(dir, name string, snap *lake.Snapshot) error {
	origin, err := snap.Origin()
	if err != nil || origin == "" {
		return nil //nolint:nilerr // a lake without its first manifests is verify's to report
	}
	if known, last := ledger.WroteTo(ledger.Dir(dir), origin); !known && last != nil {
		return &OtherLakeError{name, origin, last.Lake, last.ID, last.AsOf}
	}
	return nil
}

// lake is the origin of the lake that is there: "" if it is empty or cannot be read, which the run itself reports. With
// check it is an error if the lake is not this workspace's (JOBS-6).
func (r *Runner) lake(check bool) (manifest.Hash, error) {
	s, err := settings.Load(workspace.SettingsFile(r.Dir))
	if err != nil {
		return "", nil //nolint:nilerr // the run itself says so
	}
	w := &workspace.Workspace{Dir: r.Dir, Settings: s}
	l, err := w.Lake(workspace.Options{})
	if err != nil {
		return "", nil //nolint:nilerr // as above
	}
	snap, err := l.Head()
	if err != nil {
		return "", nil //nolint:nilerr // as above
	}
	if check {
		if err := SameLake(r.Dir, w.LakeName(), snap); err != nil {
			return "", err // the ledger must not name it
		}
	}
	origin, err := snap.Origin()
	if err != nil {
		return "", nil //nolint:nilerr // verify's to report
	}
	return origin, nil
}
