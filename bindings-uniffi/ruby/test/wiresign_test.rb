# frozen_string_literal: true

require "minitest/autorun"
require_relative "fleet"

# What UniFFI has written, used as Ruby uses it: each refusal beside its success.
class WiresignTest < Minitest::Test
  def setup
    @verifier = Wiresign::Verifier.new(Fleet.config("orders"))
    @body = '{"invoice":7}'
  end

  def signed(body = @body)
    headers = Fleet.signer.sign(Wiresign.request("POST", "/invoices", [], @body), Fleet::NOW, Fleet::NONCE)
    Wiresign.request("POST", "/invoices", headers.map { |header| [header.name, header.value] }, body)
  end

  def refused(code)
    refusal = assert_raises(Wiresign::Failure::Refused) { yield }.refusal
    assert_equal code, refusal.code
    refusal
  end

  def test_what_billing_signs_is_from_billing_and_only_once
    facts = @verifier.verify(signed, Fleet::NOW + 5).facts
    assert_equal ["billing", "service-hmac-v2", 5], [facts.service, facts.scheme, facts.age]
    refusal = refused("REPLAYED_REQUEST") { @verifier.verify(signed, Fleet::NOW + 5) }
    assert_equal [401, "REPLAYED_REQUEST"], [refusal.response.status, JSON.parse(refusal.response.body)["code"]]
  end

  def test_a_changed_body_is_refused_and_explained
    refused("INVALID_SIGNATURE") { @verifier.verify(signed("{}"), Fleet::NOW) }
    assert_equal "INVALID_SIGNATURE", @verifier.explain(signed("{}"), Fleet::NOW).verdict
    assert_equal "OK", @verifier.explain(signed, Fleet::NOW).verdict
  end

  def test_a_body_may_come_in_pieces
    verification = @verifier.begin(signed, Fleet::NOW)
    @body.each_char { |piece| verification.update(piece.b) }
    assert_equal "billing", verification.finish.facts.service
    assert_raises(Wiresign::Failure::Spent) { verification.finish }
  end

  def test_a_replaced_config_counts_for_the_next_request
    @verifier.replace(Fleet.config("orders", routes: [{ match: "/**", services: ["orders"] }]))
    refused("SERVICE_NOT_ALLOWED") { @verifier.verify(signed, Fleet::NOW) }
    @verifier.replace(Fleet.config("orders"))
    assert_equal "billing", @verifier.verify(signed, Fleet::NOW).facts.service
  end

  def test_all_problems_of_a_document_come_at_once
    problems = assert_raises(Wiresign::Failure::Config) { Fleet.config("orders", reveal: 7, nothing: 1) }.problems
    assert_equal ["/nothing", "/reveal"], problems.map(&:pointer).sort
    assert_raises(Wiresign::Failure::Signing) { Wiresign::Contexts.new(Fleet.config("orders")) }
  end

  def test_secrets_are_fresh
    assert_equal 64, Wiresign.generate_secret.length
    refute_equal Wiresign.generate_secret, Wiresign.generate_secret
  end

  def test_threads_share_a_verifier_and_of_equal_requests_one_is_the_first
    outcomes = 8.times.map { Thread.new { @verifier.verify(signed, Fleet::NOW).facts.service rescue $!.refusal.code } }.map(&:value)
    assert_equal({ "billing" => 1, "REPLAYED_REQUEST" => 7 }, outcomes.tally)
  end

  def test_a_copy_lives_on_when_the_original_is_gone
    copies = 100.times.flat_map do
      verifier = Wiresign::Verifier.new(Fleet.config("orders"))
      [verifier.dup, verifier.clone]
    end
    GC.start
    copies.each_slice(2) do |copy, other|
      assert_equal "billing", copy.verify(signed, Fleet::NOW).facts.service
      refused("REPLAYED_REQUEST") { other.verify(signed, Fleet::NOW) }
    end
    [@verifier, Fleet.config("orders"), Fleet.signer].each { |object| assert_raises(TypeError) { Marshal.dump(object) } }
  end

  def test_what_is_no_object_of_the_library_is_an_error_and_no_crash
    assert_raises(TypeError) { Wiresign::Verifier.new(nil) }
    assert_raises(TypeError) { @verifier.replace(@verifier) }
    assert_raises(TypeError) { Wiresign::Signer.new(@verifier, "orders") }
    assert_raises(TypeError) { Wiresign::Verifier.allocate.metrics }
    assert_raises(NoMethodError) { @verifier.verify(nil, Fleet::NOW) }
    assert_raises(NoMethodError) { Wiresign.request("POST", nil) }
    [-1, 2**64].each { |now| assert_raises(RangeError) { @verifier.verify(signed, now) } }
    refused("MALFORMED_REQUEST") { @verifier.verify(Wiresign.request("POST", "/a\xFF", [["a\xFF", "\xFE"]], "\x00"), Fleet::NOW) }
    assert_equal "billing", @verifier.verify(signed, Fleet::NOW).facts.service
  end

  def test_a_config_is_replaced_under_load
    configs = [Fleet.config("orders"), Fleet.config("orders", routes: [{ match: "/**", services: ["orders"] }])]
    replacing = Thread.new { 200.times { |number| @verifier.replace(configs[number % 2]) } }
    outcomes = 4.times.map { |thread| Thread.new { 100.times.map { |number| outcome_of("#{thread}-#{number}") } } }.flat_map(&:value)
    replacing.join
    assert_equal 400, outcomes.length
    assert_empty outcomes - %w[billing SERVICE_NOT_ALLOWED]
  end

  def outcome_of(body)
    headers = Fleet.signer.sign(Wiresign.request("POST", "/a", [], body)).map { |header| [header.name, header.value] }
    @verifier.verify(Wiresign.request("POST", "/a", headers, body)).facts.service
  rescue Wiresign::Failure::Refused => e
    e.refusal.code
  end

  def test_a_thread_is_not_stopped_while_memory_has_two_owners
    caller = Thread.current
    deferred = nil
    # Right behind the call that has freed one buffer for a larger one, and before anybody has noted which one there is now.
    trace = TracePoint.new(:return) do |point|
      next unless point.method_id == :reserve && point.self == WiresignUniffi::RustBuffer && deferred.nil?

      deferred = false
      Thread.new { caller.raise(IOError, "stopped") }.join
      deferred = caller.pending_interrupt?
    end
    long = signed("x" * 100_000)
    assert_raises(IOError) { trace.enable { @verifier.verify(long, Fleet::NOW) } }
    assert deferred
    assert_equal "billing", @verifier.verify(signed, Fleet::NOW).facts.service
    assert_equal 64, Wiresign.generate_secret.length
  end

  def test_threads_that_are_stopped_leave_the_verifier_as_it_was
    threads = 4.times.map { |thread| Thread.new { loop { outcome_of("#{thread}-#{rand}") } } }
    threads.each_with_index do |thread, number|
      thread.report_on_exception = false
      sleep 0.01
      number.even? ? thread.kill : thread.raise(IOError)
    end
    assert_equal [nil, IOError] * 2, threads.map { |thread| thread.join && nil rescue $!.class }
    assert_equal "billing", outcome_of("the last")
  end
end
