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

  # What stands for an object of the library, and frees it. UniFFI does not reckon with copies: Ruby lets each of them free the same
  # object once more, and use it when another one has freed it.
  module Owner
    # A copy has a share of the same object. Till it has, it would free that of the original: nobody may stop the thread meanwhile.
    %i[dup clone].each do |name|
      define_method(name) { |**named| Thread.handle_interrupt(Object => :never) { super(**named) } }
    end

    def initialize_copy(original)
      super
      ObjectSpace.undefine_finalizer(self)
      @handle = original.uniffi_clone_handle
      ObjectSpace.define_finalizer(self, self.class.uniffi_define_finalizer_by_handle(@handle, object_id))
    end

    # An address means nothing to another process.
    def marshal_dump
      raise TypeError, "#{self.class} cannot be written down: make it anew of the config"
    end
  end

  # Between a call of the library and the note of what it gave back, no thread may be stopped, as Timeout and Thread#kill do: the same
  # memory would be freed twice. A call takes no time to speak of, and whoever stops a thread meanwhile stops it behind the call.
  module Undisturbed
    def self.guard(kind, names)
      kind.prepend(Module.new do
        names.each do |name|
          define_method(name) do |*arguments, **named, &block|
            Thread.handle_interrupt(Object => :never) { super(*arguments, **named, &block) }
          end
        end
      end)
    end
  end
  private_constant :Owner, :Undisturbed

  objects = WiresignUniffi.constants.map { |name| WiresignUniffi.const_get(name) }.select { |kind| kind.respond_to?(:uniffi_lift) }
  objects.each do |kind|
    kind.include(Owner)
    Undisturbed.guard(kind, kind.public_instance_methods(false).grep_v(/\Auniffi_/) + [:initialize])
    Undisturbed.guard(kind.singleton_class, kind.singleton_methods(false).grep_v(/\Auniffi_/))
  end
  Undisturbed.guard(WiresignUniffi.singleton_class, %i[check_permission generate_secret])

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
