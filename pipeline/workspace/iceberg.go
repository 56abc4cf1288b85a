package workspace

import (
	"fmt"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/lake/objects/s3"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/schemas/settings"
)

// icebergScratch is the folder of a workspace with the lock and unfinished files of a warehouse in an object store.
const icebergScratch = settings.LakeScratch + "/iceberg"

// IcebergWarehouse is where the Iceberg tables are. No request is sent yet.
func (w *Workspace) IcebergWarehouse() (*iceberg.Warehouse, error) {
	s := &w.Settings
	if w.LakeInStore() {
		bucket, prefix, err := settings.ParseObjectStore(s.Iceberg.Warehouse)
		if err != nil {
			return nil, fmt.Errorf("open the Iceberg warehouse: %w", err)
		}
		store, err := s3.Open(s3.Config{Bucket: bucket, Prefix: prefix, Endpoint: s.Lake.Endpoint,
			Region: s.Lake.Region})
		if err != nil {
			return nil, fmt.Errorf("open the Iceberg warehouse: %w", err)
		}
		chain, err := objects.New(store, storage.Dir(filepath.Join(w.Dir, filepath.FromSlash(icebergScratch))),
			objects.Options{CacheBytes: warehouseCache})
		if err != nil {
			return nil, fmt.Errorf("open the Iceberg warehouse: %w", err)
		}
		return iceberg.InStore(chain, s.Iceberg.Warehouse, s.Lake.Path), nil
	}
	dir, err := filepath.Abs(w.Path(s.Iceberg.Warehouse))
	if err != nil {
		return nil, fmt.Errorf("open the Iceberg warehouse: %w", err)
	}
	lakeDir, err := filepath.Abs(w.LakeDir())
	if err != nil {
		return nil, fmt.Errorf("open the Iceberg warehouse: %w", err)
	}
	return iceberg.InFolder(dir, lakeDir), nil
}

// warehouseCache is for the metadata of tables, in bytes.
const warehouseCache = 16 << 20
