package lake

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// version is the version of all messages. A program only accepts its own.
const version = 1

// message is a value with its kind and version.
type message struct {
	Kind    string          `json:"kind"`
	Version int             `json:"version"`
	Value   json.RawMessage `json:"value"`
}

// EncodeTask encodes a task or a result. kind is, for example, "scan task".
func EncodeTask(kind string, value any) ([]byte, error) {
	v, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode a %s: %w", kind, err)
	}
	b, err := json.Marshal(message{kind, version, v})
	if err != nil {
		return nil, fmt.Errorf("encode a %s: %w", kind, err)
	}
	return append(b, '\n'), nil
}

// DecodeTask decodes a message of the given kind into an empty value (TASKENC-1).
func DecodeTask(kind string, b []byte, value any) error {
	var m message
	if err := strict(b, &m); err != nil {
		return fmt.Errorf("decode a %s: %w", kind, err)
	}
	if m.Kind != kind || m.Version != version {
		return fmt.Errorf("decode a %s: it is a %s of version %d, want version %d", kind, m.Kind, m.Version, version)
	}
	if err := strict(m.Value, value); err != nil {
		return fmt.Errorf("decode a %s: %w", kind, err)
	}
	again, err := EncodeTask(kind, value)
	if err != nil {
		return err
	}
	if !bytes.Equal(again, b) {
		return fmt.Errorf("decode a %s: it is not in the form in which it is encoded", kind)
	}
	return nil
}

func strict(b []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("text after its end")
	}
	return nil
}

// TaskRoundTrip encodes and decodes a value.
func TaskRoundTrip[T any](kind string, value *T) (*T, error) {
	b, err := EncodeTask(kind, value)
	if err != nil {
		return nil, err
	}
	out := new(T)
	return out, DecodeTask(kind, b, out)
}
