# frozen_string_literal: true

require "minitest/autorun"
require_relative "../conformance-driver/question"

# Every vector, inside this process: what the runner asks the driver, and how it judges the answer.
class VectorsTest < Minitest::Test
  FILES = Dir[File.expand_path("../../../conformance/vectors/*.json", __dir__)].sort

  def self.parse(text)
    JSON.parse(text, max_nesting: false, decimal_class: JsonLines::Number)
  end

  def test_there_are_vectors
    assert_operator FILES.length, :>, 10
  end

  FILES.each do |file|
    define_method("test_#{File.basename(file, ".json").tr("-", "_")}") do
      VectorsTest.parse(File.read(file))["groups"].each do |group|
        group["tests"].each { |test| judge(group, test) if (test["steps"].map { |step| step["op"] } - Question::OPERATIONS).empty? }
      end
    end
  end

  def judge(group, test)
    results = Question.answer(group.slice("config", "config_text", "env").merge("steps" => test["steps"]))
    assert_equal test["steps"].length, results.length, test["id"]
    test["steps"].zip(results) { |step, result| compare(step["expect"], plain(result), "#{test["id"]}: #{result}") }
  end

  # As the runner reads it.
  def plain(result)
    VectorsTest.parse(JsonLines.text(result))
  end

  def compare(expected, result, message)
    %w[refused failed].each do |kind|
      return assert_equal(expected[kind], result.dig(kind, "code"), message) if expected.key?(kind)
    end
    if expected.key?("config_errors")
      return assert_equal(expected["config_errors"].sort.uniq, pointers(result["config_errors"]), message)
    end

    assert result.key?("ok"), message
    expected["ok"].each { |name, value| compare_field(name, value, result["ok"][name], message) }
  end

  def compare_field(name, expected, given, message)
    case name
    when "warnings" then assert_equal expected.sort.uniq, pointers(given), message
    when "message" then assert_equal bytes(expected), bytes(given), message
    else assert_equal JsonLines.text(expected), JsonLines.text(given), "#{name} of #{message}"
    end
  end

  def pointers(problems)
    problems.map { |problem| problem["pointer"] }.sort.uniq
  end

  def bytes(given)
    given.is_a?(Hash) ? given["base64"].unpack1("m0") : given.b
  end
end
