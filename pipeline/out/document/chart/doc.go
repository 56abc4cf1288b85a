// Package chart draws amounts as stacked bars in SVG: consumption by day and service for a document, amounts by month,
// and a drawing that is a file of its own.
//
//  1. A drawing depends only on its input, to the byte. Coordinates are hundredths, calculated with rationals.
//  2. Every bar is inside the plot, in scale: positive amounts go up from the axis, negative ones down. The axis has
//     round steps.
//  3. Texts of books and feeds are escaped; a drawing has no script and no reference to other resources.
//  4. Up to eight parts have their own colour, and a pattern for grey print. If there are more, the smallest share the
//     last colour, and the caption says so.
//  5. Month-end charges are spread evenly over the days, without loss (COMPOSE-4).
package chart
