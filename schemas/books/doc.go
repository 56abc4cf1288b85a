// Package books holds the reference data of a workspace: products, prices, customers, partners and their agreements
// (§3.1–3.12, §4.7, §6.5), and the formats of their files. Package load reads them.
//
//  1. At most one row is in force at any instant for one key (§1.4). Keys are: a price's sku, list, region and
//     period type; a customer; a partner; an association's customer; a discount's id; a package's customer and id;
//     a link's resource; a term's seller, buyer, service and sku. Products, coupons, calendar dates, policies and
//     programmes have one row each.
//  2. Every slice is sorted by its key, bytewise, and then by the start of validity. Codes (Customer, SKU, …) are
//     indexes in these slices and have no meaning outside one Books.
//  3. Formats is the one list of files, columns, words and defaults: the reader and the documentation use it.
//  4. Links, recurring charges, commitments and subscribers are in force only while their customer is (§3.22): a row of
//     the file is cut to the times in which customers.csv has a row in force for its customer. A piece is a row here.
//  5. Books are read-only once they are loaded, and may be shared between goroutines.
//
// # Columns of cost files
//
// This part is a row of a vendor's cost file (FOCUS 1.0 to 1.3) as the steps after its reader see it (§11.1).
//
//	COST-1  A text that is null is empty. NULL and an empty field are the same.
//	COST-2  ChargeCategory, ChargeClass and CommitmentDiscountStatus have FOCUS's spelling; all other texts are as
//	        they came.
package books
