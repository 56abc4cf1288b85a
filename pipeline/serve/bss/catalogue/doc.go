// Package catalogue answers the vendor-compatible operations about products: services, kinds of resources, usage types,
// measures and specifications. It reads only the books, not the lake.
//
//	CATALOGUE-1  A list has each code once, sorted by code. Names are those of products.csv.
//	CATALOGUE-2  A specification is listed for a region and a charge mode if a price of the standard list is in
//	             force for it there.
package catalogue
