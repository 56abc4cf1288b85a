// Package lastrun stores, outside the lake, for which state of it a program, settings and books have nothing to do.
//
//  1. A file that is lost, damaged or of another program counts as no state, and the run is performed.
package lastrun
