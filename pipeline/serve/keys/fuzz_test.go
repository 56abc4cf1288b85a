package keys_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// FuzzFile reads arbitrary keys files. The result is an error that suggests a remedy and quotes nothing, or keys that
// can be listed and revoked.
func FuzzFile(f *testing.F) {
	made := newFile(f)
	add(f, made, north(), false)
	add(f, made, keys.Caller{Role: keys.Finance}, true)
	text, err := os.ReadFile(made.Name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text))
	f.Add(`{"format":1,"keys":[]}`)
	f.Add(`{"format":1,"keys":[{"id":"a","secret":"hunter2","role":"partner"}]}`)
	f.Add(`{"format":2,"keys":null} {}`)
	file := newFile(f)
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(file.Name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := file.List()
		var wrong *keys.FileError
		if err != nil {
			if !errors.As(err, &wrong) || wrong.Do == "" || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("%q: %T %v", text, err, err)
			}
			return
		}
		seen := map[string]bool{}
		for _, k := range list {
			if k.ID == "" || seen[k.ID] {
				t.Fatalf("%q: %+v", text, list)
			}
			seen[k.ID] = true
		}
		if len(list) == 0 {
			return
		}
		if _, err := file.Revoke(list[0].ID, today); err != nil {
			t.Fatalf("%q: revoke: %v", text, err)
		}
		if text, err := os.ReadFile(file.Name); err != nil || !json.Valid(text) {
			t.Fatalf("%q %v", text, err)
		}
	})
}
