// Package settings reads tollbook.yaml, the settings of a workspace (spec §2.1).
//
// Invariants:
//
//  1. Reading is strict: an unknown key, a key that stands twice, a value of the wrong form or out of its range and a
//     required key that is missing are problems with file, line and column, and all of them are told at once.
//  2. A Settings that Load or Parse returns without an error is valid as a whole.
//  3. Required are zone, currency and rounding, because each of them decides what is owed. Every other key has the
//     default that Keys says, which is that of the sample in spec §2.1.
//  4. Keys is the one list of keys: the reader, the template and the documentation use it.
//  5. Nothing here reads a clock, an environment variable or any file but the one it is given.
package settings
