package focus

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	resourcetags "github.com/tollbook/tollbook/pipeline/read/tags"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// product is what rows say of a product.
type product struct {
	code                              int32 // in the books; -1 = no longer there
	name, service, category, resource string
	model                             books.Model
}

// categories are the service categories of FOCUS 1.2.
var categories = []string{"AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases",
	"Developer Tools", "Identity",
	"Integration", "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile", "Multicloud",
	"Networking", "Other", "Security",
	"Storage", "Web"}

// dictionary has the products by sku, and the services. A service has one name and one category, those of its first
// product by sku that has one, for FOCUS has it so; a category that FOCUS does not know is none.
type dictionary struct {
	products map[string]*product
	names    map[string]string // of services, by code
	kinds    map[string]string // categories, by name of a service: two services of one name are one service to FOCUS
}

func newDictionary(b *books.Books) *dictionary {
	d := &dictionary{map[string]*product{}, map[string]string{}, map[string]string{}}
	kinds := map[string]string{}
	for i := range b.Products {
		p := &b.Products[i]
		if d.names[p.ServiceTypeCode] == "" {
			d.names[p.ServiceTypeCode] = p.ServiceTypeName
		}
		if kinds[p.ServiceTypeCode] == "" && slices.Contains(categories, p.FocusServiceCategory) {
			kinds[p.ServiceTypeCode] = p.FocusServiceCategory
		}
	}
	for i := range b.Products {
		code := b.Products[i].ServiceTypeCode
		if name := or(d.names[code], code); d.kinds[name] == "" {
			d.kinds[name] = or(kinds[code], "Other")
		}
	}
	for i := range b.Products {
		p := &b.Products[i]
		one := d.of(p.ServiceTypeCode, or(p.Name, p.SKU), or(p.ResourceTypeName, p.ResourceTypeCode))
		one.code, one.model = int32(i), p.Model
		d.products[p.SKU] = one
	}
	return d
}

// of is what rows say of a product of a service, or of what is of a service and of no product.
func (d *dictionary) of(service, name, resource string) *product {
	called := or(d.names[service], service)
	return &product{code: -1, name: name, service: called, category: or(d.kinds[called], "Other"),
		resource: or(resource, called)}
}

// product is that of a line: of a commitment on more than one product, and of a sku that the books no longer have, the
// service is all that the books can name.
func (d *dictionary) product(row rows.Row[tables.Line]) *product {
	sku, service := row.Word(tables.LineSKU), row.Word(tables.LineServiceTypeCode)
	if sku == "" {
		return d.of(or(service, unbound), unbound, "")
	}
	p := d.products[sku]
	if p == nil {
		p = d.of(service, sku, row.Word(tables.LineResourceTypeCode))
		d.products[sku] = p
	}
	return p
}

// or is a text, or another where it is empty.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// customerParty is a customer as it was called last before the end of a cycle.
func customerParty(b *books.Books, id string, end period.Instant) Party {
	p := Party{ID: id, Name: id, Type: "Customer", Currency: b.CustomerCurrencyOf(id).Code}
	if code := b.Customer(id); code >= 0 {
		for _, row := range b.Customers[code].Rows {
			if row.Valid.From < end && row.Name != "" {
				p.Name = row.Name
			}
		}
	}
	return p
}

// partnerParty is a partner as it was called last before the end of a cycle.
func partnerParty(b *books.Books, code int32, end period.Instant) Party {
	p := Party{ID: b.Partners[code].ID, Name: b.Partners[code].ID, Type: ofPartner,
		Currency: b.PartnerCurrency(code).Code}
	for _, row := range b.Partners[code].Rows {
		if row.Valid.From < end && row.Name != "" {
			p.Name = row.Name
		}
	}
	return p
}

// listed are the units that FOCUS writes in its own way, by their small letters in the singular.
var listed = map[string]string{"year": "Years", "month": "Months", "day": "Days", "hour": "Hours", "minute": "Minutes",
	"second": "Seconds", "count": "Count", "unit": "Units", "request": "Requests", "token": "Tokens", "b": "B",
	"kb": "KB", "mb": "MB", "gb": "GB", "tb": "TB", "pb": "PB", "eb": "EB", "kib": "KiB", "mib": "MiB", "gib": "GiB",
	"tib": "TiB", "pib": "PiB"}

// focusUnit is a measure as FOCUS writes units: GB-hour is GB-Hours, call is Calls, 1000 calls is 1000 Calls.
func focusUnit(measure string) string {
	amount, unit, found := strings.Cut(measure, " ")
	if _, err := strconv.ParseUint(amount, 10, 64); !found || err != nil {
		amount, unit = "", measure
	} else {
		amount += " "
	}
	over, per, ratio := strings.Cut(unit, "/")
	parts := strings.Split(over, "-")
	for i := range parts {
		parts[i] = unitWord(parts[i], i == len(parts)-1)
	}
	unit = amount + strings.Join(parts, "-")
	if ratio {
		unit += "/" + unitWord(per, false)
	}
	return unit
}

// unitWord is one word of a unit; plural where it is counted.
func unitWord(word string, plural bool) string {
	small := strings.ToLower(word)
	known, ok := listed[strings.TrimSuffix(small, "s")]
	if !ok {
		known, ok = listed[small]
	}
	switch {
	case ok && plural || ok && !strings.HasSuffix(known, "s"):
		return known
	case ok:
		return strings.TrimSuffix(known, "s")
	case word == "" || word != small:
		return word
	}
	runes := []rune(word)
	runes[0] = unicode.ToUpper(runes[0])
	if plural && !strings.HasSuffix(small, "s") {
		return string(runes) + "s"
	}
	return string(runes)
}

// tags makes an object of the tags of a record: an object of scalars stays as it is, key=value pairs between commas or
// semicolons become one, a key alone is true. Later pairs of a key win. What is neither is one tag, `tag`.
func tags(text []byte) string {
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return ""
	}
	if text[0] == '{' {
		if flat, ok := flatObject(text); ok {
			return flat
		}
		return string(jsonObject([]pair{{"tag", string(text)}}))
	}
	var list []pair
	for _, p := range resourcetags.Pairs(string(text)) {
		if p.Bare {
			list = append(list, pair{p.Key, true})
		} else {
			list = append(list, pair{p.Key, p.Value})
		}
	}
	if len(list) == 0 {
		return ""
	}
	return string(jsonObject(list))
}

// pair is a key of an object with a text or true.
type pair struct {
	key   string
	value any
}

// jsonObject writes pairs in their order.
func jsonObject(list []pair) []byte {
	out := []byte{'{'}
	for i, p := range list {
		if i > 0 {
			out = append(out, ',')
		}
		key, value := quoted(p.key), quoted(p.value)
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}')
}

// quoted is a text or a truth value as JSON.
func quoted(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // texts and truth values can always be written
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// flatObject is an object of scalars with each key once, without blanks.
func flatObject(text []byte) (string, bool) {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return "", false
	}
	seen := map[string]bool{}
	for in.More() {
		key, err := in.Token()
		name, isText := key.(string)
		if err != nil || !isText || seen[name] {
			return "", false
		}
		seen[name] = true
		if value, err := in.Token(); err != nil {
			return "", false
		} else if _, nested := value.(json.Delim); nested {
			return "", false
		}
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, text); err != nil {
		return "", false
	}
	return flat.String(), true
}
