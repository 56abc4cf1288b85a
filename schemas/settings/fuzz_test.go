package settings

import (
	"strings"
	"testing"
	"time"

	"github.com/robfig/cron/v3"
)

// FuzzDSN checks that a DSN is accepted only if its text gives the same DSN, and that the password is never shown.
func FuzzDSN(f *testing.F) {
	for _, text := range []string{
		"", "clickhouse://ch:9000/tollbook", "clickhouse://u:p%40ss@[::1]:9440/db?secure=true", "https://u@h",
		"http://h:65536/", "clickhouse://a,b/",
		"clickhouse://h/db?secure=true&secure=false", "clickhouse:h", "http://h/1db#x", "clickhouse://u:hunter2@h:x/db",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d, err := parseDSN(text)
		if err != nil {
			if _, secret, ok := strings.Cut(text, ":hunter2"); ok && strings.Contains(err.Error(), "hunter2"+secret) {
				t.Fatalf("%q: %v tells the password", text, err)
			}
			return
		}
		if d.Set() != (text != "") || d.Set() && (d.Port < 1 || d.Port > 65535 || !identifier(d.Database)) {
			t.Fatalf("%q: %+v", text, d)
		}
		again, err := parseDSN(d.String())
		d.User, d.Password = "", ""
		if err != nil || again != d {
			t.Fatalf("%q: %q gives %+v %v, not %+v", text, d.String(), again, err, d)
		}
	})
}

// FuzzCron checks that an expression is accepted only if it fires repeatedly, in any zone.
func FuzzCron(f *testing.F) {
	for _, text := range []string{"30 1 * * *", "0 12 5 * *", "*/7 1-5,9 ? * MON#2", "@daily", "@every 1h",
		"CRON_TZ=UTC 0 0 * * *", "0 0 31 2 *", "0 0 29 2 *", "60 * * * *", "1/0 * * * *", "5-1 * * * *"} {
		f.Add(text)
	}
	zone := time.FixedZone("", 8*3600)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseCron(text)
		if err != nil {
			return
		}
		schedule, err := cron.ParseStandard(text)
		if got != text || err != nil {
			t.Fatalf("%q: %q, %v", text, got, err)
		}
		first := schedule.Next(time.Date(2026, 9, 1, 0, 0, 0, 0, zone))
		if second := schedule.Next(first); first.IsZero() || !second.After(first) {
			t.Fatalf("%q comes at %s, then at %s", text, first, second)
		}
	})
}
