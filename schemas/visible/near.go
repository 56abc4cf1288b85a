package visible

import "strings"

// MaxTypos is the maximum number of typing errors of a word that is recognised.
const MaxTypos = 2

// Nearest returns the known word with the fewest typing errors, else the only one that begins with the word, else "".
// The number of errors is at most MaxTypos and at most half the length of the word.
func Nearest(word string, known []string) string {
	word = strings.ToLower(word)
	best, fewest := "", min(MaxTypos, len(word)/2)+1
	begin := []string{}
	for _, k := range known {
		if d := Typos(word, strings.ToLower(k)); d < fewest {
			best, fewest = k, d
		}
		if word != "" && strings.HasPrefix(strings.ToLower(k), word) {
			begin = append(begin, k)
		}
	}
	if best == "" && len(begin) == 1 {
		return begin[0]
	}
	return best
}

// Typos counts the letters that were omitted, added, replaced, or swapped with the next one to turn a into b. It is
// MaxTypos + 1 if the lengths alone differ by more than MaxTypos.
func Typos(a, b string) int {
	x, y := []rune(a), []rune(b)
	if max(len(x)-len(y), len(y)-len(x)) > MaxTypos {
		return MaxTypos + 1
	}
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range y {
		rows[0][j+1] = j + 1
	}
	for i := range x {
		for j := range y {
			differs := 1
			if x[i] == y[j] {
				differs = 0
			}
			d := min(rows[i][j+1]+1, rows[i+1][j]+1, rows[i][j]+differs)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				d = min(d, rows[i-1][j-1]+1)
			}
			rows[i+1][j+1] = d
		}
	}
	return rows[len(x)][len(y)]
}
