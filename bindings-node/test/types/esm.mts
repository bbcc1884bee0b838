// Compiled, never run: the types that users meet, with the types of Express beside them.

import express, { type Request, type RequestHandler, type Response } from "express";
import { Config, Refusal, RefusalCode, Signer, Verified, Verifier, type SignedHeaders } from "wiresign";
import { requireService, wiresign, type Decision } from "wiresign/express";
import { AwsSigners, Sts, type CredentialProvider } from "wiresign/aws";
import { createFetch } from "wiresign/fetch";

const config: Config = Config.parse({ service: "orders" }, { env: process.env });
const verifier = new Verifier(config);
const app = express();

const handler: RequestHandler = wiresign(verifier, {
  app,
  logger: { info: (fields: object, message: string) => void [fields, message], warn: () => undefined },
  onDecision: (decision: Decision) => {
    if (decision.accepted) {
      decision.verified.service satisfies string | null;
    } else {
      decision.refusal.code satisfies RefusalCode;
    }
  },
});
app.use(handler, requireService("billing"));
app.use(wiresign(config));
app.get("/", (request: Request, response: Response) => {
  request.caller satisfies Verified | undefined;
  request.rawBody satisfies Buffer | undefined;
  response.json(request.caller);
});

const headers: SignedHeaders = new Signer(config, { target: "billing" }).sign({ method: "GET", target: "/" });
const verified: Verified = verifier.verify({ method: "GET", target: "/", headers }, { now: 1 });
verified.age satisfies number | null;
const refusal: Refusal | Verified = verifier.check({ method: "GET", target: "/", headers: {} });
if (refusal instanceof Refusal && refusal.code === RefusalCode.REPLAYED_REQUEST) {
  refusal.response.headers["WWW-Authenticate"] satisfies string | undefined;
}

const send: typeof fetch = createFetch(new Signer(config));
void send("http://orders.internal/");

declare const provider: CredentialProvider;
const signers = new AwsSigners(config, provider, { target: "billing" });
void createFetch(signers)("http://billing.internal/");
app.use(wiresign(config, { aws: new Sts() }));

// @ts-expect-error -- nobody makes a Verified but a verification
new Verified();
// @ts-expect-error -- text is not the received bytes
verifier.verify({ method: "GET", target: "/", headers, body: "text" });
// @ts-expect-error -- a refusal comes from the verifier
new Refusal();
// @ts-expect-error -- kept for the modules of the package
void Verified.of;
