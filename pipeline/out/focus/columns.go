package focus

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/period"
)

// Kind is the type of a column.
type Kind uint8

// The kinds.
const (
	Text     Kind = iota // empty = null
	Time                 // to the second, UTC
	Cost                 // DECIMAL(38,20)
	Price                // DECIMAL(38,10), or null: unit prices and quantities
	Quantity             // DECIMAL(38,18), or null: quantities of data sets with cost files
	JSON                 // an object of scalars, or null
)

// Column is a column of the data set.
type Column struct {
	Name     string
	Kind     Kind
	Nullable bool
	Source   string // source of its value, for the page of columns
	text     func(*Row) string
	time     func(*Row) period.Instant
	cost     func(*Row) dec
	price    func(*Row) maybe
}

func text(name, source string, get func(*Row) string) Column {
	return Column{Name: name, Kind: Text, Source: source, text: get}
}

func (c Column) nullable() Column { c.Nullable = true; return c }

func object(name, source string, get func(*Row) string) Column {
	return Column{Name: name, Kind: JSON, Nullable: true, Source: source, text: get}
}

func instant(name, source string, get func(*Row) period.Instant) Column {
	return Column{Name: name, Kind: Time, Source: source, time: get}
}

func cost(name, source string, get func(*Row) dec) Column {
	return Column{Name: name, Kind: Cost, Source: source, cost: get}
}

func price(name, source string, get func(*Row) maybe) Column {
	return Column{Name: name, Kind: Price, Nullable: true, Source: source, price: get}
}

// Columns returns the columns of a data set, in order: those of FOCUS by name, then tollbook's own.
func Columns() []Column {
	return slices.Concat(chargeColumns(), commitmentColumns(), priceColumns(), resourceColumns(), ownColumns())
}

// CostColumns returns the additional columns of data sets of cycles with cost files, sorted by name (§11.6).
func CostColumns() []Column {
	return []Column{
		text("AvailabilityZone", "as in the cost file", func(r *Row) string { return r.Zone }).nullable(),
		text("SubAccountType", "as in the cost file", func(r *Row) string { return r.Sub.Type }).nullable(),
	}
}

// columnsFor returns the columns of a data set. costs says that cost files are billed in its cycle: quantities then
// have all decimals of those files. mixed says that it has several currencies.
func columnsFor(costs, mixed bool) []Column {
	list := Columns()
	if mixed {
		list = insertColumns(list, CurrencyColumns())
	}
	if !costs {
		return list
	}
	list = insertColumns(list, CostColumns())
	for i := range list {
		switch list[i].Name {
		case "PricingQuantity":
			list[i].Kind = Quantity
			list[i].price = vendorOr(func(r *Row) (maybe, maybe) { return r.CamePricing, r.Quantity })
		case "ConsumedQuantity":
			list[i].Kind = Quantity
			list[i].price = vendorOr(func(r *Row) (maybe, maybe) { return r.CameConsumed, r.Consumed })
		}
	}
	return list
}

// insertColumns inserts columns by name, before tollbook's own.
func insertColumns(list, more []Column) []Column {
	own := len(list) - len(ownColumns())
	for _, c := range more {
		at, _ := slices.BinarySearchFunc(list[:own], c.Name, func(l Column, name string) int {
			return strings.Compare(l.Name, name)
		})
		list = slices.Insert(list, at, c)
		own++
	}
	return list
}

// vendorOr returns the quantity of the cost file, or else the line's, in the scale of cost files.
func vendorOr(get func(*Row) (vendor, own maybe)) func(*Row) maybe {
	return func(r *Row) maybe {
		vendor, own := get(r)
		if vendor.ok || !own.ok {
			return vendor
		}
		v, err := Upscale(own.v, vendorScale-priceScale)
		return maybe{v, err == nil} // a quantity is at most 10^15
	}
}

// chargeColumns returns the columns from BilledCost to ChargePeriodStart.
func chargeColumns() []Column {
	return []Column{
		cost("BilledCost",
			"a customer's row: payment_amount; a partner's: basis × rate of its term, exact; 0 on rows of a package "+
				"and of a term", func(r *Row) dec { return r.Billed }),
		text("BillingAccountId", "customer_id, or partner_id if a partner is billed", func(r *Row) string {
			return r.Account.ID
		}),
		text("BillingAccountName", "name in customers.csv or partners.csv; the id without one", func(r *Row) string {
			return r.Account.Name
		}),
		text("BillingAccountType", "Customer or Partner", func(r *Row) string { return r.Account.Type }),
		text("BillingCurrency", "currency of the customer or partner that is billed; without another one "+
			"currency.code of tollbook.yaml", func(r *Row) string { return r.Account.Currency }),
		instant("BillingPeriodEnd", "end of the cycle", func(r *Row) period.Instant { return r.Set.Bounds.To }),
		instant("BillingPeriodStart", "start of the cycle", func(r *Row) period.Instant { return r.Set.Bounds.From }),
		text("ChargeCategory", "Usage, Purchase, Credit, Adjustment or Tax: see the table of rows",
			func(r *Row) string { return r.Category }),
		text("ChargeClass", "Correction if the line's origin_cycle, or the cycle that billed what a refund takes "+
			"back, is an earlier one", func(r *Row) string { return r.Class }).nullable(),
		text("ChargeDescription", "the product's name and what the row is for", func(r *Row) string {
			return r.Description
		}),
		text("ChargeFrequency", "Usage-Based, Recurring or One-Time: see the table of rows", func(r *Row) string {
			return r.Frequency
		}),
		instant("ChargePeriodEnd",
			"usage_end, up to a whole second, at least a second after the start; without an end the cycle's end",
			func(r *Row) period.Instant { return r.End }),
		instant("ChargePeriodStart", "usage_start, down to a whole second", func(r *Row) period.Instant {
			return r.Start
		}),
	}
}

// commitmentColumns returns the columns from CommitmentDiscountCategory to InvoiceIssuerName.
func commitmentColumns() []Column {
	return []Column{
		text("CommitmentDiscountCategory", "Usage on rows of a package", func(r *Row) string {
			return r.Package.category()
		}).nullable(),
		text("CommitmentDiscountId",
			"package_id; package_id/unit if packages of this id cover products with several units",
			func(r *Row) string { return r.Package.ID }).nullable(),
		text("CommitmentDiscountName", "package_id", func(r *Row) string { return r.Package.name }).nullable(),
		price("CommitmentDiscountQuantity", "what was drawn from the package", func(r *Row) maybe {
			return r.Package.quantity
		}),
		text("CommitmentDiscountStatus", "Used on rows of a package", func(r *Row) string {
			return r.Package.status()
		}).nullable(),
		text("CommitmentDiscountType", "Prepaid Quota on rows of a package", func(r *Row) string {
			return r.Package.kind()
		}).nullable(),
		text("CommitmentDiscountUnit", "measure, as a FOCUS unit", func(r *Row) string {
			return r.Package.unit
		}).nullable(),
		price("ConsumedQuantity",
			"usage_amount less free_resource_usage; of a package what was drawn; of a term the units in use",
			func(r *Row) maybe { return r.Consumed }),
		text("ConsumedUnit", "measure, as a FOCUS unit", func(r *Row) string { return r.ConsumedUnit }).nullable(),
		cost("ContractedCost",
			"ContractedUnitPrice × PricingQuantity, exact; without a unit price what is left after the discount",
			func(r *Row) dec { return r.Contracted }),
		price("ContractedUnitPrice", "unit_price after the line's discount, and a partner's rate, to 10 decimals",
			func(r *Row) maybe { return r.ContractedPrice }),
		cost("EffectiveCost", "BilledCost; an order with a term has 0, and a row in each cycle of its term with that "+
			"cycle's share by seconds", func(r *Row) dec { return r.Effective }),
		text("InvoiceId", "issuer/account/cycle", func(r *Row) string { return r.Invoice }),
		text("InvoiceIssuerName", "name of the issuer: vendor.name, or that of the partner", func(r *Row) string {
			return r.Set.IssuerName
		}),
	}
}

// priceColumns returns the columns from ListCost to PublisherName.
func priceColumns() []Column {
	return []Column{
		cost("ListCost", "ListUnitPrice × PricingQuantity, exact; without a unit price official_amount",
			func(r *Row) dec { return r.List }),
		price("ListUnitPrice", "unit_price; of an order whose amount was given, that amount; of a percentage price "+
			"with a fixed, least or greatest fee, the fee", func(r *Row) maybe { return r.ListPrice }),
		text("PricingCategory", "Standard; Committed on rows of a package", func(r *Row) string {
			return r.Pricing
		}).nullable(),
		price("PricingQuantity", "quantity; of an order times its periods; -1 of a refund; 1 or -1 of such a fee",
			func(r *Row) maybe { return r.Quantity }),
		text("PricingUnit", "measure, as a FOCUS unit; Blocks, or Months for fees of a tier", func(r *Row) string {
			return r.Unit
		}).nullable(),
		text("ProviderName", "the issuer: who sells to the account", func(r *Row) string { return r.Set.IssuerName }),
		text("PublisherName", "vendor.name: whose cloud it is", func(r *Row) string { return r.Publisher }),
	}
}

// resourceColumns returns the columns from RegionId to Tags.
func resourceColumns() []Column {
	return []Column{
		text("RegionId", "region_code", func(r *Row) string { return r.Region }).nullable(),
		text("RegionName", "region_code", func(r *Row) string { return r.RegionName }).nullable(),
		text("ResourceId", "resource_id", func(r *Row) string { return r.Resource }).nullable(),
		text("ResourceName", "resource_name, if it differs from the id", func(r *Row) string {
			return r.ResourceName
		}).nullable(),
		text("ResourceType", "resource_type_name of the product, else its code", func(r *Row) string {
			return r.resourceType()
		}).nullable(),
		text("ServiceCategory",
			"focus_service_category of the service's first product that has a known one; else Other",
			func(r *Row) string { return r.Product.category }),
		text("ServiceName", "service_type_name of the service's first product, else its code", func(r *Row) string {
			return r.Product.service
		}),
		text("ServiceSubcategory", "Other (category): books know no finer one", func(r *Row) string {
			return or(r.Subcategory, "Other ("+r.Product.category+")")
		}),
		text("SkuId", "sku", func(r *Row) string { return r.SKU }).nullable(),
		text("SkuMeter", "usage_type of the line; else its measure", func(r *Row) string { return r.Meter }).nullable(),
		object("SkuPriceDetails", "price list, region, start and tier of the price, all as x_ keys",
			func(r *Row) string { return r.PriceDetails }),
		text("SkuPriceId", "sku/price_list/price_region/price_valid_from/tier", func(r *Row) string {
			return r.PriceID
		}).nullable(),
		text("SubAccountId", "customer_id, if a partner is billed", func(r *Row) string {
			return r.Sub.ID
		}).nullable(),
		text("SubAccountName", "the customer's name, if a partner is billed", func(r *Row) string {
			return r.Sub.Name
		}).nullable(),
		object("Tags", "resource_tag as an object: JSON unchanged, or key=value pairs", func(r *Row) string {
			return r.Tags
		}),
	}
}

func ownColumns() []Column {
	return []Column{
		text("x_BillDetailType", "bill_detail_type", func(r *Row) string { return r.Detail }).nullable(),
		text("x_CustomerId", "who consumed", func(r *Row) string { return r.Customer }).nullable(),
		text("x_DiscountId", "discount_id", func(r *Row) string { return r.Discount }).nullable(),
		text("x_LineId", "id of the line; tax_id on rows of tax", func(r *Row) string { return r.Line }).nullable(),
		text("x_LineKind", "kind of the line; rounding, term, package, incentive or tax on rows that are none",
			func(r *Row) string { return r.What }),
		text("x_OriginCycle", "origin_cycle", func(r *Row) string { return r.Origin }).nullable(),
		text("x_PartnerId", "partner of the line", func(r *Row) string { return r.Partner }).nullable(),
		text("x_TradeId", "trade_id", func(r *Row) string { return r.Trade }).nullable(),
	}
}
