package wiresign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestCredentialsAreRenewedBeforeTheyEnd(t *testing.T) {
	config := rolesConfig(t, "billing")
	var asked atomic.Int64
	expires := time.Now().Add(4 * time.Minute)
	signers := NewAWSSigners(config, func(context.Context) (AWSCredentials, error) {
		credentials := someone
		credentials.AccessKeyID = fmt.Sprintf("ASIABILLING%09d", asked.Add(1))
		credentials.Expires = expires
		expires = time.Now().Add(time.Hour)
		return credentials, nil
	}, WithTarget("orders"))
	keyOf := func() string {
		proof := ""
		for _, field := range must(signers.Sign(&Request{Method: "GET", Target: "/"})) {
			if http.CanonicalHeaderKey(field.Name) == identityField {
				proof = field.Value
			}
		}
		_, rest, _ := strings.Cut(proof, "Credential=")
		key, _, _ := strings.Cut(rest, "/")
		return key
	}
	// Those of the first time are about to end, so the next ones are fetched while they are still used.
	if key := keyOf(); key != "ASIABILLING000000001" {
		t.Error(key)
	}
	if key := keyOf(); key != "ASIABILLING000000001" {
		t.Error(key)
	}
	eventually(t, "the next credentials are used", func() bool { return keyOf() == "ASIABILLING000000002" })
	for range 10 {
		keyOf()
	}
	if asked.Load() != 2 {
		t.Error(asked.Load())
	}
}

func TestManyWhoSignAtOnceAskOnce(t *testing.T) {
	config := rolesConfig(t, "billing")
	var asked atomic.Int64
	release := make(chan struct{})
	signers := NewAWSSigners(config, func(context.Context) (AWSCredentials, error) {
		asked.Add(1)
		<-release
		return someone, nil
	}, WithTarget("orders"))
	var all sync.WaitGroup
	for range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			if _, err := signers.Sign(&Request{Method: "GET", Target: "/"}); err != nil {
				t.Error(err)
			}
		}()
	}
	close(release)
	all.Wait()
	if asked.Load() != 1 {
		t.Error(asked.Load())
	}
}

func TestWithoutCredentialsNothingIsSigned(t *testing.T) {
	config := rolesConfig(t, "billing")
	away := errors.New("the metadata service is away")
	ended := someone
	ended.Expires = time.Now().Add(-time.Second)
	for name, provider := range map[string]AWSProvider{
		"away":   func(context.Context) (AWSCredentials, error) { return AWSCredentials{}, away },
		"panics": func(context.Context) (AWSCredentials, error) { panic("broken") },
		"ended":  func(context.Context) (AWSCredentials, error) { return ended, nil },
		"none":   func(context.Context) (AWSCredentials, error) { return AWSCredentials{}, nil },
	} {
		signers := NewAWSSigners(config, provider, WithTarget("orders"))
		for range 2 {
			if _, err := signers.Sign(&Request{Method: "GET", Target: "/"}); !errors.Is(err, ErrSigningFailed) {
				t.Error(name, err)
			} else if name == "away" && !errors.Is(err, away) {
				t.Error(err)
			}
		}
	}
	if _, err := NewSignerWithAWSCredentials(configOfService(t, "billing"), someone); !errors.Is(err, ErrSigningFailed) {
		t.Error(err)
	}
	if _, err := NewSignerWithAWSCredentials(nil, someone); !errors.Is(err, ErrObjectSpent) {
		t.Error(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", someone, someone, someone, someone); strings.Contains(text, someone.Secret) || strings.Contains(text, "token") {
		t.Error(text)
	}
}

func TestAFailedRenewalLeavesTheCredentialsAtHand(t *testing.T) {
	config := rolesConfig(t, "billing")
	var asked atomic.Int64
	signers := NewAWSSigners(config, func(context.Context) (AWSCredentials, error) {
		if asked.Add(1) > 1 {
			return AWSCredentials{}, errors.New("away")
		}
		credentials := someone
		credentials.Expires = time.Now().Add(time.Minute)
		return credentials, nil
	}, WithTarget("orders"))
	sign := func(times int) {
		for range times {
			if _, err := signers.Sign(&Request{Method: "GET", Target: "/"}); err != nil {
				t.Error(err)
			}
		}
	}
	sign(2)
	eventually(t, "the renewal has failed", func() bool {
		signers.renewal.mutex.Lock()
		defer signers.renewal.mutex.Unlock()
		return signers.renewal.failure != nil
	})
	sign(50)
	if asked.Load() != 2 {
		t.Error(asked.Load())
	}
}

// What a role signs with its renewed credentials, AWS confirms.
func TestACallWithARole(t *testing.T) {
	aws := motoOf(t)
	server := roleServerOf(t, aws.url)
	credentials := aws.role(t, "prod-billing-task", account)
	signers := NewAWSSigners(rolesConfig(t, "billing"), func(context.Context) (AWSCredentials, error) {
		return credentials, nil
	}, WithTarget("orders"))
	client := &http.Client{Transport: &Transport{Signer: signers}}
	for range 2 {
		response, err := client.Post(server.URL+"/a", "text/plain", strings.NewReader("x"))
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatal(response, err)
		}
		response.Body.Close()
	}
}
