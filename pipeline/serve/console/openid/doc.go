// Package openid signs people in to the console by an OpenID Connect provider (docs/console.md): the authorization code
// flow with PKCE, state and nonce.
//
//	OPENID-1  An attempt is bound to the browser that began it, is used once, and expires after ten minutes. Its
//	          state, nonce and code verifier are random and stay in the server's memory.
//	OPENID-2  A caller is determined only by a verified id token: signature, issuer, audience, authorized party
//	          (if the token has one), expiry and nonce are checked.
//	OPENID-3  The claim must name exactly one caller, in the form of a key's. Otherwise nobody is signed in.
//	OPENID-4  A sign-in at a provider that does not answer fails after ten seconds, however many there are.
package openid
