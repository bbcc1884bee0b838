// Requests as Fastify has them, for the plugin and for NestJS on Fastify.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Answered } from "../server/answer.js";
import { admissionOf } from "../server/admissions.js";
import type { Gate } from "../server/gate.js";

/** Gives all requests the members that a verification fills. */
export function decorate(app: FastifyInstance): void {
  app.decorateRequest("caller", null);
  app.decorateRequest("rawBody", null);
}

/** Lets a request in, or answers it. */
export function admit(gate: Gate, request: FastifyRequest, reply: FastifyReply, next: (failure?: Error) => void): void {
  gate.admit(request.raw, reply.raw, request.originalUrl, enter(request, next), (answered) => {
    answer(gate, request, reply, answered);
  });
}

/** Tells the handlers who called, then goes on. */
export function enter(request: FastifyRequest, next: (failure?: Error) => void): (failure?: unknown) => void {
  return (failure) => {
    const admission = admissionOf(request.raw);
    if (failure === undefined && admission?.body !== undefined) {
      request.caller = admission.verified;
      request.rawBody = admission.body;
    }
    next(failure as Error | undefined);
  };
}

/** Fastify would write the content type in its own way, so it hands the response over; headers that hooks have set stay. */
export function answer(gate: Gate, request: FastifyRequest, reply: FastifyReply, answered: Answered): void {
  reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) {
      reply.raw.setHeader(name, value);
    }
  }
  gate.answer(request.raw, reply.raw, answered);
}
