# frozen_string_literal: true

# The results of the runner's protocol, from what the binding gives.
module Shown
  module_function

  def verified(verified)
    facts = verified.facts
    {
      service: facts.service, key: facts.key_id, scheme: facts.scheme, age: facts.age, request_id: facts.request_id,
      route: facts.route, retiring: facts.key_is_retiring, public: facts.is_public, covered: facts.covered,
      replay_key: facts.replay_key
    }
  end

  def refused(refusal)
    response = refusal.response
    shown = { status: response.status, body: response.body, www_authenticate: response.www_authenticate }
    { refused: { code: refusal.code, status: refusal.status, response: shown, request_id: refusal.request_id } }
  end

  def config_errors(invalid)
    { config_errors: problems(invalid.problems) }
  end

  def problems(problems)
    problems.map { |problem| { pointer: problem.pointer, message: problem.message } }
  end

  def answer(answer)
    { status: answer.status, headers: pairs(answer.headers), body: answer.body }
  end

  def pairs(headers)
    headers.map { |header| [header.name, header.value] }
  end

  def bytes(bytes)
    { base64: [bytes].pack("m0") }
  end
end
