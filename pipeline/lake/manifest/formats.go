package manifest

import (
	"encoding/json"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake/lakeerr"
)

// Step converts manifests and lists from one format into the next. It reads and returns JSON, because this program has
// only the types of its own format. Data files are not changed: a table's reader knows the columns of earlier versions.
type Step struct {
	From int    // it converts to From + 1
	Text string // what changes, for people
	// Manifest and List convert the text of a manifest and of a list, including the field `format`. They keep number,
	// parent, and the names and hashes of lists.
	Manifest func(old []byte) ([]byte, error)
	List     func(old []byte) ([]byte, error)
}

// Steps returns the steps of this program. There are none, because the lake has had only one format so far.
func Steps() []Step { return nil }

// Envelope is the part of a manifest that is the same in every format.
type Envelope struct {
	Format int   `json:"format"`
	Number int64 `json:"number"`
	Parent Hash  `json:"parent"`
}

// stepsFrom returns the steps from a format to this program's; none for its own. known is false if they are incomplete.
func stepsFrom(all []Step, from int) (steps []Step, known bool) {
	for at := from; at != Format; at++ {
		i := 0
		for i < len(all) && all[i].From != at {
			i++
		}
		if i == len(all) {
			return nil, false
		}
		steps = append(steps, all[i])
	}
	return steps, true
}

// DecodeAny reads a manifest of any format that the steps can convert. It returns the steps that its lists need.
func DecodeAny(all []Step, name string, number int64, b []byte) (*Manifest, []Step, error) {
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: err.Error(), Hint: lakeerr.HintRestore}
	}
	steps, known := stepsFrom(all, e.Format)
	if !known || e.Number != number {
		detail := fmt.Sprintf("format %d, number %d: want format %d, number %d", e.Format, e.Number, Format, number)
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: detail, Hint: lakeerr.HintNewer}
	}
	for _, step := range steps {
		var err error
		if b, err = step.Manifest(b); err != nil {
			return nil, nil, &lakeerr.CorruptError{Name: name,
				Detail: fmt.Sprintf("convert it from format %d: %v", step.From, err), Hint: lakeerr.HintRestore}
		}
	}
	m := new(Manifest)
	err := Decode(b, m)
	for i := 0; err == nil && i < len(m.Cycles); i++ {
		err = m.Cycles[i].Cycle.Check()
	}
	if err != nil { // its hash is correct, so it is not damaged
		return nil, nil, &lakeerr.CorruptError{Name: name, Detail: err.Error(), Hint: lakeerr.HintNewer}
	}
	return m, steps, nil
}

// ConvertList converts the text of a list into the program's format.
func ConvertList(b []byte, steps []Step) ([]byte, error) {
	for _, step := range steps {
		var err error
		if b, err = step.List(b); err != nil {
			return nil, fmt.Errorf("convert it from format %d: %w", step.From, err)
		}
	}
	return b, nil
}
