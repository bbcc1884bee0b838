// Compiled, never run: the same types through require.

import wiresign = require("wiresign");
import express = require("wiresign/express");
import signing = require("wiresign/fetch");

const verifier: wiresign.Verifier = new wiresign.Verifier(wiresign.Config.fromEnv());
const middleware: express.Middleware = express.wiresign(verifier);
const send: signing.Fetch = signing.createFetch(new wiresign.Signer(wiresign.Config.fromFile("wiresign.json")));
export { middleware, send };
