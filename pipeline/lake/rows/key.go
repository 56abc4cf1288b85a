package rows

import "encoding/binary"

// AppendKeyInt appends a number to a key so that keys sort by it.
func AppendKeyInt(key []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(n)^1<<63)
}

// AppendKeyText appends a text to a key so that keys sort bytewise by it, then by the rest.
func AppendKeyText(key []byte, text string) []byte {
	for i := range len(text) {
		if key = append(key, text[i]); text[i] == 0 {
			key = append(key, 0xff)
		}
	}
	return append(key, 0, 0)
}

// KeyIntBytes is the length of what AppendKeyInt appends.
const KeyIntBytes = 8

// KeyInt returns the number at the beginning of a key.
func KeyInt(key []byte) int64 { return int64(binary.BigEndian.Uint64(key) ^ 1<<63) }
