package settings

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

// BrandingDir is the branding folder of the workspace, File the branding file in it.
const (
	BrandingDir  = "branding"
	BrandingFile = BrandingDir + "/branding.yaml"
)

// MaxLogo is the maximum size of a logo in bytes. The logo is embedded in every document.
const MaxLogo = 256 << 10

// Language is the language of an issuer's documents.
type Language uint8

// The languages.
const (
	English Language = iota
	Chinese
)

// Tag is the language's tag (BCP 47).
func (l Language) Tag() string { return [...]string{"en", "zh"}[l] }

// Logo is an image with its media type. The zero value is no logo.
type Logo struct {
	MediaType string // image/png, image/svg+xml
	Data      []byte
}

// BrandingStyle is the appearance of one issuer's documents.
type BrandingStyle struct {
	Party        string // party_id of the issuer: the vendor's id or a partner's
	Logo         Logo
	Colour       string // #rrggbb
	Language     Language
	number       string
	IssueDay     int    // day of the month after the cycle, 1 to 28
	PaymentDays  int    // from the date of issue to the due date; 0 = due on the date of issue
	Instructions string // how to pay; may be empty
	link         string // pattern of the address to pay online; may be empty
	Footer       string // legal text at the end of the cover; may be empty
}

// Branding holds the styles of a workspace.
type Branding struct {
	styles []BrandingStyle // by Party
}

// BrandingStyle is an issuer's style; ok is false if the file does not name the issuer.
func (b *Branding) Style(party string) (style *BrandingStyle, ok bool) {
	if b == nil {
		return nil, false
	}
	at, ok := slices.BinarySearchFunc(b.styles, party, func(s BrandingStyle, id string) int {
		return strings.Compare(s.Party, id)
	})
	if !ok {
		return nil, false
	}
	return &b.styles[at], true
}

// Number returns the number of a document: the pattern with the kind (INV, CN, ST), cycle and recipient's id filled in.
func (s *BrandingStyle) Number(kind string, cycle period.Cycle, recipient string) string {
	return strings.NewReplacer("{kind}", kind, "{cycle}", cycle.String(), "{party}", recipient).Replace(s.number)
}

// PaymentLink returns the address at which a document is paid online: the pattern with number, amount and currency,
// escaped for a query. It is empty without a pattern.
func (s *BrandingStyle) PaymentLink(number, amount, currency string) string {
	return strings.NewReplacer("{number}", url.QueryEscape(number), "{amount}", url.QueryEscape(amount), "{currency}",
		url.QueryEscape(currency)).Replace(s.link)
}

// Issued is the date of issue of a cycle's documents.
func (s *BrandingStyle) Issued(cycle period.Cycle) period.Day {
	return (cycle + 1).First() + period.Day(s.IssueDay) - 1
}

// BrandingKeys are the keys of an issuer.
func BrandingKeys() []string {
	return []string{"logo", "colour", "language", "number", "issue_day", "payment_days", "instructions", "payment_link",
		"footer"}
}

// Defaults of absent keys.
const (
	defaultColour = "#1a1a1a"
	defaultNumber = "{kind}-{cycle}-{party}"
	longestNumber = 64
)

// LoadBranding reads the branding of a workspace; known reports whether a party exists. A workspace without the file
// has no styles. Errors: problem.Problems with everything that is wrong.
func LoadBranding(workspace fs.FS, known func(party string) bool) (*Branding, error) {
	data, err := fs.ReadFile(workspace, BrandingFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &Branding{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", BrandingFile, err)
	}
	var c problem.Collector
	root, ok := ParseYAML(BrandingFile, data, &c)
	b := &Branding{}
	if ok && root.Kind != Null {
		if root.Kind != Mapping {
			c.Add(root.Pos, "write each issuer as `party_id:` with its keys indented below", "%s, not a mapping",
				root.Kind)
		}
		for i := range root.Pairs {
			pair := &root.Pairs[i]
			if !known(pair.Key) {
				c.Add(pair.At, "name the vendor's id of tollbook.yaml or a partner of books/partners.csv",
					"unknown issuer %q", pair.Key)
			}
			r := brandingReader{files: workspace, c: &c, m: YAMLFields(&c, &pair.Value, pair.Key, BrandingKeys())}
			b.styles = append(b.styles, r.style(pair.Key))
		}
	}
	slices.SortFunc(b.styles, func(a, b BrandingStyle) int { return strings.Compare(a.Party, b.Party) })
	return b, c.Err()
}

// brandingReader reads the keys of one issuer.
type brandingReader struct {
	files fs.FS
	c     *problem.Collector
	m     YAMLMap
}

func (r *brandingReader) style(party string) BrandingStyle {
	return BrandingStyle{
		Party:        party,
		Logo:         r.logo(),
		Colour:       YAMLValue(r.m, "colour", defaultColour, parseColour),
		Language:     Language(r.m.Word("language", 0, []string{"en", "zh"})), //nolint:gosec // 0 or 1
		number:       YAMLValue(r.m, "number", defaultNumber, parseNumber),
		IssueDay:     r.m.Int("issue_day", 1, 1, 28),
		PaymentDays:  r.m.Int("payment_days", 30, 0, 365),
		Instructions: strings.TrimSpace(r.m.Text("instructions", "")),
		link:         YAMLValue(r.m, "payment_link", "", parseLink),
		Footer:       strings.TrimSpace(r.m.Text("footer", "")),
	}
}

// logo reads the image that the key names.
func (r *brandingReader) logo() Logo {
	n := r.m.Get("logo")
	name := r.m.Text("logo", "")
	if name == "" {
		return Logo{}
	}
	file := path.Join(BrandingDir, name)
	if !fs.ValidPath(file) || path.Dir(file) != BrandingDir {
		r.m.Fail("logo", n, "copy the image into the folder "+BrandingDir, "not a file of the folder %s", BrandingDir)
		return Logo{}
	}
	data, err := fs.ReadFile(r.files, file)
	switch {
	case err != nil:
		r.m.Fail("logo", n, "copy the image into the folder "+BrandingDir, "%v", err)
		return Logo{}
	case len(data) > MaxLogo:
		r.m.Fail("logo", n, "make it smaller: it is embedded in every document", "%d bytes, more than %d", len(data),
			MaxLogo)
		return Logo{}
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return Logo{MediaType: "image/png", Data: data}
	case isSVG(data) && hasText(data):
		r.m.Fail("logo", n, "convert its text to paths in the program that drew it", "text in the image, "+
			"which is drawn "+
			"with whatever fonts the reader has, and may be cut off")
		return Logo{}
	case isSVG(data):
		return Logo{MediaType: "image/svg+xml", Data: data}
	}
	r.m.Fail("logo", n, "save the image as PNG or SVG", "neither PNG nor SVG")
	return Logo{}
}

// isSVG reports whether data is well-formed XML whose root is an svg element.
func isSVG(data []byte) bool {
	d := xml.NewDecoder(bytes.NewReader(data))
	root := ""
	for {
		token, err := d.Token()
		if err != nil {
			return root == "svg" && errors.Is(err, io.EOF)
		}
		if start, ok := token.(xml.StartElement); ok && root == "" {
			root = start.Name.Local
		}
	}
}

// hasText reports whether an SVG image has an element text.
func hasText(data []byte) bool {
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "text" {
			return true
		}
	}
}

func parseColour(text string) (string, error) {
	if len(text) == len("#rrggbb") && text[0] == '#' && strings.Trim(text[1:], "0123456789abcdefABCDEF") == "" {
		return text, nil
	}
	return "", fmt.Errorf("%q: not a colour like \"#0b5fff\"", text)
}

func parseNumber(text string) (string, error) {
	for _, part := range []string{"{kind}", "{cycle}", "{party}"} {
		if !strings.Contains(text, part) {
			return "", fmt.Errorf("%q: without %s two documents would have one number", text, part)
		}
	}
	if len(text) > longestNumber || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		return "", fmt.Errorf("%q: longer than %d bytes, or with a control character", text, longestNumber)
	}
	return text, nil
}

// parseLink checks an address pattern: it must be https and contain {number}, so that a payment names its document.
func parseLink(text string) (string, error) {
	u, err := url.Parse(strings.NewReplacer("{number}", "n", "{amount}", "1", "{currency}", "EUR").Replace(text))
	if err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(text, " \t\r\n\"<>") {
		return "", fmt.Errorf("%q: not an address like https://pay.example.com/?invoice={number}", text)
	}
	if !strings.Contains(text, "{number}") {
		return "", fmt.Errorf("%q: without {number} a payment names no document", text)
	}
	return text, nil
}
