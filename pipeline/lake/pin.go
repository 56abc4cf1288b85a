package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// Pin keeps the files of the snapshot from being swept until Unpin (CHAIN-8). The state must be the newest, or have
// been replaced less than 24 hours ago. In a folder Pin does nothing, because the run that replaces files deletes them;
// a reader that needs them longer makes links.
func (s *Snapshot) Pin(who string) error {
	if s.lake.chain == nil || s.Manifest.Number == 0 {
		return nil
	}
	name := PinName(who, s.Manifest.Number, s.Hash)
	if err := s.lake.chain.CreateOnly(name, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the files of %s of the lake: %w", s.Name(), err)
	}
	return nil
}

// Unpin removes the pins of a reader, except those on states that it needs and on the snapshot itself.
func (s *Snapshot) Unpin(ctx context.Context, who string, needed func(number int64, hash Hash) bool) error {
	if s.lake.chain == nil {
		return nil
	}
	pins, err := s.lake.st.List(PinsDir + "/" + who + "-")
	if err != nil {
		return fmt.Errorf("list the pins of the lake: %w", err)
	}
	for _, e := range pins {
		by, number, hash, ok := ParsePin(e.Name)
		if !ok || by != who || needed(number, hash) || number == s.Manifest.Number && hash == s.Hash {
			continue
		}
		if err := s.lake.chain.Delete(ctx, e.Name); err != nil {
			return fmt.Errorf("delete pin %s of the lake: %w", e.Name, err)
		}
	}
	return nil
}
