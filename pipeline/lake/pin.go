package lake

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// pinsDir is where readers name the states that they need (CHAIN-8).
const pinsDir = "pins"

// isPin reports whether a name is a pin.
func isPin(name string) bool { return strings.HasPrefix(name, pinsDir+"/") }

// pinName is the pin of a reader on a state.
func pinName(who string, number int64, hash Hash) string {
	return fmt.Sprintf("%s/%s-%06d-%s", pinsDir, who, number, hash)
}

// parsePin is the inverse of pinName.
func parsePin(name string) (who string, number int64, hash Hash, ok bool) {
	rest, is := strings.CutPrefix(name, pinsDir+"/")
	i := strings.LastIndexByte(rest, '-')
	if !is || i < 0 || !validHash(rest[i+1:]) {
		return "", 0, "", false
	}
	hash, rest = Hash(rest[i+1:]), rest[:i]
	if i = strings.LastIndexByte(rest, '-'); i < 0 || !digits(rest[i+1:]) {
		return "", 0, "", false
	}
	number, err := strconv.ParseInt(rest[i+1:], 10, 64)
	return rest[:i], number, hash, err == nil && pinName(rest[:i], number, hash) == name
}

// Pin keeps the files of the snapshot until Unpin: no sweep deletes them (CHAIN-8). The state must be the newest, or
// have been replaced less than 24 hours ago. In a folder it does nothing, since files there are deleted by the run that
// replaces them: a reader that needs them longer makes links.
func (s *Snapshot) Pin(who string) error {
	if s.lake.chain == nil || s.Manifest.Number == 0 {
		return nil
	}
	name := pinName(who, s.Manifest.Number, s.Hash)
	if err := s.lake.chain.CreateOnly(name, nil); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the files of %s of the lake: %w", s.name(), err)
	}
	return nil
}

// Unpin ends the pins of a reader except on states that it needs and on the snapshot itself.
func (s *Snapshot) Unpin(ctx context.Context, who string, needed func(number int64, hash Hash) bool) error {
	if s.lake.chain == nil {
		return nil
	}
	pins, err := s.lake.st.List(pinsDir + "/" + who + "-")
	if err != nil {
		return fmt.Errorf("list the pins of the lake: %w", err)
	}
	for _, e := range pins {
		by, number, hash, ok := parsePin(e.Name)
		if !ok || by != who || needed(number, hash) || number == s.Manifest.Number && hash == s.Hash {
			continue
		}
		if err := s.lake.chain.Delete(ctx, e.Name); err != nil {
			return fmt.Errorf("delete pin %s of the lake: %w", e.Name, err)
		}
	}
	return nil
}
