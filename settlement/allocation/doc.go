// Package allocation determines who bears a row of a vendor's cost file. The rules are in allocation.yaml; the first
// rule that holds takes the row (§11.2).
//
//	ALLOC-1  The parts of a row add up to the row, exactly, in each cost and quantity column.
//	ALLOC-2  The outcome of a row depends on the row, the books and, for by_cost, on the costs that rules without a
//	         split allocated in the same source and period. The order of rows does not matter.
//	ALLOC-3  Every part has one of a customer, a reason for which it is kept, or a reason for which it is unallocated.
package allocation
