package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// TestServe runs the real program, asks it, revokes the key beside it, and stops it by a signal.
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
	// testscript's main is the program when it is called by its name.
	program := func(args ...string) *exec.Cmd {
		return &exec.Cmd{Path: self, Args: append([]string{"tollbook", "-w", dir}, args...), Env: append(os.Environ(), "TMPDIR="+t.TempDir())}
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
	if line, err := os.ReadFile("/proc/" + strconv.Itoa(server.Process.Pid) + "/cmdline"); err == nil && strings.Contains(string(line), key.Secret) {
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
	if !strings.Contains(string(rest), `"msg":"stopping"`) || strings.Contains(string(rest), key.Secret) {
		t.Errorf("%s", rest)
	}
}

// TestServeKilled: a signature that a server took before it was killed is not good at the next one.
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
		return &exec.Cmd{Path: self, Args: append([]string{"tollbook", "-w", dir}, args...), Env: append(os.Environ(), "TMPDIR="+t.TempDir())}
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
	header := http.Header{"X-Sdk-Date": {now}, "Authorization": {"SDK-HMAC-SHA256 Access=" + key.ID + ", SignedHeaders=x-sdk-date, Signature=" + signedCycles(key.Secret, now)}}
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
		if resp.Body.Close(); err != nil || resp.StatusCode != want || want != http.StatusOK && !strings.Contains(string(body), "CBC.0154") {
			t.Errorf("turn %d: status %d, want %d: %s %v", turn, resp.StatusCode, want, body, err)
		}
		if err := server.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = server.Wait() // it was killed, and says so
	}
}

// signedCycles is the signature of a GET of /v1/cycles, of which the date alone is signed.
func signedCycles(secret, date string) string {
	sum := func(text string) string { b := sha256.Sum256([]byte(text)); return hex.EncodeToString(b[:]) }
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + date + "\n" + sum("GET\n/v1/cycles/\n\nx-sdk-date:"+date+"\n\nx-sdk-date\n"+sum(""))))
	return hex.EncodeToString(mac.Sum(nil))
}
