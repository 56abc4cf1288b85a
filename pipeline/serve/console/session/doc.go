// Package session stores, in memory, who is signed in to the console.
//
//	SESSION-1  A session is found by the hash of its id, which only the caller's cookie has. Ids and form tokens have
//	           256 random bits. Signing in always begins a new session.
//	SESSION-2  A session ends when it was not used for Idle, after Life, when its caller signs out, and when its key
//	           is revoked or changed. A restart ends all sessions.
//	SESSION-3  The number of sessions is bounded. If there are more, those not used for longest end.
package session
