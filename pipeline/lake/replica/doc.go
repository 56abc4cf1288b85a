// Package replica copies a state of the lake to another storage, which is a lake then: for backups and restores.
//
//  1. A file is durable before a file that names it is written, and HEAD is last, as in a commit (LAKE-3). Newer
//     manifests of the copy are announced before the manifest that HEAD will name is written (LAKE-14).
//  2. A file is hashed while it is copied. If its content differs from the hash in the state, it never gets its name.
//  3. Copy deletes nothing but temporary files; Sweep deletes what the state does not name, in an object store after 24
//     hours only.
//  4. A copy that was killed is continued by copying again.
package replica
