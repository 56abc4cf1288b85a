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
//	CONSOLE-10  An id that the caller does not see is not found, whether or not it exists. The page names similar ids
//	            that the caller sees.
//
// # Pages of bills
//
// This part shows what is billed and settled: the months, the customers, a customer's bill by service, its lines,
// and how one line was calculated down to the row of its feed file; bandwidth, packages, partners, incentives and
// rejects (docs/console.md).
//
//	BILLING-1  Amounts are those of the statements and the lines. A bill is shown only if its lines add up to its
//	           statement.
//	BILLING-2  Every page reads the lines that Call.Lines permits and no others. A caller that sees a part of a
//	           customer's lines sees the sums of that part, and not the statement.
//	BILLING-3  From each amount of a bill page that comes from feeds at most three links lead to a row of a feed file,
//	           if the caller may see feeds. An amount that was measured from samples leads to the samples.
//	BILLING-5  A Chinese page is Chinese but for names, ids and units.
//	BILLING-4  Pages of partners have the amounts of package document, which documents and the API have too. A partner
//	           sees its own.
//
// # OpenID Connect
//
// This part signs people in to the console by an OpenID Connect provider (docs/console.md): the authorization code
// flow with PKCE, state and nonce.
//
//	OPENID-1  An attempt is bound to the browser that began it, is used once, and expires after ten minutes. Its
//	          state, nonce and code verifier are random and stay in the server's memory.
//	OPENID-2  A caller is determined only by a verified id token: signature, issuer, audience, authorized party
//	          (if the token has one), expiry and nonce are checked.
//	OPENID-3  The claim must name exactly one caller, in the form of a key's. Otherwise nobody is signed in.
//	OPENID-4  A sign-in at a provider that does not answer fails after ten seconds, however many there are.
//
// # Pages for operators
//
// This part shows the program's work to its operators: runs of jobs, rejected records, and why sums changed
// (docs/console.md).
//
//  1. The pages of runs and rejects are for the vendor and for finance.
//  2. Why sums changed is an answer of package query, whose amounts add up.
//
// # Pages
//
// This part defines what a page of the console consists of and writes it as HTML: headings, figures, tables, charts,
// forms and texts (docs/console.md). It does not know what the pages show.
//
//	PAGE-1  Text of books and feeds stays text: html/template escapes it, and Entry.write in the cells of tables. Only
//	        drawings, which escape their texts, are inserted as markup. A page has no inline script and no inline
//	        style, which its policy forbids too.
//	PAGE-2  A table is sorted, filtered and paged by the parameters of its address, so that the address alone gives
//	        the same view. A download contains the filtered rows of all pages, in the order of the screen.
//	PAGE-3  Numbers are sorted and downloaded as decimal text; nothing here adds an amount. The screen rounds amounts
//	        half up to the currency's digits; the title attribute has the exact amount.
//	PAGE-4  Every link keeps the language of the address. Links within a table keep its committed state.
//	PAGE-5  A page adds up amounts of one currency only; where there are several, its address names one. The foot of
//	        the page and the names of downloads say it.
//	PAGE-6  Marks of writing direction in a text have no effect, and a name that is written from right to left is in
//	        an element of its own or isolated (package visible). Downloads have names as the books do.
//
// # What pages share
//
// This part has elements that several pages of the console use: months, links to customers and bills, amounts by
// currency, and lists with sorted columns.
//
//  1. A part shows what the caller may see, and no more (BILLING-2).
//  2. An amount is shown in the currency of its row.
//
// # Sessions
//
// This part stores, in memory, who is signed in to the console.
//
//	SESSION-1  A session is found by the hash of its id, which only the caller's cookie has. Ids and form tokens have
//	           256 random bits. Signing in always begins a new session.
//	SESSION-2  A session ends when it was not used for Idle, after Life, when its caller signs out, and when its key
//	           is revoked or changed. A restart ends all sessions.
//	SESSION-3  The number of sessions is bounded. If there are more, those not used for longest end.
//
// # Pages of settlements
//
// This part shows settlements with partners and margins on vendor costs: statements, incentives, funds, coupons,
// receivables, withdrawals, invoices, deadlines and margins (docs/console.md).
//
//  1. The amounts are those of package document and of the tables of partners' money, which documents and the API have
//     too (BILLING-4). A partner sees its own.
//  2. Margins are for the vendor and for finance.
package console
