package lake

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Names in the lake. This file alone knows them.
const (
	HeadName     = "HEAD"      // names the live manifest
	ManifestsDir = "manifests" // has manifests and lists
	TempDir      = "tmp"       // unfinished files
	RunsDir      = "runs"      // objects of shared runs
	SweepsDir    = "sweeps"    // the marks of sweeps
	PinsDir      = "pins"      // the states that readers need (CHAIN-8)
	dataSuffix   = ".parquet"
)

// NameOf is the name of a manifest by its number.
func NameOf(number int64) string { return fmt.Sprintf("%s/%06d.json", ManifestsDir, number) }

// FilesName is the name of the list of a cycle's files by its hash.
func FilesName(cycle Cycle, h Hash) string {
	return fmt.Sprintf("%s/files-%s-%s.json", ManifestsDir, cycle, h)
}

// DayFilesName is the name of the list of the files of a day of a cycle by its hash.
func DayFilesName(cycle Cycle, day Day, h Hash) string {
	return fmt.Sprintf("%s/files-%s-%s-%s.json", ManifestsDir, cycle, day, h)
}

// InputsName is the name of the list of inputs by its hash.
func InputsName(h Hash) string { return fmt.Sprintf("%s/inputs-%s.json", ManifestsDir, h) }

// NamedByContent reports whether a name contains the hash of its file's content: that of a table's file or of a list. A
// file of the same name has the same content.
func NamedByContent(name string) bool {
	if list, ok := strings.CutPrefix(name, ManifestsDir+"/"); ok {
		return strings.HasPrefix(list, "files-") || strings.HasPrefix(list, "inputs-")
	}
	_, _, ok := parsePath(name)
	return ok
}

// IntentName is the file that announces a commit: it holds the text that HEAD will have (LAKE-14). CreateTemp numbers
// from 1, so it is free; clearing up takes it for a temporary file.
const IntentName = TempDir + "/000000-commit"

// TempName is a name for something unfinished; no two of one run are the same.
func TempName(sequence int64, label string) string {
	return fmt.Sprintf("%s/%06d-%s", TempDir, sequence, label)
}

// Check says what is wrong with a key, or nil.
func (k FileKey) Check() error {
	switch {
	case !validTable(k.Table):
		return fmt.Errorf("file key %v: table %q: want lower-case letters, digits and underscores, a letter first", k,
			k.Table)
	case k.Table == ManifestsDir || k.Table == TempDir || k.Table == SweepsDir || k.Table == PinsDir ||
		k.Table == RunsDir || storage.IsLease(k.Table+"/"):
		return fmt.Errorf("file key %v: table %q is the name of a folder of the lake's own", k, k.Table)
	case !k.Cycle.IsZero() && k.Cycle.Check() != nil:
		return fmt.Errorf("file key %v: %w", k, k.Cycle.Check())
	case !k.Day.IsZero() && k.Cycle.IsZero():
		return fmt.Errorf("file key %v: a day without a cycle", k)
	case !k.Day.valid():
		return fmt.Errorf("file key %v: day %q: want YYYY-MM-DD or one of %s", k, k.Day, specialDays)
	case k.Bucket < NoBucket:
		return fmt.Errorf("file key %v: bucket %d", k, k.Bucket)
	}
	return nil
}

// String is the key as a person reads it: `lines 2026-09 2026-09-03 bucket 003`.
func (k FileKey) String() string {
	parts := []string{k.Table}
	if !k.Cycle.IsZero() {
		parts = append(parts, k.Cycle.String())
	}
	if !k.Day.IsZero() {
		parts = append(parts, k.Day.String())
	}
	if k.Bucket != NoBucket {
		parts = append(parts, fmt.Sprintf("bucket %03d", k.Bucket))
	}
	return strings.Join(parts, " ")
}

// PathOf is where a file with this key and content is.
func (k FileKey) PathOf(h Hash) string {
	var b strings.Builder
	b.WriteString(k.Table + "/")
	if !k.Cycle.IsZero() {
		b.WriteString("cycle=" + k.Cycle.String() + "/")
	}
	if !k.Day.IsZero() {
		b.WriteString("day=" + k.Day.String() + "/")
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
	var err error
	folders := parts[1 : len(parts)-1]
	if len(folders) > 0 {
		cycle, ok := strings.CutPrefix(folders[0], "cycle=")
		if key.Cycle, err = ParseCycle(cycle); !ok || err != nil {
			return FileKey{}, "", false
		}
	}
	if len(folders) > 1 {
		day, ok := strings.CutPrefix(folders[1], "day=")
		if key.Day, err = ParseDay(day); !ok || err != nil {
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
	if !ValidHash(base) || key.Check() != nil || key.PathOf(Hash(base)) != name {
		return FileKey{}, "", false
	}
	return key, Hash(base), true
}

// FileKind of a file found in the lake, by its name alone.
type FileKind uint8

// The kinds of files.
const (
	ForeignFile  FileKind = iota // not a name the lake gives: never deleted
	fixedFile                    // HEAD, LOCK, the mark of a sweep, a pin, a lease
	ManifestFile                 // manifests/NNNNNN.json
	ListFile                     // manifests/files-…, manifests/inputs-…
	TempFile                     // tmp/NNNNNN-…
	DataFile                     // <table>/…/<hash>.parquet
	SharedFile                   // runs/<hash>/…
)

// IsMark reports whether a name is the mark of a sweep.
func IsMark(name string) bool { return strings.HasPrefix(name, SweepsDir+"/") }

// Classify returns the kind of a file by its name; number is that of a manifest or of an unfinished file.
func Classify(name string) (k FileKind, number int64) {
	switch {
	case name == HeadName || name == "LOCK" || IsMark(name) || isPin(name) || storage.IsLease(name):
		return fixedFile, 0
	case strings.HasPrefix(name, TempDir+"/"):
		if sequence, _, found := strings.Cut(name[len(TempDir)+1:], "-"); found && len(sequence) >= 6 &&
			digits(sequence) {
			number, _ = strconv.ParseInt(sequence, 10, 64) // of a name without end: the largest number
			return TempFile, number
		}
	case strings.HasPrefix(name, ManifestsDir+"/"):
		return classifyManifest(name[len(ManifestsDir)+1:])
	case SharedDir(name) != "":
		return SharedFile, 0
	default:
		if _, _, ok := parsePath(name); ok {
			return DataFile, 0
		}
	}
	return ForeignFile, 0
}

func classifyManifest(base string) (FileKind, int64) {
	base, isJSON := strings.CutSuffix(base, ".json")
	if !isJSON {
		return ForeignFile, 0
	}
	if digits(base) {
		n, err := strconv.ParseInt(base, 10, 64)
		if err == nil && n > 0 && NameOf(n) == ManifestsDir+"/"+base+".json" {
			return ManifestFile, n
		}
		return ForeignFile, 0
	}
	if h, ok := strings.CutPrefix(base, "inputs-"); ok && ValidHash(h) {
		return ListFile, 0
	}
	if rest, ok := strings.CutPrefix(base, "files-"); ok && len(rest) > 8 && validCycle(rest[:7]) && rest[7] == '-' {
		of := rest[8:] // a hash, or a day and a hash
		if len(of) > 11 && of[10] == '-' && validDay(of[:10]) {
			of = of[11:]
		}
		if ValidHash(of) {
			return ListFile, 0
		}
	}
	return ForeignFile, 0
}

// OwnFolder says whether an empty folder is one the lake made and may take away.
func OwnFolder(dir string) bool {
	if dir == TempDir || dir == ManifestsDir || dir == RunsDir || strings.HasPrefix(dir, RunsDir+"/") {
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

// ValidHash reports whether a text has the form of a Hash.
func ValidHash(s string) bool {
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

// SharedDir is the folder of an object of a shared run; "" of any other name.
func SharedDir(name string) string {
	rest, is := strings.CutPrefix(name, RunsDir+"/")
	if run, object, found := strings.Cut(rest, "/"); is && found && ValidHash(run) && object != "" {
		return RunsDir + "/" + run + "/"
	}
	return ""
}

// isPin reports whether a name is a pin.
func isPin(name string) bool { return strings.HasPrefix(name, PinsDir+"/") }

// PinName is the pin of a reader on a state (CHAIN-8).
func PinName(who string, number int64, hash Hash) string {
	return fmt.Sprintf("%s/%s-%06d-%s", PinsDir, who, number, hash)
}

// ParsePin is the inverse of PinName.
func ParsePin(name string) (who string, number int64, hash Hash, ok bool) {
	rest, is := strings.CutPrefix(name, PinsDir+"/")
	i := strings.LastIndexByte(rest, '-')
	if !is || i < 0 || !ValidHash(rest[i+1:]) {
		return "", 0, "", false
	}
	hash, rest = Hash(rest[i+1:]), rest[:i]
	if i = strings.LastIndexByte(rest, '-'); i < 0 || !digits(rest[i+1:]) {
		return "", 0, "", false
	}
	number, err := strconv.ParseInt(rest[i+1:], 10, 64)
	return rest[:i], number, hash, err == nil && PinName(rest[:i], number, hash) == name
}
