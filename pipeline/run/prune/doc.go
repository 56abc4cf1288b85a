// Package prune archives old cycles of a lake and packs old feed files of the inbox (§7.4).
//
//  1. A cycle leaves the lake after the archive has committed it.
//  2. The amounts that it adds to partners' money stay in the lake, also if the workspace does not use that yet.
//  3. A feed file with open rejects stays.
//  4. A dry run takes no lock and writes nothing.
package prune
