package iceberg

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/problem"
)

// CatalogError says which request failed, and why.
type CatalogError struct {
	Catalog string // its URL
	What    string // what was being done
	Status  int    // of the response; 0 = there was none, or it is unreadable
	Text    string // of the response, or why there is none; without secrets
	Err     error  // why there is no response; nil if there is one

	before bool // an earlier request failed, so this one was not sent
}

// CatalogError names the catalog, the request and the reason.
func (e *CatalogError) Error() string {
	text := e.Text
	if e.Status != 0 {
		text = strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
		if e.Text != "" {
			text += ": " + e.Text
		}
	}
	return fmt.Sprintf("Iceberg catalog %s: %s: %s", e.Catalog, e.What, text)
}

// Unwrap returns the reason.
func (e *CatalogError) Unwrap() error { return e.Err }

// authenticationTimeout is the interface's status for an expired token.
const authenticationTimeout = 419

// Diagnosis implements problem.Diagnosed.
func (e *CatalogError) Diagnosis() (problem.Class, string) {
	var authority x509.UnknownAuthorityError
	switch {
	case e.Status == http.StatusUnauthorized || e.Status == authenticationTimeout:
		return problem.Failed, "check " + TokenEnv + ", or iceberg.client_id and " + SecretEnv
	case e.Status == http.StatusForbidden:
		return problem.Failed, "docs/guides/read-as-iceberg.md lists the rights that the catalog must give"
	case e.Status == http.StatusNotFound:
		return problem.Failed, "check iceberg.catalog and iceberg.catalog_warehouse"
	case errors.As(e.Err, &authority):
		return problem.Failed, "name the authority that signed the server's certificate: SSL_CERT_FILE"
	case busy(e):
		return problem.Retryable,
			"check that the catalog runs and can be reached; the next run, or `tollbook publish`, continues"
	}
	return problem.Failed, ""
}

// status returns the status of the response that an error reports; 0 = there was none.
func status(err error) int {
	var e *CatalogError
	if !errors.As(err, &e) {
		return 0
	}
	return e.Status
}

// NotFound reports whether the catalog does not have the object of a request.
func NotFound(err error) bool { return status(err) == http.StatusNotFound && !before(err) }

// Conflict reports whether the catalog rejected a change because the name is taken or the state is another.
func Conflict(err error) bool { return status(err) == http.StatusConflict && !before(err) }

// Refused reports whether the catalog rejected a request for a permanent reason, without executing it.
func Refused(err error) bool {
	s := status(err)
	return s >= http.StatusBadRequest && s < http.StatusInternalServerError && !busy(err) && !Conflict(err)
}

// before reports whether a request was not sent because an earlier one, for a token or the configuration, failed.
func before(err error) bool {
	var e *CatalogError
	return errors.As(err, &e) && e.before
}

// Unknown reports whether a failed request may have been executed: there was no response, it was unreadable, or it says
// that the server is busy or failed.
func Unknown(err error) bool {
	var e *CatalogError
	if !errors.As(err, &e) || e.before {
		return false
	}
	return busy(err) || e.Status >= http.StatusOK && e.Status < http.StatusMultipleChoices
}

// busy reports whether a failed request may succeed later: there was no response, or it says that the server is busy or
// failed.
func busy(err error) bool {
	var e *CatalogError
	switch {
	case !errors.As(err, &e), errors.Is(err, context.Canceled):
		return false
	case e.Status == 0, e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout:
		return true
	}
	return e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented
}

// expired reports whether the catalog no longer accepts a token.
func expired(err error) bool {
	s := status(err)
	return s == http.StatusUnauthorized || s == authenticationTimeout
}

// safe removes all secrets from a text (CATALOG-1).
func (c *CatalogClient) safe(text string) string {
	for _, secret := range []string{string(c.options.Token), string(c.options.ClientSecret), string(c.token)} {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "***")
		}
	}
	return text
}

// reason returns the error message of a response in one line, in the form of the interface or of OAuth.
func reason(answer []byte) string {
	var said struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"error_description"`
	}
	text := string(answer)
	if json.Unmarshal(answer, &said) == nil {
		var of struct{ Message, Type string }
		var code string
		switch {
		case json.Unmarshal(said.Error, &of) == nil && of.Message+of.Type != "":
			text = strings.Trim(of.Type+": "+of.Message, ": ")
		case json.Unmarshal(said.Error, &code) == nil && code != "":
			text = strings.Trim(code+": "+said.Description, ": ")
		}
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	const most = 300
	if len(text) > most {
		text = text[:most]
		for !utf8.ValidString(text) {
			text = text[:len(text)-1]
		}
		text += " …"
	}
	return text
}
