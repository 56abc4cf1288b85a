// Package blocks computes the checksums of the blocks of data files when a file is written, and checks them when it is
// read (LAKE-13).
//
//  1. A block is 64 KiB; the last one of a file may be shorter. Its checksum is the CRC-32C of its bytes.
//  2. No byte of a block is returned before the complete block was compared. A block is compared once per opened file.
//  3. If the entry of a file has no checksums, the file is read without them. If it has too few or too many, the file
//     is not opened.
//  4. A file with at least 16 complete blocks before its page index has their checksums there. The entry has those of
//     the other blocks, in which the checksums in the file are.
package blocks
