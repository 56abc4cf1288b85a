// Package cost is a row of a vendor's cost file (FOCUS 1.0 to 1.3) as the steps after its reader see it (§11.1).
//
//	COST-1  A text that is null is empty. NULL and an empty field are the same.
//	COST-2  ChargeCategory, ChargeClass and CommitmentDiscountStatus have FOCUS's spelling; all other texts are as
//	        they came.
package cost
