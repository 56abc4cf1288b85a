// Package openid signs people in to the console by an OpenID Connect provider (docs/console.md): the authorization code
// flow with PKCE, state and nonce.
//
//	OPENID-1  An attempt is bound to the browser that began it, is used once, and expires after ten minutes. Its
//	          state, nonce and code verifier are random and stay in the server's memory.
//	OPENID-2  A caller follows from a verified id token alone: signature, issuer, audience, expiry and nonce are
//	          checked.
//	OPENID-3  The claim names exactly one caller, as a key has it. A token that names none or several signs nobody in.
package openid
