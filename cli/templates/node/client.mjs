// Calls the service as `@caller@` does. Run it beside the service: node --env-file=.env client.mjs

import { readFileSync } from "node:fs";

import { Config } from "wiresign";
import { ServiceClient } from "wiresign/client";

const { services } = JSON.parse(readFileSync(new URL("wiresign.json", import.meta.url), "utf8"));
// All that a wiresign.json of the caller needs: its own key, and where the service is.
const config = Config.parse({
  service: "@caller@",
  services: { "@caller@": services["@caller@"], "@service@": { url: services["@service@"].url } },
});

const service = new ServiceClient(config, "@service@");
const hello = await service.get("/hello", { query: { name: "you" } });
console.log(await hello.json());
const echo = await service.post("/echo", { json: { amount: 7 } });
console.log(await echo.json());
