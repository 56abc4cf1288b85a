package lake

import (
	"encoding/json"
	"fmt"
)

// Envelope is the part of a manifest that is the same in every format.
type Envelope struct {
	Format int   `json:"format"`
	Number int64 `json:"number"`
	Parent Hash  `json:"parent"`
}

// DecodeNumbered reads a manifest whose hash is correct. It refuses a newer format (LAKE-16).
func DecodeNumbered(name string, number int64, b []byte) (*Manifest, error) {
	var e Envelope
	if err := json.Unmarshal(b, &e); err != nil {
		return nil, &CorruptError{Name: name, Detail: err.Error(), Hint: HintRestore}
	}
	if e.Format != ManifestFormat || e.Number != number {
		hint := HintRestore
		if e.Format > ManifestFormat {
			hint = HintNewer
		}
		detail := fmt.Sprintf("format %d, number %d: want format %d, number %d", e.Format, e.Number, ManifestFormat,
			number)
		return nil, &CorruptError{Name: name, Detail: detail, Hint: hint}
	}
	m := new(Manifest)
	err := DecodeManifest(b, m)
	for i := 0; err == nil && i < len(m.Cycles); i++ {
		err = m.Cycles[i].Cycle.Check()
	}
	if err != nil { // its hash is correct, so it is not damaged
		return nil, &CorruptError{Name: name, Detail: err.Error(), Hint: HintNewer}
	}
	return m, nil
}
