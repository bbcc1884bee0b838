package wiresign

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	motoProgram = "../../build/venv/bin/moto_server"
	account     = "123456789012"
	elsewhere   = "210987654321"
)

// A moto is AWS on this machine: it verifies every signature, and lets nobody ask who is not whom the signature says.
type moto struct {
	url string
	// Ends moto where it is closed, which this process does at its end, however that comes.
	alive io.WriteCloser
	// Roles are made one after the other, since checks are off meanwhile.
	mutex sync.Mutex
	roles map[string]AWSCredentials
}

var startMoto = sync.OnceValues(func() (*moto, error) {
	if _, err := os.Stat(motoProgram); err != nil {
		return nil, fmt.Errorf("moto is needed: scripts/python-environment installs it: %w", err)
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	host, port, _ := net.SplitHostPort(address)
	command := exec.Command("sh", "-c", `"$0" -H "$1" -p "$2" >/dev/null 2>&1 & server=$!; cat >/dev/null; kill $server`,
		motoProgram, host, port)
	alive, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	aws := &moto{url: "http://" + address, alive: alive, roles: map[string]AWSCredentials{}}
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if response, err := http.Get(aws.url + "/moto-api/data.json"); err == nil {
			response.Body.Close()
			return aws, nil
		}
	}
	return nil, fmt.Errorf("moto has not started")
})

func motoOf(t testing.TB) *moto {
	t.Helper()
	aws, err := startMoto()
	if err != nil {
		t.Fatal(err)
	}
	return aws
}

// freeAddress is one of the loopback where nobody listens. The kernel gives its port to nobody else before it is used: it is
// below those that are given to whoever names none.
func freeAddress() (string, error) {
	for {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 20_000+rand.IntN(12_000)))
		if err == nil {
			return listener.Addr().String(), listener.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return "", err
		}
	}
}

// role gives the credentials of a role, as a task of ECS gets them.
func (m *moto) role(t testing.TB, name, account string) AWSCredentials {
	t.Helper()
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if known, isMade := m.roles[account+name]; isMade {
		return known
	}
	m.unchecked(t, 100)
	defer m.unchecked(t, 0)
	policy := func(statement map[string]any) string {
		return string(must(json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{statement}})))
	}
	nobody := AWSCredentials{AccessKeyID: strings.Repeat("A", 16), Secret: strings.Repeat("s", 16)}
	root := m.assume(t, nobody, account, "deploy", "setup")
	m.ask(t, "iam", root, url.Values{
		"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {name},
		"AssumeRolePolicyDocument": {policy(map[string]any{
			"Effect": "Allow", "Principal": map[string]string{"AWS": "*"}, "Action": "sts:AssumeRole"})},
	})
	m.ask(t, "iam", root, url.Values{
		"Action": {"PutRolePolicy"}, "Version": {"2010-05-08"}, "RoleName": {name}, "PolicyName": {"ask"},
		"PolicyDocument": {policy(map[string]any{
			"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})},
	})
	m.roles[account+name] = m.assume(t, root, account, name, "task-1")
	return m.roles[account+name]
}

func (m *moto) assume(t testing.TB, as AWSCredentials, account, role, session string) AWSCredentials {
	t.Helper()
	answer := m.ask(t, "sts", as, url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"},
		"RoleArn": {"arn:aws:iam::" + account + ":role/" + role}, "RoleSessionName": {session},
	})
	part := func(name string) string {
		return regexp.MustCompile("<" + name + ">([^<]+)<").FindStringSubmatch(answer)[1]
	}
	return AWSCredentials{AccessKeyID: part("AccessKeyId"), Secret: part("SecretAccessKey"), SessionToken: part("SessionToken")}
}

// ask signs with the library's own signatures of AWS.
func (m *moto) ask(t testing.TB, service string, as AWSCredentials, form url.Values) string {
	t.Helper()
	config := must(ParseConfig(fmt.Sprintf(`{"service": "setup", "sign_with": "aws-sigv4", "services": {"setup": {}},
		"aws_sigv4": {"region": "eu-central-1", "service": "%s"}}`, service)))
	defer config.Close()
	signer := must(NewSignerWithAWSCredentials(config, as))
	defer signer.Close()
	client := &http.Client{Transport: &Transport{Signer: signer}}
	response, err := client.PostForm(m.url, form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text := string(must(io.ReadAll(response.Body)))
	if response.StatusCode != http.StatusOK {
		t.Fatal(response.StatusCode, text)
	}
	return text
}

// unchecked lets so many requests pass without a look at who asks.
func (m *moto) unchecked(t testing.TB, requests int) {
	t.Helper()
	response, err := http.Post(m.url+"/moto-api/reset-auth", "text/plain", strings.NewReader(fmt.Sprint(requests)))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
}
