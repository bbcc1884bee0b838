package wiresign

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func sprintOrders(limit int) string { return fmt.Sprintf(documentOf, "orders", limit) }

func TestAConfigSaysWhatIsInIt(t *testing.T) {
	document := strings.Replace(sprintOrders(7), `"service"`, `"environment": "staging", "service"`, 1)
	document = strings.Replace(document, `"shop": {`, `"shop": {"url": "https://shop.example", `, 1)
	config := must(ParseConfig(document, secrets))
	ids := config.ServiceIDs()
	slices.Sort(ids)
	if config.Service() != "orders" || config.Environment() != "staging" || config.BodyLimit() != 7 ||
		!slices.Equal(ids, []string{"billing", "orders", "shop"}) || config.URL("shop") != "https://shop.example" ||
		config.URL("orders") != "" || config.URL("nobody") != "" {
		t.Errorf("%+v", config)
	}
	if len(config.Warnings()) != 0 {
		t.Error(config.Warnings())
	}
}

func TestAConfigListsItsProblems(t *testing.T) {
	_, err := ParseConfig(`{"service": "orders", "servises": {}, "services": {"a": {"keys": [{"secret": "env:MISSING"}]}}}`, secrets)
	var problems *ConfigError
	if !errors.As(err, &problems) || !errors.Is(err, ErrConfigInvalid) || len(problems.Problems) < 2 {
		t.Fatal(err)
	}
	for _, problem := range problems.Problems {
		if !strings.Contains(err.Error(), problem.Pointer+": "+problem.Message) {
			t.Error(err)
		}
	}
}

func TestAConfigShowsNoSecret(t *testing.T) {
	config := configOfService(t, "orders")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, config); text != "wiresign.Config(orders)" {
			t.Error(format, text)
		}
	}
	secret := "literal:d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9x"
	_, err := ParseConfig(strings.Replace(sprintOrders(7), "env:ORDERS_SECRET", secret, 1)+"x", secrets)
	if err == nil || strings.Contains(err.Error(), "d4f1c0b3") {
		t.Error(err)
	}
}

func TestVariablesOfOnesOwnHideThoseOfTheProcess(t *testing.T) {
	t.Setenv("ORDERS_SECRET", "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9")
	document := `{"service": "orders", "services": {"orders": {"keys": [{"secret": "env:ORDERS_SECRET"}]}}}`
	must(ParseConfig(document))
	if _, err := ParseConfig(document, WithEnv(nil)); !errors.Is(err, ErrConfigInvalid) {
		t.Error(err)
	}
}

func TestAConfigOfAFileAndOneOfTheEnvironment(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.json")
	if err := os.WriteFile(path, []byte(sprintOrders(9)), 0o600); err != nil {
		t.Fatal(err)
	}
	if config := must(ConfigFromFile(path, secrets)); config.BodyLimit() != 9 {
		t.Error(config.BodyLimit())
	}
	if _, err := ConfigFromFile(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	secret := must(GenerateSecret(Hex))
	config := must(ConfigFromEnv(WithEnv(map[string]string{"SERVICE_ID": "orders", "SERVICE_SECRET": secret})))
	if config.Service() != "orders" {
		t.Error(config.Service())
	}
	if _, err := ConfigFromEnv(WithEnv(nil)); !errors.Is(err, ErrConfigInvalid) {
		t.Error(err)
	}
}

func TestSecretsAreFreshAndLongEnough(t *testing.T) {
	hex, again, base64 := must(GenerateSecret(Hex)), must(GenerateSecret(Hex)), must(GenerateSecret(Base64))
	if len(hex) != 64 || len(base64) != 44 || hex == again {
		t.Error(len(hex), len(base64))
	}
	if _, err := GenerateSecret(7); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
}
