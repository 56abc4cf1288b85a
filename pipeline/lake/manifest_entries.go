package lake

import (
	"bytes"
	"strconv"
)

// A month has thousands of files, and every run reads their list: parsing it with a general JSON parser took most of
// the time of beginning a run. The hash ensures that the bytes of a list are those that were written, and the writer
// has one form of each entry. That form is parsed here; any other, for example with escapes, is parsed as JSON.

// parseFiles parses a list of files in the form that EncodeList writes; ok is false if it has another form.
func parseFiles(b []byte) (l FileList[FileEntry], ok bool) {
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

// days parses the lists of days that a list names, if any.
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

// entryParser consumes one part of a text after the other. After a part does not match it has failed, and consumes
// nothing.
type entryParser struct {
	rest   string
	failed bool
}

// file parses one entry and its line end.
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

func (p *entryParser) sums() []ColumnSum {
	if p.has(`,"sums":null`) {
		return nil
	}
	p.want(`,"sums":[`)
	list := []ColumnSum{}
	for !p.failed && !p.has(`]`) {
		if len(list) > 0 {
			p.want(",")
		} else {
			list = make([]ColumnSum, 0, 11) // as many as lines and statements have
		}
		list = append(list, ColumnSum{Column: p.text(`{"column":`), Value: p.text(`,"value":`)})
		p.want("}")
	}
	return list
}

// has consumes a text if it comes next.
func (p *entryParser) has(text string) bool {
	if p.failed || len(p.rest) < len(text) || p.rest[:len(text)] != text {
		return false
	}
	p.rest = p.rest[len(text):]
	return true
}

// want consumes a text, and fails if it does not come next.
func (p *entryParser) want(text string) { p.failed = !p.has(text) || p.failed }

// text consumes a key and the following string of plain ASCII.
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

// cycle consumes a key and the following cycle.
func (p *entryParser) cycle(key string) Cycle {
	cycle, err := ParseCycle(p.text(key))
	p.failed = p.failed || err != nil
	return cycle
}

// day consumes a key and the following day.
func (p *entryParser) day(key string) Day {
	day, err := ParseDay(p.text(key))
	p.failed = p.failed || err != nil
	return day
}

// number consumes a key and the following integer in its shortest form.
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
