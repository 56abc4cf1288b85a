// Package feedfile opens the stored files of the inbox: it knows the formats by the endings of names, unpacks gzip and
// zstd, and distinguishes a file that is wrong from a disk that fails.
//
//  1. An error of the file's content is an *Error. An error of the environment (a disk error, a missing file) never is,
//     even if it occurs in the middle of a compressed stream.
//  2. A text is given without its byte order marks (TEXT-2). An empty file, and one in UTF-16, is an *Error.
//  3. A zstd file cannot demand a window over 128 MiB.
//  4. After Only, Read gives the bytes of that range of the stored file alone.
package feedfile
