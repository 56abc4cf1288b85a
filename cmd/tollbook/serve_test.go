package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestServe runs the real program, sends requests, revokes the key while the server runs, and stops it with a signal.
func TestServe(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary runs the program if it is started under the name tollbook.
	program := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: self, Args: append([]string{"tollbook", "-w", dir}, args...),
			Env: append(os.Environ(), "TMPDIR="+t.TempDir())}
	}
	made, err := program("keys", "add", "--role", "vendor", "--token", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ ID, Secret string }
	if err := json.Unmarshal(made, &key); err != nil {
		t.Fatal(err)
	}
	server := program("serve", "--listen", "127.0.0.1:0", "--json")
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill() }()
	lines := bufio.NewReader(log)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var serving struct{ Msg, On string }
	if err := json.Unmarshal([]byte(first), &serving); err != nil || serving.Msg != "serving" {
		t.Fatal(first, err)
	}
	ask := func() int {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, serving.On+"/v1/cycles", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Token", key.Secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	if status := ask(); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if err := program("keys", "revoke", key.ID).Run(); err != nil {
		t.Fatal(err)
	}
	if status := ask(); status != http.StatusUnauthorized {
		t.Errorf("status %d after the key was revoked", status)
	}
	if line, err := os.ReadFile("/proc/" + strconv.Itoa(server.Process.Pid) + "/cmdline"); err == nil &&
		strings.Contains(string(line), key.Secret) {
		t.Error("the secret is on the command line")
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("%v\n%s", err, rest)
	}
	requests := 0
	for line := range bytes.Lines(rest) {
		if bytes.Contains(line, []byte(`"msg":"request`)) {
			requests++
			if err := validRequest(t, line); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
	}
	if requests != 2 {
		t.Errorf("%d lines about requests, want 2\n%s", requests, rest)
	}
	if !strings.Contains(string(rest), `"msg":"stopping"`) || strings.Contains(string(rest), key.Secret) {
		t.Errorf("%s", rest)
	}
}

// TestServeDamaged replaces HEAD with that of the day before, empties it and deletes it, while a server runs. Requests
// fail instead of reading an older state until HEAD is restored; then the same server answers again.
func TestServeDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := func(args ...string) *exec.Cmd {
		env := append(os.Environ(), "TMPDIR="+t.TempDir())
		return &exec.Cmd{Path: self, Args: append([]string{"tollbook", "-w", dir}, args...), Env: env}
	}
	nightly := func(asOf string) {
		if out, err := program("run", "nightly", "--as-of", asOf).CombinedOutput(); err != nil &&
			!strings.Contains(err.Error(), "status 1") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	head := filepath.Join(dir, "lake", "HEAD")
	nightly("2026-10-03T04:00:00Z")
	older, err := os.ReadFile(head)
	if err != nil {
		t.Fatal(err)
	}
	const october = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n" +
		"o1,acme,m1,vm,east,2026-10-02T00:00:00+08:00,2026-10-02T01:00:00+08:00,1\n"
	if err := os.WriteFile(filepath.Join(dir, "inbox", "usage", "october.csv"), []byte(october), 0o600); err != nil {
		t.Fatal(err)
	}
	nightly("2026-10-04T04:00:00Z")
	newest, err := os.ReadFile(head)
	if err != nil || string(newest) == string(older) {
		t.Fatalf("HEAD %q, before %q, %v", newest, older, err)
	}
	made, err := program("keys", "add", "--role", "vendor", "--token", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ ID, Secret string }
	if err := json.Unmarshal(made, &key); err != nil {
		t.Fatal(err)
	}
	on := startServer(t, program("serve", "--listen", "127.0.0.1:0", "--json"))
	ask := func(what string, want int) {
		t.Helper()
		r, err := http.NewRequest(http.MethodGet, on+"/v1/cycles", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Auth-Token", key.Secret)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); resp.StatusCode != want || err != nil {
			t.Errorf("%s: status %d, want %d: %s, %v", what, resp.StatusCode, want, body, err)
		}
	}
	put := func(name string, text []byte) {
		t.Helper()
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask("whole", http.StatusOK)
	put(head, older)
	ask("HEAD of the day before", http.StatusInternalServerError)
	put(head, nil)
	ask("empty HEAD", http.StatusInternalServerError)
	if err := os.Remove(head); err != nil {
		t.Fatal(err)
	}
	ask("no HEAD", http.StatusInternalServerError)
	if out, err := program("restore-head", "--yes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ask("HEAD restored", http.StatusOK)
	if now, err := os.ReadFile(head); err != nil || string(now) != string(newest) {
		t.Errorf("HEAD is %q, want %q, %v", now, newest, err)
	}
}

// startServer starts a server and returns its address. The server is killed at the end of the test.
func startServer(t *testing.T, server *exec.Cmd) string {
	t.Helper()
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = server.Process.Kill(), server.Wait() })
	first, err := bufio.NewReader(log).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, log) }()
	var serving struct{ Msg, On string }
	if err := json.Unmarshal([]byte(first), &serving); err != nil || serving.Msg != "serving" {
		t.Fatal(first, err)
	}
	return serving.On
}

// TestServeKilled checks that a server refuses a signature that was accepted by a server that has been killed since.
func TestServeKilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/mini")); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: self, Args: append([]string{"tollbook", "-w", dir}, args...),
			Env: append(os.Environ(), "TMPDIR="+t.TempDir())}
	}
	made, err := program("keys", "add", "--role", "vendor", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	var key struct{ ID, Secret string }
	if err := json.Unmarshal(made, &key); err != nil {
		t.Fatal(err)
	}
	const now = "20261005T040000Z" // the clock of the tests
	header := http.Header{"X-Sdk-Date": {now}, "Authorization": {"SDK-HMAC-SHA256 Access=" + key.ID +
		", SignedHeaders=x-sdk-date, Signature=" + signedCycles(key.Secret, now)}}
	for turn, want := range []int{http.StatusOK, http.StatusUnauthorized} {
		server := program("serve", "--listen", "127.0.0.1:0", "--json")
		log, err := server.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = server.Process.Kill() }()
		first, err := bufio.NewReader(log).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		var serving struct{ On string }
		if err := json.Unmarshal([]byte(first), &serving); err != nil {
			t.Fatal(first, err)
		}
		r, err := http.NewRequest(http.MethodGet, serving.On+"/v1/cycles", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		if resp.Body.Close(); err != nil || resp.StatusCode != want || want != http.StatusOK &&
			!strings.Contains(string(body), "CBC.0154") {
			t.Errorf("turn %d: status %d, want %d: %s %v", turn, resp.StatusCode, want, body, err)
		}
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait() // Wait reports the kill as an error
	}
}

// signedCycles returns the signature of GET /v1/cycles in which the date is the only signed header.
func signedCycles(secret, date string) string {
	sum := func(text string) string { b := sha256.Sum256([]byte(text)); return hex.EncodeToString(b[:]) }
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + date + "\n" + sum("GET\n/v1/cycles/\n\nx-sdk-date:"+date+"\n\nx-sdk-date\n"+
		sum(""))))
	return hex.EncodeToString(mac.Sum(nil))
}
