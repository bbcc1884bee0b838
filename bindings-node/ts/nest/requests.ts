// The request of node:http below that of the platform.

import type { IncomingMessage, ServerResponse } from "node:http";

import type { ArgumentsHost } from "@nestjs/common";

interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The whole target as received. */
  readonly target: string;
  /** Tells the platform that the response is written by somebody else. */
  readonly release: () => void;
}

interface PlatformRequest extends IncomingMessage {
  readonly raw?: IncomingMessage;
  readonly originalUrl?: string;
}

interface PlatformResponse extends ServerResponse {
  readonly raw?: ServerResponse;
  hijack?(): void;
}

/** The parts of a request that is being handled, on either platform. */
export function incomingOf(host: ArgumentsHost): Incoming {
  if (host.getType() !== "http") {
    throw new Error("wiresign: the guards and decorators of wiresign/nest are for HTTP handlers only.");
  }
  const request = host.switchToHttp().getRequest<PlatformRequest>();
  const response = host.switchToHttp().getResponse<PlatformResponse>();
  return {
    request: request.raw ?? request,
    response: response.raw ?? response,
    target: request.originalUrl ?? request.url ?? "",
    release: () => {
      response.hijack?.();
    },
  };
}
