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
end
