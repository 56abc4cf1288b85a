// Package settling shows settlements with partners and margins on vendor costs: statements, incentives, funds, coupons,
// receivables, withdrawals, invoices, deadlines and margins (docs/console.md).
//
//  1. The amounts are those of package compose and of the tables of partners' money, which documents and the API have
//     too (BILLING-4). A partner sees its own.
//  2. Margins are for the vendor and for finance.
package settling
