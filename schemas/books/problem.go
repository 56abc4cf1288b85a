package books

import "github.com/tollbook/tollbook/schemas/problem"

// Pos is a place in a book or settings file.
type Pos = problem.Pos

// Problem is one thing wrong with the books or settings.
type Problem = problem.Problem

// Problems is every problem found in one reading, in file and line order.
type Problems = problem.Problems
