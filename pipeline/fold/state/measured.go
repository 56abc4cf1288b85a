package state

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// MeasuredSlots is a billing object with its percentile.
type MeasuredSlots struct {
	tariff.Bandwidth
	Object string // link or group
	Result percentile.Result
}

// Measure calculates the percentile of every billing object of the bucket's customers, in order of customer, sku,
// region, object.
func (w *SampleFolder) Measure(bucket int, cycle period.Cycle) ([]MeasuredSlots, error) {
	return w.MeasureWith(bucket, cycle, nil, nil)
}

// MeasureWith is Measure for the objects of some keys; nil = all. newer are samples that replace the stored samples of
// their slots.
func (w *SampleFolder) MeasureWith(bucket int, cycle period.Cycle, keys map[MeasureKey]bool,
	newer map[SlotKey]*LateSample) (
	[]MeasuredSlots, error) {
	objects := GatherObjects(w.Books, cycle, func(l *books.Link) bool {
		return (keys == nil || keys[MeasureKeyOf(l)]) && w.Bucket(l.Customer) == bucket
	})
	stored := w.FilesOf(cycle, bucket, tables.Bandwidth().Name)
	if objects.Len() == 0 && len(stored) == 0 {
		return nil, nil
	}
	lost, err := w.Strays.of(lake.CycleOf(cycle), lake.Day{})
	if err != nil || objects.Len() == 0 {
		return nil, err
	}
	meter := percentile.NewMeter(w.Books.Zone, cycle)
	out := make([]MeasuredSlots, 0, objects.Len())
	err = samplesLake(w.State).Each(objects, stored, lost, w.newerOf(cycle, newer),
		func(key MeasureKey, o *percentile.Object) error {
			result, err := meter.Measure(w.Policy(key.SKU), o)
			out = append(out, MeasuredSlots{
				Bandwidth: tariff.Bandwidth{Customer: key.Customer, SKU: key.SKU, Region: key.Region, Cycle: cycle,
					Quantity: result.Quantity},
				Object: key.Object, Result: result,
			})
			return err
		})
	return out, err
}

// newerOf returns those samples of newer whose slots are in a cycle.
func (w *SampleFolder) newerOf(cycle period.Cycle, newer map[SlotKey]*LateSample) []Sample {
	var out []Sample
	for _, one := range newer {
		if w.Books.Zone.Cycle(one.Slot) == cycle {
			out = append(out, Sample{Link: one.Link, Slot: one.Slot, Sample: one.Sample})
		}
	}
	return out
}
