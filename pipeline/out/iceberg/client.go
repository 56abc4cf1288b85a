package iceberg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tollbook/tollbook/schemas/settings"
)

// CatalogOptions says how to reach a catalog.
type CatalogOptions struct {
	Address   string // URL, to which v1/… is added
	Warehouse string // name of a warehouse of the catalog; "" = it has one

	Token        settings.Secret // sent unchanged; "" = none
	ClientID     string          // of the client that requests tokens; "" = none
	ClientSecret settings.Secret
	TokenAddress string // URL that issues tokens; "" = that of the catalog
	Scope        string // of the tokens

	Timeout time.Duration // of one request; 0 = one minute
	Once    bool          // never repeat a request
	// Pause waits before a request is repeated. nil = a timer.
	Pause func(context.Context, time.Duration) error
}

// CatalogClient sends requests to one catalog. It must be used from one goroutine at a time.
type CatalogClient struct {
	options CatalogOptions
	http    *http.Client
	root    string          // of the paths, with the prefix; "" = the configuration was not requested yet
	token   settings.Secret // obtained with the client's secret; "" = none yet
}

// NewCatalog returns a client. It sends no request.
func NewCatalog(o CatalogOptions) *CatalogClient {
	o.Address = strings.TrimSuffix(o.Address, "/")
	if o.TokenAddress == "" {
		o.TokenAddress = o.Address + "/v1/oauth/tokens"
	}
	if o.Timeout == 0 {
		o.Timeout = time.Minute
	}
	return &CatalogClient{options: o, http: &http.Client{Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Address returns the URL of the catalog.
func (c *CatalogClient) Address() string { return c.options.Address }

// Warehouse returns the name of the catalog's warehouse, or "".
func (c *CatalogClient) Warehouse() string { return c.options.Warehouse }

// CatalogTable is the state of a table in a catalog.
type CatalogTable struct {
	MetadataLocation string          `json:"metadata-location"` // URI of the newest metadata file
	Metadata         json.RawMessage `json:"metadata"`          // its content
}

// Load returns the newest state of a table. The error is NotFound if there is none.
func (c *CatalogClient) Load(ctx context.Context, namespace, table string) (*CatalogTable, error) {
	t := new(CatalogTable)
	err := c.do(ctx, &request{what: "load table " + namespace + "." + table, method: http.MethodGet,
		path: tablePath(namespace, table), answer: t})
	return t.or(err)
}

// or returns the table, or nil if there was an error.
func (t *CatalogTable) or(err error) (*CatalogTable, error) {
	if err != nil {
		return nil, err
	}
	return t, nil
}

func namespacePath(namespace string) string { return "namespaces/" + url.PathEscape(namespace) }

func tablePath(namespace, table string) string {
	return namespacePath(namespace) + "/tables/" + url.PathEscape(table)
}

// EnsureNamespace creates a namespace if there is none.
func (c *CatalogClient) EnsureNamespace(ctx context.Context, namespace string) error {
	err := c.do(ctx, &request{what: "load namespace " + namespace, method: http.MethodGet,
		path: namespacePath(namespace)})
	if !NotFound(err) {
		return err
	}
	err = c.do(ctx, &request{what: "create namespace " + namespace, method: http.MethodPost, path: "namespaces",
		body: map[string]any{"namespace": []string{namespace}, "properties": map[string]string{}}})
	if Conflict(err) {
		return nil
	}
	return err
}

// NewCatalogTable is a table to be created.
type NewCatalogTable struct {
	Name       string            `json:"name"`
	Location   string            `json:"location"` // URI of its folder
	Schema     any               `json:"schema"`
	Spec       any               `json:"partition-spec"`
	Order      any               `json:"write-order"`
	Properties map[string]string `json:"properties"`
}

// Create creates a table without snapshots. The error is Conflict if one of that name exists.
func (c *CatalogClient) Create(ctx context.Context, namespace string, t *NewCatalogTable) (*CatalogTable, error) {
	made := new(CatalogTable)
	err := c.do(ctx, &request{what: "create table " + namespace + "." + t.Name, method: http.MethodPost,
		path: namespacePath(namespace) + "/tables", body: t, answer: made})
	return made.or(err)
}

// Register creates a table from its newest metadata file. The error is Conflict if one of that name exists.
func (c *CatalogClient) Register(ctx context.Context, namespace, table, metadata string) (*CatalogTable, error) {
	made := new(CatalogTable)
	err := c.do(ctx, &request{what: "register table " + namespace + "." + table, method: http.MethodPost,
		path: namespacePath(namespace) + "/register", answer: made,
		body: map[string]any{"name": table, "metadata-location": metadata}})
	return made.or(err)
}

// Commit changes a table if it meets all requirements. The error is Conflict if it does not; nothing was changed then.
// It is Unknown if the table may have been changed.
func (c *CatalogClient) Commit(ctx context.Context, namespace, table string, needs []Requirement,
	changes []Update) (*CatalogTable, error) {
	t := new(CatalogTable)
	err := c.do(ctx, &request{what: "commit table " + namespace + "." + table, method: http.MethodPost,
		path: tablePath(namespace, table), answer: t, body: map[string]any{
			"identifier":   map[string]any{"namespace": []string{namespace}, "name": table},
			"requirements": needs, "updates": changes}})
	return t.or(err)
}

// Requirement is what must be true of a table for a commit, in the JSON of the interface.
type Requirement map[string]any

// Update is a change of a table, in the JSON of the interface.
type Update map[string]any

// IsTable requires that the table is still the one with this id.
func IsTable(id string) Requirement { return Requirement{"type": "assert-table-uuid", "uuid": id} }

// MainIs requires that the main branch shows a snapshot; 0 requires that there is no such branch.
func MainIs(snapshot int64) Requirement {
	r := Requirement{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": snapshot}
	if snapshot == 0 {
		r["snapshot-id"] = nil
	}
	return r
}

// SchemaIs requires that the table has this schema, and that its last column has this id.
func SchemaIs(schema, lastColumn int) []Requirement {
	return []Requirement{{"type": "assert-current-schema-id", "current-schema-id": schema},
		{"type": "assert-last-assigned-field-id", "last-assigned-field-id": lastColumn}}
}

// request is a request to the catalog.
type request struct {
	what   string // for errors
	method string
	path   string // after the prefix
	body   any    // as JSON; nil = none
	answer any    // destination of the response; nil = it is not read
	before bool   // it precedes the request that the caller wants
}

// do sends a request; before the first one it requests the prefix from the catalog.
func (c *CatalogClient) do(ctx context.Context, r *request) error {
	if c.root == "" {
		if err := c.configure(ctx); err != nil {
			return err
		}
	}
	return c.repeat(ctx, r, c.root+"/"+r.path)
}

// configure requests the prefix of the paths from the catalog.
func (c *CatalogClient) configure(ctx context.Context) error {
	var config struct{ Defaults, Overrides map[string]string }
	address := c.options.Address + "/v1/config"
	if c.options.Warehouse != "" {
		address += "?" + url.Values{"warehouse": {c.options.Warehouse}}.Encode()
	}
	r := &request{what: "read the configuration", method: http.MethodGet, answer: &config, before: true}
	err := c.repeat(ctx, r, address)
	if err != nil {
		return err
	}
	prefix, found := config.Overrides["prefix"]
	if !found {
		prefix = config.Defaults["prefix"]
	}
	c.root = c.options.Address + "/v1"
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		c.root += "/" + prefix
	}
	return nil
}

// The first and the last pause between attempts of a request.
const (
	firstPause = time.Second
	lastPause  = 4 * time.Second
)

// repeat sends a request, and repeats it if it changes nothing and can succeed later (CATALOG-2).
func (c *CatalogClient) repeat(ctx context.Context, r *request, address string) error {
	for pause := firstPause; ; pause *= 2 {
		err := c.authorized(ctx, r, address)
		if err == nil || r.method != http.MethodGet || !c.again(ctx, err, pause) {
			return err
		}
		if waitErr := c.Wait(ctx, pause); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

// again reports whether to repeat a request after a pause.
func (c *CatalogClient) again(ctx context.Context, err error, pause time.Duration) bool {
	return !c.options.Once && pause <= lastPause && busy(err) && ctx.Err() == nil
}

// Wait pauses before something is tried again.
func (c *CatalogClient) Wait(ctx context.Context, pause time.Duration) error {
	if c.options.Pause != nil {
		return c.options.Pause(ctx, pause)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// authorized sends a request with a token, and once more with a new one if the catalog rejects it (CATALOG-3).
func (c *CatalogClient) authorized(ctx context.Context, r *request, address string) error {
	token := c.options.Token
	if c.options.ClientID != "" {
		if c.token == "" {
			if err := c.authorize(ctx); err != nil {
				return err
			}
		}
		token = c.token
	}
	err := c.send(ctx, r, address, token)
	if c.options.ClientID == "" || !expired(err) {
		return err
	}
	if err := c.authorize(ctx); err != nil {
		return err
	}
	return c.send(ctx, r, address, c.token)
}

// authorize requests a token with the client's secret.
func (c *CatalogClient) authorize(ctx context.Context) error {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.options.ClientID},
		"client_secret": {string(c.options.ClientSecret)}}
	if c.options.Scope != "" {
		form.Set("scope", c.options.Scope)
	}
	var answer struct {
		Token settings.Secret `json:"access_token"`
	}
	c.token = ""
	r := &request{what: "get a token from " + c.options.TokenAddress, method: http.MethodPost, body: form,
		answer: &answer, before: true}
	for pause := firstPause; ; pause *= 2 {
		err := c.send(ctx, r, c.options.TokenAddress, "")
		if err == nil && answer.Token == "" {
			err = &CatalogError{Catalog: c.options.Address, What: r.what, Status: http.StatusOK,
				Text: "the answer has no access_token", before: true}
		}
		if err == nil || !c.again(ctx, err, pause) {
			c.token = answer.Token
			return err
		}
		if waitErr := c.Wait(ctx, pause); waitErr != nil {
			return errors.Join(err, waitErr)
		}
	}
}

// maxAnswer is the largest number of bytes that are read of a response.
const maxAnswer = 256 << 20

// send sends one request and reads its response.
func (c *CatalogClient) send(ctx context.Context, r *request, address string, token settings.Secret) error {
	failed := func(status int, text string, err error) error {
		return &CatalogError{Catalog: c.options.Address, What: r.what, Status: status, Text: c.safe(text), Err: err,
			before: r.before}
	}
	content, kind, err := encodeRequest(r.body)
	if err != nil {
		return fmt.Errorf("%s: %w", r.what, err)
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("%s: %w", r.what, err)
	}
	req.Header.Set("Accept", "application/json")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+string(token))
	}
	resp, err := c.http.Do(req)
	if err != nil {
		var of *url.Error // repeats the address
		if errors.As(err, &of) {
			err = of.Err
		}
		return failed(0, err.Error(), err)
	}
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err = errors.Join(err, resp.Body.Close()); err != nil && resp.StatusCode < http.StatusBadRequest {
		return failed(0, "the answer was cut: "+err.Error(), err)
	}
	switch {
	case resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices:
		return failed(resp.StatusCode, reason(answer), nil)
	case r.answer == nil:
		return nil
	}
	if err := json.Unmarshal(answer, r.answer); err != nil {
		return failed(resp.StatusCode, "the answer is not understood: "+err.Error(), nil)
	}
	return nil
}

// encodeRequest returns the bytes of a request's body, and their media type.
func encodeRequest(body any) (content []byte, kind string, err error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	content, err = json.Marshal(body)
	return content, "application/json", err
}
