// Tells users what happened. It asks for the address and the title itself, so that callers pass on no personal data.

import express from "express";
import { Fleet, failures } from "fleet-kit";

const fleet = new Fleet("notifications-service");
const sent = [];
const app = express();

app.use(fleet.guard(app));
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ service: "notifications-service", status: "ok" });
});

app.post("/api/notifications", async (request, response) => {
  const { to, kind, project } = request.body;
  const user = await fleet.call("auth-service", "GET", `/internal/users/${encodeURIComponent(to)}?fields=email`);
  const title =
    project && (await fleet.call("lego-projects-api", "GET", `/api/projects/${encodeURIComponent(project)}`)).title;
  sent.push({ kind, address: user.email, title, askedBy: request.caller.service });
  response.status(202).json({ number: sent.length });
});

app.use(failures(fleet));
fleet.listen(app);
