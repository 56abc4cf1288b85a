// Package catalogue answers the vendor-compatible operations about what is sold: services, kinds of resources, usage
// types, measures and specifications. It reads the books and nothing of the lake.
//
//	CATALOGUE-1  A list has each code once, by code. Names are those of products.csv.
//	CATALOGUE-2  A specification is listed for a region and a charge mode if a price of the standard list is in
//	             force for it there.
package catalogue
