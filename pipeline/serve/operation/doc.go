// Package operation defines what the operations of the query API have in common: their description, the checks of
// parameters, access, scope, and errors (docs/api.md).
//
//	OP-1  An Operation is data. Routing, access, parameters, openapi.yaml's test and the matrix of access all read
//	      the same table.
//	OP-2  A malformed parameter is an error that names it (CBC.0100), and a duplicate one is malformed. So is a
//	      parameter in the query of tollbook's own operations that they do not have; the vendor's operations ignore
//	      it. What Call returns was checked.
//	OP-3  Only Decide determines access, before an operation reads anything. It uses the caller, the operation, its
//	      parameters, the books, and to whom the customer and the reseller belong in the lines and closed statements
//	      of the requested month. An operation reads no more than its Call's Scope.
//	OP-4  An Error has a code and a text in each language, neither empty, and contains nothing of other callers. Any
//	      other error is returned as CBC.0999 with only the request's id.
//	OP-5  A Call reads one committed state.
//	OP-6  A customer that is not in the books gets the same answer from every operation: NotItsCustomer, or
//	      notForRole for a key of its own.
package operation
