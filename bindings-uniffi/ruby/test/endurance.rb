# frozen_string_literal: true

# Many verifies in one process, and what it has in memory at the start, in the middle and at the end. Says so and ends with 1 when
# memory has grown after the first tenth: by then the replay store is as large as it gets.
#
#     ruby -I dist/ruby/lib endurance.rb [COUNT]      ten million unless given

require_relative "fleet"

class Endurance
  # How long the whole run takes by the verifier's clock: a tenth of it is longer than a request is remembered.
  SECONDS = 20_000
  ALLOWED_GROWTH_MEBIBYTES = 16

  def initialize(count)
    @count = count
    @verifier = Wiresign::Verifier.new(Fleet.config("orders"))
    @signer = Fleet.signer
    @started = Time.now.to_i
  end

  # Verifies one request, in one of the ways that there are.
  def one(number)
    turn = number % 8
    sign(number) unless turn == 7
    case turn
    when 3
      in_pieces
    when 5
      refused("INVALID_SIGNATURE", "[#{@body[1..]}")
    when 7
      refused("REPLAYED_REQUEST", @body)
    else
      accepted(@verifier.verify(request(@body), @now))
    end
    return unless (number % 100_000).zero?

    @verifier.metrics
    @verifier.replace(Fleet.config("orders"))
  end

  def self.run(count)
    run = new(count)
    seen = { 0 => resident_mebibytes }
    count.times do |number|
      run.one(number)
      seen[number] ||= resident_mebibytes if [count / 10, count / 2].include?(number)
    end
    finish = resident_mebibytes
    tenth = seen[count / 10]
    text = [seen[0], tenth, seen[count / 2], finish].map { |mebibytes| format("%.1f", mebibytes) }
    puts "Ruby: #{count} verifies, resident memory #{text[0]} MiB at the start, #{text[1]} after a tenth, " \
         "#{text[2]} in the middle, #{text[3]} at the end"
    finish - tenth <= ALLOWED_GROWTH_MEBIBYTES
  end

  def self.resident_mebibytes
    GC.start
    File.read("/proc/self/status")[/^VmRSS:\s*(\d+)/, 1].to_i / 1024.0
  end

  private

  def sign(number)
    @body = "{\"invoice\":#{number}}"
    @now = @started + number * SECONDS / @count
    signed = @signer.sign(Wiresign.request("POST", "/invoices?draft=1", [], @body), @now, nil)
    @headers = signed.map { |header| [header.name, header.value] } << ["User-Agent", "endurance"]
  end

  def request(body)
    Wiresign.request("POST", "/invoices?draft=1", @headers, body)
  end

  def in_pieces
    verification = @verifier.begin(request(@body), @now)
    @body.each_char { |piece| verification.update(piece.b) }
    accepted(verification.finish)
  end

  def accepted(verified)
    raise "it is from #{verified.facts.service}" unless verified.facts.service == "billing"
  end

  def refused(code, body)
    @verifier.verify(request(body), @now)
  rescue Wiresign::Failure::Refused => e
    raise unless e.refusal.code == code && e.refusal.response.status == 401
  else
    raise "accepted instead of #{code}"
  end
end

exit Endurance.run((ARGV[0] || 10_000_000).to_i)
