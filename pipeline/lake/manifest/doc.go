// Package manifest defines the names of the lake and the formats of its small files: manifests, the lists that they
// name, and HEAD. Package lake defines states and their succession; the labels cited here are from there.
//
//  1. A value has one encoding: the same value has the same bytes and the same hash (LAKE-7).
//  2. Package manifest alone knows the names of the lake. The name of a data file or a list follows from its key and
//     content (LAKE-1), and Classify determines the kind of a file from its name alone.
//  3. Decoding is strict: an unknown field, or anything after the value, is an error. The fast parser of lists takes
//     only the form that EncodeList writes and leaves any other to it, so that both say the same.
//  4. The cycle and the day of a file's key are values, Cycle and Day: no other text or number can be put there, and
//     nobody parses them again. Their order is that of their texts, and their texts are what manifests, lists and paths
//     hold.
//  5. It reads and writes no file.
package manifest
