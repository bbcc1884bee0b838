# frozen_string_literal: true

require_relative "json_lines"
require_relative "question"

# Answers the questions of the conformance runner, one JSON object per line, until the input ends.
JsonLines.say(
  protocol: 1,
  binding: "ruby",
  version: "0.1.0",
  runtime: "Ruby #{RUBY_VERSION}",
  capabilities: Question::OPERATIONS
)
JsonLines.each { |question| JsonLines.say(id: question["id"], results: Question.answer(question)) }
