// Package manifest has the names of the lake and the formats of its small files: manifests, the lists they name, and
// HEAD. What a state is, and how one follows another, is said by package lake, whose labels are cited here.
//
//  1. What is encoded has one form: the same value has the same bytes, and so the same hash (LAKE-7).
//  2. Package manifest alone knows the names of the lake. The name of a data file or a list follows from its key and
//     content (LAKE-1), and Classify says from a name alone what a file is.
//  3. Decoding is strict: an unknown field, or anything after the value, is an error. The fast parser of lists takes
//     only the form that EncodeList writes and leaves any other to it, so that both say the same.
//  4. Types are those of the program's own format; Steps convert the text of earlier ones (LAKE-16).
//  5. It reads and writes no file.
package manifest
