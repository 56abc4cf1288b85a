package accept

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// tagSet is the parsed content of a cell of the column Tags, with the tolerances used in it.
type tagSet struct {
	tags                    map[string]string
	broken                  bool
	repeated, literal, null int64
}

// Limits of the parsed cells of Tags that are cached: most rows of a file repeat the tags of another row.
const (
	keptTags     = 1 << 14
	keptTagBytes = 16 << 20
)

// readTags parses the column Tags; it returns nil for a row without tags.
func (r *reader) readTags() map[string]string {
	if r.tagsAt < 0 || r.row.Cells[r.tagsAt] == "" {
		return nil
	}
	set := r.tagSet(r.row.Cells[r.tagsAt])
	if set.broken {
		r.tally.counts[TagsUnreadable]++
		return nil
	}
	r.tally.counts[TagsRepeated] += set.repeated
	r.tally.counts[TagsLiteral] += set.literal
	r.tally.counts[TagsNull] += set.null
	return set.tags
}

// tagSet returns the parsed content of a text.
func (r *reader) tagSet(text string) tagSet {
	set, known := r.tags[text]
	if !known {
		set = parseTags(text)
		if r.tagBytes += len(text); len(r.tags) >= keptTags || r.tagBytes > keptTagBytes {
			clear(r.tags)
			r.tagBytes = len(text)
		}
		r.tags[strings.Clone(text)] = set
	}
	return set
}

// parseTags reads a JSON object of strings. Keys are compared byte by byte, neither trimmed nor folded.
func parseTags(text string) tagSet {
	set := tagSet{tags: make(map[string]string)}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return tagSet{broken: true}
	}
	seen := make(map[string]bool)
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return tagSet{broken: true}
		}
		name, _ := key.(string) // the decoder gives no other key
		if seen[name] {
			set.repeated++
			delete(set.tags, name)
		}
		seen[name] = true
		value, err := d.Token()
		if err != nil {
			return tagSet{broken: true}
		}
		switch v := value.(type) {
		case string:
			set.tags[name] = v
		case json.Number:
			set.tags[name] = v.String()
			set.literal++
		case bool:
			set.tags[name] = map[bool]string{true: "true", false: "false"}[v]
			set.literal++
		case nil:
			set.null++
		default: // an object or a list
			return tagSet{broken: true}
		}
	}
	if _, err := d.Token(); err != nil {
		return tagSet{broken: true}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return tagSet{broken: true}
	}
	return set
}
