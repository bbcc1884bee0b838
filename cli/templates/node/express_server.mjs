// A service that lets only signed requests in. Who may call, and with which key, says wiresign.json.
import express from "express";
import { Config } from "wiresign";
import { wiresign } from "wiresign/express";

const config = Config.fromFile(new URL("wiresign.json", import.meta.url));
const app = express();

// Before every body parser: what was signed are the bytes of the body, not what a parser makes of them.
app.use(wiresign(config, { app }));
app.use(express.json());

// A public route of wiresign.json.
app.get("/health", (request, response) => {
  response.json({ status: "ok" });
});

app.get("/hello", (request, response) => {
  response.json({ hello: request.query.name ?? "world", caller: request.caller.service });
});

app.post("/echo", (request, response) => {
  response.json({ received: request.body, caller: request.caller.service });
});

const port = Number(process.env.PORT ?? @port@);
app.listen(port, "127.0.0.1", () => {
  console.log(`${config.service} listens on http://127.0.0.1:${port}`);
});
