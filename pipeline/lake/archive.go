package lake

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// Import copies a data file of another lake's state and checks its hash while copying. A file that the base names is
// not read again. Errors: *CorruptError for a file that differs from its lake's entry.
func (t *Txn) Import(ctx context.Context, from *Snapshot, e FileEntry) error {
	if t.SubTxn.named[e.Path] {
		return nil
	}
	f, err := from.Open(e)
	if err != nil {
		return err
	}
	w, err := t.SubTxn.Create(e.FileKey)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	_, err = io.CopyBuffer(w, storage.Until(ctx, f), storage.CopyBuffer(e.Bytes))
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("copy %s of the lake: %w", e.Path, err), w.Abort())
	}
	got, err := w.Finish(e.Rows, e.Sums)
	if err != nil {
		return err
	}
	if got.Hash != e.Hash {
		return &CorruptError{Name: e.Path, Detail: fmt.Sprintf("hash is %s, %s says %s", got.Hash, from.Name(),
			e.Hash), Hint: HintRestore}
	}
	return nil
}
