package lake

import (
	"errors"
	"fmt"
	"io/fs"
)

// checkNewer returns an error if HEAD is missing, or older than the lake: if a manifest after the one that it names was
// not announced, it was committed once (LAKE-14). number 0 means that there is no HEAD. Because a run may be committing
// or clearing up, it checks three times. Errors: *MissingError, *CorruptError, *MovedError if
// HEAD changed meanwhile.
func (l *Lake) checkNewer(number int64, hash Hash) error {
	if l.chain != nil { // number is that of the newest manifest (CHAIN-2)
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
			return &MovedError{Name: HeadName, Was: number, Now: now}
		}
	}
	return l.headLost(number, newer)
}

// newer returns the number of a manifest after a number; 0 if there is none. If number is 0 it looks for any manifest,
// else only for the next one: a reader must not list a folder that grows with every run.
func (l *Lake) newer(number int64) (int64, error) {
	if number == 0 {
		entries, err := l.st.List(ManifestsDir + "/")
		if err != nil {
			return 0, fmt.Errorf("list the lake's manifests: %w", err)
		}
		for _, e := range entries {
			if kind, at := Classify(e.Name); kind == ManifestFile {
				return at, nil
			}
		}
		return 0, nil
	}
	f, err := l.st.Open(NameOf(number + 1))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for %s of the lake: %w", NameOf(number+1), err)
	}
	return number + 1, f.Close()
}

// readIntent returns the commit that a run has announced; 0 and "" if there is none. An incomplete announcement is
// ignored, because the manifest gets its name only after the announcement is durable.
func (l *Lake) readIntent() (int64, Hash, error) {
	text, err := l.readFile(IntentName)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", fmt.Errorf("read %s of the lake: %w", IntentName, err)
	}
	number, hash, err := ParseHead(text)
	if err != nil {
		return 0, "", nil //nolint:nilerr // torn: as if it were not there
	}
	return number, hash, nil
}

// headLost returns the error of a manifest that is newer than HEAD; number 0 means that there is no HEAD.
func (l *Lake) headLost(number, newer int64) error {
	if number == 0 {
		by := fmt.Sprintf("%s, or a later one,", NameOf(newer))
		return &MissingError{Name: HeadName, Manifest: by, Detail: NotThereText,
			Hint: HintHead}
	}
	detail := fmt.Sprintf("is %s, but %s was committed after it: HEAD is older than the lake",
		NameOf(number), NameOf(newer))
	return &CorruptError{Name: HeadName, Detail: detail, Hint: HintHead}
}
