package workspace

import (
	"fmt"
	"path/filepath"

	"github.com/tollbook/tollbook/pipeline/lake/objects"
	"github.com/tollbook/tollbook/pipeline/out/iceberg"
	"github.com/tollbook/tollbook/schemas/settings"
)

// icebergScratch is the workspace folder for the lock and unfinished files of a warehouse in an object store.
const icebergScratch = settings.LakeScratch + "/iceberg"

// IcebergWarehouse opens the warehouse of the Iceberg tables. No request is sent yet.
func (w *Workspace) IcebergWarehouse() (*iceberg.Warehouse, error) {
	s := &w.Settings
	if w.LakeInStore() {
		chain, err := openChain(settings.Place{Path: s.Iceberg.Warehouse, Endpoint: s.Lake.Endpoint,
			Region: s.Lake.Region}, filepath.Join(w.Dir, filepath.FromSlash(icebergScratch)),
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

// warehouseCache is the size of the cache for metadata of tables, in bytes.
const warehouseCache = 16 << 20
