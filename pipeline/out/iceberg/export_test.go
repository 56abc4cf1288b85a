package iceberg

// StopPoints lists the points in order.
func StopPoints() []string {
	return []string{StopHeld, StopManifests, StopVersion, StopCommitted, StopCleaned}
}
