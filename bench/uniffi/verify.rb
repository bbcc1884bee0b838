# frozen_string_literal: true

# U1: what Ruby takes through UniFFI: a whole verify, and signing. Reads the fleet that src/fleet.rs describes as JSON from standard
# input, and prints rows as JSON.

require "json"
require "wiresign"

BATCH = 50
ROUNDS = 40
SIZES = { "200 B" => 200, "16 KiB" => 16 * 1024 }.freeze

fleet = JSON.parse($stdin.read)
env = fleet["secrets"].transform_keys { |id| "SECRET_OF_#{id}" }
config = ->(side) { Wiresign::Config.parse(JSON.generate(fleet["#{side}_document"]), env) }
verifier = Wiresign::Verifier.new(config.call("called"))
signer = Wiresign::Signer.new(config.call("caller"), fleet["called"])

request = lambda do |body, more = []|
  usual = fleet["usual_headers"].to_a << ["content-length", body.bytesize.to_s]
  Wiresign.request(fleet["method"], fleet["target"], usual + more, body)
end
signed = ->(body) { signer.sign(request.call(body)).map { |header| [header.name, header.value] } }

# The nanoseconds of one piece of work, in the best of many batches. What the batches are made of is not timed.
best = lambda do |made, work|
  Array.new(ROUNDS) do
    batch = Array.new(BATCH, &made)
    start = Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
    batch.each(&work)
    (Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond) - start).fdiv(BATCH)
  end.min
end
row = ->(what, nanoseconds) { { id: "U1", what: "Ruby through UniFFI, #{what}", unit: "nanoseconds", measured: nanoseconds } }

rows = SIZES.map do |size, bytes|
  body = "x" * bytes
  verify = ->(headers) { verifier.verify(request.call(body, headers)).facts.service or raise "nobody has called" }
  row.call("a whole verify, #{size}", best.call(->(_) { signed.call(body) }, verify))
end
body = "x" * SIZES["200 B"]
rows << row.call("signing, 200 B", best.call(->(_) { body }, ->(signs) { signer.sign(request.call(signs)) }))
puts JSON.generate(rows)
