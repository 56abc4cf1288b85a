package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// newest returns the newest manifest of a chain: it starts at the one that HEAD names and follows later ones (CHAIN-2).
func (l *Lake) newest() (number int64, hash Hash, err error) {
	if number, hash, err = l.hinted(); err != nil {
		return 0, "", err
	}
	for {
		name := NameOf(number + 1)
		b, err := l.readFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return number, hash, nil
		}
		if err != nil {
			return 0, "", fmt.Errorf("read %s of the lake: %w", name, err)
		}
		var m Envelope
		if err := json.Unmarshal(b, &m); err != nil {
			return 0, "", &CorruptError{Name: name, Detail: err.Error(), Hint: HintRestore}
		}
		if m.Number != number+1 || m.Parent != hash {
			detail := fmt.Sprintf("is number %d with parent %s: want number %d with parent %s", m.Number, m.Parent,
				number+1, hash)
			return 0, "", &CorruptError{Name: name, Detail: detail, Hint: HintRestore}
		}
		number, hash = number+1, HashBytes(b)
	}
}

// hinted returns a committed manifest: the newest according to HEAD or a listing; 0 and "" if there is none.
func (l *Lake) hinted() (int64, Hash, error) {
	text, err := l.readFile(HeadName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, "", fmt.Errorf("read HEAD of the lake: %w", err)
	}
	if number, hash, bad := ParseHead(text); err == nil && bad == nil {
		there, err := l.hashOf(number)
		if err != nil || there == hash {
			return number, there, err
		}
	}
	entries, err := l.st.List(ManifestsDir + "/")
	if err != nil {
		return 0, "", fmt.Errorf("list the lake's manifests: %w", err)
	}
	var newest int64
	for _, e := range entries {
		if kind, number := Classify(e.Name); kind == ManifestFile {
			newest = max(newest, number)
		}
	}
	if newest == 0 {
		return 0, "", nil
	}
	hash, err := l.hashOf(newest)
	return newest, hash, err
}

// hashOf returns the hash of a manifest; "" if it does not exist.
func (l *Lake) hashOf(number int64) (Hash, error) {
	b, err := l.readFile(NameOf(number))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read %s of the lake: %w", NameOf(number), err)
	}
	return HashBytes(b), nil
}

// append is the commit on an object store (CHAIN-1).
func (t *Txn) append(ctx context.Context, m *Manifest, lists []NextList) (committed bool, err error) {
	b, err := EncodeManifest(m)
	if err != nil {
		return false, fmt.Errorf("lake: write the manifest: %w", err)
	}
	if err := t.pause(ctx, BeforeManifest); err != nil {
		return false, err
	}
	if err := t.writeLists(lists); err != nil {
		return false, err
	}
	if err := errors.Join(ctx.Err(), t.checkUploads(lists)); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	if err := t.SubTxn.lake.createManifest(m.Number, b); err != nil {
		return false, err
	}
	if err := t.SubTxn.lake.stop(BeforeHead); err != nil {
		return true, err
	}
	if err := t.SubTxn.writeSmall(HeadName, EncodeHead(m.Number, HashBytes(b))); err != nil {
		t.SubTxn.lake.log.Warn("HEAD of the lake was not written; readers find the newest manifest without it, and "+
			"the next commit writes it", "manifest", m.Number, "why", err)
	}
	for _, point := range []string{AfterHead, BeforeClean} {
		if err := t.SubTxn.lake.stop(point); err != nil {
			return true, err
		}
	}
	if err := errors.Join(t.dropShared(), t.clearUp(nil)); err != nil {
		return true, &CleanError{Number: m.Number, Err: err}
	}
	return true, nil
}

// Waiting time before a run reads an existing manifest again that is not readable yet; it doubles each time.
const (
	firstWait = 10 * time.Millisecond
	lastWait  = 640 * time.Millisecond
)

// createManifest creates the manifest. If the store does not confirm it, the stored content decides (CHAIN-3).
func (l *Lake) createManifest(number int64, content []byte) error {
	name := NameOf(number)
	err := l.chain.CreateOnly(name, content)
	if err == nil {
		return nil
	}
	there, readErr := l.readFile(name)
	taken := errors.Is(err, fs.ErrExist)
	for wait := firstWait; taken && errors.Is(readErr, fs.ErrNotExist) && wait <= lastWait; wait *= 2 {
		time.Sleep(wait) // another writer's manifest may become readable shortly after this one was refused
		there, readErr = l.readFile(name)
	}
	if readErr != nil {
		return &UnknownCommitError{Number: number, Err: errors.Join(err, readErr)}
	}
	if HashBytes(there) == HashBytes(content) {
		return nil
	}
	other := new(Manifest)
	if err := DecodeManifest(there, other); err != nil {
		return &CorruptError{Name: name, Detail: err.Error(), Hint: HintNewer}
	}
	return &FencedError{Number: number, AsOf: other.AsOf, Command: other.Command}
}

// Probe checks the object store of the lake (CHAIN-5). A lake in a folder has none: remote is false.
func Probe(st storage.Storage) (remote bool, err error) {
	chain := storage.AsChain(st)
	if chain == nil {
		return false, nil
	}
	return true, chain.Probe()
}
