# frozen_string_literal: true

require "wiresign"
require_relative "json_lines"
require_relative "shown"

# A configuration, and a verifier that the steps of one question share.
class Question
  OPERATIONS = %w[
    verify verify_stream sign check replace sign_context verify_context handshake explain ask_identity issue_token answer_token
  ].freeze

  # The results of all steps of a question, in order.
  def self.answer(question)
    asked = new(question)
    question["steps"].map { |step| asked.answer(step) }
  rescue Wiresign::Failure::Config => e
    question["steps"].map { Shown.config_errors(e) }
  end

  def initialize(question)
    @env = question["env"] || {}
    @config = Wiresign::Config.parse(question["config_text"] || JsonLines.text(question["config"]), @env)
    @verifier = Wiresign::Verifier.new(@config)
  end

  def answer(step)
    return { crashed: "this driver does not declare #{step["op"]}" } unless OPERATIONS.include?(step["op"])

    { ok: send(step["op"], step) }
  rescue Wiresign::Failure::Refused => e
    Shown.refused(e.refusal)
  rescue Wiresign::Failure::Config => e
    Shown.config_errors(e)
  rescue Wiresign::Failure::Signing => e
    { failed: { code: "SIGNING_FAILED", message: e.sentence } }
  rescue StandardError => e
    { crashed: "#{e.class}: #{e}" }
  end

  private

  def verify(step)
    Shown.verified(@verifier.verify(request(step), step["now"]))
  end

  def verify_stream(step)
    verification = @verifier.begin(request(step), step["now"])
    if verification.needs_body
      body = bytes(step["request"]["body"])
      step["chunks"].each { |length| verification.update(body.slice!(0, length)) }
      verification.update(body)
    end
    Shown.verified(verification.finish)
  end

  def sign(step)
    signer = Wiresign::Signer.new(@config, step["target"])
    asked = [request(step), step["now"], step["nonce"]]
    { headers: Shown.pairs(signer.sign(*asked)), message: Shown.bytes(signer.message(*asked)) }
  end

  def check(_step)
    { warnings: Shown.problems(@config.warnings) }
  end

  def replace(step)
    @verifier.replace(Wiresign::Config.parse(JsonLines.text(step["config"]), @env))
    {}
  end

  def handshake(step)
    answer = @verifier.handshake(step["webhook"], request(step), step["now"])
    { handshake: answer && Shown.answer(answer) }
  end

  def explain(step)
    explanation = @verifier.explain(request(step), step["now"])
    { verdict: explanation.verdict, hints: explanation.hints.map(&:id) }
  end

  def ask_identity(step)
    question = @verifier.identity_request(request(step), step["now"])
    return { question: nil } unless question

    given = step["answer"]
    answer = given && Wiresign.response(given["status"], [], bytes(given["body"]))
    @verifier.identity_answer(question, answer, step["now"])
    { question: { method: question.method, url: question.url, headers: Shown.pairs(question.headers), body: question.body } }
  end

  def issue_token(step)
    given = step.values_at("subject", "audience", "lifetime", "permissions", "tenant", "now", "nonce")
    token = Wiresign::TokenIssuer.new(@config).issue(*given)
    { text: token.text, expires: token.expires, lifetime: token.lifetime, permissions: token.permissions }
  end

  def answer_token(step)
    caller, form, tenant, now, nonce = step.values_at("caller", "form", "tenant", "now", "nonce")
    Shown.answer(Wiresign::TokenIssuer.new(@config).answer(caller, bytes(form), tenant, now, nonce))
  end

  def sign_context(step)
    contexts = Wiresign::Contexts.new(@config)
    tenant, roles, now = step.values_at("tenant", "roles", "now")
    { signature: contexts.sign(tenant, roles, now), message: Shown.bytes(contexts.message(tenant, roles)) }
  end

  def verify_context(step)
    tenant, roles, signature, now, payload = step.values_at("tenant", "roles", "signature", "now", "payload")
    verified = Wiresign::Contexts.new(@config).verify(tenant, roles, signature, now, payload && bytes(payload))
    { key: verified.key_id, matched: verified.matched, retiring: verified.key_is_retiring, roles: verified.roles }
  end

  def request(step)
    given = step["request"]
    headers = given["headers"].map { |name, value| [bytes(name), bytes(value)] }
    authority = given["authority"] && bytes(given["authority"])
    Wiresign.request(bytes(given["method"]), bytes(given["target"]), headers, bytes(given["body"]), authority: authority)
  end

  # A text stands for its UTF-8.
  def bytes(given)
    given.is_a?(Hash) ? given["base64"].unpack1("m0") : given.to_s.b
  end
end
