import { withCrossServiceAuth } from "wiresign/next";

// Who may call, and with which key, says wiresign.json.
export const GET = withCrossServiceAuth((request) => {
  const name = new URL(request.url).searchParams.get("name") ?? "world";
  return Response.json({ hello: name, caller: request.caller.service });
});
