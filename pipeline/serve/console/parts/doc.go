// Package parts has elements that several pages of the console use: months, links to customers and bills, amounts by
// currency, and lists with sorted columns.
//
//  1. A part shows what the caller may see, and no more (BILLING-2).
//  2. An amount is shown in the currency of its row.
package parts
