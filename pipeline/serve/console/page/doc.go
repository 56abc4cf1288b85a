// Package page defines what a page of the console consists of and writes it as HTML: headings, figures, tables, charts,
// forms and texts (docs/console.md). It does not know what the pages show.
//
//	PAGE-1  Text of books and feeds stays text: html/template escapes it, and Entry.write in the cells of tables. Only
//	        drawings, which escape their texts, are inserted as markup. A page has no inline script and no inline
//	        style, which its policy forbids too.
//	PAGE-2  A table is sorted, filtered and paged by the parameters of its address, so that the address alone gives
//	        the same view. A download contains the filtered rows of all pages, in the order of the screen.
//	PAGE-3  Numbers are sorted, shown and downloaded as decimal text; nothing here adds or rounds an amount.
//	PAGE-4  Every link keeps the language of the address. Links within a table keep its committed state.
//	PAGE-5  A page adds up amounts of one currency only; where there are several, its address names one. The foot of
//	        the page and the names of downloads say it.
//	PAGE-6  Marks of writing direction in a text have no effect, and a name that is written from right to left is in
//	        an element of its own or isolated (package plain). Downloads have names as the books do.
package page
