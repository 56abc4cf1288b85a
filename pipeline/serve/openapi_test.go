package serve_test

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/tollbook/tollbook/pipeline/serve"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
)

// spec is openapi.yaml as a client parses it.
type spec struct{ doc *openapi3.T }

func loadSpec(t testing.TB) spec {
	t.Helper()
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return spec{doc}
}

// conforms checks an answer against the definition of the operation in openapi.yaml.
func (s spec) conforms(t testing.TB, op *operation.Operation, r reply) {
	t.Helper()
	path := s.doc.Paths.Value(op.Path)
	if path == nil || path.GetOperation(op.Method) == nil {
		t.Errorf("%s: not in openapi.yaml: `make docs`", op.Name)
		return
	}
	answers := path.GetOperation(op.Method).Responses
	answer := answers.Status(r.status)
	if answer == nil {
		answer = answers.Default()
	}
	kind := r.header.Get("Content-Type")
	content := answer.Value.Content[kind]
	if content == nil {
		t.Errorf("%s: answers %d with %s, which openapi.yaml does not have", op.Name, r.status, kind)
		return
	}
	if plain, _, err := mime.ParseMediaType(kind); err != nil || plain != "application/json" {
		return
	}
	var value any
	dec := json.NewDecoder(bytes.NewReader([]byte(r.body)))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		t.Errorf("%s: %v", op.Name, err)
		return
	}
	if err := content.Schema.Value.VisitJSON(value); err != nil {
		t.Errorf("%s: the answer is not what openapi.yaml says: %v\n%s", op.Name, err, r.body)
	}
}

// TestOpenAPI checks that openapi.yaml and the server have the same operations, and that the server returns this file.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := loadSpec(t)
	var said, have []string
	for path, item := range s.doc.Paths.Map() {
		for method := range item.Operations() {
			said = append(said, method+" "+path)
		}
	}
	for _, op := range serve.Operations() {
		have = append(have, op.Method+" "+op.Path)
	}
	slices.Sort(said)
	slices.Sort(have)
	if !slices.Equal(said, have) {
		t.Errorf("openapi.yaml:\n%s\nthe server:\n%s", strings.Join(said, "\n"), strings.Join(have, "\n"))
	}
	text, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, billed(t), nil)
	if got := w.get("", "/openapi.yaml"); got.body != string(text) ||
		got.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("served: %d bytes of %s", len(got.body), got.header.Get("Content-Type"))
	}
	// The check itself detects a difference.
	wrong := reply{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}},
		body: `{"status":1}`}
	fake := &recorder{TB: t}
	s.conforms(fake, find(t, "Health"), wrong)
	if len(fake.said) != 1 {
		t.Errorf("a wrong answer passed: %v", fake.said)
	}
}

// recorder is a test that records failures.
type recorder struct {
	testing.TB
	said []string
}

func (r *recorder) Errorf(format string, _ ...any) { r.said = append(r.said, format) }

// TestStatementFormats reads a statement in every format.
func TestStatementFormats(t *testing.T) {
	t.Parallel()
	s, w := loadSpec(t), start(t, billed(t), nil)
	token := w.key(keys.Caller{Role: keys.Finance}, true).Secret
	op := find(t, "ShowStatement")
	for format, begins := range map[string]string{"": "{", "json": "{", "csv": "part,", "xlsx": "PK\x03\x04",
		"html": "<!doctype html>"} {
		path := "/v1/statements/2026-09/part-north"
		if format != "" {
			path += "?format=" + format
		}
		got := w.get(token, path)
		if got.status != http.StatusOK || !strings.HasPrefix(strings.ToLower(got.body), strings.ToLower(begins)) {
			t.Errorf("%s: %d %.40q", format, got.status, got.body)
		}
		s.conforms(t, op, got)
		// A client that already has the file gets status 304 and no body.
		r := w.request(http.MethodGet, path, "")
		r.Header.Set("X-Auth-Token", token)
		r.Header.Set("If-None-Match", got.header.Get("ETag"))
		if again := w.do(r); again.status != http.StatusNotModified || again.body != "" {
			t.Errorf("%s again: %d, %d bytes", format, again.status, len(again.body))
		}
	}
	if got := w.get(token, "/v1/statements/2026-09/part-north?format=table"); got.code != "CBC.0100" ||
		!strings.Contains(got.text, "format") {
		t.Errorf("%+v", got)
	}
	for _, path := range []string{"/v1/statements/2026-09/part-gone", "/v1/statements/2026-08",
		"/v1/statements/2026-08/part-north", "/v1/lines/rec-nobody/explain"} {
		if got := w.get(token, path); got.code != "CBC.0404" {
			t.Errorf("%s: %s", path, got.body)
		}
	}
}

// TestOpenAPIIsComplete checks what client generators need: the server's address, the form of errors, and the type of
// every field.
func TestOpenAPIIsComplete(t *testing.T) {
	t.Parallel()
	s := loadSpec(t)
	if len(s.doc.Servers) == 0 || s.doc.Servers[0].URL == "" || s.doc.Info.License == nil {
		t.Error("no server, or no license")
	}
	seen, schemas := map[*openapi3.Schema]bool{}, 0
	var walk func(where string, ref *openapi3.SchemaRef)
	walk = func(where string, ref *openapi3.SchemaRef) {
		if ref == nil || seen[ref.Value] {
			return
		}
		seen[ref.Value] = true
		schemas++
		v := ref.Value
		switch {
		case v.Type == nil && len(v.OneOf) == 0:
			t.Errorf("%s has no type", where)
		case v.Type.Is("object") && len(v.Properties) == 0 && v.AdditionalProperties.Schema == nil:
			t.Errorf("%s is an object of unknown fields", where)
		case v.Type.Is("array") && v.Items == nil:
			t.Errorf("%s is a list of unknown items", where)
		}
		walk(where+"[]", v.Items)
		walk(where+".*", v.AdditionalProperties.Schema)
		for name, field := range v.Properties {
			walk(where+"."+name, field)
		}
	}
	for path, item := range s.doc.Paths.Map() {
		for method, op := range item.Operations() {
			where := method + " " + path
			if op.Responses.Value("400") == nil || op.Responses.Default() == nil || op.Security == nil &&
				op.Responses.Value("401") == nil {
				t.Errorf("%s: refusals are not described", where)
			}
			for _, p := range op.Parameters {
				walk(where+" "+p.Value.Name, p.Value.Schema)
			}
			if op.RequestBody != nil {
				walk(where+" body", op.RequestBody.Value.Content["application/json"].Schema)
			}
			for status, answer := range op.Responses.Map() {
				for kind, content := range answer.Value.Content {
					walk(where+" "+status+" "+kind, content.Schema)
				}
			}
		}
	}
	if schemas < 100 {
		t.Errorf("%d schemas were looked at: the walk misses some", schemas)
	}
}

// TestRatingsRequire checks that an enquiry without a member that openapi.yaml requires is refused. Without a region
// the price for any region is returned, if there is one.
func TestRatingsRequire(t *testing.T) {
	t.Parallel()
	s, w := loadSpec(t), start(t, billed(t), nil)
	partner := w.key(keys.Caller{Role: keys.Partner, Partner: "part-north"}, true).Secret
	for _, name := range []string{"ListOnDemandResourceRatings", "ListRateOnPeriodDetail"} {
		op := find(t, name)
		body := s.doc.Paths.Value(op.Path).Post.RequestBody.Value.Content["application/json"].Schema.Value
		required := body.Properties["product_infos"].Value.Items.Value.Required
		var products []map[string]any
		if err := json.Unmarshal([]byte(asked[name]["product_infos"]), &products); err != nil {
			t.Fatal(err)
		}
		post := func(members map[string]any) reply {
			text, err := json.Marshal(members)
			if err != nil {
				t.Fatal(err)
			}
			r := w.request(http.MethodPost, op.Path, string(text))
			r.Header.Set("X-Auth-Token", partner)
			return w.do(r)
		}
		whole := map[string]any{"customer_id": "cust-aurora", "product_infos": products}
		if got := post(whole); got.status != http.StatusOK {
			t.Errorf("%s: %s", name, got.body)
		}
		if got := post(map[string]any{"product_infos": products}); got.code != "CBC.0100" ||
			!strings.Contains(got.text, "customer_id") {
			t.Errorf("%s without customer_id: %s", name, got.body)
		}
		if len(required) < 8 {
			t.Errorf("%s requires %v alone", name, required)
		}
		for _, member := range required {
			value, sent := products[0][member]
			if !sent {
				t.Errorf("%s: the request of this test lacks %s", name, member)
			}
			delete(products[0], member)
			if got := post(whole); got.code != "CBC.0100" && member != "region" {
				t.Errorf("%s without %s: %d %s", name, member, got.status, got.body)
			}
			products[0][member] = value
		}
	}
}
