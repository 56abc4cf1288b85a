// Package lastrun stores outside the lake which state of it has nothing to do under a program, settings and books.
//
//  1. A file that is lost, damaged or of another program is no state: the run is done.
package lastrun
