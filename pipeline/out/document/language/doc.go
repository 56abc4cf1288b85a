// Package language translates the texts of documents from English: headings, sentences, words of tables, and texts of
// drawings. chinese.tsv has the translations (DOC-11).
//
//  1. A text is translated within a section alone: one English word may have several meanings. The same text of another
//     section is another entry.
//  2. A text without a translation stays English. Nothing is an error; tests find such texts (Dictionary.Watch,
//     Words.Watch).
//  3. Values of a sentence stay as they are. A pattern says where they are; `{t}` is a value that is translated itself.
//     An exact text takes precedence over patterns; of the patterns that fit, the first one is used.
//  4. A text of a drawing that was cut to its place is translated as a whole and cut again, to the same width.
//  5. A nil *Dictionary is English: Say, All, Comma, Gap and Colon give English.
package language
