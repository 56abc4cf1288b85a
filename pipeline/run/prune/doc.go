// Package prune archives old cycles of a lake and packs old feed files of the inbox (§7.4).
//
//  1. A cycle leaves the lake after the archive has committed it.
//  2. A feed file with open rejects stays.
//  3. A dry run takes no lock and writes nothing.
package prune
