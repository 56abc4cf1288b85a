package iceberg_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/fixtures/icebergrest"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/schemas/problem"
	"github.com/tollbook/tollbook/schemas/settings"
)

// files is a storage in memory.
type files map[string][]byte

func (f files) options(o icebergrest.Options) icebergrest.Options {
	o.Read = func(uri string) ([]byte, error) {
		if f[uri] == nil {
			return nil, os.ErrNotExist
		}
		return f[uri], nil
	}
	o.Write = func(uri string, content []byte) error {
		f[uri] = content
		return nil
	}
	return o
}

// start starts a catalog and returns it with a client that records its pauses.
func start(t *testing.T, so icebergrest.Options, o iceberg.CatalogOptions) (*icebergrest.Server, *iceberg.CatalogClient,
	*[]time.Duration) {
	t.Helper()
	s := icebergrest.Start(files{}.options(so))
	t.Cleanup(s.Close)
	pauses := new([]time.Duration)
	o.Address = s.Address() + "/"
	o.Pause = func(_ context.Context, d time.Duration) error {
		*pauses = append(*pauses, d)
		return nil
	}
	return s, iceberg.NewCatalog(o), pauses
}

func newTable(name string) *iceberg.NewCatalogTable {
	schema := json.RawMessage(`{"type":"struct","fields":[{"id":1,"name":"a","type":"long","required":false}]}`)
	return &iceberg.NewCatalogTable{Name: name, Location: "s3://b/" + name, Schema: schema,
		Spec: map[string]any{"fields": []any{}}, Order: map[string]any{"fields": []any{}},
		Properties: map[string]string{"p": "1"}}
}

// TestTables checks that tables are created, loaded, registered and committed below the prefix that the catalog
// returns, and that used names and unmet requirements are conflicts.
func TestTables(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	_, c, _ := start(t, icebergrest.Options{Prefix: "a/b", Warehouse: "w 1", Token: "secret"},
		iceberg.CatalogOptions{Warehouse: "w 1", Token: "secret"})
	if _, err := c.Load(ctx, "n", "t"); !iceberg.NotFound(err) || iceberg.Unknown(err) {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.EnsureNamespace(ctx, "n"); err != nil {
			t.Fatal(err)
		}
	}
	made, err := c.Create(ctx, "n", newTable("t"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(ctx, "n", newTable("t")); !iceberg.Conflict(err) {
		t.Error(err)
	}
	if again, err := c.Register(ctx, "n", "u", made.MetadataLocation); err != nil ||
		again.MetadataLocation != made.MetadataLocation {
		t.Error(again, err)
	}
	var m struct {
		UUID string `json:"table-uuid"`
	}
	if err := json.Unmarshal(made.Metadata, &m); err != nil || m.UUID == "" {
		t.Fatal(m, err)
	}
	set := []iceberg.Update{{"action": "set-properties", "updates": map[string]string{"p": "2"}}}
	for _, needs := range [][]iceberg.Requirement{{iceberg.IsTable("other")}, {iceberg.MainIs(7)},
		iceberg.SchemaIs(1, 1), iceberg.SchemaIs(0, 2)} {
		if _, err := c.Commit(ctx, "n", "t", needs, set); !iceberg.Conflict(err) {
			t.Errorf("%v: %v", needs, err)
		}
	}
	changed, err := c.Commit(ctx, "n", "t", append(iceberg.SchemaIs(0, 1), iceberg.IsTable(m.UUID), iceberg.MainIs(0)),
		set)
	if err != nil || !strings.Contains(string(changed.Metadata), `"p":"2"`) {
		t.Error(changed, err)
	}
}

// TestRepeats checks that requests that change nothing are repeated after 1 s, 2 s and 4 s while the server is busy or
// unreachable, and that a commit is not repeated (CATALOG-2).
func TestRepeats(t *testing.T) {
	t.Parallel()
	s, c, pauses := start(t, icebergrest.Options{}, iceberg.CatalogOptions{})
	for name, of := range map[string]struct {
		fault icebergrest.Fault
		want  []time.Duration
	}{
		"busy":    {icebergrest.Fault{Before: 503}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"cut":     {icebergrest.Fault{Cut: true}, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second}},
		"denied":  {icebergrest.Fault{Before: 403}, nil},
		"garbled": {icebergrest.Fault{After: 204}, nil},
	} {
		*pauses = nil
		s.Disturb(func(int, *http.Request) icebergrest.Fault { return of.fault })
		_, err := c.Load(t.Context(), "n", "t")
		if diff := cmp.Diff(of.want, *pauses); err == nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	s.Disturb(nil)
	if err := c.EnsureNamespace(t.Context(), "n"); err != nil {
		t.Fatal(err)
	}
	*pauses = nil
	s.Disturb(func(int, *http.Request) icebergrest.Fault { return icebergrest.Fault{After: 502} })
	if _, err := c.Commit(t.Context(), "n", "t", nil, nil); !iceberg.Unknown(err) || len(*pauses)+s.Requests() != 1 {
		t.Errorf("%v, %v, %d requests", err, *pauses, s.Requests())
	}
}

// TestSecretsStay checks that no error contains a token or a secret, even if a response repeats it (CATALOG-1), and
// that errors suggest a remedy.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]struct {
		server icebergrest.Options
		client iceberg.CatalogOptions
		want   string
	}{
		"token": {icebergrest.Options{Token: "right"}, iceberg.CatalogOptions{Token: "hidden"},
			"read the configuration: 401 Unauthorized: NotAuthorizedException: the token *** is not valid"},
		"client": {icebergrest.Options{ClientID: "c", Secret: "right", Scope: "catalog"},
			iceberg.CatalogOptions{ClientID: "c", ClientSecret: "hidden", Scope: "catalog"},
			"/v1/oauth/tokens: 401 Unauthorized: invalid_client: not the secret: ***"},
	} {
		_, c, _ := start(t, of.server, of.client)
		_, err := c.Load(t.Context(), "n", "t")
		var e *iceberg.CatalogError
		if !errors.As(err, &e) || !strings.HasSuffix(e.Error(), of.want) || strings.Contains(fmt.Sprintf("%#v", e),
			"hidden") || !strings.Contains(problem.HintOf(e), "TOLLBOOK_ICEBERG_") {
			t.Errorf("%s: %v, %s", name, err, problem.HintOf(e))
		}
	}
}

// TestRedirects checks that a redirection is an error (CATALOG-4).
func TestRedirects(t *testing.T) {
	t.Parallel()
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	s := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer s.Close()
	_, err := iceberg.NewCatalog(iceberg.CatalogOptions{Address: s.URL, Token: "t"}).Load(t.Context(), "n", "t")
	if err == nil || asked || !strings.Contains(err.Error(), "307 Temporary Redirect") {
		t.Errorf("%v, asked %t", err, asked)
	}
}

// TestFromSettings checks the sources of a token and a secret: first the environment, then a file.
func TestFromSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s.txt"), []byte("of the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := func(string) string { return "" }
	set := func(string) string { return "of the environment" }
	for name, of := range map[string]struct {
		s             settings.Iceberg
		env           func(string) string
		token, secret settings.Secret
		err           string
	}{
		"nothing":            {settings.Iceberg{}, none, "", "", ""},
		"token":              {settings.Iceberg{}, set, "of the environment", "", ""},
		"token in a file":    {settings.Iceberg{TokenFile: "s.txt"}, none, "of the file", "", ""},
		"secret":             {settings.Iceberg{ClientID: "c", SecretFile: "s.txt"}, set, "", "of the environment", ""},
		"secret in a file":   {settings.Iceberg{ClientID: "c", SecretFile: "s.txt"}, none, "", "of the file", ""},
		"no secret":          {settings.Iceberg{ClientID: "c"}, none, "", "", "set TOLLBOOK_ICEBERG_CLIENT_SECRET or"},
		"a file that is not": {settings.Iceberg{TokenFile: "t.txt"}, none, "", "", "read iceberg.token_file: open"},
	} {
		of.s.Catalog = "https://c"
		o, err := iceberg.CatalogOptionsOf(&of.s, dir, of.env)
		if o.Token != of.token || o.ClientSecret != of.secret || (err == nil) != (of.err == "") ||
			err != nil && !strings.Contains(err.Error(), of.err) {
			t.Errorf("%s: %q %q, %v", name, string(o.Token), string(o.ClientSecret), err)
		}
	}
	if c, err := iceberg.CatalogOf(new(settings.Iceberg), dir, none); c != nil || err != nil {
		t.Errorf("no catalog: %v, %v", c, err)
	}
}

// TestNotSent checks that a change for which no token or configuration is available has a known outcome, and that an
// unknown warehouse is not reported as a missing table.
func TestNotSent(t *testing.T) {
	t.Parallel()
	s, c, _ := start(t, icebergrest.Options{Warehouse: "w"}, iceberg.CatalogOptions{Warehouse: "x"})
	if _, err := c.Load(t.Context(), "n", "t"); err == nil || iceberg.NotFound(err) ||
		!strings.Contains(err.Error(), `read the configuration: 404 Not Found: NotFoundException: warehouse "x"`) {
		t.Errorf("%v", err)
	}
	for _, status := range []int{409, 503} {
		s.Disturb(func(int, *http.Request) icebergrest.Fault { return icebergrest.Fault{Before: status} })
		if _, err := c.Commit(t.Context(), "n", "t", nil, nil); err == nil || iceberg.Unknown(err) ||
			iceberg.Conflict(err) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
