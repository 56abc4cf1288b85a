// Package chart draws amounts as stacked bars in SVG: consumption by day and service for a document, amounts by month,
// and a drawing that is a file of its own.
//
//  1. A drawing is a function of its input, to the byte. Coordinates are hundredths, calculated in rationals.
//  2. Every bar is inside of the plot, in scale: positive amounts go up from the axis, negative ones down. The axis has
//     round steps.
//  3. Texts of books and feeds are escaped; a drawing has no script and refers to nothing outside.
//  4. Up to eight parts have a colour each, with a pattern of its own for grey print; of more parts the smallest share
//     the last colour, and the caption says so.
//  5. What is charged at the month's end is spread evenly over the days, without loss (COMPOSE-4).
package chart
