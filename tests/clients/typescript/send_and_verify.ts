// A client that openapi-typescript made of the API's description sends a code and verifies it.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const { OTPOST_URL: baseUrl, OTPOST_KEY: key } = process.env;
assert(baseUrl && key);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${key}` } });

/** What an operation answered when it succeeded. */
function ok<T>(answer: { data?: T; error?: components["schemas"]["Problem"] }): T {
  assert(answer.data, `${answer.error?.code}: ${answer.error?.detail}`);
  return answer.data;
}

const connections = ok(await client.GET("/v1/connections"));
const phone = connections.data.find((connection) => connection.strategy === "phone:otp");
assert(phone);

const sent = ok(
  await client.POST("/v1/otp/send", {
    body: { connection_id: phone.id, to: "+61466043123", purpose: "sign_in" },
    params: { header: { "Idempotency-Key": "typescript-1" } },
  }),
);
assert.equal(sent.status, "pending");
assert.equal(sent.message.status, "accepted");
assert.equal(sent.message.provider, "console");
assert.equal(sent.verified_at, null);

// The inbox is for people at work on this machine, and no part of the API.
const inbox = (await (await fetch(`${baseUrl}/dev/inbox`)).json()) as { data: { text: string }[] };
const code = inbox.data[0]?.text.match(/\b\d{6}\b/)?.[0];
assert(code);

const wrong = await client.POST("/v1/otp/verify", {
  body: { verification_id: sent.id, code: code === "000000" ? "000001" : "000000" },
});
assert.equal(wrong.error?.code, "incorrect_code");
assert.equal(wrong.error.attempts_left, sent.attempts_left - 1);

const verified = ok(await client.POST("/v1/otp/verify", { body: { verification_id: sent.id, code } }));
assert.equal(verified.status, "verified");
assert(verified.verified_at !== null && Date.parse(verified.verified_at) >= Date.parse(sent.created_at));

const again = ok(await client.GET("/v1/otp/{id}", { params: { path: { id: sent.id } } }));
assert.deepEqual(again, verified);
