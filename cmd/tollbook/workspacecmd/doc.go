// Package workspacecmd holds the commands that make and check a workspace: init, generate, check and doctor.
//
//  1. init and generate do not change a folder that has something in it, or a workspace.
//  2. check and doctor write nothing.
package workspacecmd
