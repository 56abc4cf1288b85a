package form

import (
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// Partners may call what reads customers of partners.
func Partners() []keys.Role { return []keys.Role{keys.Vendor, keys.Partner} }

// Owners may call what reads a customer's own data.
func Owners() []keys.Role { return []keys.Role{keys.Vendor, keys.Customer} }

// Anyone may call what concerns customers and partners alike.
func Anyone() []keys.Role { return []keys.Role{keys.Vendor, keys.Partner, keys.Customer} }

// WhoseBill is the parameter by which the vendor names the customer; a customer's own key needs none.
func WhoseBill() operation.Param {
	return operation.Param{Name: "customer_id", Meaning: "the customer of the bill: only for the vendor"}
}

// PageParams is offset and limit as most operations have them.
func PageParams() []operation.Param {
	return []operation.Param{
		{Name: "offset", Kind: operation.Whole, Min: 0, Max: 1<<31 - 1, Default: "0", Meaning: "rows to pass over"},
		{Name: "limit", Kind: operation.Whole, Min: 1, Max: 100, Default: "10", Meaning: "most rows to give"},
	}
}

// InBody moves parameters to the body of the request.
func InBody(params []operation.Param) []operation.Param {
	for i := range params {
		params[i].In = operation.Body
	}
	return params
}

// Window is the part of a list that offset and limit select.
func Window[T any](c *operation.Call, list []T) []T {
	from := min(c.Whole("offset"), len(list))
	return list[from:min(from+c.Whole("limit"), len(list))]
}

// Span is the time from one parameter to before another, each of which may be missing; most is how many months it may
// be long where both are given, 0 = any number.
func Span(c *operation.Call, begin, end string, most int) (period.Span, error) {
	s := period.Span{From: period.Past, To: period.Forever}
	from, ok1 := c.Moment(begin)
	to, ok2 := c.Moment(end)
	if ok1 {
		s.From = from
	}
	if ok2 {
		s.To = to
	}
	if ok1 && ok2 && from > to {
		return s, operation.BadParameter(begin, operation.Textf("晚于%s", "is after %s", end))
	}
	if most > 0 && ok1 && ok2 && to > c.State.Workspace.Books.Zone.AddMonths(from, most) {
		return s, operation.BadParameter(end, operation.Textf("与%s间隔超过%d个月", "is more than %[2]d months after %[1]s",
			begin, most))
	}
	return s, nil
}
