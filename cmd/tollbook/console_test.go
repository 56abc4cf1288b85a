package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestConsole runs the real program, opens the printed address, and stops the program with a signal.
func TestConsole(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	server := &exec.Cmd{Path: self, Args: []string{"tollbook", "-w", dir, "console", "--listen", "127.0.0.1:0"},
		Env: append(os.Environ(), "TMPDIR="+t.TempDir())}
	out, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill() }()
	printed := bufio.NewReader(out)
	address, err := printed.ReadString('\n')
	if address = strings.TrimSpace(address); err != nil || !strings.HasSuffix(address, "/console/") {
		t.Fatalf("printed %q, %v", address, err)
	}
	for _, c := range []struct {
		path   string
		status int
		body   string
	}{
		{"", http.StatusOK, "Local operator"},
		{"bill?customer_id=acme&cycle=2026-09", http.StatusOK, "Amount due"},
		{"../v1/cycles", http.StatusNotFound, ""}, // the console has no API
	} {
		r, err := http.NewRequest(http.MethodGet, address+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || !strings.Contains(string(body), c.body) {
			t.Errorf("%s: status %d, %v\n%.500s", c.path, resp.StatusCode, err, body)
		}
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(printed); len(rest) > 0 || err != nil {
		t.Errorf("printed after the address: %q, %v", rest, err)
	}
	if err := server.Wait(); err != nil {
		t.Error(err)
	}
}

// TestConsoleListensOnLoopbackOnly checks that other machines cannot reach a console that requires no key.
func TestConsoleListensOnLoopbackOnly(t *testing.T) {
	t.Parallel()
	dir := monthOf(t)
	for _, listen := range []string{"0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:0", "localhost:0", "8181", "127.0.0.1"} {
		code, out, told := runs(dir, "console", "--listen", listen)
		if code != 2 || out != "" || !strings.Contains(told, "want a loopback address and a port") {
			t.Errorf("--listen %s: exit %d, %q, %s", listen, code, out, told)
		}
	}
}
