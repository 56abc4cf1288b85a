// Package settings reads tollbook.yaml, the settings of a workspace (§2.1).
//
//  1. Reading is strict: an unknown key, a duplicate key, a value of the wrong form or out of its range and a
//     required key that is missing are problems with file, line and column, and all of them are reported at once.
//  2. Every part of Settings that Load or Parse returns without an error is valid.
//  3. zone, currency and rounding are required, because each of them determines amounts. Every other key has the
//     default that Keys states.
//  4. Keys is the one list of keys: the reader, the template and the documentation use it.
//  5. Nothing here reads a clock, an environment variable or any file except the one that it is given.
package settings
