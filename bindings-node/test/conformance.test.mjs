// Every vector of the house, through the public API and in both forms of header fields.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

import { handle, HEADER_FORMS } from "../conformance/handle.mjs";

const folder = new URL("../../conformance/vectors/", import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
assert.notEqual(files.length, 0, "there are no vectors");

for (const file of files) {
  const { groups } = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  for (const [form, headerForm] of Object.entries(HEADER_FORMS)) {
    describe(`${file}, headers as ${form}`, () => {
      for (const group of groups) {
        for (const test of group.tests) {
          it(test.id, () => {
            const results = handle({ ...group, steps: test.steps }, headerForm);
            test.steps.forEach((step, at) => compare(results[at], step.expect));
          });
        }
      }
    });
  }
}

function compare(result, expect) {
  if ("refused" in expect) {
    assert.equal(result.refused?.code, expect.refused, JSON.stringify(result));
  } else if ("failed" in expect) {
    assert.equal(result.failed?.code, expect.failed, JSON.stringify(result));
  } else if ("config_errors" in expect) {
    assert.deepEqual(pointersOf(result.config_errors ?? []), [...expect.config_errors].sort(), JSON.stringify(result));
  } else {
    assert.ok(result.ok, JSON.stringify(result));
    for (const [field, value] of Object.entries(expect.ok)) {
      // Of a warning the place counts, never the sentence.
      const answer = field === "warnings" ? pointersOf(result.ok.warnings) : result.ok[field];
      assert.deepEqual(answer, field === "warnings" ? [...value].sort() : value, field);
    }
  }
}

function pointersOf(problems) {
  return [...new Set(problems.map(({ pointer }) => pointer))].sort();
}
