// Package replica copies a state of the lake to another storage, which is a lake then: for backups, restores and
// upgrades.
//
//  1. What is copied is durable before what names it, and HEAD is last, as in a commit (LAKE-3). Newer manifests of the
//     copy are announced before the manifest that HEAD will name is there (LAKE-14).
//  2. A file is hashed while it is copied. One of another content than its state says never gets its name.
//  3. Copy deletes nothing but temporary files; Sweep deletes what the state does not name, in an object store after 24
//     hours only.
//  4. A copy that was killed is continued by copying again.
package replica
