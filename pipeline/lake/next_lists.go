package lake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CutBytes is the approximate size, in bytes of text, from which the list of a cycle is cut by day. Writing and reading
// a smaller list takes no longer than opening 31 files.
const CutBytes = 4 << 20

// NextList is a list in a plan: its name in the lake and, unless the base has it, its text.
type NextList struct {
	Name  string
	Bytes []byte   // nil = the base names it
	Days  []DayRef // the lists of days that it names
}

// listDay returns the day whose list has the files of a key's day; no day = the list of the cycle.
func listDay(day Day) Day {
	if day.OfCalendar() {
		return day
	}
	return Day{}
}

// changedDays returns, by cycle, the days in the form of listDay whose files differ from the base.
func (n *NextState) changedDays() map[Cycle]map[Day]bool {
	out := make(map[Cycle]map[Day]bool)
	for key, was := range n.Entries.changed {
		if sameFiles(was, n.Entries.files[key.Cycle][key]) {
			continue
		}
		if out[key.Cycle] == nil {
			out[key.Cycle] = make(map[Day]bool)
		}
		out[key.Cycle][listDay(key.Day)] = true
	}
	return out
}

// sameFiles reports whether two lists of a key's files have the same entries, in any order.
func sameFiles(a, b []FileEntry) bool {
	byPath := func(a, b FileEntry) int { return strings.Compare(a.Path, b.Path) }
	if len(a) > 1 {
		a, b = slices.SortedFunc(slices.Values(a), byPath), slices.SortedFunc(slices.Values(b), byPath)
	}
	return slices.EqualFunc(a, b, func(a, b FileEntry) bool {
		return a.FileKey == b.FileKey && a.Path == b.Path && a.Hash == b.Hash && a.Bytes == b.Bytes &&
			a.Rows == b.Rows && a.Blocks == b.Blocks && a.BlocksAt == b.BlocksAt && slices.Equal(a.Sums, b.Sums)
	})
}

// cuts reports whether the list of a cycle is cut by day.
func (n *NextState) cuts(cycle Cycle, files []FileEntry) bool {
	if as := n.adopted[cycle]; as != nil {
		return as.Days > 0
	}
	const fields, sum = 200, 48 // bytes of an entry without path, sums and blocks, and of a sum
	size := 0
	for i := range files {
		size += fields + len(files[i].Path) + sum*len(files[i].Sums) + len(files[i].Blocks)
	}
	return size >= n.cut
}

// list appends the lists of a cycle, the list of the cycle itself last, and returns a reference to that. changed are
// the days whose files differ from the base. The other lists do not change; if there are no changes, neither does the
// form of the list (LAKE-17).
func (n *NextState) list(lists []NextList, cycle Cycle, changed map[Day]bool) (*ListRef,
	[]NextList,
	error) {
	was := make(map[Day]DayRef)
	if base, _ := n.base.Cycle(cycle); base.Files != nil {
		for _, day := range n.days[cycle] {
			was[day.Day] = day
		}
		if len(changed) == 0 {
			for _, day := range n.days[cycle] {
				lists = append(lists, NextList{Name: day.Name})
			}
			return base.Files, append(lists, NextList{Name: base.Files.Name, Days: n.days[cycle]}), nil
		}
	}
	files := n.Entries.sorted(cycle)
	l := &FileList[FileEntry]{Cycle: cycle, Entries: files}
	if n.cuts(cycle, files) {
		days := make(map[Day][]FileEntry)
		for _, e := range files {
			days[listDay(e.Day)] = append(days[listDay(e.Day)], e)
		}
		l.Entries = days[Day{}]
		delete(days, Day{})
		for _, day := range slices.SortedFunc(maps.Keys(days), Day.Compare) {
			ref, same := was[day]
			made := NextList{Name: ref.Name}
			if !same || changed[day] {
				text := &FileList[FileEntry]{Cycle: cycle, Day: day, Entries: days[day]}
				name := func(h Hash) string { return DayFilesName(cycle, day, h) }
				of, to, err := newList(name, text)
				if err != nil {
					return nil, nil, err
				}
				ref, made = DayRef{Day: day, ListRef: *of}, to
			}
			l.Days, lists = append(l.Days, ref), append(lists, made)
		}
	}
	ref, made, err := newList(func(h Hash) string { return FilesName(cycle, h) }, l)
	if err != nil {
		return nil, nil, err
	}
	ref.Count, ref.Days, made.Days = len(files), len(l.Days), l.Days
	return ref, append(lists, made), nil
}

// newList encodes a list and returns a reference to it.
func newList[T any](name func(Hash) string, l *FileList[T]) (*ListRef, NextList, error) {
	b, err := EncodeList(l)
	if err != nil {
		return nil, NextList{}, fmt.Errorf("lake: write a list: %w", err)
	}
	h := HashBytes(b)
	ref := &ListRef{Name: name(h), Hash: h, Count: len(l.Entries)}
	return ref, NextList{Name: ref.Name, Bytes: b}, nil
}
