// Package yamldoc reads a YAML file into a small tree that knows the place of everything in it, and takes typed values
// out of that tree, strictly. Settings and the two YAML books are read with it.
//
// Invariants:
//
//  1. Every problem has its file, line and column (in bytes, from 1; 0 where the file is empty of what is asked for).
//  2. A scalar is its literal text: no number goes through a float, no date and no word is guessed.
//  3. One document per file; no anchors, aliases, tags, merge keys or directives; keys are plain scalars; a
//     duplicate key or an unknown key is a problem.
//  4. Whatever the input, Parse returns; it never panics.
package yamldoc
