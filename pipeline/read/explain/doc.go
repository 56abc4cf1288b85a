// Package explain shows how a line was calculated: source file and row, price version, tier, package, discount,
// rounding and payment.
//
//  1. All data comes from one snapshot (LAKE-4).
//  2. A record is rated again if the lake has all of its inputs. If not, after the close, the explanation says so
//     and shows what was posted.
//  3. The package does not write to the lake.
//
// # Partners' money
//
// This part explains the tables of partners' money: entries of accounts, coupons, funds and their claims,
// withdrawals and invoices (§9).
//
//  1. All data comes from one snapshot (LAKE-4). A story names the rows of feed files on which it is based, the rule of
//     each step, and amounts before and after it.
//  2. The sum of the steps is compared with the row of the table. Story.Agrees reports whether both are equal.
//  3. An event that the last replay rejected is part of the story of what it names, with the reason.
//
// # Sums over lines
//
// This part explains amounts that are sums over lines: rows of a partner's statement about a customer, and taxes.
//
//  1. All data comes from one snapshot (LAKE-4).
//  2. The sum is calculated again from the lines. The explanation reports whether the stored amount agrees.
//  3. The package does not write to the lake.
package explain
