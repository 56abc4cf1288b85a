// Package reason is the fixed vocabulary of why a feed record was not accepted (§3.20).
//
//  1. The order of the constants is the order of the checks.
//  2. A reason's word never changes, because it is in files that people keep.
//  3. Every reason has a meaning, one sentence, which the documentation prints.
package reason
