// Keeps the users. Everybody may register; what is behind /internal is for the services that the registry names.

import { randomUUID } from "node:crypto";

import express from "express";
import { Fleet, failures } from "fleet-kit";

const fleet = new Fleet("auth-service");
const users = new Map();
const app = express();

app.use(fleet.guard(app));
app.use(express.json({ limit: "200kb" }));

app.get("/health", (_request, response) => {
  response.json({ service: "auth-service", status: "ok" });
});

app.post("/auth/register", async (request, response) => {
  const { email, name, avatar } = request.body;
  const id = randomUUID();
  users.set(id, { id, email, name });

  await fleet.call("lego-projects-api", "POST", "/api/owners?source=registration", { id, name });
  const image = await fleet.call(
    "image-service",
    "POST",
    "/api/images/avatars?size=256",
    Buffer.from(avatar, "base64"),
  );
  await fleet.call("rewards-service", "POST", "/api/accounts?kind=member", { owner: id });
  await fleet.call("stock-service", "POST", "/api/reservations?kind=gift", { owner: id });
  await fleet.call("delivery-service", "POST", "/api/addresses?kind=home", { owner: id });
  await fleet.call("notifications-service", "POST", "/api/notifications", { to: id, kind: "welcome" });
  response.status(201).json({ id, avatar: image.id });
});

app.get("/internal/users/:id", (request, response) => {
  const user = users.get(request.params.id);
  if (user === undefined) {
    response.status(404).json({ error: "There is no such user." });
    return;
  }
  response.json(user);
});

app.use(failures(fleet));
fleet.listen(app);
