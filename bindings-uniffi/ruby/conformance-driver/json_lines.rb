# frozen_string_literal: true

require "json"

# JSON that comes out as it went in: no number is rounded, and nothing is too deep.
module JsonLines
  # Writes a number with the digits that it was read with. JSON would write a text.
  class Number
    def initialize(digits)
      @digits = digits
    end

    def to_json(*)
      @digits
    end

    # What the parser calls for each number with a fraction or an exponent.
    def self.try_convert(digits)
      new(digits)
    end
  end

  def self.each
    $stdin.each_line { |line| yield JSON.parse(line, max_nesting: false, decimal_class: Number) }
  end

  def self.say(line)
    $stdout.puts(text(line))
    $stdout.flush
  end

  def self.text(value)
    JSON.generate(value, max_nesting: 0, ascii_only: true)
  end
end
