package keys_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

const today = "2026-10-05T04:00:00Z"

func north() keys.Caller { return keys.Caller{Role: keys.Partner, Partner: "north"} }

func newFile(t testing.TB) keys.File {
	t.Helper()
	return keys.File{Name: filepath.Join(t.TempDir(), "keys.json")}
}

func add(t testing.TB, f keys.File, c keys.Caller, token bool) keys.Issued {
	t.Helper()
	made, err := f.Add(c, token, today)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// TestSecretsLeftBehind tests KEYS-7.
func TestSecretsLeftBehind(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	key := add(t, f, north(), false)
	dir := filepath.Dir(f.Name)
	left := filepath.Join(dir, ".keys.json.4711.tmp") // left by a process that was killed before the rename
	text, err := os.ReadFile(f.Name)
	others := []string{"keys.json.tmp", ".keys.json.bak", ".other.json.1.tmp"}
	for _, name := range append([]string{filepath.Base(left)}, others...) {
		if err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), text, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Revoke(key.ID, today); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the secret is in %s: %v", left, err)
	}
	for _, name := range others {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("a file of others is gone: %v", err)
		}
	}
}

// TestAddListRevoke tests KEYS-2, KEYS-4.
func TestAddListRevoke(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	if list, err := f.List(); err != nil || len(list) != 0 {
		t.Fatal(list, err)
	}
	key, token := add(t, f, north(), false), add(t, f, keys.Caller{Role: keys.Finance}, true)
	if len(key.ID) != 20 || len(key.Secret) != 40 || len(token.ID) != 20 || len(token.Secret) != 47 {
		t.Errorf("%d %d %d %d", len(key.ID), len(key.Secret), len(token.ID), len(token.Secret))
	}
	info, err := os.Stat(f.Name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	text, err := os.ReadFile(f.Name)
	if err != nil || strings.Contains(string(text), token.Secret) || !strings.Contains(string(text), key.Secret) {
		t.Errorf("the file holds the token, or lacks the secret (%v)", err)
	}
	s, err := keys.Open(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	known := func(ofKey, ofToken bool) {
		t.Helper()
		c, secret, ok, err := s.Secret(key.ID)
		if err != nil || ok != ofKey || ok && (secret != key.Secret || c.Partner != "north" || c.ID != key.ID) {
			t.Errorf("key: %+v %v %v", c, ok, err)
		}
		c, ok, err = s.Token(token.Secret)
		if err != nil || ok != ofToken || ok && (c.Role != keys.Finance || c.ID != token.ID) {
			t.Errorf("token: %+v %v %v", c, ok, err)
		}
	}
	known(true, true)
	// An open store notices changes of the file.
	for _, step := range []struct {
		id             string
		changed        bool
		ofKey, ofToken bool
	}{{key.ID, true, false, true}, {key.ID, false, false, true}, {token.ID, true, false, false}} {
		if changed, err := f.Revoke(step.id, today); err != nil || changed != step.changed {
			t.Errorf("revoke %s: %v %v", step.id, changed, err)
		}
		known(step.ofKey, step.ofToken)
	}
	later := add(t, f, keys.Caller{Role: keys.Vendor}, true)
	if c, ok, err := s.Token(later.Secret); err != nil || !ok || c.Role != keys.Vendor {
		t.Errorf("a key made while the store is open: %+v %v %v", c, ok, err)
	}
	for _, wrong := range []string{"", key.ID, token.ID, key.Secret, token.Secret + " ",
		strings.ToUpper(later.Secret)} {
		if _, ok, err := s.Token(wrong); ok || err != nil {
			t.Errorf("token %q: %v %v", wrong, ok, err)
		}
	}
	text, err = os.ReadFile(f.Name)
	if err != nil || strings.Contains(string(text), key.Secret) {
		t.Errorf("the secret of a revoked key is still in the file (%v)", err)
	}
	list, err := f.List()
	if err != nil || len(list) != 3 || list[0].Revoked != today || list[1].Revoked != today || list[2].Revoked != "" {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := f.Revoke("NOBODY", today); !errors.As(err, new(*keys.UnknownKeyError)) {
		t.Error(err)
	}
}

func TestCallers(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	for want, c := range map[string]keys.Caller{
		"":  {Role: keys.Partner, Partner: "north", Manager: "m-1"},
		" ": {Role: keys.Customer, Customer: "aurora"},
		`role "" is none of vendor, partner, customer, finance`:     {},
		`role "root" is none of vendor, partner, customer, finance`: {Role: "root"},
		"role partner needs a partner":                              {Role: keys.Partner},
		"role customer needs a customer":                            {Role: keys.Customer},
		"a partner does not go with role vendor": {Role: keys.Vendor,
			Partner: "north"},
		"a customer does not go with role partner": {Role: keys.Partner,
			Partner: "north", Customer: "aurora"},
		"a manager does not go with role finance": {Role: keys.Finance,
			Manager: "m-1"},
		"a partner does not go with role customer; role customer needs a customer": {Role: keys.Customer,
			Partner: "north"},
	} {
		_, err := f.Add(c, true, today)
		if strings.TrimSpace(want) == "" && err != nil || strings.TrimSpace(want) != "" &&
			(err == nil || err.Error() != want) {
			t.Errorf("%+v: %v, want %s", c, err, want)
		}
	}
}

// TestBadFiles checks that a file that others may read, or that is not a keys file, makes the server refuse all
// callers, and that the error has no content of the file.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	good :=
		`{"format":1,"keys":[{"id":"A2","role":"vendor","token":false,"created":"x","secret":"sssssssssssssssssssss"}]}`
	for text, want := range map[string]string{
		good:                    "",
		"":                      "not a keys file",
		"sssssssssssssssssssss": "not a keys file",
		good + "{}":             "text after its end",
		strings.Replace(good, `"format":1`, `"format":2`,
			1): "format 2, this build reads 1",
		strings.Replace(good, `"id":"A2"`, `"id":"a"`,
			1): "an id that is not of capital letters",
		strings.Replace(good, `"role":"vendor"`, `"role":"root"`,
			1): `key A2: role "root"`,
		strings.Replace(good, `"token":false`, `"token":true`,
			1): "key A2: a token needs its SHA-256",
		strings.Replace(good, `"created"`, `"revoked":"x","created"`,
			1): "key A2: revoked, and has a secret",
		strings.Replace(good, `"created"`, `"sekret":"sssssssssssss","created"`,
			1): "not a keys file",
		strings.Replace(good, "sssssssssssssssssssss", "ssss",
			1): "16 characters",
		strings.Replace(good, `]}`,
			`,{"id":"A2","role":"vendor","token":false,"created":"x","secret":"sssssssssssssssssssss"}]}`,
			1): "key A2 is duplicate",
	} {
		f := newFile(t)
		if err := os.WriteFile(f.Name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := keys.Open(f.Name)
		if want == "" {
			if err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if !errors.As(err, new(*keys.FileError)) || !strings.Contains(err.Error(), want) ||
			strings.Contains(err.Error(), "sssss") {
			t.Errorf("%s:\n%v\nwant %s", text, err, want)
		}
		if _, _, ok, err := s.Secret("A2"); ok || err == nil {
			t.Errorf("%s: a key is known (%v)", text, err)
		}
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	made := add(t, f, north(), false)
	s, err := keys.Open(f.Name)
	if err != nil {
		t.Fatal(err)
	}
	for mode, good := range map[fs.FileMode]bool{0o600: true, 0o400: true, 0o640: false, 0o604: false, 0o622: false} {
		if err := os.Chmod(f.Name, mode); err != nil {
			t.Fatal(err)
		}
		_, _, ok, err := s.Secret(made.ID)
		if ok != good || good != (err == nil) || !good && !errors.As(err, new(*keys.FileError)) {
			t.Errorf("mode %o: %v %v", mode, ok, err)
		}
		if _, err := f.List(); good != (err == nil) {
			t.Errorf("mode %o: list: %v", mode, err)
		}
	}
	// A deleted file has no keys. When it is restored, it has them again.
	if err := os.Chmod(f.Name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Name, f.Name+".away"); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := s.Secret(made.ID); ok || err != nil {
		t.Errorf("gone: %v %v", ok, err)
	}
	if err := os.Rename(f.Name+".away", f.Name); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := s.Secret(made.ID); !ok || err != nil {
		t.Errorf("back: %v %v", ok, err)
	}
	if err := os.Remove(f.Name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.Name, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, _, ok, err := s.Secret(made.ID); ok || err == nil {
		t.Errorf("a folder: %v %v", ok, err)
	}
}

// TestAddAtOnce checks that several programs can add keys at the same time without losing any.
func TestAddAtOnce(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := f.Add(north(), true, today); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	list, err := f.List()
	if err != nil || len(list) != 20 {
		t.Errorf("%d keys, %v", len(list), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(f.Name), ".*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestJSON checks that the JSON of listed and created keys has the documented fields. Invariant: KEYS-3.
func TestJSON(t *testing.T) {
	t.Parallel()
	f := newFile(t)
	made := add(t, f, keys.Caller{Role: keys.Partner, Partner: "north", Manager: "m-7"}, false)
	text, err := json.Marshal(made)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"` + made.ID +
		`","role":"partner","partner_id":"north","account_manager_id":"m-7","token":false,"created":"2026-10-05T04:00:00Z","secret":"` + made.Secret + `"}`
	if string(text) != want {
		t.Errorf("%s\nwant %s", text, want)
	}
}
