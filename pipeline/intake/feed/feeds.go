package feed

import "github.com/apache/arrow-go/v18/arrow"

// ColumnKind is the kind of a column's values. It determines their type in a batch.
type ColumnKind uint8

const (
	// TextColumn is any text. In a batch: string.
	TextColumn ColumnKind = iota
	// WordColumn is a text that many records share. In a batch: dictionary<int32, string>.
	WordColumn
	// TimeColumn is an instant with an offset (§1.2). In a batch: timestamp[us, UTC].
	TimeColumn
	// QuantityColumn is a decimal of scale 10, 0 to 10^15 (§1.1). In a batch: decimal128(38, 10).
	QuantityColumn
	// AmountColumn is a decimal of scale 8, within ±10^18 (§1.1). In a batch: decimal128(38, 8).
	AmountColumn
	// WholeColumn is a whole number of at most 18 digits; zeros may follow a decimal point. In a batch: int64.
	WholeColumn
)

// String is the kind's word in documentation.
func (k ColumnKind) String() string {
	return [...]string{"text", "word", "time", "quantity", "amount", "whole"}[k]
}

// ArrowType is the type of the kind's column in a batch.
func (k ColumnKind) ArrowType() arrow.DataType {
	switch k {
	case WordColumn:
		return &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}
	case TimeColumn:
		return &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}
	case QuantityColumn:
		return &arrow.Decimal128Type{Precision: 38, Scale: 10}
	case AmountColumn:
		return &arrow.Decimal128Type{Precision: 38, Scale: 8}
	case WholeColumn:
		return arrow.PrimitiveTypes.Int64
	}
	return arrow.BinaryTypes.String
}

// SpecColumn is one column of a feed.
type SpecColumn struct {
	Name     string
	Kind     ColumnKind
	Required bool   // the header must have it and every record a value
	Header   bool   // the header must have it; other packages decide which records need a value
	OneOf    string // of the columns with this word the header must have one, and every record a value in one
	Signed   bool   // QuantityColumn, Amount and Whole: a minus is allowed
	Free     bool   // a name, a note or tags: any valid UTF-8; other texts are identities (TEXT-1)
	Content  bool   // part of a record's content: two records that differ in it are not duplicates (§3.20)
	Meaning  string // for people, one clause
	Source   string // where the rule comes from, such as `§3.13`
}

// Spec is one feed. The order of its columns is the order of the checks and of the columns of a batch.
type Spec struct {
	Name    string // the folder below inbox/
	Columns []SpecColumn
}

// SpecColumn returns the position of a column by its name; −1 if the feed has no such column.
func (s *Spec) Column(name string) int {
	for i := range s.Columns {
		if s.Columns[i].Name == name {
			return i
		}
	}
	return -1
}

// OneOf lists the columns that share column i's OneOf and reports whether i is the first of them.
func (s *Spec) OneOf(i int) (first bool, all []int) {
	word := s.Columns[i].OneOf
	if word == "" {
		return false, nil
	}
	for j := range s.Columns {
		if s.Columns[j].OneOf == word {
			all = append(all, j)
		}
	}
	return all[0] == i, all
}

// Schema returns the schema of the feed's batches. Every field is nullable; null means no value.
func (s *Spec) Schema() *arrow.Schema {
	fields := make([]arrow.Field, len(s.Columns))
	for i := range s.Columns {
		fields[i] = arrow.Field{Name: s.Columns[i].Name, Type: s.Columns[i].Kind.ArrowType(), Nullable: true}
	}
	return arrow.NewSchema(fields, nil)
}

// UsageSpec is the feed of §3.13.
func UsageSpec() *Spec {
	const source = "§3.13"
	return &Spec{Name: "usage", Columns: []SpecColumn{
		{Name: "record_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "the record's id, unique within a customer's cycle"},
		{Name: "customer_id", Kind: WordColumn, Required: true, Content: true, Source: source, Meaning: "who used it"},
		{Name: "resource_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "what was used"},
		{Name: "sku", Kind: WordColumn, Required: true, Content: true, Source: source, Meaning: "the product"},
		{Name: "region_code", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "where it was used"},
		{Name: "usage_start", Kind: TimeColumn, Required: true, Content: true, Source: source,
			Meaning: "start of the use; its day and cycle are the record's"},
		{Name: "usage_end", Kind: TimeColumn, Required: true, Content: true, Source: source, Meaning: "end of the use"},
		{Name: "quantity", Kind: QuantityColumn, Required: true, Content: true, Source: source,
			Meaning: "how much, in the product's measure"},
		{Name: "resource_name", Kind: TextColumn, Free: true, Content: true, Source: source,
			Meaning: "the resource's name, for people"},
		{Name: "resource_tag", Kind: TextColumn, Free: true, Content: true, Source: source,
			Meaning: "the resource's tags"},
		{Name: "unit", Kind: WordColumn, Source: source,
			Meaning: "the quantity's unit; must equal the product's measure"},
		{Name: "replaces", Kind: TextColumn, Content: true, Source: "§3.20",
			Meaning: "the record_id of an accepted record of the same customer and cycle that no longer counts"},
	}}
}

// With adds senders' own columns after the columns of the feed (§10.1).
func (s *Spec) With(own []string) *Spec {
	for _, name := range own {
		s.Columns = append(s.Columns, SpecColumn{Name: name, Kind: TextColumn, Content: true, Source: "§10.1",
			Meaning: "a column of the sender's own whose values a product counts"})
	}
	return s
}

// WithSigned allows a minus in the column quantity of the usage feed (§10.3).
func (s *Spec) WithSigned() *Spec {
	s.Columns[s.Column("quantity")].Signed = true
	return s
}

// BandwidthSpec is the feed of §3.14.
func BandwidthSpec() *Spec {
	const source = "§3.14"
	return &Spec{Name: "bandwidth", Columns: []SpecColumn{
		{Name: "resource_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the link that was measured"},
		{Name: "sample_time", Kind: TimeColumn, Required: true, Content: true, Source: source,
			Meaning: "when; floored to 5 minutes it is the sample's slot"},
		{Name: "in_bps", Kind: QuantityColumn, OneOf: "bps", Content: true, Source: source,
			Meaning: "bits per second inward; 0 if absent"},
		{Name: "out_bps", Kind: QuantityColumn, OneOf: "bps", Content: true, Source: source,
			Meaning: "bits per second outward; 0 if absent"},
	}}
}

// OrdersSpec is the feed of §3.15. Columns that an unsubscribe takes from its base may be empty. A row with a status is
// a step in the life of an order line.
func OrdersSpec() *Spec {
	const source = "§3.15"
	return &Spec{Name: "orders", Columns: []SpecColumn{
		{Name: "order_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the order's id"},
		{Name: "order_line", Kind: WholeColumn, Content: true, Source: source,
			Meaning: "line of the order; 1 if empty"},
		{Name: "order_type", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "new, renew, auto_renew, change or unsubscribe"},
		{Name: "customer_id", Kind: WordColumn, Required: true, Content: true, Source: source, Meaning: "who ordered"},
		{Name: "sku", Kind: WordColumn, Header: true, Content: true, Source: source,
			Meaning: "the product; may be empty in an unsubscribe, which has that of its base"},
		{Name: "region_code", Kind: WordColumn, Header: true, Content: true, Source: source,
			Meaning: "where; of an unsubscribe that of its base"},
		{Name: "resource_id", Kind: TextColumn, Header: true, Content: true, Source: source,
			Meaning: "what was ordered; of an unsubscribe that of its base"},
		{Name: "quantity", Kind: QuantityColumn, Header: true, Content: true, Source: source, Meaning: "how many"},
		{Name: "period_type", Kind: WordColumn, Header: true, Content: true, Source: source,
			Meaning: "hour, day, month, year or one_off; may be empty in a change"},
		{Name: "period_num", Kind: WholeColumn, Header: true, Content: true, Source: source,
			Meaning: "how many periods; may be empty in a change"},
		{Name: "pay_time", Kind: TimeColumn, Header: true, Content: true, Source: source,
			Meaning: "when it was paid; its day and cycle are the order's; not used with a status"},
		{Name: "effective_time", Kind: TimeColumn, Content: true, Source: source,
			Meaning: "when it begins; pay_time if empty"},
		{Name: "expire_time", Kind: TimeColumn, Content: true, Source: source, Meaning: "when it ends; never if empty"},
		{Name: "base_order_id", Kind: TextColumn, Content: true, Source: source,
			Meaning: "the order that is unsubscribed, renewed or changed"},
		{Name: "base_order_line", Kind: WholeColumn, Content: true, Source: source, Meaning: "its line; 1 if empty"},
		{Name: "payer", Kind: WordColumn, Content: true, Source: source,
			Meaning: "customer or a partner_id; customer if empty"},
		{Name: "discount_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "the discount that the order names"},
		{Name: "coupon_ids", Kind: TextColumn, Content: true, Source: source,
			Meaning: "the coupons that the order names, joined by semicolons"},
		{Name: "official_amount", Kind: AmountColumn, Signed: true, Content: true, Source: source,
			Meaning: "overrides the price book; at most the currency's digits; must be given in a change, where " +
				"it may " +
				"be negative"},
		{Name: "status", Kind: WordColumn, Content: true, Source: source,
			Meaning: "empty: the order was paid; else the row is a step in its life, which costs nothing: " +
				"pending_approval, unpaid, processing, completed or cancelled"},
		{Name: "status_time", Kind: TimeColumn, Content: true, Source: source,
			Meaning: "when the order entered the status; must be given with one"},
	}}
}

// AccountsSpec is the feed of §3.16.
func AccountsSpec() *Spec {
	const source = "§3.16"
	return &Spec{Name: "accounts", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{Name: "customer_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "whose account it moves"},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source,
			Meaning: "when; its day and cycle are the event's"},
		{Name: "type", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "recharge, allocate, reclaim, withdraw or credit_limit"},
		{Name: "balance_type", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "cash, stored_value, flexi_coupon or credit; credit goes with recharge, allocate and " +
				"credit_limit, and credit_limit with credit alone"},
		{Name: "amount", Kind: AmountColumn, Required: true, Content: true, Source: source,
			Meaning: "above 0, at most the currency's digits; for credit_limit the new limit, which may be 0"},
	}}
}

// TransfersSpec is the feed of §3.17.
func TransfersSpec() *Spec {
	const source = "§3.17"
	return &Spec{Name: "transfers", Columns: []SpecColumn{
		{Name: "transfer_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "the transfer's id"},
		{Name: "cycle", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the cycle whose performance moves, as 2026-09"},
		{Name: "from_partner_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the partner that loses it"},
		{Name: "to_partner_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the partner that gains it"},
		{Name: "customer_id", Kind: WordColumn, Content: true, Source: source,
			Meaning: "the customer whose business it is, for people"},
		{Name: "amount", Kind: AmountColumn, Required: true, Content: true, Source: source,
			Meaning: "how much performance, up to 8 decimals; never negative"},
	}}
}

// IncentiveEventsSpec is the feed of §3.18.
func IncentiveEventsSpec() *Spec {
	const source = "§3.18"
	return &Spec{Name: "incentive_events", Columns: []SpecColumn{
		{Name: "event_id", Kind: TextColumn, Required: true, Content: true, Source: source, Meaning: "the event's id"},
		{Name: "partner_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "whose incentive it is"},
		{Name: "programme_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the programme that pays it"},
		{Name: "period", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the programme's period, as 2026-09 or 2026-Q3"},
		{Name: "event", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "confirm, dispute, apply_payment, paid or reject"},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source, Meaning: "when"},
	}}
}

// AdjustmentsSpec is the feed of §3.19.
func AdjustmentsSpec() *Spec {
	const source = "§3.19"
	return &Spec{Name: "adjustments", Columns: []SpecColumn{
		{Name: "adjustment_id", Kind: TextColumn, Required: true, Content: true, Source: source,
			Meaning: "the adjustment's id"},
		{Name: "customer_id", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "whose bill it changes"},
		{Name: "sku", Kind: WordColumn, Required: true, Content: true, Source: source,
			Meaning: "the product it is about"},
		{Name: "time", Kind: TimeColumn, Required: true, Content: true, Source: source,
			Meaning: "when; its day and cycle are the adjustment's"},
		{Name: "amount", Kind: AmountColumn, Signed: true, Required: true, Content: true, Source: source,
			Meaning: "what is added to the bill; at most the currency's digits; may be negative"},
		{Name: "bill_detail_type", Kind: WholeColumn, Required: true, Content: true, Source: source,
			Meaning: "9 or 16"},
		{Name: "note", Kind: TextColumn, Free: true, Content: true, Source: source, Meaning: "why, for people"},
	}}
}
