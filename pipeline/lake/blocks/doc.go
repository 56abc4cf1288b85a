// Package blocks has the checksums of the blocks of data files: it computes them when a file is written and checks them
// when it is read (LAKE-13).
//
//  1. A block is 64 KiB; the last one of a file may be shorter. Its checksum is the CRC-32C of its bytes.
//  2. Nothing of a block is returned before the whole block was compared, once per opened file.
//  3. A file whose entry has no checksums is read without; one whose entry has too few or too many is not read.
package blocks
