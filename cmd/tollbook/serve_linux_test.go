package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/fixtures/program"
)

// workbench is a workspace and the real program.
type workbench struct {
	t         *testing.T
	self, dir string
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &workbench{t, self, filepath.Join(t.TempDir(), "w")}
}

func (w *workbench) command(args ...string) *exec.Cmd {
	return &exec.Cmd{Path: w.self, Args: append([]string{"tollbook", "-w", w.dir}, args...),
		Env: append(os.Environ(), "TMPDIR="+w.t.TempDir())}
}

// run returns the output of a command. Exit code 1 is accepted: the generator creates rejects on purpose.
func (w *workbench) run(args ...string) []byte {
	w.t.Helper()
	out, err := w.command(args...).Output()
	if failed := new(exec.ExitError); err != nil &&
		(!errors.As(err, &failed) || failed.ExitCode() != cli.ExitNeedsAttention) {
		w.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

func (w *workbench) token(args ...string) string {
	w.t.Helper()
	var key struct{ Secret string }
	if err := json.Unmarshal(w.run(append([]string{"keys", "add", "--token", "--json"}, args...)...),
		&key); err != nil {
		w.t.Fatal(err)
	}
	return key.Secret
}

// serve starts a server and returns its address. The test kills the server when it ends.
func (w *workbench) serve() (url string, server *os.Process) {
	w.t.Helper()
	cmd := w.command("serve", "--listen", "127.0.0.1:0", "--json")
	log, err := cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // Wait reports the kill as an error
	})
	lines := bufio.NewReader(log)
	first, err := lines.ReadString('\n')
	var serving struct{ On string }
	if err != nil || json.Unmarshal([]byte(first), &serving) != nil {
		w.t.Fatal(first, err)
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return serving.On, cmd.Process
}

// fetched returns the status and the body of an answer, for comparison.
func fetched(c *http.Client, url, token string) (string, []byte) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err.Error(), nil
	}
	r.Header.Set("X-Auth-Token", token)
	resp, err := c.Do(r)
	if err != nil {
		return err.Error(), nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return fmt.Sprintf("%d %v", resp.StatusCode, err), body
}

// TestServeFewDescriptors checks that 64 clients that download a partner's export at the same time all receive the
// complete answer, although the server is limited to 256 file descriptors and the lake's month has more than 100 files.
func TestServeFewDescriptors(t *testing.T) {
	t.Parallel()
	program.Slow(t)
	w := newWorkbench(t)
	w.run("generate", "--rows", "12000", "--customers", "200", "--days", "8", "--partners", "4", "--seed", "3")
	settings := filepath.Join(w.dir, "tollbook.yaml")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, bytes.Replace(text, []byte("api: {"), []byte("api: {rate_limit: 0, "), 1),
		0o644); err != nil {
		t.Fatal(err)
	}
	w.run("run", "nightly", "--as-of", "2026-09-10T04:00:00Z")
	if files, err := filepath.Glob(filepath.Join(w.dir, "lake/lines/cycle=2026-09/*/*.parquet")); err != nil ||
		len(files) < 100 {
		t.Fatalf("%d files, %v: too few to run out of descriptors", len(files), err)
	}
	url, server := w.serve()
	if err := unix.Prlimit(server.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 256, Max: 256}, nil); err != nil {
		t.Fatal(err)
	}
	token := w.token("--role", "partner", "--partner", "p-0001")
	url += "/v1/exports/consumption?cycle=2026-09"
	said, want := fetched(http.DefaultClient, url, token)
	if said != "200 <nil>" || bytes.Count(want, []byte("\n")) < 100 {
		t.Fatalf("alone: %s, %d bytes", said, len(want))
	}
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range 64 {
		all.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			<-begin
			if said, got := fetched(client, url, token); said != "200 <nil>" || !bytes.Equal(got, want) {
				t.Errorf("client %d: %s, %d bytes, want %d: %.200s", i, said, len(got), len(want),
					got[:min(len(got), 200)])
			}
		})
	}
	close(begin)
	all.Wait()
}

// TestServeTooManyConnections checks that a server whose file descriptors are taken by half requests refuses further
// callers with 503 and the time after which to try again, and serves them when the half requests are gone. Invariant:
// SERVE-13.
func TestServeTooManyConnections(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	if err := os.CopyFS(w.dir, os.DirFS("../../pipeline/serve/testdata/access")); err != nil {
		t.Fatal(err)
	}
	w.run("run", "monthly", "--cycle", "2026-09")
	url, server := w.serve()
	if err := unix.Prlimit(server.Pid, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 256, Max: 256}, nil); err != nil {
		t.Fatal(err)
	}
	token := w.token("--role", "vendor")
	address := strings.TrimPrefix(url, "http://")
	url += "/v1/exports/consumption?cycle=2026-09"
	asked := func() string {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}
		r, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Token", token)
		resp, err := client.Do(r)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		var e struct {
			Code string `json:"error_code"`
		}
		body, err := io.ReadAll(resp.Body)
		_ = json.Unmarshal(body, &e) // an export is not JSON
		return fmt.Sprintf("%d %s %v %v", resp.StatusCode, e.Code, resp.Header.Values("Retry-After"), err)
	}
	var half []net.Conn
	for range 456 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: a\r\n") // the server may have closed it
		half = append(half, conn)
	}
	for i := range 20 {
		if got := asked(); got != "503 CBC.0503 [1] <nil>" {
			t.Fatalf("caller %d: %s", i, got)
		}
	}
	for _, conn := range half {
		conn.Close()
	}
	for got := ""; got != "200  [] <nil>"; got = asked() {
		if got != "" && !strings.HasPrefix(got, "503") {
			t.Fatalf("after the half requests: %s", got)
		}
	}
}

// TestServeExportsAsTheCommand checks that a distributor's download equals the output of the command byte for byte,
// with and without its resellers.
func TestServeExportsAsTheCommand(t *testing.T) {
	t.Parallel()
	w := newWorkbench(t)
	if err := os.CopyFS(w.dir, os.DirFS("../../pipeline/serve/testdata/access")); err != nil {
		t.Fatal(err)
	}
	w.run("run", "monthly", "--cycle", "2026-09")
	url, _ := w.serve()
	token := w.token("--role", "partner", "--partner", "part-north")
	for _, c := range []struct {
		query string
		flags []string
		rows  int // counted by hand from the workspace's nine records
	}{
		{"", nil, 3},
		{"&indirect_partner_id=part-south", []string{"--indirect-partner", "part-south"}, 1},
		{"&with_resellers=true", []string{"--with-resellers"}, 4},
		{"&customer_id=cust-birch", []string{"--customer", "cust-birch"}, 1},
	} {
		said, got := fetched(http.DefaultClient, url+"/v1/exports/consumption?cycle=2026-09"+c.query, token)
		want := w.run(append([]string{"export", "--cycle", "2026-09", "--partner", "part-north"}, c.flags...)...)
		if said != "200 <nil>" || !bytes.Equal(got, want) || strings.Count(string(want), "\n") != 1+c.rows {
			t.Errorf("%s: %s, %d rows and a header, want %d as the command\n%s\n%s", c.query, said,
				bytes.Count(got, []byte("\n"))-1, c.rows, got, want)
		}
	}
}
