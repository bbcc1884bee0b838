// A client by hand, from docs/wire-formats.md alone: node call.mjs METHOD URL [BODY], with SECRET, CALLER and TARGET set.
import { createHmac, randomUUID } from 'node:crypto';

const [method, url, body = ''] = process.argv.slice(2);
const { SECRET, CALLER, TARGET } = process.env;
const { pathname, search } = new URL(url);
const time = String(Math.floor(Date.now() / 1000));
const id = randomUUID();
const message = ['wiresign-v2', method, pathname, search.slice(1), time, CALLER, TARGET, id, body].join('\n');
const headers = {
  'X-Service-ID': CALLER,
  'X-Target-Service': TARGET,
  'X-Timestamp': time,
  'X-Request-ID': id,
  'X-Signature': `v2=${createHmac('sha256', SECRET).update(message).digest('hex')}`,
};
const answer = await fetch(url, { method, headers, body: body || undefined });
console.log(JSON.stringify({ status: answer.status, body: await answer.json() }));
