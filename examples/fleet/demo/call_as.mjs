// Makes one call as one of the fleet's services: node call_as.mjs CALLER TARGET METHOD PATH

import { Fleet } from "fleet-kit";

const [caller, target, method, path] = process.argv.slice(2);
const fleet = new Fleet(caller);
const response = await fleet.send(target, method, path, method === "GET" ? undefined : {});
const { code } = await response.json();
fleet.logger.info({ event: "answered", status: response.status, code }, "answered");
