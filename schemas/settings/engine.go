package settings

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// Engine says which processes do the tasks of a run. With the zero value, the run does them in its own process.
type Engine struct {
	Temporal  string        // host:port of a Temporal server; "" = none
	TLS       bool          // the connection to the server uses TLS
	Namespace string        // of Temporal
	Queue     string        // first part of the names of task queues
	Heartbeat time.Duration // a worker that reports nothing for so long is considered lost
}

// Set reports whether other processes do the tasks.
func (e *Engine) Set() bool { return e.Temporal != "" }

// engineKeys are the keys of the engine.
func engineKeys() []Key {
	return []Key{
		{Name: "engine.dsn", Type: "temporal://host:port or temporals://host:port", Default: `""`,
			read: readEngineDSN,
			Meaning: "Temporal server that gives the tasks of a run to workers on any machine (deployment.md); " +
				"temporals:// is with TLS; empty = none"},
		{Name: "engine.namespace", Type: "text", Default: "default", read: readEngineText,
			Meaning: "namespace on that server"},
		{Name: "engine.queue", Type: "text", Default: "tollbook", read: readEngineText,
			Meaning: "first part of the names of task queues; each workspace of a namespace needs another one"},
		{Name: "engine.heartbeat", Type: "duration", Default: "30s", read: readHeartbeat,
			Meaning: "a worker that is silent for so long is given up, and another one does its task"},
	}
}

func readEngineDSN(s *Settings, m YAMLMap, key string) {
	s.Engine.Temporal = YAMLValue(m, key, "", func(text string) (string, error) {
		if text == "" {
			return "", nil
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "temporal" && u.Scheme != "temporals" || u.User != nil || u.Path != "" ||
			u.RawQuery != "" || u.Fragment != "" {
			return "", fmt.Errorf("%q: neither temporal://host:port nor temporals://host:port", text)
		}
		if host, port, err := net.SplitHostPort(u.Host); err != nil || host == "" || port == "" {
			return "", fmt.Errorf("%q: a host and a port must follow %s://", text, u.Scheme)
		}
		s.Engine.TLS = u.Scheme == "temporals"
		return u.Host, nil
	})
}

func readEngineText(s *Settings, m YAMLMap, key string) {
	to := &s.Engine.Queue
	if strings.HasSuffix(m.Name(key), "namespace") {
		to = &s.Engine.Namespace
	}
	*to = YAMLValue(m, key, *to, func(text string) (string, error) {
		if text == "" || len(text) > 100 || strings.ContainsFunc(text, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') &&
				!strings.ContainsRune("-_.", r)
		}) {
			return "", errors.New("must consist of up to 100 letters, digits, dots, hyphens and underscores")
		}
		return text, nil
	})
}

func readHeartbeat(s *Settings, m YAMLMap, key string) {
	s.Engine.Heartbeat = YAMLValue(m, key, s.Engine.Heartbeat, func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second || d > time.Hour {
			return 0, fmt.Errorf("%q: not a duration from 1s to 1h", text)
		}
		return d, nil
	})
}
