// Package explain shows how a line was calculated: source file and row, price version, tier, package, discount,
// rounding and payment.
//
//  1. All data comes from one snapshot (LAKE-4).
//  2. A record is rated again if the lake has all of its inputs. If not, after the close, the explanation says so
//     and shows what was posted.
//  3. The package does not write to the lake.
package explain
