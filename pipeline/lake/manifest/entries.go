package manifest

import (
	"bytes"
	"strconv"
)

// A month has thousands of files, and every run reads the list of them: parsing it as any JSON was most of what
// beginning a run cost. The lists are known to be the bytes that were written, by their hash, and the writer leaves one
// form of each entry, so that form is read here; whatever has another, as what an escape is needed for, is read as
// JSON.

// parseFiles reads a list of files in the form that EncodeList writes; ok is false where it has another.
func parseFiles(b []byte) (l List[FileEntry], ok bool) {
	p := entryParser{rest: string(b)}
	l.Format = int(p.number(`{"format":`))
	if p.has(`,"cycle":`) {
		l.Cycle = p.cycle(``)
	}
	if p.has(`,"day":`) {
		l.Day = p.day(``)
	}
	l.Days = p.days()
	p.want(`,"entries":[` + "\n")
	l.Entries = make([]FileEntry, 0, bytes.Count(b, []byte{'\n'}))
	for p.rest != "]}\n" && !p.failed {
		if len(l.Entries) > 0 {
			p.want(",")
		}
		l.Entries = append(l.Entries, p.file())
	}
	return l, !p.failed
}

// days are the lists of days that a list names, if it names any.
func (p *entryParser) days() (refs []DayRef) {
	if !p.has(`,"days":[` + "\n") {
		return nil
	}
	for !p.failed && !p.has("]") {
		if len(refs) > 0 {
			p.want(",")
		}
		var r DayRef
		r.Day = p.day(`{"day":`)
		r.Name = p.text(`,"name":`)
		r.Hash = Hash(p.text(`,"hash":`))
		r.Count = int(p.number(`,"count":`))
		p.want("}\n")
		refs = append(refs, r)
	}
	p.failed = p.failed || len(refs) == 0
	return refs
}

// entryParser takes one part after the other off a text. Once one is not there it has failed, and takes nothing more.
type entryParser struct {
	rest   string
	failed bool
}

// file is one entry and the end of its line.
func (p *entryParser) file() (e FileEntry) {
	e.Table = p.text(`{"table":`)
	e.Cycle = p.cycle(`,"cycle":`)
	e.Day = p.day(`,"day":`)
	e.Bucket = int(p.number(`,"bucket":`))
	e.Path = p.text(`,"path":`)
	e.Hash = Hash(p.text(`,"hash":`))
	e.Bytes = p.number(`,"bytes":`)
	e.Rows = p.number(`,"rows":`)
	e.Sums = p.sums()
	if p.has(`,"blocks":`) {
		e.Blocks = p.text(``)
	}
	if p.has(`,"blocks_at":`) {
		e.BlocksAt = p.number(``)
	}
	p.want("}\n")
	return e
}

func (p *entryParser) sums() []Sum {
	if p.has(`,"sums":null`) {
		return nil
	}
	p.want(`,"sums":[`)
	list := []Sum{}
	for !p.failed && !p.has(`]`) {
		if len(list) > 0 {
			p.want(",")
		} else {
			list = make([]Sum, 0, 11) // as many as lines and statements have
		}
		list = append(list, Sum{Column: p.text(`{"column":`), Value: p.text(`,"value":`)})
		p.want("}")
	}
	return list
}

// has takes a text off if it is there.
func (p *entryParser) has(text string) bool {
	if p.failed || len(p.rest) < len(text) || p.rest[:len(text)] != text {
		return false
	}
	p.rest = p.rest[len(text):]
	return true
}

// want takes a text off.
func (p *entryParser) want(text string) { p.failed = !p.has(text) || p.failed }

// text takes a key off and the string that follows it, of plain ASCII.
func (p *entryParser) text(key string) string {
	p.want(key)
	p.want(`"`)
	for i := 0; !p.failed && i < len(p.rest); i++ {
		switch c := p.rest[i]; {
		case c == '"':
			s := p.rest[:i]
			p.rest = p.rest[i+1:]
			return s
		case c < ' ' || c > '~' || c == '\\':
			p.failed = true
		}
	}
	p.failed = true
	return ""
}

// cycle takes a key off and the cycle that follows it.
func (p *entryParser) cycle(key string) Cycle {
	cycle, err := ParseCycle(p.text(key))
	p.failed = p.failed || err != nil
	return cycle
}

// day takes a key off and the day that follows it.
func (p *entryParser) day(key string) Day {
	day, err := ParseDay(p.text(key))
	p.failed = p.failed || err != nil
	return day
}

// number takes a key off and the whole number that follows it, as it is written without need.
func (p *entryParser) number(key string) int64 {
	p.want(key)
	i := 0
	for i < len(p.rest) && (p.rest[i] == '-' || p.rest[i] >= '0' && p.rest[i] <= '9') {
		i++
	}
	n, err := strconv.ParseInt(p.rest[:i], 10, 64)
	if p.failed || err != nil || strconv.FormatInt(n, 10) != p.rest[:i] {
		p.failed = true
		return 0
	}
	p.rest = p.rest[i:]
	return n
}
