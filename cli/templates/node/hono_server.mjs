// A service that lets only signed requests in. Who may call, and with which key, says wiresign.json.
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { Config } from "wiresign";
import { wiresign } from "wiresign/hono";

const config = Config.fromFile(new URL("wiresign.json", import.meta.url));
const app = new Hono();

app.use(wiresign(config));

// A public route of wiresign.json.
app.get("/health", (context) => context.json({ status: "ok" }));

app.get("/hello", (context) =>
  context.json({ hello: context.req.query("name") ?? "world", caller: context.get("caller").service }),
);

app.post("/echo", async (context) =>
  context.json({ received: await context.req.json(), caller: context.get("caller").service }),
);

const port = Number(process.env.PORT ?? @port@);
serve({ fetch: app.fetch, port, hostname: "127.0.0.1" }, () => {
  console.log(`${config.service} listens on http://127.0.0.1:${port}`);
});
