// Package books reads and checks the reference data of a workspace: products, prices, customers, partners and their
// agreements (§3.1–3.12, §4.7, §6.5).
//
//  1. Reading is strict: every cell is read by the parser of its type, every reference is looked up, every rule of
//     the books is checked, and all errors are reported together, by file, line and column.
//  2. Books that Load returns without an error are valid: no lookup in them meets a case that the rules do not
//     cover.
//  3. At most one row is in force at any instant for one key (§1.4). Keys are: a price's sku, list, region and
//     period type; a customer; a partner; an association's customer; a discount's id; a package's customer and id;
//     a link's resource; a term's seller, buyer, service and sku. Products, coupons, calendar dates, policies and
//     programmes have one row each.
//  4. Every slice is sorted by its key, bytewise, and then by the start of validity, so that the same rows in
//     another order give the same Books. Codes (Customer, SKU, …) are indexes in these slices and have no meaning
//     outside one Books.
//  5. Hash covers the bytes of every book by its name, and nothing else: equal hashes mean equal books, given the
//     same settings.
//  6. Formats is the one list of files, columns, words and defaults: the reader and the documentation use it.
//  7. Books are read-only after Load and may be shared between goroutines.
package books
