package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Algorithm is the only supported scheme.
const Algorithm = "SDK-HMAC-SHA256"

// Window is how far the signed time may be from the server's clock, before or after.
const Window = 15 * time.Minute

const (
	dateHeader    = "X-Sdk-Date"
	dateForm      = "20060102T150405Z"
	contentHeader = "X-Sdk-Content-Sha256"
	maxHeaders    = 64
)

// Reason is why a signature is rejected. It reveals nothing that a caller does not know.
type Reason string

// The reasons.
const (
	Missing   Reason = "no signature"
	Malformed Reason = "the Authorization header is no " + Algorithm + " signature"
	NoDate    Reason = "X-Sdk-Date is missing, not signed or no date"
	TooFar    Reason = "X-Sdk-Date is more than 15 minutes from the server's clock"
	NoHeader  Reason = "a signed header is missing"
	BadQuery  Reason = "the query is malformed"
	Unsigned  Reason = "X-Sdk-Content-Sha256 is not the body's"
	Mismatch  Reason = "the signature does not fit the access key and the request"
	Replayed  Reason = "the signature was used before"
	Full      Reason = "too many signatures within the window"
)

// Error is the reason as a text.
func (r Reason) Error() string { return string(r) }

// Signature has the signature headers of a request, parsed but not verified.
type Signature struct {
	Access  string // the access key's id
	Headers []string
	Date    time.Time // whole seconds, UTC
	MAC     [sha256.Size]byte
}

// Parse reads the signature of a request. Errors are Reasons.
func Parse(h http.Header) (*Signature, error) {
	all := h.Values("Authorization")
	if len(all) == 0 {
		return nil, Missing
	}
	rest, ok := strings.CutPrefix(all[0], Algorithm+" ")
	if len(all) > 1 || !ok {
		return nil, Malformed
	}
	parts := strings.Split(rest, ",")
	if len(parts) != 3 {
		return nil, Malformed
	}
	var value [3]string
	for i, name := range []string{"Access=", "SignedHeaders=", "Signature="} {
		if value[i], ok = strings.CutPrefix(strings.TrimSpace(parts[i]), name); !ok || value[i] == "" {
			return nil, Malformed
		}
	}
	s := &Signature{Access: value[0], Headers: strings.Split(value[1], ";")}
	mac, err := hex.DecodeString(value[2])
	if err != nil || copy(s.MAC[:], mac) != sha256.Size || len(mac) != sha256.Size ||
		value[2] != strings.ToLower(value[2]) {
		return nil, Malformed
	}
	if len(s.Headers) > maxHeaders || !slices.IsSorted(s.Headers) ||
		len(slices.Compact(slices.Clone(s.Headers))) != len(s.Headers) {
		return nil, Malformed
	}
	for _, name := range s.Headers {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
		}) {
			return nil, Malformed
		}
	}
	dates := h.Values(dateHeader)
	if len(dates) != 1 || !slices.Contains(s.Headers, strings.ToLower(dateHeader)) {
		return nil, NoDate
	}
	if s.Date, err = time.Parse(dateForm, dates[0]); err != nil || s.Date.Format(dateForm) != dates[0] {
		return nil, NoDate
	}
	return s, nil
}

// Fresh checks the date (SIGN-2).
func (s *Signature) Fresh(now time.Time) error {
	if d := now.Sub(s.Date); d > Window || d < -Window {
		return TooFar
	}
	return nil
}

// Verify checks that the request with this body was signed with the secret. For an access key that does not exist, pass
// any secret and reject the request afterwards (SIGN-3). Errors are Reasons.
func (s *Signature) Verify(r *http.Request, body []byte, secret string) error {
	text, err := s.canonical(r, body)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(Algorithm + "\n" + s.Date.Format(dateForm) + "\n" + sumOf([]byte(text))))
	if !hmac.Equal(mac.Sum(nil), s.MAC[:]) {
		return Mismatch
	}
	return nil
}

// canonical returns the request in the form that is signed.
func (s *Signature) canonical(r *http.Request, body []byte) (string, error) {
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	headers, err := s.canonicalHeaders(r)
	if err != nil {
		return "", err
	}
	path, err := canonicalPath(r.URL.EscapedPath())
	if err != nil {
		return "", err
	}
	content := sumOf(body)
	// The SDK signs the value of this header instead of the body for files and forms, which the API does not have.
	if said := r.Header.Values(contentHeader); len(said) > 1 || len(said) == 1 && said[0] != content {
		return "", Unsigned
	}
	return strings.Join([]string{r.Method, path, query, headers, strings.Join(s.Headers, ";"), content}, "\n"), nil
}

// canonicalPath returns the path with a trailing slash, as the SDK signs it.
func canonicalPath(escaped string) (string, error) {
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return "", BadQuery
		}
		segments[i] = escape(plain)
	}
	path := strings.Join(segments, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path, nil
}

// canonicalQuery returns the query sorted by name and value. A bare `name`, which the SDK sends for an empty value, is
// signed as `name=`.
func canonicalQuery(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", BadQuery
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var parts []string
	for _, name := range names {
		slices.Sort(values[name])
		for _, value := range values[name] {
			parts = append(parts, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(parts, "&"), nil
}

// canonicalHeaders returns one line per value of the signed headers, and an empty one. The SDK does not sign host;
// other clients may.
func (s *Signature) canonicalHeaders(r *http.Request) (string, error) {
	var b strings.Builder
	for _, name := range s.Headers {
		values := slices.Sorted(slices.Values(r.Header.Values(name)))
		if name == "host" {
			values = []string{r.Host}
		}
		if len(values) == 0 {
			return "", NoHeader
		}
		for _, value := range values {
			b.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return b.String(), nil
}

// escape percent-encodes every byte except the unreserved letters, digits and marks of RFC 3986.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	plain := func(c byte) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if c := s[i]; plain(c) {
			out = append(out, c)
		} else {
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
