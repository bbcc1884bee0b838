# frozen_string_literal: true

require "wiresign"

module Wiresign
  class Rack
    # Rack middleware that serves some of the verified callers only: those of the named services, and those that may do all that a
    # pattern matches, by the config and by the request's token. Without a service named each verified caller will do. It comes behind
    # Wiresign::Rack, which answers everybody else.
    #
    #   use Wiresign::Rack::Require, "shop"
    #   use Wiresign::Rack::Require, permission: "POST /invoices/**"
    class Require
      # Fails here, and not at a request, where the pattern is none.
      def initialize(app, *services, permission: nil)
        WiresignUniffi.check_permission(permission) if permission
        @app = app
        @services = services
        @permission = permission
      end

      def call(env)
        verified = env[VERIFIED] or raise "wiresign: use Wiresign::Rack before whatever requires a service or a permission"
        verified.require_service(@services)
        verified.require_permission(@permission) if @permission
        @app.call(env)
      end
    end
  end
end
