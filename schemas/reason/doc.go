// Package reason is the fixed vocabulary of reasons for which a feed record is not accepted (§3.20).
//
//  1. The order of the constants is the order of the checks.
//  2. The word of a reason never changes, because files that people keep contain it.
//  3. Every reason has a meaning, one sentence, which the documentation prints.
package reason
