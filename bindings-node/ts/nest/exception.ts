// A refusal as an exception of NestJS, so that its filters and interceptors see what they know.

import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from "@nestjs/common";

import type { Refusal } from "../refusal.js";
import type { Gate } from "../server/gate.js";
import { incomingOf } from "./requests.js";
import { GATE } from "./tokens.js";

/** What a guard throws: an `HttpException` with the status and the body that the refusal has. */
export class RefusalException extends HttpException {
  constructor(readonly refusal: Refusal) {
    const { body, status } = refusal.response;
    super(JSON.parse(body) as Record<string, unknown>, status, { cause: refusal });
  }
}

/** Answers with exactly the bytes of the refusal; the filter of NestJS would add a charset. */
@Catch(RefusalException)
export class RefusalFilter implements ExceptionFilter<RefusalException> {
  constructor(@Inject(GATE) private readonly gate: Gate) {}

  catch(exception: RefusalException, host: ArgumentsHost): void {
    const { request, response, release } = incomingOf(host);
    release();
    this.gate.answer(request, response, exception.refusal);
  }
}
