// Package language translates the texts of documents from English: headings, sentences, words of tables, and texts of
// drawings. chinese.tsv has the translations (DOC-11).
//
//  1. A text is translated only within its section: one English word may have several meanings. The same text in
//     another section is another entry.
//  2. A text without a translation stays English. Nothing is an error; tests find such texts (Dictionary.Watch,
//     Words.Watch).
//  3. Values of a sentence stay unchanged. A pattern says where they are; `{t}` is a value that is translated itself.
//     An exact text takes precedence over patterns; of the patterns that match, the first one is used.
//  4. If a text of a drawing was cut to fit, the complete text is translated and cut again, to the same width.
//  5. A nil *Dictionary is English: Say, All, Comma, Gap and Colon return English.
package language
