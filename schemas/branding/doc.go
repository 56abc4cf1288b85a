// Package branding reads how the documents of an issuer look that are sent to customers and partners: the file
// branding/branding.yaml of a workspace and the logos in the same folder.
//
//	BRANDING-1  Every error names the file, the line and the column. All errors are reported at once.
//	BRANDING-2  A logo is a PNG or an SVG file of the folder branding, at most MaxLogo bytes. What a file is follows
//	            from its content, not from its name. A path that leads out of the folder is an error.
//	BRANDING-3  Two documents of an issuer never have one number: a pattern without {cycle}, {kind} or {party} is an
//	            error.
//
// Branding changes no amount and no file of the lake: a run does not read it.
package branding
