package console

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/serve/keys"
)

// callerOf reads a claim: one text, or a list of texts in which exactly one names a caller (OPENID-3).
func callerOf(claim any) (keys.Caller, error) {
	list, isList := claim.([]any)
	if !isList {
		if claim == nil {
			return keys.Caller{}, errors.New("the id token does not have it")
		}
		list = []any{claim}
	}
	var found []keys.Caller
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return keys.Caller{}, fmt.Errorf("a value of it is no text: %T", one)
		}
		if c, ok := named(text); ok {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return keys.Caller{}, fmt.Errorf("it names %d callers: it needs exactly one of vendor, finance, partner:ID "+
			"and customer:ID", len(found))
	}
	return found[0], found[0].Check()
}

// named parses a caller: vendor, finance, partner:ID, customer:ID.
func named(text string) (c keys.Caller, ok bool) {
	role, id, _ := strings.Cut(text, ":")
	switch c.Role = keys.Role(role); {
	case text == string(keys.Vendor) || text == string(keys.Finance):
		return c, true
	case c.Role == keys.Partner && id != "":
		c.Partner = id
		return c, true
	case c.Role == keys.Customer && id != "":
		c.Customer = id
		return c, true
	}
	return keys.Caller{}, false
}
