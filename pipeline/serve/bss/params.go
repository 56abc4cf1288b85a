package bss

import (
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
)

// Partners returns the callers of operations about customers of partners.
func Partners() []keys.Role { return []keys.Role{keys.Vendor, keys.Partner} }

// Owners returns the callers of operations about a customer's own data.
func Owners() []keys.Role { return []keys.Role{keys.Vendor, keys.Customer} }

// Anyone returns the callers of operations about both customers and partners.
func Anyone() []keys.Role { return []keys.Role{keys.Vendor, keys.Partner, keys.Customer} }

// WhoseBill is the parameter by which the vendor names the customer; a customer's own key does not need it.
func WhoseBill() operation.Param {
	return operation.Param{Name: "customer_id", Meaning: "the customer of the bill: only for the vendor"}
}

// PageParams returns offset and limit in the form of most operations.
func PageParams() []operation.Param {
	return []operation.Param{
		{Name: "offset", Kind: operation.Whole, Min: 0, Max: 1<<31 - 1, Default: "0", Meaning: "rows to skip"},
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

// Window returns the part of a list that offset and limit select.
func Window[T any](c *operation.Call, list []T) []T {
	from := min(c.Whole("offset"), len(list))
	return list[from:min(from+c.Whole("limit"), len(list))]
}

// Span returns the time from one parameter to before another, each of which may be missing. most is the largest number
// of months between them, 0 = any.
func Span(c *operation.Call, begin, end string, most int) (period.Span, error) {
	s := period.Always()
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

// WhosePartner is the parameter by which the vendor names the partner; a partner's own key does not need it.
func WhosePartner() operation.Param {
	return operation.Param{Name: "partner_id", Meaning: "the partner: only for the vendor"}
}

// NeedPartner rejects a call of the vendor that names no partner.
func NeedPartner(c *operation.Call) error {
	if c.Scope.Partner != "" {
		return nil
	}
	return operation.BadParameter("partner_id",
		operation.Text{Zh: "必填", En: "is missing: the vendor must name the partner"})
}

// Between returns which instants are within two time parameters; all are if neither is given.
func Between(c *operation.Call, begin, end string) (func(period.Instant) bool, error) {
	s, err := Span(c, begin, end, 0)
	if !c.Given(begin) && !c.Given(end) {
		return func(period.Instant) bool { return true }, err
	}
	return s.Holds, err
}

// ValidityParams limit the start and the end of a validity; Validity reads them.
func ValidityParams() []operation.Param {
	return []operation.Param{
		{Name: "effective_time_begin", Kind: operation.Moment, Meaning: "valid from then or later"},
		{Name: "effective_time_end", Kind: operation.Moment, Meaning: "valid from before then"},
		{Name: "expire_time_begin", Kind: operation.Moment, Meaning: "valid until then or later"},
		{Name: "expire_time_end", Kind: operation.Moment, Meaning: "valid until before then"},
	}
}

// Validity returns which validities match ValidityParams.
func Validity(c *operation.Call) (func(period.Span) bool, error) {
	begins, err := Between(c, "effective_time_begin", "effective_time_end")
	if err != nil {
		return nil, err
	}
	ends, err := Between(c, "expire_time_begin", "expire_time_end")
	return func(valid period.Span) bool { return begins(valid.From) && ends(valid.To) }, err
}

// List reads a parameter that is a list. More values than the parameter permits are an error.
func List[T any](c *operation.Call, name string, to *[]T) error {
	if err := c.Decode(name, to); err != nil {
		return err
	}
	if p, _ := c.Op.Param(name); int64(len(*to)) > p.Max {
		return operation.BadParameter(name, operation.Textf("超过%d个", "has more than %d values", p.Max))
	}
	return nil
}

// TradeDays returns the time from the day trade_time_begin to the day trade_time_end, in days of the contract zone. The
// default is from the same day one year ago to today.
func TradeDays(c *operation.Call) (period.Span, error) {
	zone := c.State.Workspace.Books.Zone
	first, ok := c.Day("trade_time_begin")
	if !ok {
		first = zone.Day(zone.AddMonths(c.State.Now, -12))
	}
	last, ok := c.Day("trade_time_end")
	if !ok {
		last = zone.Day(c.State.Now)
	}
	if first > last {
		return period.Span{}, operation.BadParameter("trade_time_begin", operation.Text{Zh: "晚于trade_time_end",
			En: "is after trade_time_end"})
	}
	return period.Span{From: zone.Start(first), To: zone.Start(last + 1)}, nil
}

// Bound formats a start or end of a validity; "" = open.
func Bound(t period.Instant) string {
	if t == period.Past || t == period.Forever {
		return ""
	}
	return operation.Time(t)
}

// AsOf returns the as-of of the last run, or before the first run the time of the request.
func AsOf(c *operation.Call) (period.Instant, error) {
	if c.State.Snap.Manifest.AsOf == "" {
		return c.State.Now, nil
	}
	return period.ParseInstant(c.State.Snap.Manifest.AsOf)
}
