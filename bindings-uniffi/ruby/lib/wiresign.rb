# frozen_string_literal: true

require "wiresign/ffi/wiresign_uniffi"

# Signs and verifies HTTP requests. What UniFFI has written does the work; here are the names and shapes that Ruby expects.
module Wiresign
  Config = WiresignUniffi::Config
  Contexts = WiresignUniffi::Contexts
  Failure = WiresignUniffi::Failure
  ReplayOutcome = WiresignUniffi::ReplayOutcome
  SecretEncoding = WiresignUniffi::SecretEncoding
  Signer = WiresignUniffi::Signer
  TokenIssuer = WiresignUniffi::TokenIssuer
  Verifier = WiresignUniffi::Verifier

  # A fresh secret of 32 random bytes.
  def self.generate_secret(encoding = SecretEncoding::HEX)
    WiresignUniffi.generate_secret(encoding)
  end

  # One request as it is on the wire. Headers are pairs, or a hash.
  def self.request(method, target, headers = [], body = "", authority: nil, client: nil)
    WiresignUniffi::Request.new(
      method: method.b, target: target.b, headers: fields(headers), body: body.b, authority: authority&.b, client: client
    )
  end

  # One response as it is on the wire.
  def self.response(status, headers = [], body = "")
    WiresignUniffi::Response.new(status: status, headers: fields(headers), body: body.b)
  end

  def self.fields(headers)
    headers.map { |name, value| WiresignUniffi::Field.new(name: name.b, value: value.b) }
  end
  private_class_method :fields
end
