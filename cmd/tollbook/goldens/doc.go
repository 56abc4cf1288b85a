// Package goldens tests that a change of the code's structure changes no result. It has one hash for each result of the
// program over fixed workspaces: tables of the lake, exports, documents, finance questions, pages of the console and
// answers of the API. It uses the command line and HTTP only. It has test code only.
//
//	GOLD-1  The same program gives the same hashes on every day and every machine: as-of, clock and names of folders
//	        are fixed. Jobs, runs, health, metrics, headers and manifests are not hashed.
//	GOLD-2  Four workers leave the tables of the lake that one worker leaves.
//
// `make goldens` writes the hashes, `make integration` compares them. -goldens.keep DIR keeps the results
// themselves, so that those of two versions can be compared with diff -r.
//
// The random workspaces are files, not draws: a new rule in the draws of fixtures/reference would otherwise change all
// of them. -goldens.draw makes them again.
package goldens
