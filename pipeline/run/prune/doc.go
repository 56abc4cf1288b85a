// Package prune archives old cycles of a lake and packs old feed files of the inbox (§7.4).
//
//  1. A cycle leaves the lake after the archive has committed it.
//  2. What it contributes to partners' money stays in the lake, also if the workspace does not use that yet.
//  3. A feed file with open rejects stays.
//  4. A dry run takes no lock and writes nothing.
package prune
