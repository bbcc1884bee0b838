# frozen_string_literal: true

require "json"
require "wiresign"

# Services that know each other.
module Fleet
  NOW = 1_767_225_600
  NONCE = "6f1c3f0a-6a55-4c8f-9d3b-0d0f5c1c9b11"
  ENV = {
    "ORDERS_SECRET" => "d4f1c0b39e5a7f8261b0a4c9e2d7f3568a1b9c0d4e5f60718293a4b5c6d7e8f9",
    "BILLING_SECRET" => "0f1e2d3c4b5a69788796a5b4c3d2e1f00a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "SHOP_SECRET" => "7c0e93d1a84f26b5503be9f7d21c846af1957e3b02c6d84a9e5f7b10c3826d4f",
    "META_SECRET" => "the secret of an application",
    "META_TOKEN" => "a token to verify"
  }.freeze
  SERVICES = {
    orders: { keys: [{ secret: "env:ORDERS_SECRET" }] },
    billing: { keys: [{ secret: "env:BILLING_SECRET" }], allowed_targets: ["orders"] },
    shop: { keys: [{ secret: "env:SHOP_SECRET" }], permissions: ["POST /**"] }
  }.freeze

  def self.config(service, more = {})
    Wiresign::Config.parse(JSON.generate({ service: service, services: SERVICES }.merge(more)), ENV)
  end

  def self.signer(service = "billing")
    Wiresign::Signer.new(config(service), "orders")
  end
end
