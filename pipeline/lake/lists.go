package lake

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// listsAtOnce is the number of day lists that are read concurrently: on an object store each takes one request.
const listsAtOnce = 8

// listReader reads and checks a file of the lake, which by names with its hash. number is the reader's manifest.
type listReader func(name string, hash Hash, by string, number int64) ([]byte, error)

// fileLists are the lists that a manifest names. They are read on demand and cached. The methods may be called from
// several goroutines.
type fileLists struct {
	read   listReader
	number int64  // of the manifest
	by     string // its name

	mu     sync.Mutex
	files  map[Cycle][]FileEntry // of cycles whose lists were read completely
	heads  map[Cycle]*filesList  // the lists of cycles that name lists of days
	days   map[dayOf][]FileEntry // of day lists that were read separately
	inputs []Input
	taken  bool // inputs were read
}

type filesList = FileList[FileEntry]

// dayOf is a day of a cycle.
type dayOf struct {
	cycle Cycle
	day   Day
}

// newLists returns the lists of a manifest.
func newLists(read listReader, m *Manifest) *fileLists {
	return &fileLists{read: read, number: m.Number, by: NameOf(m.Number),
		files: make(map[Cycle][]FileEntry), heads: make(map[Cycle]*filesList),
		days: make(map[dayOf][]FileEntry)}
}

// Keep sets the files and day lists of a cycle, for a state whose lists are not written yet.
func (l *fileLists) Keep(cycle Cycle, files []FileEntry, days []DayRef) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.files[cycle], l.heads[cycle] = files, &filesList{Days: days}
}

// KeepInputs sets the feed files of such a state.
func (l *fileLists) KeepInputs(inputs []Input) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inputs, l.taken = inputs, true
}

// OfCycle returns the files of a cycle, sorted by path.
func (l *fileLists) OfCycle(ref *ListRef, cycle Cycle) ([]FileEntry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if files, found := l.files[cycle]; found {
		return files, nil
	}
	head, err := l.head(ref, cycle)
	if err != nil {
		return nil, err
	}
	files := head.Entries
	if len(head.Days) > 0 {
		if files, err = l.allDays(ref, head); err != nil {
			return nil, err
		}
	}
	l.files[cycle] = files
	return files, nil
}

// OfDay returns files of a cycle that include those of a day. If the list is cut by day, it reads only the list with
// the day's files.
func (l *fileLists) OfDay(ref *ListRef, cycle Cycle, day Day) ([]FileEntry, error) {
	if ref.Days == 0 {
		return l.OfCycle(ref, cycle)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if files, found := l.files[cycle]; found {
		return files, nil
	}
	head, err := l.head(ref, cycle)
	if err != nil || !day.OfCalendar() {
		return head.Entries, err
	}
	of := dayOf{cycle, day}
	if files, found := l.days[of]; found {
		return files, nil
	}
	i := slices.IndexFunc(head.Days, func(d DayRef) bool { return d.Day == day })
	if i < 0 {
		return nil, nil
	}
	files, err := l.readDay(ref, cycle, &head.Days[i])
	if err == nil {
		l.days[of] = files
	}
	return files, err
}

// allDays returns the files of a cycle whose list is cut by day.
func (l *fileLists) allDays(ref *ListRef, head *filesList) ([]FileEntry, error) {
	parts := make([][]FileEntry, len(head.Days), len(head.Days)+1)
	var g errgroup.Group
	g.SetLimit(listsAtOnce)
	for i := range head.Days {
		day := &head.Days[i]
		if files, found := l.days[dayOf{head.Cycle, day.Day}]; found {
			parts[i] = files
			continue
		}
		g.Go(func() (err error) {
			parts[i], err = l.readDay(ref, head.Cycle, day)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return merge(append(parts, head.Entries)), nil
}

// merge merges lists that are each sorted by path. The files of a folder are contiguous in one list and are moved
// together.
func merge(parts [][]FileEntry) []FileEntry {
	var folders [][]FileEntry
	for _, part := range parts {
		for len(part) > 0 {
			n := 1
			for dir := path.Dir(part[0].Path); n < len(part) && len(part[n].Path) > len(dir) &&
				strings.HasPrefix(part[n].Path, dir) && strings.LastIndexByte(part[n].Path, '/') == len(dir); n++ {
			}
			folders, part = append(folders, part[:n]), part[n:]
		}
	}
	slices.SortFunc(folders, func(a, b []FileEntry) int { return strings.Compare(a[0].Path, b[0].Path) })
	files := slices.Concat(folders...)
	byPath := func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) }
	if !slices.IsSortedFunc(files, byPath) { // files of a cycle and of its days can have names that mix
		slices.SortFunc(files, byPath)
	}
	return files
}

// head reads the list of a cycle: all its files or, if it is cut by day, the day lists and the files without a calendar
// day.
func (l *fileLists) head(ref *ListRef, cycle Cycle) (*filesList, error) {
	if head, found := l.heads[cycle]; found {
		return head, nil
	}
	head, err := readList[FileEntry](l, ref, FileList[struct{}]{Cycle: cycle}, l.by)
	if err != nil {
		return &filesList{}, err
	}
	for i, e := range head.Entries {
		if e.Cycle != cycle || len(head.Days) > 0 && e.Day.OfCalendar() {
			return &filesList{}, misplaced(ref.Name, &head.Entries[i])
		}
	}
	if len(head.Days) > 0 {
		l.heads[cycle] = head
	}
	return head, nil
}

// readDay reads the list of a day.
func (l *fileLists) readDay(by *ListRef, cycle Cycle, day *DayRef) ([]FileEntry,
	error) {
	list, err := readList[FileEntry](l, &day.ListRef, FileList[struct{}]{Cycle: cycle, Day: day.Day},
		by.Name)
	if err != nil {
		return nil, err
	}
	for i, e := range list.Entries {
		if e.Cycle != cycle || e.Day != day.Day {
			return nil, misplaced(day.Name, &list.Entries[i])
		}
	}
	return list.Entries, nil
}

func misplaced(list string, e *FileEntry) error {
	detail := fmt.Sprintf("names %s, a file of cycle %q, day %q", e.Path, e.Cycle, e.Day)
	return &CorruptError{Name: list, Detail: detail, Hint: HintRestore}
}

// OfInputs returns the feed files.
func (l *fileLists) OfInputs(ref *ListRef) ([]Input, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken {
		return l.inputs, nil
	}
	list, err := readList[Input](l, ref, FileList[struct{}]{}, l.by)
	if err != nil {
		return nil, err
	}
	l.inputs, l.taken = list.Entries, true
	return l.inputs, nil
}

// DaysOf returns the lists of days that the list of a cycle names.
func (l *fileLists) DaysOf(ref *ListRef, cycle Cycle) ([]DayRef, error) {
	if ref.Days == 0 {
		return nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	head, err := l.head(ref, cycle)
	return head.Days, err
}

// readList reads and checks a list that by names. Its cycle and day must be those of of.
func readList[T any](l *fileLists, ref *ListRef, of FileList[struct{}], by string) (*FileList[T],
	error) {
	b, err := l.read(ref.Name, ref.Hash, by, l.number)
	if err != nil {
		return nil, err
	}
	list := new(FileList[T])
	if err := DecodeList(b, list); err != nil {
		return nil, &CorruptError{Name: ref.Name, Detail: err.Error(), Hint: HintRestore}
	}
	count := len(list.Entries)
	for i, day := range list.Days {
		count += day.Count
		if !day.Day.OfCalendar() || day.Days > 0 || i > 0 && day.Day.Compare(list.Days[i-1].Day) <= 0 {
			return nil, &CorruptError{Name: ref.Name,
				Detail: fmt.Sprintf("names a list of day %q: want days of the calendar, ascending", day.Day),
				Hint:   HintRestore}
		}
	}
	if list.Format != ManifestFormat || list.Cycle != of.Cycle || list.Day != of.Day || count != ref.Count ||
		len(list.Days) != ref.Days {
		detail := fmt.Sprintf("format %d, cycle %q, day %q, %d entries, lists of %d days: want %d, %q, %q, %d, %d",
			list.Format, list.Cycle, list.Day, count, len(list.Days), ManifestFormat, of.Cycle, of.Day, ref.Count,
			ref.Days)
		return nil, &CorruptError{Name: ref.Name, Detail: detail, Hint: HintRestore}
	}
	return list, nil
}
