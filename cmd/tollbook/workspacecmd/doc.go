// Package workspacecmd contains the commands that create and check a workspace: init, generate, check and doctor.
//
//  1. init and generate do not change a workspace or a folder that is not empty.
//  2. check writes nothing. doctor creates a file in the lake or, in an object store, two objects, and removes them.
package workspacecmd
