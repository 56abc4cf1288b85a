// Package operation is what the operations of the query API have in common: what one is, how its parameters are
// checked, whom it is for, what it sees, and how its errors are told (spec §8).
//
//	OP-1  An Operation is data. Routing, access, parameters, openapi.yaml's test and the matrix of access all read the
//	      same table.
//	OP-2  A parameter that is malformed is an error that names it (CBC.0100); one that the operation does not have is
//	      ignored; one that stands twice is malformed. What Call gives was checked.
//	OP-3  Who may see what is decided in Decide alone, from the caller, the operation, its parameters and the books,
//	      before anything of the lake is read. An operation reads no more than its Call's Scope.
//	OP-4  An Error has a code and a text in each language, neither empty, and holds nothing of other callers. What is
//	      no Error is told as CBC.0999 with the request's id alone.
//	OP-5  A Call reads one committed state.
//	OP-6  A customer that is not in the books gets the same answer from every operation: NotItsCustomer, or NotForRole
//	      for a key of its own.
package operation
