// Package tags reads the tags of a resource as records have them: a JSON object of scalars, or key=value pairs between
// commas or semicolons.
//
//	TAGS-1  Later pairs of a key replace earlier ones; a key without a value is a tag without a value.
package tags
