// A service that lets only signed requests in. Who may call, and with which key, says wiresign.json.
import Fastify from "fastify";
import { Config } from "wiresign";
import { wiresign } from "wiresign/fastify";

const config = Config.fromFile(new URL("wiresign.json", import.meta.url));
const app = Fastify();

await app.register(wiresign, { config });

// A public route of wiresign.json.
app.get("/health", async () => ({ status: "ok" }));

app.get("/hello", async (request) => ({ hello: request.query.name ?? "world", caller: request.caller.service }));

app.post("/echo", async (request) => ({ received: request.body, caller: request.caller.service }));

const port = Number(process.env.PORT ?? @port@);
await app.listen({ port, host: "127.0.0.1" });
console.log(`${config.service} listens on http://127.0.0.1:${port}`);
