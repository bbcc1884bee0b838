# frozen_string_literal: true

# Says what reached a Rack application.

require "json"
require "logger"
require "wiresign/rack"

config = Wiresign::Config.parse(File.read(ENV.fetch("FRAMEWORKS_CONFIG")), ENV.to_h)
use Wiresign::Rack, verifier: Wiresign::Verifier.new(config), logger: Logger.new(nil)
run(lambda do |env|
  said = {
    path: env["PATH_INFO"].b.encode("UTF-8", "UTF-8", invalid: :replace), query: env["QUERY_STRING"],
    body: env["rack.input"].read.unpack1("H*"), notes: [env["HTTP_X_NOTE"]].compact.map(&:length),
    caller: env[Wiresign::Rack::CALLER].service
  }
  [200, { "content-type" => "application/json" }, [JSON.generate(said)]]
end)
