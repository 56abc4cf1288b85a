package lake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Names in the lake. This file alone knows them.
const (
	headName     = "HEAD"
	manifestsDir = "manifests"
	tempDir      = "tmp"
	runsDir      = "runs"
	dataSuffix   = ".parquet"
)

// Days that are none of the calendar: EndDay of month-end files, EventsDay of a cycle's orders and adjustments, LateDay
// of what late records give, RerateDay of what re-rating gives, ChargesDay of recurring charges, CommitmentsDay of
// commitments.
const (
	EndDay         = "end"
	EventsDay      = "events"
	LateDay        = "late"
	RerateDay      = "rerate"
	ChargesDay     = "charges"
	CommitmentsDay = "commitments"
	// CostsDay is the day of the lines of vendors' cost files, RestatedDay that of the differences that a delivery
	// for a closed cycle posts.
	CostsDay    = "costs"
	RestatedDay = "restated"
)

// wordDays are the days that are none of the calendar.
var wordDays = [...]string{EndDay, EventsDay, LateDay, RerateDay, ChargesDay, CommitmentsDay,
	CostsDay, RestatedDay}

// IsPosted reports whether a day is one of lines that no usage record of the cycle and no bandwidth sample gave.
func IsPosted(day string) bool { return day != EndDay && slices.Contains(wordDays[:], day) }

func manifestName(number int64) string { return fmt.Sprintf("%s/%06d.json", manifestsDir, number) }

func filesName(cycle string, h Hash) string {
	return fmt.Sprintf("%s/files-%s-%s.json", manifestsDir, cycle, h)
}

func inputsName(h Hash) string { return fmt.Sprintf("%s/inputs-%s.json", manifestsDir, h) }

// intentName is the file that announces a commit: it holds the text that HEAD will have (LAKE-14). CreateTemp numbers
// from 1, so it is free; clearing up takes it for a temporary file.
const intentName = tempDir + "/000000-commit"

// tempName is a name for something unfinished; no two of one run are the same.
func tempName(sequence int64, label string) string {
	return fmt.Sprintf("%s/%06d-%s", tempDir, sequence, label)
}

// Check says what is wrong with a key, or nil.
func (k FileKey) Check() error {
	switch {
	case !validTable(k.Table):
		return fmt.Errorf("file key %v: table %q: want lower-case letters, digits and underscores, a letter first", k,
			k.Table)
	case k.Table == manifestsDir || k.Table == tempDir || k.Table == sweepsDir || k.Table == pinsDir ||
		k.Table == runsDir || storage.IsLease(k.Table+"/"):
		return fmt.Errorf("file key %v: table %q is the name of a folder of the lake's own", k, k.Table)
	case k.Cycle != "" && !validCycle(k.Cycle):
		return fmt.Errorf("file key %v: cycle %q: want YYYY-MM", k, k.Cycle)
	case k.Day != "" && k.Cycle == "":
		return fmt.Errorf("file key %v: a day without a cycle", k)
	case k.Day != "" && !slices.Contains(wordDays[:], k.Day) && !validDay(k.Day):
		return fmt.Errorf("file key %v: day %q: want YYYY-MM-DD or one of %s", k, k.Day,
			strings.Join(wordDays[:], ", "))
	case k.Bucket < NoBucket:
		return fmt.Errorf("file key %v: bucket %d", k, k.Bucket)
	}
	return nil
}

// String is the key as a person reads it: `lines 2026-09 2026-09-03 bucket 003`.
func (k FileKey) String() string {
	parts := []string{k.Table}
	if k.Cycle != "" {
		parts = append(parts, k.Cycle)
	}
	if k.Day != "" {
		parts = append(parts, k.Day)
	}
	if k.Bucket != NoBucket {
		parts = append(parts, fmt.Sprintf("bucket %03d", k.Bucket))
	}
	return strings.Join(parts, " ")
}

// path is where a file with this key and content is.
func (k FileKey) path(h Hash) string {
	var b strings.Builder
	b.WriteString(k.Table + "/")
	if k.Cycle != "" {
		b.WriteString("cycle=" + k.Cycle + "/")
	}
	if k.Day != "" {
		b.WriteString("day=" + k.Day + "/")
	}
	if k.Bucket != NoBucket {
		fmt.Fprintf(&b, "%03d-", k.Bucket)
	}
	return b.String() + string(h) + dataSuffix
}

// parsePath is the inverse of path: it distinguishes the lake's own files from foreign ones.
func parsePath(name string) (FileKey, Hash, bool) {
	parts := strings.Split(name, "/")
	base, isData := strings.CutSuffix(parts[len(parts)-1], dataSuffix)
	if !isData || len(parts) < 2 || len(parts) > 4 {
		return FileKey{}, "", false
	}
	key := FileKey{Table: parts[0], Bucket: NoBucket}
	var ok bool
	folders := parts[1 : len(parts)-1]
	if len(folders) > 0 {
		if key.Cycle, ok = strings.CutPrefix(folders[0], "cycle="); !ok {
			return FileKey{}, "", false
		}
	}
	if len(folders) > 1 {
		if key.Day, ok = strings.CutPrefix(folders[1], "day="); !ok {
			return FileKey{}, "", false
		}
	}
	if bucket, rest, found := strings.Cut(base, "-"); found {
		n, err := strconv.Atoi(bucket)
		if err != nil {
			return FileKey{}, "", false
		}
		key.Bucket, base = n, rest
	}
	if !validHash(base) || key.Check() != nil || key.path(Hash(base)) != name {
		return FileKey{}, "", false
	}
	return key, Hash(base), true
}

// kind of a file found in the lake, by its name alone.
type kind uint8

const (
	foreign  kind = iota // not a name the lake gives: never deleted
	fixed                // HEAD, LOCK, the mark of a sweep, a pin, a lease
	manifest             // manifests/NNNNNN.json
	listFile             // manifests/files-…, manifests/inputs-…
	temp                 // tmp/NNNNNN-…
	data                 // <table>/…/<hash>.parquet
	shared               // runs/<hash>/…
)

// isMark reports whether a name is the mark of a sweep.
func isMark(name string) bool { return strings.HasPrefix(name, sweepsDir+"/") }

// classify names the kind of a file; number is a manifest's.
func classify(name string) (k kind, number int64) {
	switch {
	case name == headName || name == "LOCK" || isMark(name) || isPin(name) || storage.IsLease(name):
		return fixed, 0
	case strings.HasPrefix(name, tempDir+"/"):
		if sequence, _, found := strings.Cut(name[len(tempDir)+1:], "-"); found && len(sequence) >= 6 &&
			digits(sequence) {
			return temp, 0
		}
	case strings.HasPrefix(name, manifestsDir+"/"):
		return classifyManifest(name[len(manifestsDir)+1:])
	case sharedDir(name) != "":
		return shared, 0
	default:
		if _, _, ok := parsePath(name); ok {
			return data, 0
		}
	}
	return foreign, 0
}

func classifyManifest(base string) (kind, int64) {
	base, isJSON := strings.CutSuffix(base, ".json")
	if !isJSON {
		return foreign, 0
	}
	if digits(base) {
		n, err := strconv.ParseInt(base, 10, 64)
		if err == nil && n > 0 && manifestName(n) == manifestsDir+"/"+base+".json" {
			return manifest, n
		}
		return foreign, 0
	}
	if h, ok := strings.CutPrefix(base, "inputs-"); ok && validHash(h) {
		return listFile, 0
	}
	if rest, ok := strings.CutPrefix(base, "files-"); ok && len(rest) > 8 && validCycle(rest[:7]) && rest[7] == '-' &&
		validHash(rest[8:]) {
		return listFile, 0
	}
	return foreign, 0
}

// ownFolder says whether an empty folder is one the lake made and may take away.
func ownFolder(dir string) bool {
	if dir == tempDir || dir == manifestsDir || dir == runsDir || strings.HasPrefix(dir, runsDir+"/") {
		return true
	}
	_, rest, found := strings.Cut(dir, "/")
	return found && strings.HasPrefix(rest, "cycle=")
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

func validHash(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return len(s) == 2*hashBytes
}

func validTable(s string) bool {
	for i := range len(s) {
		letter := s[i] >= 'a' && s[i] <= 'z'
		if !letter && (i == 0 || s[i] != '_' && (s[i] < '0' || s[i] > '9')) {
			return false
		}
	}
	return s != ""
}

func validCycle(s string) bool {
	return len(s) == 7 && digits(s[:4]) && s[4] == '-' && digits(s[5:]) && s[5:] >= "01" && s[5:] <= "12"
}

func validDay(s string) bool {
	return len(s) == 10 && validCycle(s[:7]) && s[7] == '-' && digits(s[8:]) && s[8:] >= "01" && s[8:] <= "31"
}
