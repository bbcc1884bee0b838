import { withCrossServiceAuth } from "wiresign/next";

export const POST = withCrossServiceAuth(async (request) =>
  Response.json({ received: await request.json(), caller: request.caller.service }),
);
