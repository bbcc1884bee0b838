// A mistake, made on purpose: a body parser in front of the guard. The parser eats the bytes that were signed, so the
// guard must not serve. `start` hands the application to the guard, `request` leaves it to the first request to find out.

import express from "express";
import { Fleet } from "fleet-kit";
import { wiresign } from "wiresign/express";

const fleet = new Fleet("lego-projects-api");
const app = express();
app.use(express.json());
app.use(process.argv[2] === "start" ? fleet.guard(app) : wiresign(fleet.verifier));
app.get("/health", (_request, response) => {
  response.json({ status: "served" });
});
app.use((error, _request, response, _next) => {
  fleet.logger.error({ event: "failed" }, error.message);
  response.status(500).json({ error: "The request failed." });
});

const server = app.listen(0, "127.0.0.1", async () => {
  const response = await fetch(`http://127.0.0.1:${server.address().port}/health`);
  fleet.logger.info({ event: "answered", status: response.status }, "answered");
  server.close();
});
