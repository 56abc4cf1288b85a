// Package yamldoc reads a YAML file into a small tree that records the position of every node, and reads typed values
// from that tree, strictly. It reads the settings and the two YAML books.
//
// Invariants:
//
//  1. Every problem has its file, line and column (in bytes, from 1; 0 if the file does not contain the item).
//  2. A scalar keeps its literal text: it is never converted to a float, a date or a boolean.
//  3. One document per file; no anchors, aliases, tags, merge keys or directives; keys are plain scalars; a
//     duplicate key or an unknown key is a problem.
//  4. Whatever the input, Parse returns; it never panics.
package yamldoc
