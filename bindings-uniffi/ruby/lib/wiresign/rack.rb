# frozen_string_literal: true

require "json"
require "logger"
require "stringio"
require "wiresign"
require "wiresign/rack/require"

module Wiresign
  # Rack middleware that lets only verified requests, and those of public routes, through. Whatever the head alone decides is decided
  # before a byte of the body is read; the body is read up to the limit, and given on unchanged.
  #
  #   use Wiresign::Rack, verifier: verifier
  #
  # The application finds who called in env["wiresign.caller"], the facts of a WiresignUniffi::VerifiedFacts, and what it may ask of
  # the caller in env["wiresign.verified"]: require_service and require_permission. A refusal that leaves it is answered and told here.
  class Rack
    CALLER = "wiresign.caller"
    VERIFIED = "wiresign.verified"
    PIECE = 16 * 1024
    # A request with a longer body is no handshake of any webhook.
    HANDSHAKE_BYTES = 16 * 1024
    # What a service might take for the name of its caller.
    CLAIMS = %w[HTTP_X_SERVICE_ID HTTP_X_SERVICE_NAME].freeze

    # The longest method and path of a record, in bytes as they came.
    LONGEST = 1024

    # What was decided about one request: exactly one of verified and refusal is there. The duration is without the wait for the
    # body and the store.
    Decision = Struct.new(:verified, :refusal, :method, :path, :client, :duration_us, keyword_init: true)

    # replay_store takes a key and seconds and gives true where the key is new; where it raises, the config's word on an outage holds.
    # identity_headers are names that the application takes for an identity, such as X-User-ID: they never reach it from outside.
    def initialize(app, verifier:, replay_store: nil, on_decision: nil, identity_headers: [], logger: Logger.new($stderr))
      @app = app
      @verifier = verifier
      @replay_store = replay_store
      @on_decision = on_decision
      @identity_headers = identity_headers.map { |name| "HTTP_#{name.upcase.tr("-", "_")}" }
      @logger = logger
    end

    def call(env)
      clock = Stopwatch.new
      target = raw_target(env)
      head = request(env, target, "")
      handshake = handshake(env, target)
      return [handshake.status, pairs(handshake.headers), [handshake.body]] if handshake

      verified = judge(env, head, clock)
      settle(verified, clock)
    rescue Failure::Refused => e
      refuse(e.refusal, env, target, clock.spent_us)
    else
      facts = verified.facts
      tell(decision(env, target, clock.spent_us, verified: facts))
      serve(without_claims(env, facts).merge(CALLER => facts, VERIFIED => verified), target)
    end

    private

    def serve(env, target)
      @app.call(env)
    rescue Failure::Refused => e
      refuse(e.refusal, env, target)
    end

    def refuse(refusal, env, target, spent_us = 0)
      tell(decision(env, target, spent_us, refusal: refusal))
      answer(refusal.response)
    end

    def decision(env, target, spent_us, **outcome)
      Decision.new(method: printable(env["REQUEST_METHOD"]), path: printable(path(target)), client: env["REMOTE_ADDR"], duration_us: spent_us, **outcome)
    end

    # Without what a service might take for the caller's name, unless it is that name: on a public route, or beside another
    # scheme's credential, anybody may have written it.
    def without_claims(env, facts)
      unproven = CLAIMS.reject { |name| facts.service && env[name] == facts.service }
      env.except(*unproven, *@identity_headers)
    end

    def path(target)
      target[/\A[^?]*/]
    end

    # With whatever cannot be printed escaped, and cut: anybody writes into the log with it.
    def printable(text)
      text.b[0, LONGEST].gsub(/[^ -~]/n) { |byte| format("\\x%02x", byte.ord) }
    end

    # The target exactly as the caller sent it: one with a host is refused as such, since two hosts could be meant. What Rack itself
    # hands over is decoded, and was never signed.
    def raw_target(env)
      env["REQUEST_URI"] or raise "wiresign: this server does not say REQUEST_URI, so no request can be verified"
    end

    def request(env, target, body)
      headers = env.filter_map { |name, value| [name.delete_prefix("HTTP_").tr("_", "-"), value] if name.start_with?("HTTP_") }
      headers << ["Content-Type", env["CONTENT_TYPE"]] if env["CONTENT_TYPE"]
      headers << ["Content-Length", env["CONTENT_LENGTH"]] if env["CONTENT_LENGTH"]
      Wiresign.request(env["REQUEST_METHOD"], target, headers, body, authority: env["HTTP_HOST"], client: env["REMOTE_ADDR"])
    end

    # The answer to a request that is a handshake of a webhook. Only where there may be one, the body is read before the verdict.
    def handshake(env, target)
      webhooks = @verifier.handshakes_at(env["REQUEST_METHOD"].b, target.b)
      return if webhooks.empty?

      ahead = env["rack.input"]&.read(HANDSHAKE_BYTES + 1) || ""
      env["rack.input"] = Joined.new(ahead, env["rack.input"])
      return if ahead.bytesize > HANDSHAKE_BYTES

      received = request(env, target, ahead)
      webhooks.lazy.filter_map { |webhook| @verifier.handshake(webhook, received) }.first
    end

    def judge(env, head, clock)
      verification = @verifier.begin(head)
      return verification.finish unless verification.needs_body

      verification.declare_length(env["CONTENT_LENGTH"].to_i) if env["CONTENT_LENGTH"]
      body = String.new(encoding: Encoding::BINARY)
      while (piece = clock.waiting { env["rack.input"]&.read(PIECE) })
        verification.update(piece.b)
        body << piece
      end
      env["rack.input"] = StringIO.new(body)
      verification.finish
    end

    # Lets an external store have the last word.
    def settle(verified, clock)
      facts = verified.facts
      if facts.replay_seconds
        @verifier.settle_replay(verified, clock.waiting { ask(facts.replay_key, facts.replay_seconds) })
      end
      verified
    end

    def ask(key, seconds)
      raise "the config says that the replay store is external, but the middleware was given none" unless @replay_store

      @replay_store.call(key, seconds) ? ReplayOutcome::FIRST : ReplayOutcome::REPEATED
    rescue StandardError => e
      report("the replay store gave no answer: #{e.message}")
      ReplayOutcome::UNAVAILABLE
    end

    def answer(response)
      headers = { "content-type" => "application/json", "content-length" => response.body.bytesize.to_s }
      headers["www-authenticate"] = response.www_authenticate if response.www_authenticate
      # Failures are counted by the minute of the clock.
      headers["retry-after"] = (60 - Time.now.to_i % 60).to_s if response.status == 429
      [response.status, headers, [response.body]]
    end

    def pairs(headers)
      headers.to_h { |header| [header.name.downcase, header.value] }
    end

    # One audit record, and the application's hook. Nothing that fails here changes a decision.
    def tell(decision)
      harmless("the audit record") { audit(decision) }
      harmless("the hook of a decision") { @on_decision&.call(decision) }
    end

    def audit(decision)
      @logger.add(decision.refusal ? Logger::WARN : Logger::INFO, record(decision).to_json, "wiresign.audit")
    end

    def harmless(what)
      yield
    rescue StandardError => e
      report("#{what} failed: #{e.message}")
    end

    def report(sentence)
      @logger.error("wiresign: #{sentence}")
    rescue StandardError
      # A logger that fails is told to nobody.
      nil
    end

    def record(decision)
      verified, refusal = decision.verified, decision.refusal
      event = if refusal then "refused" else verified.is_public ? "public" : "accepted" end
      {
        event: event, service: (verified || refusal).service, scheme: verified&.scheme, key_id: verified&.key_id, code: refusal&.code,
        method: decision.method, path: decision.path, route: verified&.route, client: decision.client,
        request_id: (verified || refusal).request_id, age: verified&.age, duration_us: decision.duration_us, detail: refusal&.detail
      }
    end

    # Stands still while others are waited for.
    class Stopwatch
      def initialize
        @started = now
        @waited = 0
      end

      def waiting
        before = now
        yield
      ensure
        @waited += now - before
      end

      def spent_us
        now - @started - @waited
      end

      private

      def now
        Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)
      end
    end
    private_constant :Stopwatch

    # What was read ahead, and what is still to come: where nobody called, the application reads it as it reads any other.
    class Joined
      def initialize(ahead, rest)
        @ahead = StringIO.new(ahead)
        @rest = rest
      end

      def read(length = nil, buffer = nil)
        piece = if length
                  @ahead.read(length) || @rest&.read(length)
                else
                  @ahead.read + (@rest&.read || "")
                end
        buffer ? piece && buffer.replace(piece) : piece
      end

      def gets
        line = @ahead.gets
        return @rest&.gets unless line

        line.end_with?("\n") ? line : line + (@rest&.gets || "")
      end

      def each
        while (line = gets)
          yield line
        end
      end
    end
    private_constant :Joined
  end
end
