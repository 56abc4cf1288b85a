package lake

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
)

// checkNewer reports a HEAD that is missing, or older than the lake: a manifest after the one it names that no run has
// announced was committed once (LAKE-14). number 0 means that there is no HEAD. A run may be committing or clearing up
// meanwhile; therefore the lake is damaged only if it looks so three times. Errors: *MissingError, *CorruptError,
// *MovedError if HEAD names another manifest by now.
func (l *Lake) checkNewer(number int64, hash Hash) error {
	if l.chain != nil { // what was found is the newest (CHAIN-2)
		return nil
	}
	var newer int64
	for range 3 {
		var err error
		if newer, err = l.newer(number); err != nil || newer == 0 {
			return err
		}
		announced, _, err := l.readIntent()
		if err != nil {
			return err
		}
		// a first run that has not committed yet has announced manifest 1
		if newer <= announced && (number > 0 || announced == 1) {
			return nil
		}
		now, at, err := l.readHead()
		if err != nil {
			return err
		}
		if now != number || at != hash {
			return &lakeerr.MovedError{Name: headName, Was: number, Now: now}
		}
	}
	return l.headLost(number, newer)
}

// newer returns the number of a manifest after a number; 0 if there is none. After 0 it looks for any manifest, else
// for the next one alone: a reader must not list a folder that grows with every run.
func (l *Lake) newer(number int64) (int64, error) {
	if number == 0 {
		entries, err := l.st.List(manifestsDir + "/")
		if err != nil {
			return 0, fmt.Errorf("list the lake's manifests: %w", err)
		}
		for _, e := range entries {
			if kind, at := classify(e.Name); kind == manifest {
				return at, nil
			}
		}
		return 0, nil
	}
	f, err := l.st.Open(manifestName(number + 1))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s of the lake: %w", manifestName(number+1), err)
	}
	return number + 1, f.Close()
}

// readIntent returns the commit that a run has announced; 0 and "" if there is none. An announcement that is torn
// counts as none: the manifest gets its name only after the announcement is durable.
func (l *Lake) readIntent() (int64, Hash, error) {
	text, err := l.readFile(intentName)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("read %s of the lake: %w", intentName, err)
	}
	number, hash, err := ParseHead(text)
	if err != nil {
		return 0, "", nil //nolint:nilerr // torn: as if it were not there
	}
	return number, hash, nil
}

// headLost says that a manifest is newer than HEAD, number 0 meaning that there is no HEAD.
func (l *Lake) headLost(number, newer int64) error {
	if number == 0 {
		by := fmt.Sprintf("%s, or a later one,", manifestName(newer))
		return &lakeerr.MissingError{Name: headName, Manifest: by, Detail: lakeerr.NotThere, Hint: lakeerr.HintHead}
	}
	detail := fmt.Sprintf("is %s, but %s was committed after it: HEAD is older than the lake",
		manifestName(number), manifestName(newer))
	return &lakeerr.CorruptError{Name: headName, Detail: detail, Hint: lakeerr.HintHead}
}
