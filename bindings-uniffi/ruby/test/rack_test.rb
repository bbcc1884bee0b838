# frozen_string_literal: true

require "minitest/autorun"
require "net/http"
require "puma"
require "puma/server"
require "wiresign/rack"
require_relative "fleet"

# The middleware in Puma, over real HTTP: each refusal beside its success.
class RackTest < Minitest::Test
  def start(more = {}, **options)
    routes = { routes: [{ match: "GET /health/**", public: true }, { match: "/hooks/meta", accept: ["webhook:meta"] }] }
    meta = { scheme: "whatsapp", keys: [{ secret: "env:META_SECRET" }], verify_token: "env:META_TOKEN" }
    @verifier = Wiresign::Verifier.new(Fleet.config("orders", routes.merge(webhooks: { meta: meta }).merge(more)))
    @decisions = Queue.new
    everybody = lambda do |env|
      [200, {}, ["#{env[Wiresign::Rack::CALLER].service} sent #{env["rack.input"].read}"]]
    end
    shops = Wiresign::Rack::Require.new(everybody, "shop")
    auditors = Wiresign::Rack::Require.new(everybody, permission: "GET /audit")
    callers = Wiresign::Rack::Require.new(everybody)
    named = ->(env) { [200, {}, [env.values_at("HTTP_X_SERVICE_ID", "HTTP_X_SERVICE_NAME", "HTTP_X_USER_ID").inspect]] }
    application = lambda do |env|
      { "/names" => named, "/health/names" => named, "/shops" => shops, "/audit" => auditors, "/health/callers" => callers }.fetch(env["PATH_INFO"], everybody).call(env)
    end
    options = { logger: Logger.new(nil), on_decision: @decisions.method(:push) }.merge(options)
    @server = Puma::Server.new(Wiresign::Rack.new(application, verifier: @verifier, **options), Puma::Events.strings, { first_data_timeout: 2 })
    @port = @server.add_tcp_listener("127.0.0.1", 0).addr[1]
    @server.run
  end

  def teardown
    @server.stop(true)
  end

  def sign(method, target, body, service = "billing")
    Fleet.signer(service).sign(Wiresign.request(method, target, [], body)).to_h { |header| [header.name, header.value] }
  end

  def post(target, body, headers = sign("POST", target, body))
    Net::HTTP.start("127.0.0.1", @port) { |http| http.post(target, body, headers) }
  end

  def assert_refused(status, code, answer)
    assert_equal [status.to_s, code], [answer.code, JSON.parse(answer.body)["code"]]
    assert_equal "application/json", answer["Content-Type"]
    assert_equal status == 401, !answer["WWW-Authenticate"].nil?
  end

  def test_a_signed_request_goes_through_with_its_body_and_any_other_does_not
    start
    assert_equal "billing sent seven", post("/a%20b?c=%2F&d", "seven").body
    assert_refused 401, "INVALID_SIGNATURE", post("/a", "eight", sign("POST", "/a", "seven"))
    assert_refused 401, "AUTHENTICATION_REQUIRED", post("/a", "seven", {})
    decision = @decisions.pop
    assert_equal ["POST", "/a%20b", "127.0.0.1"], [decision.method, decision.path, decision.client]
  end

  def test_the_audit_record_is_that_of_every_language
    log = StringIO.new
    start({}, logger: Logger.new(log, formatter: ->(severity, _time, name, text) { "#{severity} #{name} #{text}\n" }))
    post("/a?secret=1", "seven")
    post("/a?secret=1", "seven", {})
    Net::HTTP.get(URI("http://127.0.0.1:#{@port}/health/live"))
    lines = log.string.lines
    assert_equal ["INFO wiresign.audit ", "WARN wiresign.audit ", "INFO wiresign.audit "], lines.map { |line| line[/\A[^{]*/] }
    records = lines.map { |line| JSON.parse(line[/\{.*/]) }
    fields = %w[age client code detail duration_us event key_id method path request_id route scheme service]
    records.each { |record| assert_equal fields, record.keys.sort }
    assert_equal %w[accepted refused public], records.map { |record| record["event"] }
    assert_equal %w[127.0.0.1], records.map { |record| record["client"] }.uniq
    assert_equal [nil, nil, "GET /health/**"], records.map { |record| record["route"] }
    refute_includes log.string, "secret"
  end

  def test_what_cannot_be_printed_is_escaped_in_the_record
    log = StringIO.new
    start({}, logger: Logger.new(log, formatter: ->(_severity, _time, _name, text) { "#{text}\n" }))
    TCPSocket.open("127.0.0.1", @port) do |socket|
      socket.write("GET /health/\xff#{"a" * 2000} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      socket.read
    end
    record = JSON.parse(log.string)
    assert_equal "MALFORMED_REQUEST", record["code"]
    assert_equal "/health/\\xff#{"a" * 1015}", record["path"]
  end

  def test_who_fails_too_often_is_told_when_to_come_again
    start({ limits: { failures_per_minute: 1 } })
    # The minute may end in between, but not twice.
    answer = 5.times.lazy.map { post("/a", "eight", sign("POST", "/a", "seven")) }.find { |one| one.code == "429" }
    assert_refused 429, "RATE_LIMITED", answer
    assert_includes 1..60, answer["Retry-After"].to_i
  end

  def test_a_public_route_needs_no_signature
    start
    assert_equal " sent ", Net::HTTP.get(URI("http://127.0.0.1:#{@port}/health/live"))
    assert_refused 401, "AUTHENTICATION_REQUIRED", Net::HTTP.get_response(URI("http://127.0.0.1:#{@port}/other"))
  end

  def test_a_target_with_a_host_is_not_another_spelling_of_its_path
    start
    ["http://elsewhere", "http://127.0.0.1:#{@port}", "HTTPS://elsewhere"].each do |origin|
      headers = sign("GET", "/a", "").map { |name, value| "#{name}: #{value}\r\n" }.join
      answer = TCPSocket.open("127.0.0.1", @port) do |socket|
        socket.write("GET #{origin}/a HTTP/1.1\r\nHost: 127.0.0.1:#{@port}\r\nConnection: close\r\n#{headers}\r\n")
        socket.read
      end
      assert_match(/\AHTTP\/1.1 400 .*MALFORMED_REQUEST/m, answer)
    end
  end

  def test_the_same_request_is_accepted_once
    start
    headers = sign("POST", "/a", "b")
    assert_equal "billing sent b", post("/a", "b", headers).body
    assert_refused 401, "REPLAYED_REQUEST", post("/a", "b", headers)
  end

  def test_a_body_is_read_up_to_the_limit
    start({ limits: { body_bytes: 40_000 } })
    assert_equal "billing sent #{"x" * 40_000}", post("/a", "x" * 40_000).body
    assert_refused 413, "BODY_TOO_LARGE", post("/a", "x" * 40_001)
  end

  def test_a_store_that_processes_share_decides_about_replays
    seen = {}
    start({ replay: { store: "external" } }, replay_store: ->(key, _) { seen[key] ? false : seen[key] = true })
    headers = sign("POST", "/a", "b")
    assert_equal "billing sent b", post("/a", "b", headers).body
    assert_refused 401, "REPLAYED_REQUEST", post("/a", "b", headers)
    @server.stop(true)
    start({ replay: { store: "external" } }, replay_store: ->(*) { raise "away" })
    assert_refused 503, "REPLAY_STORE_UNAVAILABLE", post("/a", "b")
  end

  def test_some_callers_are_served_by_their_name
    start
    assert_equal "shop sent a", post("/shops", "a", sign("POST", "/shops", "a", "shop")).body
    assert_equal "shop", @decisions.pop.verified.service
    assert_refused 403, "SERVICE_NOT_ALLOWED", post("/shops", "a")
    assert_equal %w[billing SERVICE_NOT_ALLOWED], [@decisions.pop.verified.service, @decisions.pop.refusal.code]
  end

  def test_some_callers_are_served_by_what_they_may_do
    start
    assert_equal "billing sent a", post("/audit", "a").body
    assert_equal "shop sent a", post("/a", "a", sign("POST", "/a", "a", "shop")).body
    assert_refused 403, "PERMISSION_DENIED", post("/audit", "a", sign("POST", "/audit", "a", "shop"))
    assert_raises(Wiresign::Failure::Argument) { Wiresign::Rack::Require.new(nil, permission: "no pattern") }
  end

  def test_a_public_route_may_still_ask_for_a_caller
    start
    assert_refused 401, "AUTHENTICATION_REQUIRED", Net::HTTP.get_response(URI("http://127.0.0.1:#{@port}/health/callers"))
    assert_equal "billing sent a", post("/health/callers", "a").body
    unprotected = Wiresign::Rack::Require.new(->(_) { flunk "it was let in" })
    assert_match "use Wiresign::Rack before", assert_raises(RuntimeError) { unprotected.call({}) }.message
  end

  def test_names_that_nothing_proves_never_reach_the_application
    start(identity_headers: ["X-User-ID"])
    forged = { "X-Service-Name" => "admin", "X-User-ID" => "root" }
    assert_equal '["billing", nil, nil]', post("/names", "a", sign("POST", "/names", "a").merge(forged)).body
    answer = Net::HTTP.get(URI("http://127.0.0.1:#{@port}/health/names"), forged.merge("X-Service-ID" => "admin"))
    assert_equal "[nil, nil, nil]", answer
  end

  def test_the_challenge_of_a_sender_of_webhooks_is_answered
    start
    asked = "http://127.0.0.1:#{@port}/hooks/meta?hub.mode=subscribe&hub.challenge=4711&hub.verify_token="
    assert_equal "4711", Net::HTTP.get(URI("#{asked}a%20token%20to%20verify"))
    assert_refused 403, "PERMISSION_DENIED", Net::HTTP.get_response(URI("#{asked}guessed"))
  end

  def test_a_body_that_was_read_for_a_challenge_is_given_back_where_nobody_called
    start({ routes: [{ match: "/hooks/**", accept: ["webhook:meta"], optional: true }] })
    assert_equal " sent seven", post("/hooks/meta", "seven", {}).body
    assert_equal " sent #{"x" * 20_000}", post("/hooks/meta", "x" * 20_000, {}).body
    lines = Wiresign::Rack.const_get(:Joined).new("a", StringIO.new("\nb\nc"))
    assert_equal ["a\n", "b\n", "c", nil], Array.new(4) { lines.gets }
  end

  def test_a_hook_that_fails_changes_nothing
    start(on_decision: ->(_) { raise "the hook is broken" })
    assert_equal "billing sent b", post("/a", "b").body
    assert_refused 401, "AUTHENTICATION_REQUIRED", post("/a", "b", {})
  end

  def test_a_logger_that_fails_changes_nothing
    broken = Class.new(Logger) { def add(*) = raise("the disk is full") }.new(nil)
    start({ replay: { store: "external" } }, logger: broken, replay_store: ->(*) { true })
    assert_equal "billing sent b", post("/a", "b").body
    assert_refused 401, "AUTHENTICATION_REQUIRED", post("/a", "b", {})
    assert_equal %w[accepted AUTHENTICATION_REQUIRED], 2.times.map { event(@decisions.pop(true)) }
    @server.stop(true)
    start({ replay: { store: "external" } }, logger: broken, replay_store: ->(*) { raise "away" })
    assert_refused 503, "REPLAY_STORE_UNAVAILABLE", post("/a", "b")
  end

  # Sends a head that promises more of a body than comes, and gives the open connection.
  def begin_to_send(body)
    headers = sign("POST", "/a", body).map { |name, value| "#{name}: #{value}\r\n" }.join
    TCPSocket.open("127.0.0.1", @port).tap do |socket|
      socket.write("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: #{body.bytesize}\r\n#{headers}\r\n#{body[0, body.bytesize / 2]}")
    end
  end

  def test_a_client_that_leaves_in_the_middle_of_its_body_is_no_caller
    start
    8.times { begin_to_send("x" * 40_000).close }
    assert_equal "billing sent seven", post("/a", "seven").body
    assert_equal "accepted", event(@decisions.pop)
    assert_empty @decisions
  end

  def test_a_server_that_stops_serves_nothing_of_what_had_not_all_come
    start
    waiting = 4.times.map { begin_to_send("x" * 40_000) }
    assert_equal "billing sent seven", post("/a", "seven").body
    @server.stop(true)
    # A connection that is cut is an answer, too.
    answers = waiting.map { |socket| socket.read rescue "" }
    answers.each { |answer| refute_includes answer, "billing" }
    assert_equal 1, @decisions.size
  end

  def test_a_config_is_replaced_while_requests_come
    start
    replacing = Thread.new do
      50.times do |number|
        @verifier.replace(Fleet.config("orders", number.even? ? { routes: [{ match: "/**", services: ["shop"] }] } : {}))
        sleep 0.002
      end
    end
    answers = 4.times.map { |thread| Thread.new { 25.times.map { |number| post("/a", "#{thread}-#{number}") } } }.flat_map(&:value)
    replacing.join
    answers.each do |answer|
      answer.code == "200" ? assert_match(/\Abilling sent /, answer.body) : assert_refused(403, "SERVICE_NOT_ALLOWED", answer)
    end
    assert_equal "billing sent last", post("/a", "last").body
  end

  def event(decision)
    decision.refusal ? decision.refusal.code : "accepted"
  end
end
