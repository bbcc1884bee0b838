// Structured fields (RFC 9651), as far as signatures need them: dictionaries of items and of inner lists.

import { refuse } from "./common.mjs";

const KEY = /[a-z*][a-z0-9_.*-]*/y;

/** Reads a field into pairs of names and members; a member is `{ items, bare, parameters }`. */
export function readDictionary(text) {
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    at = found ? pattern.lastIndex : at;
    return found?.[0];
  };
  const need = (pattern) => take(pattern) ?? refuse("MALFORMED_SIGNATURE");

  const bare = () => {
    const string = take(/"(?:[ !#-[\]-~]|\\["\\])*"/y);
    if (string !== undefined) {
      return { kind: "string", value: string.slice(1, -1).replace(/\\(.)/g, "$1") };
    }
    const binary = take(/:[A-Za-z0-9+/=]*:/y)?.slice(1, -1);
    if (binary !== undefined) {
      const value = Buffer.from(binary, "base64");
      return value.toString("base64") === binary ? { kind: "bytes", value } : refuse("MALFORMED_SIGNATURE");
    }
    const boolean = take(/\?[01]/y);
    if (boolean !== undefined) {
      return { kind: "boolean", value: boolean === "?1" };
    }
    const display = take(/%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y);
    if (display !== undefined) {
      return { kind: "display", value: display };
    }
    const decimal = take(/-?[0-9]{1,12}\.[0-9]{1,3}(?![0-9.])/y);
    if (decimal !== undefined) {
      return { kind: "decimal", value: decimal };
    }
    const integer = take(/@?-?[0-9]{1,15}(?![0-9.])/y);
    if (integer !== undefined) {
      return { kind: integer.startsWith("@") ? "date" : "integer", value: integer };
    }
    return { kind: "token", value: need(/[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*/y) };
  };

  const parameters = () => {
    const read = [];
    while (take(/; */y)) {
      const name = need(KEY);
      read.push([name, take(/=/y) ? bare() : { kind: "boolean", value: true }]);
    }
    return read;
  };

  const innerList = () => {
    const items = [];
    for (take(/ */y); !take(/\)/y); take(/ */y)) {
      items.push({ bare: bare(), parameters: parameters() });
      need(/(?=[ )])/y);
    }
    return items;
  };

  const member = () => {
    if (!take(/=/y)) {
      return { bare: { kind: "boolean", value: true }, parameters: parameters() };
    }
    return take(/\(/y) ? { items: innerList(), parameters: parameters() } : { bare: bare(), parameters: parameters() };
  };

  const members = [];
  take(/ */y);
  while (at < text.length) {
    members.push([need(KEY), member()]);
    take(/[ \t]*/y);
    if (at === text.length) {
      break;
    }
    need(/,[ \t]*(?!$)/y);
  }
  return members;
}

/** Writes a value in its one form; undefined where it has several. */
export function written({ kind, value }) {
  switch (kind) {
    case "string":
      return `"${value.replace(/["\\]/g, "\\$&")}"`;
    case "bytes":
      return `:${value.toString("base64")}:`;
    case "boolean":
      return value ? "?1" : "?0";
    case "integer":
      return String(BigInt(value));
    case "token":
      return value;
    default:
      return undefined;
  }
}
