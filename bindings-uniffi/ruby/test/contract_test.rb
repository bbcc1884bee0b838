# frozen_string_literal: true

require "minitest/autorun"
require_relative "fleet"

# What the package offers, compared with the contract of all languages, in both directions.
class ContractTest < Minitest::Test
  CONTRACT = File.expand_path("../../../conformance/contract/api.toml", __dir__)
  # Types of the contract under the names that UniFFI has for such things.
  CLASSES = { "TokenResponse" => ["Answer"], "HandshakeResponse" => ["Answer"], "Verified" => %w[Verified VerifiedFacts] }.freeze
  # What Ruby's users read otherwise: `roles.include?`, and the fields of a `Failure`.
  ELSEWHERE = { "VerifiedContext" => ["has_role"] }.freeze
  ERRORS = { "ConfigError" => "Config", "SigningError" => "Signing" }.freeze
  ADDITIONS = { "Explanation" => ["text"], "Verified" => ["facts"] }.freeze

  # The names of types and of their members that UniFFI's languages have.
  def contract
    types = {}
    type = member = nil
    File.foreach(CONTRACT) do |line|
      case line
      when /^\[\[type\]\]/ then type, member = {}, nil
      when /^\[\[type\.member\]\]/ then member = {}
      when /^\[\[/ then type = member = nil
      when /^name = "(\w+)"/
        next unless type
        next types[$1] = type if member.nil?

        type[$1] = member
      when /^languages = (.*)/
        target = member || type
        target[:others] = true if target && !$1.include?('"kotlin"')
      end
    end
    types.reject { |name, found| found[:others] && !ERRORS.key?(name) }
         .transform_values { |members| members.reject { |name, found| name == :others || found[:others] }.keys }
  end

  def offered(name)
    classes = CLASSES.fetch(name, [name]).map { |each| WiresignUniffi.const_get(each) }
    own = classes.flat_map { |each| each.instance_methods(false) + each.singleton_methods(false) }
    own << :new if name.match?(/\A(Signer|TokenIssuer|Verifier|Contexts)\z/)
    own.map(&:to_s).reject { |method| method == "==" || method.start_with?("uniffi_", "_uniffi_") }.uniq
  end

  def test_every_type_has_its_members_and_no_others
    compared = 0
    contract.each do |name, members|
      next if ERRORS.key?(name)

      expected = members - ELSEWHERE.fetch(name, []) + ADDITIONS.fetch(name, [])
      assert_equal expected.sort, offered(name).sort, name
      compared += members.length
    end
    assert_operator compared, :>, 90
  end

  def test_errors_say_what_the_contract_asks_for
    assert_includes WiresignUniffi::Failure::Config.instance_methods(false), :problems
    assert_includes WiresignUniffi::Failure::Signing.instance_methods(false), :sentence
  end
end
