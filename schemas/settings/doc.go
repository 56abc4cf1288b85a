// Package settings reads tollbook.yaml, the settings of a workspace (§2.1).
//
//  1. Reading is strict: an unknown key, a duplicate key, a value of the wrong form or out of its range and a
//     required key that is missing are problems with file, line and column, and all of them are reported at once.
//  2. Every part of Settings that Load or Parse returns without an error is valid.
//  3. zone, currency and rounding are required, because each of them determines amounts. Every other key has the
//     default that Keys states.
//  4. Keys is the one list of keys: the reader, the template and the documentation use it.
//  5. Nothing here reads a clock, an environment variable or any file except the one that it is given.
//
// # Branding
//
// This part reads how the documents of an issuer look that are sent to customers and partners: the file
// branding/branding.yaml of a workspace and the logos in the same folder.
//
//	BRANDING-1  Every error names the file, the line and the column. All errors are reported at once.
//	BRANDING-2  A logo is a PNG or an SVG file of the folder branding, at most MaxLogo bytes. What a file is follows
//	            from its content, not from its name. A path that leads out of the folder is an error,
//	            and so is text in an SVG file: fonts differ from reader to reader.
//	BRANDING-3  Two documents of an issuer never have one number: a pattern without {cycle}, {kind} or {party} is an
//	            error.
//
// Branding changes no amount and no file of the lake: a run does not read it.
//
// # YAML
//
// This part reads a YAML file into a small tree that records the position of every node, and reads typed values
// from that tree, strictly. It reads the settings and the two YAML books.
//
// Invariants:
//
//  1. Every problem has its file, line and column (in bytes, from 1; 0 if the file does not contain the item).
//  2. A scalar keeps its literal text: it is never converted to a float, a date or a boolean.
//  3. One document per file; no anchors, aliases, tags, merge keys or directives; keys are plain scalars; a
//     duplicate key or an unknown key is a problem.
//  4. Whatever the input, Parse returns; it never panics.
package settings
