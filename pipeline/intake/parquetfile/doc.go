// Package parquetfile reads columns of Parquet files that other programs write, as Arrow arrays or as numbers of their
// distinct texts, and writes files for other programs. Package parquet of the lake has the files of the lake.
//
//  1. A column is read forward, one page after the other, and of a page only the requested rows. In memory are its
//     dictionary, one page and the requested rows, whatever numbers the file's structures state.
//  2. The Parquet schema alone determines the types. An Arrow schema that the writer stored is ignored.
//  3. A read beyond the bytes of a page is an error. Decoders can panic; Group and feedfile.Guard make it an error. The
//     caller adds the names of the file and of the column.
//  4. Each column of a row group has as many rows as the group, and all groups have as many as the footer states.
package parquetfile
