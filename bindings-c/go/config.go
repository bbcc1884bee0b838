package wiresign

/*
#include "native.h"

static wiresign_go_text wiresign_go_config_service(const wiresign_config *config)
{
    return WIRESIGN_GO_TEXT(wiresign_config_service, config);
}

static wiresign_go_text wiresign_go_config_environment(const wiresign_config *config)
{
    return WIRESIGN_GO_TEXT(wiresign_config_environment, config);
}

static wiresign_go_text wiresign_go_config_service_id(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_service_id, config, index);
}

static wiresign_go_text wiresign_go_config_url(const wiresign_config *config, const char *service, size_t length)
{
    return WIRESIGN_GO_TEXT(wiresign_config_url, config, service, length);
}

static wiresign_go_text wiresign_go_config_header_name(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_header_name, config, index);
}

static wiresign_go_text wiresign_go_config_jwks_url_issuer(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_jwks_url_issuer, config, index);
}

static wiresign_go_text wiresign_go_config_jwks_url(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_jwks_url, config, index);
}

static wiresign_go_text wiresign_go_config_warning_pointer(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_warning_pointer, config, index);
}

static wiresign_go_text wiresign_go_config_warning_message(const wiresign_config *config, size_t index)
{
    return WIRESIGN_GO_TEXT(wiresign_config_warning_message, config, index);
}
*/
import "C"

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"os"
	"slices"
	"unsafe"
)

// A Config is one checked configuration with its secrets. It is immutable but for the keys that issuers of tokens publish,
// may be shared by any number of goroutines, and shows no secret when it is printed. It may be closed while signers and
// verifiers that were made of it live on.
type Config struct {
	object[*C.wiresign_config]
	service     string
	environment string
	serviceIDs  []string
	urls        map[string]string
	jwksURLs    map[string]string
	warnings    []Problem
	bodyLimit   int64
	// Whether requests may be the challenge of a webhook's sender.
	hasHandshakes bool
	// The header fields that its schemes read.
	fields *fieldFilter
}

// A ConfigOption says where a configuration finds what it refers to.
type ConfigOption func(*lookup)

type lookup struct {
	variables map[string]string
	flags     C.uint32_t
}

// WithEnv lets "env:NAME" find these variables, and nothing of the environment of the process.
func WithEnv(variables map[string]string) ConfigOption {
	return func(l *lookup) {
		l.variables = variables
		l.flags &^= C.WIRESIGN_LOOKUP_ENVIRONMENT
	}
}

// ParseConfig reads a configuration document. Its references are resolved by the environment of the process and by its
// files, unless an option says otherwise. The error is a *ConfigError, which lists each problem.
func ParseConfig(document string, options ...ConfigOption) (*Config, error) {
	from := lookupOf(options)
	block, lengths := from.flat()
	var native *C.wiresign_config
	var failure *C.wiresign_error
	status := C.wiresign_config_parse(chars(document), C.size_t(len(document)), chars(block), C.size_t(len(block)),
		(*C.uint32_t)(unsafe.SliceData(lengths)), C.size_t(len(lengths)/2), from.flags, &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return configOf(native), nil
}

// ConfigFromFile reads a configuration document from a file, as ParseConfig does.
func ConfigFromFile(path string, options ...ConfigOption) (*Config, error) {
	document, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("wiresign: the configuration cannot be read: %w", err)
	}
	return ParseConfig(string(document), options...)
}

// ConfigFromEnv makes the configuration of a small service from environment variables alone: SERVICE_ID,
// SERVICE_SECRET, ALLOWED_SERVICES, HMAC_WINDOW_SECONDS and <SERVICE>_SECRET.
func ConfigFromEnv(options ...ConfigOption) (*Config, error) {
	from := lookupOf(options)
	block, lengths := from.flat()
	var native *C.wiresign_config
	var failure *C.wiresign_error
	status := C.wiresign_config_from_env(chars(block), C.size_t(len(block)),
		(*C.uint32_t)(unsafe.SliceData(lengths)), C.size_t(len(lengths)/2), from.flags, &native, &failure)
	if status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return configOf(native), nil
}

// Service is the id of the service itself.
func (c *Config) Service() string { return c.service }

// Environment is the environment that the service runs in; empty when the configuration names none.
func (c *Config) Environment() string { return c.environment }

// ServiceIDs are the ids of the registry.
func (c *Config) ServiceIDs() []string { return slices.Clone(c.serviceIDs) }

// URL is where a service of the registry is reached; empty when the configuration does not say.
func (c *Config) URL(service string) string { return c.urls[service] }

// JwksURLs says where issuers of tokens publish their keys: the URL of the JWK Set of each, by its name. KeySets
// fetch them.
func (c *Config) JwksURLs() map[string]string { return maps.Clone(c.jwksURLs) }

// PublishKeys takes the JWK Set that an issuer publishes now, in place of what it published before. All verifiers that were
// made of the configuration use its keys from then on. The error is a *ConfigError where the set is wrong, or the
// configuration has no URL for the issuer; then nothing changes.
func (c *Config) PublishKeys(issuer, jwks string) error {
	if c == nil || !c.enter() {
		return spent("configuration")
	}
	defer c.leave()
	var failure *C.wiresign_error
	status := C.wiresign_config_publish_keys(c.pointer, chars(issuer), C.size_t(len(issuer)), chars(jwks),
		C.size_t(len(jwks)), &failure)
	if status != C.WIRESIGN_OK {
		return taken(status, failure)
	}
	return nil
}

// shared gives the same configuration once more, which is closed by itself.
func (c *Config) shared() (*Config, error) {
	if c == nil || !c.enter() {
		return nil, spent("configuration")
	}
	defer c.leave()
	var native *C.wiresign_config
	var failure *C.wiresign_error
	if status := C.wiresign_config_clone(c.pointer, &native, &failure); status != C.WIRESIGN_OK {
		return nil, taken(status, failure)
	}
	return configOf(native), nil
}

// BodyLimit is the longest body that is accepted, in bytes.
func (c *Config) BodyLimit() int64 { return c.bodyLimit }

// Warnings are what is allowed but unwise.
func (c *Config) Warnings() []Problem { return slices.Clone(c.warnings) }

// Close frees the native object. It may be called twice, and while others use the configuration.
func (c *Config) Close() error {
	if c != nil {
		c.close()
	}
	return nil
}

// String names the service, and nothing else.
func (c *Config) String() string { return "wiresign.Config(" + c.service + ")" }

// GoString is String, so that no form of printing shows more.
func (c *Config) GoString() string { return c.String() }

func lookupOf(options []ConfigOption) lookup {
	from := lookup{flags: C.WIRESIGN_LOOKUP_ENVIRONMENT | C.WIRESIGN_LOOKUP_FILES}
	for _, option := range options {
		option(&from)
	}
	return from
}

// flat gives the variables as the library takes lists of pairs.
func (l lookup) flat() (string, []C.uint32_t) {
	var block []byte
	var lengths []C.uint32_t
	for name, value := range l.variables {
		block = append(append(block, name...), value...)
		lengths = append(lengths, C.uint32_t(len(name)), C.uint32_t(len(value)))
	}
	return string(block), lengths
}

// configOf reads what a configuration says of itself once, so that it can be asked after it was closed.
func configOf(native *C.wiresign_config) *Config {
	config := &Config{
		service:       copied(C.wiresign_go_config_service(native)),
		environment:   copied(C.wiresign_go_config_environment(native)),
		bodyLimit:     int64(min(uint64(C.wiresign_config_body_limit(native)), math.MaxInt64)),
		hasHandshakes: bool(C.wiresign_config_has_handshakes(native)),
		serviceIDs:    make([]string, C.wiresign_config_service_id_count(native)),
		warnings:      make([]Problem, C.wiresign_config_warning_count(native)),
		urls:          map[string]string{},
		jwksURLs:      map[string]string{},
	}
	names := make([]string, C.wiresign_config_header_name_count(native))
	for at := range names {
		names[at] = http.CanonicalHeaderKey(copied(C.wiresign_go_config_header_name(native, C.size_t(at))))
	}
	config.fields = newFieldFilter(names)
	for at := range config.serviceIDs {
		id := copied(C.wiresign_go_config_service_id(native, C.size_t(at)))
		config.serviceIDs[at] = id
		if url := copied(C.wiresign_go_config_url(native, chars(id), C.size_t(len(id)))); url != "" {
			config.urls[id] = url
		}
	}
	for at := range C.wiresign_config_jwks_url_count(native) {
		issuer := copied(C.wiresign_go_config_jwks_url_issuer(native, at))
		config.jwksURLs[issuer] = copied(C.wiresign_go_config_jwks_url(native, at))
	}
	for at := range config.warnings {
		config.warnings[at] = Problem{
			Pointer: copied(C.wiresign_go_config_warning_pointer(native, C.size_t(at))),
			Message: copied(C.wiresign_go_config_warning_message(native, C.size_t(at))),
		}
	}
	config.own(native, func(native *C.wiresign_config) { C.wiresign_config_free(native) })
	return config
}
