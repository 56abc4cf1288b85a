package settings

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
)

const hour = period.Hour

// Load reads the settings file at path. If its contents are wrong, the error is problem.Problems with everything that
// is wrong, and the settings have defaults in place of what is wrong; any other error comes from reading the file.
func Load(path string) (Settings, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		at := problem.Pos{File: path}
		return Default(), problem.Problems{{Pos: at, Text: "not there", Hint: "`tollbook init` makes a workspace"}}
	}
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	s, root, err := readText(path, data)
	if err == nil {
		s.Hash, s.Terms = sha256.Sum256(data), termsHash(&root)
	}
	return s, err
}

// Parse reads the text of a settings file; problems show name as the file. The error is a problem.Problems.
func Parse(name string, data []byte) (Settings, error) {
	s, _, err := readText(name, data)
	return s, err
}

// readText is Parse and also returns the document.
func readText(name string, data []byte) (Settings, YAMLNode, error) {
	var c problem.Collector
	root, ok := ParseYAML(name, data, &c)
	switch root.Kind {
	case Null:
		root.Kind = Mapping // an empty file: everything required is missing
	case Mapping:
	default:
		if ok {
			c.Add(root.Pos, "write `key: value`, one per line", "%s, not a mapping of keys", root.Kind)
		}
		return Default(), root, c.Err()
	}
	s := Default()
	readAll(&s, &c, &root)
	return s, root, c.Err()
}

// readAll reads all keys, and reports unknown and missing ones.
func readAll(s *Settings, c *problem.Collector, root *YAMLNode) {
	groups := map[string][]string{}
	for _, k := range Keys() {
		group, key := k.split()
		if group != "" && !slices.Contains(groups[""], group) {
			groups[""] = append(groups[""], group)
		}
		groups[group] = append(groups[group], key)
	}
	maps := map[string]YAMLMap{"": YAMLFields(c, root, "", groups[""])}
	for _, name := range groups[""] {
		if known, isGroup := groups[name]; isGroup {
			maps[name] = YAMLFields(c, maps[""].Get(name), name, known)
		}
	}
	told := map[string]bool{}
	for _, k := range Keys() {
		group, key := k.split()
		m := maps[group]
		if m.Get(key) != nil {
			k.read(s, m, key)
			continue
		}
		if !k.Required {
			continue
		}
		if group != "" && maps[""].Get(group) == nil {
			if !told[group] {
				maps[""].Require(group, "add `"+sample(group)+"`")
			}
			told[group] = true
		} else if group == "" || maps[""].Get(group).Kind == Mapping {
			m.Require(key, fmt.Sprintf("add `%s: %s`: %s", key, k.template, k.Meaning))
		}
	}
}

// sample returns a group in one line, with the values that the template writes.
func sample(group string) string {
	var parts []string
	for _, k := range Keys() {
		if g, key := k.split(); g == group {
			parts = append(parts, key+": "+k.template)
		}
	}
	return group + ": {" + strings.Join(parts, ", ") + "}"
}

func readZone(s *Settings, m YAMLMap, key string) {
	s.Zone = YAMLValue(m, key, nil, parseZone)
}

func parseZone(name string) (*period.Zone, error) {
	zone, err := period.LoadZone(name)
	if err != nil {
		if near := period.NearZone(name); near != "" {
			return nil, fmt.Errorf("%q: not a time zone; write %s", name, near)
		}
		return nil, fmt.Errorf("%q: not a time zone", name)
	}
	return zone, nil
}

func readCurrencyCode(s *Settings, m YAMLMap, key string) {
	s.Currency.Code = YAMLValue(m, key, "", func(code string) (string, error) {
		odd := strings.IndexFunc(code, func(r rune) bool { return (r < 'A' || r > 'Z') && (r < '0' || r > '9') })
		if odd >= 0 || len(code) < 3 || len(code) > 8 {
			return "", fmt.Errorf("%q: not 3 to 8 capital letters or digits", code)
		}
		return code, nil
	})
}

func readDigits(s *Settings, m YAMLMap, key string) { s.Currency.Digits = m.Int(key, 0, 0, 8) }

func readVendorID(s *Settings, m YAMLMap, key string) {
	s.Vendor.ID = YAMLValue(m, key, s.Vendor.ID, func(id string) (string, error) {
		if id == "" || id == "customer" || strings.TrimSpace(id) != id || strings.ContainsAny(id, "\r\n\t;*") {
			return "", fmt.Errorf("%q: not an id", id)
		}
		return id, nil
	})
}

func readVendorName(s *Settings, m YAMLMap, key string) {
	s.Vendor.Name = m.Text(key, s.Vendor.Name)
}

func readGrain(s *Settings, m YAMLMap, key string) {
	s.Rounding.Grain = Grain(m.Word(key, -1, grainWords) + 1)
}

func readMode(s *Settings, m YAMLMap, key string) {
	modes := []money.Mode{money.Truncate, money.HalfUp, money.HalfEven, money.Up}
	words := make([]string, len(modes))
	for i, mode := range modes {
		words[i] = mode.String()
	}
	if i := m.Word(key, -1, words); i >= 0 {
		s.Rounding.Mode = modes[i]
	}
}

func readPayments(s *Settings, m YAMLMap, key string) {
	s.Payments = Payments(m.Word(key, int(s.Payments), paymentsWords))
}

func readMaxAge(s *Settings, m YAMLMap, key string) {
	s.Usage.MaxAgeMonths = m.Int(key, s.Usage.MaxAgeMonths, 0, 1200)
}

func readTolerance(s *Settings, m YAMLMap, key string) {
	s.Usage.FutureTolerance = YAMLValue(m, key, s.Usage.FutureTolerance, func(text string) (int64, error) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q: not a duration such as 24h or 30m", text)
		case d < 0 || d > 87_600*time.Hour:
			return 0, fmt.Errorf("%q: not from 0 to 87600h", text)
		case d%time.Microsecond != 0:
			return 0, fmt.Errorf("%q: finer than a microsecond", text)
		}
		return d.Microseconds(), nil
	})
}

func readSettle(s *Settings, m YAMLMap, key string) {
	s.Inbox.Settle = YAMLValue(m, key, s.Inbox.Settle, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q: not a duration such as 30s or 10m", text)
		case d < 0 || d > 24*time.Hour:
			return 0, fmt.Errorf("%q: not from 0s to 24h", text)
		}
		return d, nil
	})
}

func readUnconditional(s *Settings, m YAMLMap, key string) {
	s.Refund.UnconditionalHours = m.Int(key, s.Refund.UnconditionalHours, 0, 87_600)
}

func readFeeRate(s *Settings, m YAMLMap, key string) {
	s.Refund.FeeRate = YAMLValue(m, key, s.Refund.FeeRate, money.ParseRate[string])
}

func readCloseDay(s *Settings, m YAMLMap, key string) {
	s.Close.Day = m.Int(key, s.Close.Day, 1, 28)
}

func readCloseTime(s *Settings, m YAMLMap, key string) {
	s.Close.Time = YAMLValue(m, key, s.Close.Time, func(text string) (TimeOfDay, error) {
		wrong := fmt.Errorf("%q: not a time hh:mm from 00:00 to 24:00", text)
		if len(text) != 5 || text[2] != ':' {
			return 0, wrong
		}
		hours, err := strconv.ParseUint(text[:2], 10, 8)
		minutes, err2 := strconv.ParseUint(text[3:], 10, 8)
		if err != nil || err2 != nil || minutes > 59 || hours*60+minutes > 24*60 {
			return 0, wrong
		}
		return TimeOfDay(hours*60 + minutes), nil
	})
}

func readCloseWithRejects(s *Settings, m YAMLMap, key string) {
	s.Unattended.OpenRejects = m.Bool(key, false)
}

func readCloseWithGaps(s *Settings, m YAMLMap, key string) {
	s.Unattended.MissingFeeds = m.Bool(key, false)
}

func readBuckets(s *Settings, m YAMLMap, key string) {
	s.Lake.Buckets = m.Int(key, s.Lake.Buckets, 1, 1024)
}

func readListen(s *Settings, m YAMLMap, key string) {
	s.API.Listen = YAMLValue(m, key, s.API.Listen, ParseListen)
}

func readScheduleListen(s *Settings, m YAMLMap, key string) {
	s.Schedule.Listen = YAMLValue(m, key, "", func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		return ParseListen(text)
	})
}

// ParseListen checks an address to listen on: host:port, where the host may be empty.
func ParseListen(text string) (string, error) {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return "", fmt.Errorf("%q: not host:port", text)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return "", fmt.Errorf("%q: not a port from 0 to 65535", text)
	}
	return text, nil
}

func readKeysFile(s *Settings, m YAMLMap, key string) {
	s.API.Keys = YAMLValue(m, key, s.API.Keys, func(path string) (string, error) {
		if path == "" {
			return "", errors.New("is empty")
		}
		return filePath(path)
	})
}

// readTLS reads the certificate or the key; if only one of them is set, it is reported there.
func readTLS(s *Settings, m YAMLMap, key string) {
	name, other := &s.API.TLSCert, "tls_key"
	if key == other {
		name, other = &s.API.TLSKey, "tls_cert"
	}
	*name = YAMLValue(m, key, "", filePath)
	if n := m.Get(other); *name != "" && (n == nil || n.Kind == YAMLScalar && n.Text == "") {
		m.Fail(key, m.Get(key), "set api."+other+" too, or empty this one", "without api.%s", other)
	}
}

// filePath accepts a possible file name; the caller decides about an empty one.
func filePath(path string) (string, error) {
	if strings.ContainsRune(path, 0) || strings.HasSuffix(path, "/") {
		return "", fmt.Errorf("%q: not a file", path)
	}
	return path, nil
}

func readRateLimit(s *Settings, m YAMLMap, key string) {
	s.API.RateLimit = m.Int(key, s.API.RateLimit, 0, 100_000)
}

func readFailureLimit(s *Settings, m YAMLMap, key string) {
	s.API.FailureLimit = m.Int(key, s.API.FailureLimit, 0, 100_000)
}

func readConsole(s *Settings, m YAMLMap, key string) {
	on := 0
	if s.Console {
		on = 1
	}
	s.Console = m.Word(key, on, []string{"off", "on"}) == 1
}

func readLanguage(s *Settings, m YAMLMap, key string) {
	words := []string{"en_US", "zh_CN"}
	s.API.Language = words[m.Word(key, slices.Index(words, s.API.Language), words)]
}

func readCacheBytes(s *Settings, m YAMLMap, key string) {
	s.API.CacheBytes = m.Int(key, s.API.CacheBytes, 16<<20, 64<<30)
}

func readMaxBody(s *Settings, m YAMLMap, key string) {
	s.API.MaxBody = m.Int(key, s.API.MaxBody, 1024, 64<<20)
}

func readMaxURL(s *Settings, m YAMLMap, key string) {
	s.API.MaxURL = m.Int(key, s.API.MaxURL, 256, 1<<16)
}

func readAPITime(s *Settings, m YAMLMap, key string) {
	to := map[string]*time.Duration{"read_timeout": &s.API.ReadTimeout, "write_timeout": &s.API.WriteTimeout,
		"idle_timeout": &s.API.IdleTimeout, "stop_timeout": &s.API.StopTimeout}[key]
	*to = YAMLValue(m, key, *to, durationUpTo(time.Hour))
}

func readStopTimeout(s *Settings, m YAMLMap, key string) {
	s.Schedule.StopTimeout = YAMLValue(m, key, s.Schedule.StopTimeout, durationUpTo(24*time.Hour))
}

// durationUpTo returns a parser of durations from one second to longest.
func durationUpTo(longest time.Duration) func(string) (time.Duration, error) {
	return func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%q: not a duration such as 30s or 2m", text)
		case d < time.Second || d > longest:
			return 0, fmt.Errorf("%q: not from 1s to %dh", text, longest/time.Hour)
		}
		return d, nil
	}
}

func readCron(s *Settings, m YAMLMap, key string) {
	expression := map[string]*string{"nightly": &s.Schedule.Nightly, "monthly": &s.Schedule.Monthly,
		"publish":   &s.Schedule.Publish,
		"retention": &s.Schedule.Retention}[key]
	*expression = YAMLValue(m, key, *expression, func(text string) (string, error) {
		if text == "" && key != "nightly" && key != "monthly" {
			return "", nil
		}
		return parseCron(text)
	})
}

// parseCron checks an expression with the parser that the scheduler uses. It rejects a zone in the expression, which
// would contradict the contract zone, and an interval, which would count from the start of the scheduler.
func parseCron(text string) (string, error) {
	if strings.Contains(text, "TZ=") {
		return "", fmt.Errorf("%q: names a zone; the schedule runs in the contract zone", text)
	}
	if strings.HasPrefix(text, "@every") {
		return "", fmt.Errorf("%q: an interval has no fixed time of day", text)
	}
	schedule, err := cron.ParseStandard(text)
	if err != nil {
		return "", fmt.Errorf("%q: not a cron expression: %w", text, err)
	}
	if schedule.Next(time.Unix(0, 0).UTC()).IsZero() {
		return "", fmt.Errorf("%q: never comes", text)
	}
	return text, nil
}
