// moto as AWS: it verifies every signature, and lets nobody ask who is not whom the signature says.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";

import { freePort } from "./support.mjs";

export const REGION = "eu-central-1";
export const ACCOUNT = "123456789012";

const program = fileURLToPath(new URL("../../build/venv/bin/moto_server", import.meta.url));

/** Starts moto. `role` gives the credentials of a role, as a task of ECS gets them; `stop` ends it. */
export async function startMoto() {
  if (!existsSync(program)) {
    throw new Error("moto is needed: scripts/python-environment installs it.");
  }
  const port = await freePort();
  const server = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  for (const end = Date.now() + 120_000; ;) {
    if (server.exitCode !== null || Date.now() > end) {
      throw new Error("moto has not started");
    }
    const up = await fetch(`${url}/moto-api/data.json`).catch(() => undefined);
    await up?.body?.cancel();
    if (up?.ok) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const stop = async () => {
    server.kill();
    await once(server, "exit");
  };
  return { url, role: (name, account = ACCOUNT) => role(url, name, account), stop };
}

async function role(url, name, account) {
  const unchecked = (count) => fetch(`${url}/moto-api/reset-auth`, { method: "POST", body: count });
  const document = (statement) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  const nobody = { accessKeyId: "A".repeat(16), secretAccessKey: "s".repeat(16) };
  const assume = async (credentials, which, session) =>
    credentialsIn(
      await ask(url, "sts", credentials, {
        Action: "AssumeRole",
        Version: "2011-06-15",
        RoleArn: `arn:aws:iam::${account}:role/${which}`,
        RoleSessionName: session,
      }),
    );

  await unchecked("100");
  const root = await assume(nobody, "deploy", "setup");
  await ask(url, "iam", root, {
    Action: "CreateRole",
    Version: "2010-05-08",
    RoleName: name,
    AssumeRolePolicyDocument: document({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }),
  });
  await ask(url, "iam", root, {
    Action: "PutRolePolicy",
    Version: "2010-05-08",
    RoleName: name,
    PolicyName: "ask",
    PolicyDocument: document({ Effect: "Allow", Action: "sts:GetCallerIdentity", Resource: "*" }),
  });
  const credentials = await assume(root, name, "task-1");
  await unchecked("0");
  return credentials;
}

async function ask(url, service, credentials, form) {
  const { host, hostname, port } = new URL(url);
  const body = new URLSearchParams(form).toString();
  const signer = new SignatureV4({ service, region: REGION, credentials, sha256: Sha256 });
  const { headers } = await signer.sign({
    method: "POST",
    protocol: "http:",
    hostname,
    port: Number(port),
    path: "/",
    query: {},
    headers: { host, "content-type": "application/x-www-form-urlencoded" },
    body,
  });
  const answer = await fetch(url, { method: "POST", headers, body });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`moto answered ${answer.status}: ${text}`);
  }
  return text;
}

function credentialsIn(xml) {
  const [accessKeyId, secretAccessKey, sessionToken] = ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(
    (name) => new RegExp(`<${name}>([^<]+)<`).exec(xml)[1],
  );
  return { accessKeyId, secretAccessKey, sessionToken };
}
