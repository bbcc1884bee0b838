# frozen_string_literal: true

# Says what reached a Rack application.

require "json"
require "logger"
require "wiresign/rack"

application = lambda do |env|
  said = {
    path: env["PATH_INFO"].dup.force_encoding("UTF-8").scrub, query: env["QUERY_STRING"],
    body: env["rack.input"].read.unpack1("H*"), notes: [env["HTTP_X_NOTE"]].compact.map(&:length),
    caller: env[Wiresign::Rack::CALLER].service
  }
  [200, { "content-type" => "application/json" }, [JSON.generate(said)]]
end
config = Wiresign::Config.parse(File.read(ENV.fetch("FRAMEWORKS_CONFIG")), ENV.to_h)
# The builder that Puma 5 brings, where there is no gem of Rack, hands no keywords on to `use`.
run Wiresign::Rack.new(application, verifier: Wiresign::Verifier.new(config), logger: Logger.new(nil))
