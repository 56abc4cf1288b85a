package parquet

import (
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Col returns a column of any type, for code that handles columns independent of type.
func (c *Columns[T]) Col(col table.ColumnOf[T]) *Col { return &c.c[col] }

// Word is a column of words.
func (c *Columns[T]) Word(col table.WordColumn[T]) Words { return Words{&c.c[col]} }

// Text is a column of texts.
func (c *Columns[T]) Text(col table.TextColumn[T]) Texts { return Texts{&c.c[col]} }

// Time is a column of times.
func (c *Columns[T]) Time(col table.TimeColumn[T]) Times { return Times{&c.c[col]} }

// MaybeTime is a column of optional times; table.Nothing means none.
func (c *Columns[T]) MaybeTime(col table.MaybeTimeColumn[T]) Times { return Times{&c.c[col]} }

// Amount is a column of amounts.
func (c *Columns[T]) Amount(col table.AmountColumn[T]) Decimals { return Decimals{&c.c[col]} }

// Quantity is a column of quantities or unit prices.
func (c *Columns[T]) Quantity(col table.QuantityColumn[T]) Decimals { return Decimals{&c.c[col]} }

// Cost is a column of a vendor's costs.
func (c *Columns[T]) Cost(col table.CostColumn[T]) Decimals { return Decimals{&c.c[col]} }

// Whole is a column of 64-bit integers.
func (c *Columns[T]) Whole(col table.WholeColumn[T]) Wholes { return Wholes{&c.c[col]} }

// Small is a column of 32-bit integers.
func (c *Columns[T]) Small(col table.SmallColumn[T]) Smalls { return Smalls{&c.c[col]} }

// Words is a column of words of a batch.
type Words struct{ c *Col }

// At is the word of row i.
func (w Words) At(i int) string { return w.c.Dict[w.c.Codes[i]] }

// Code is the index of row i's word in the dictionary.
func (w Words) Code(i int) int32 { return w.c.Codes[i] }

// AddCode appends the word with a code in the dictionary.
func (w Words) AddCode(code int32) { w.c.Codes = append(w.c.Codes, code) }

// Codes returns the index of each row's word in the dictionary.
func (w Words) Codes() []int32 { return w.c.Codes }

// Dict is the dictionary: the distinct words.
func (w Words) Dict() []string { return w.c.Dict }

// Add appends a word.
func (w Words) Add(word string) { w.c.AddWord(word) }

// AddNew appends a word that no earlier row has. It is for columns by which the rows are sorted and whose values are
// distinct.
func (w Words) AddNew(word string) { w.c.AddNewWord(word) }

// Intern returns the code of a word in the dictionary, adding a new word.
func (w Words) Intern(word string) int32 { return w.c.Intern(word) }

// Set sets the column to one word for all rows.
func (w Words) Set(word string) { w.c.SetWord(word) }

// Texts is a column of texts of a batch.
type Texts struct{ c *Col }

// At is the text of row i; its bytes belong to the batch.
func (t Texts) At(i int) []byte { return t.c.Text(i) }

// Add appends a text.
func (t Texts) Add(text string) { t.c.AddText(text) }

// AddBytes appends a text.
func (t Texts) AddBytes(text []byte) { t.c.AddBytes(text) }

// Times is a column of times of a batch.
type Times struct{ c *Col }

// At is the time of row i.
func (t Times) At(i int) period.Instant { return period.Instant(t.c.Ints[i]) }

// Add appends a time.
func (t Times) Add(at period.Instant) { t.c.Ints = append(t.c.Ints, int64(at)) }

// Wholes is a column of 64-bit integers of a batch.
type Wholes struct{ c *Col }

// At is the number of row i.
func (w Wholes) At(i int) int64 { return w.c.Ints[i] }

// Add appends a number.
func (w Wholes) Add(n int64) { w.c.Ints = append(w.c.Ints, n) }

// Smalls is a column of 32-bit integers of a batch.
type Smalls struct{ c *Col }

// At is the number of row i.
func (s Smalls) At(i int) int32 { return s.c.Codes[i] }

// Add appends a number.
func (s Smalls) Add(n int32) { s.c.Codes = append(s.c.Codes, n) }

// Set sets the column to one number for all rows.
func (s Smalls) Set(n int32) { s.c.SetSmall(n) }

// Decimals is a column of decimals of a batch.
type Decimals struct{ c *Col }

// At is the raw value of row i.
func (d Decimals) At(i int) Dec { return d.c.Decs[i] }

// All returns the raw values of all rows.
func (d Decimals) All() []Dec { return d.c.Decs }

// Add appends a value as returned by the Raw methods of package money.
func (d Decimals) Add(hi int64, lo uint64) { d.c.AddDec(hi, lo) }

// AddRaw appends a raw value.
func (d Decimals) AddRaw(v Dec) { d.c.Decs = append(d.c.Decs, v) }

// Set sets the column to one value for all rows.
func (d Decimals) Set(hi int64, lo uint64) { d.c.SetDec(hi, lo) }
