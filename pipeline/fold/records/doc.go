// Package records reads accepted usage records from the lake and stores those that lines do not hold.
//
//  1. A record is read from its lines, or from the usage table if lines do not hold all of it. If both have a
//     record, the usage table takes precedence.
//  2. Records of a day come in the order in which they are rated: customer, start, record_id.
package records
