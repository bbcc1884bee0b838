// Package redis keeps in Redis or Valkey which requests were accepted, so that a request is accepted once by all servers
// that share it, in whatever language.
//
//	store := wiresignredis.NewStore(client)
//	handler := wiresign.Middleware(verifier, wiresign.WithReplayStore(store))(handlers)
//
// The configuration says "replay": {"store": "external"}; "on_outage" says there what happens while the store gives no
// answer. What the server forgets can come again: it needs a memory policy of noeviction, and to survive its own restart
// "appendonly yes" with "appendfsync always".
package redis

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	wiresign "github.com/wiresign/wiresign/bindings-c/go"
)

// prefix stands before each key, the same in every language.
const prefix = "wiresign:replay:"

// A Store asks a server through a client of yours. The client has the time-outs that you gave it.
type Store struct {
	client redis.Cmdable
	prefix string
	logger *slog.Logger
}

// An Option adjusts NewStore.
type Option func(*Store)

// WithPrefix puts another text before each key. All who share the store must have the same.
func WithPrefix(text string) Option {
	return func(s *Store) { s.prefix = text }
}

// WithLogger reports outages to another logger than the default one.
func WithLogger(logger *slog.Logger) Option {
	return func(s *Store) { s.logger = logger }
}

// NewStore makes a store of a client, of a cluster or of a ring.
func NewStore(client redis.Cmdable, options ...Option) *Store {
	store := &Store{client: client, prefix: prefix, logger: slog.Default()}
	for _, option := range options {
		option(store)
	}
	return store
}

// Insert remembers a key for so long unless it is there, in one step.
func (s *Store) Insert(ctx context.Context, key string, ttl time.Duration) wiresign.ReplayOutcome {
	name, mark := s.prefix+key, rand.Text()
	first, err := s.client.SetNX(ctx, name, mark, ttl).Result()
	if err != nil {
		return s.noAnswer(ctx, err)
	}
	if first {
		return wiresign.ReplayFirst
	}
	// The client repeats a command whose answer was lost; then what is there is its own mark. A key that is gone by now
	// tells nobody anything.
	switch found, err := s.client.Get(ctx, name).Result(); {
	case err != nil:
		return s.noAnswer(ctx, err)
	case found == mark:
		return wiresign.ReplayFirst
	default:
		return wiresign.ReplayRepeated
	}
}

func (s *Store) noAnswer(ctx context.Context, err error) wiresign.ReplayOutcome {
	s.logger.LogAttrs(ctx, slog.LevelError, "wiresign: the replay store gave no answer", slog.Any("error", err))
	return wiresign.ReplayUnavailable
}
