// Package dismiss ends rejects that a person dismisses, and opens dismissed ones again.
//
//  1. A name means the rejects of one record: a file with a row, an id, or a file. A name that fits several records is
//     refused, and nothing is done.
//  2. Who dismissed a reject, why and when is stored with the reject. A reject that a record corrected stays corrected.
package dismiss
