package cli

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// buildID identifies this build by its content: the same program has the same id on every machine. It is the id that
// the Go linker stored in the program, or the hash of the program if it has none.
func buildID() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("name this build: %w", err)
	}
	if id := linkedID(path); id != "" {
		return id, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("name this build: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("name this build: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// linkedID returns the id in the Go linker's note, or "" if there is none.
func linkedID(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	f, err := elf.NewFile(file)
	if err != nil {
		return ""
	}
	s := f.Section(".note.go.buildid")
	if s == nil {
		return ""
	}
	note, err := s.Data()
	const head = 16 // sizes of name and id, type, name
	if err != nil || len(note) <= head {
		return ""
	}
	size := f.ByteOrder.Uint32(note[4:])
	id := note[head:]
	return string(bytes.TrimRight(id[:min(int(size), len(id))], "\x00"))
}
