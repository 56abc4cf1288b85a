// Package rules checks a FOCUS data set against the requirement model of FOCUS 1.2: every rule that can be decided from
// the data alone.
//
//	RULES-1  A rule's conditions are its own and those of the rules that contain it. A null is a value like any
//	         other: null is not "Correction".
//	RULES-2  Products are compared as exact decimals.
//	RULES-3  A rule that is wrong in the published model is applied as Defects says, or not at all, with the reason.
//	         There are no other deviations.
//	RULES-4  A rule that passes because it applied to no row is distinguished from a rule that was tested.
//	RULES-5  A file is read by its content, whoever wrote it. An incompletely readable file is a FileError.
//	RULES-6  A data set of another version of FOCUS is checked by the same rules; columns that were added later are
//	         not required.
//
// model-1.2.ndjson contains the rules of model-1.2.json of finopsfoundation/focus_validator, one rule per line,
// without the parts that are not used here.
package rules
