// Package console serves the pages of the console: read-only HTML about what is in the lake (docs/console.md).
//
//	CONSOLE-1  A page is an operation.Operation: operation.Parse checks its parameters and operation.Decide, the API's
//	           function, decides what the caller may see, before anything of the lake is read.
//	CONSOLE-2  A page reads one committed state and shows its number and age. An address that names a state with
//	           `state` gets that state as long as this process can read its files, else the live one with a note.
//	CONSOLE-3  Every answer has a policy that permits only the console's own style sheet, script and images, and
//	           forbids frames. Nothing is loaded from another host.
//	CONSOLE-4  The local console needs no key and answers only requests whose Host is a loopback name, so that no page
//	           of another site can read it through a name that resolves to this machine (DNS rebinding).
//	CONSOLE-5  An error page has a text in the caller's language and nothing about other callers; the log has more.
//	CONSOLE-6  Otherwise a caller signs in with a key. The cookie is HttpOnly and SameSite, and is sent only over TLS
//	           unless the browser is on this machine. A form is accepted only from the console's own pages, and with
//	           the token of the session if there is one.
//	CONSOLE-7  With an OpenID Connect provider a person can sign in through it. The session is like that of a key, for
//	           the caller that the provider's claim names (OPENID-3).
//	CONSOLE-8  The server calculates the tables of pages about the complete lake, and the newest bills of the largest
//	           customers, once for each state and books, at its start and within seconds of a commit. A request that
//	           comes earlier calculates what it needs.
//	CONSOLE-9  As many pages are built at once as there are processors, the others in the order of their requests. A
//	           page that takes longer than longPage no longer delays others.
package console
