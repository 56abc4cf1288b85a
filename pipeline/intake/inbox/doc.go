// Package inbox lists the files of the inbox and hashes them. It reads no record.
//
//  1. Hashes returns the hash that Hash returns. A file is not read only if size, mtime, ctime, inode and name are
//     those with which it was hashed, and both times were two seconds before the reading began, by the clock of the
//     file system of the cache. The cache is never required: without it every file is read.
//  2. If size, mtime, inode or content of a file differ from those at the time of Hash, Still returns a
//     *ChangedError. Content is compared if a change could leave the stamp unchanged: for recently changed files,
//     and on a file system without stamps.
//     In an object store, the version of an object takes the place of inode and ctime, and times are compared by
//     the store's clock.
//  3. A name in the inbox never hides another. A link that leads nowhere, to itself or out of the inbox, a name
//     that is not UTF-8, an object with a name that no file can have, a pipe, a socket, a device, and a file that
//     this user cannot read are listed as Passed, each with its reason.
//  4. What other programs leave is passed over by LeftBehind alone, in feeds and in deliveries of cost files.
package inbox
