import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mapTexts, redactor } from "../../../cli/doctor/redact";

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const kubeconfig =
  "users:\n- name: admin\n  user:\n    token: kube-token-value\n    client-key-data: TFMwdExTMUNSVWRKVGlCUVVrbFdRVlJGSUV0RldTMHRMUzB0\n";

describe("what is taken out of a text", () => {
  type Known = readonly [what: string, secret: string, text: string, left: string];
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const known: readonly Known[] = [
    ["a secret as it is", "s3cret-value", "login with s3cret-value failed", "login with <redacted> failed"],
    ["a secret in JSON", 'quo"ted', '{"a":"quo\\"ted"}', '{"a":"<redacted>"}'],
    ["a secret in a URL", "a b/c+d", "https://x/?q=a%20b%2Fc%2Bd", "https://x/?q=<redacted>"],
    ["a secret in base64", "s3cret-valu", `data: ${base64("s3cret-valu")}`, "data: <redacted>"],
    [
      "a token inside a kubeconfig",
      kubeconfig,
      "Authorization kube-token-value refused",
      "Authorization <redacted> refused",
    ],
    ["a key inside a kubeconfig", kubeconfig, "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0t", "<redacted>"],
    ["a key of Ceph's", '{"pve-rbd": "AQC0PHJnAAAA=="}', "key AQC0PHJnAAAA==", "key <redacted>"],
    [
      "a hash of a user",
      '[{"name":"admin","passwordHash":"$x$hash-of-it"}]',
      "admin $x$hash-of-it",
      "admin <redacted>",
    ],
    [
      "a password inside a URL",
      "postgresql://chat:db-password@db:5432/chat",
      "FATAL: db-password",
      "FATAL: <redacted>",
    ],
    [
      "the uuid of an API token",
      "a@pve!b=12345678-aaaa",
      "token 12345678-aaaa is not known",
      "token <redacted> is not known",
    ],
    [
      "a login of a registry",
      JSON.stringify({ auths: { "r.lan": { auth: base64("bot:reg-password") } } }),
      "bot reg-password",
      "bot <redacted>",
    ],
    ["a line of a key", pem, `read ${pem.split("\n")[1] ?? ""}`, "read <redacted>"],
  ];
  for (const [what, secret, text, left] of known) {
    it(`is ${what}`, () => assert.equal(redactor([secret]).certain(text), left));
  }

  type Form = readonly [text: string, left: string];
  const sure: readonly Form[] = [
    [`a ${pem} b`, "a <redacted>\n b"],
    ["Authorization: Bearer abcdefghij", "Authorization: Bearer <redacted>"],
    ["PVEAPIToken=root@pam!x=aaa", "PVEAPIToken=<redacted>"],
    ["got eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln", "got <redacted>"],
    ["redis://:hunter22@valkey:6379", "redis://:<redacted>@valkey:6379"],
    ["hub said no to hf_abcdefghijkl", "hub said no to <redacted>"],
    [`hash $scrypt$ln=15,r=8,p=1$MTIz$NDU2Nzg5`, "hash <redacted>"],
    [`${"QUJD".repeat(16)}`, "<redacted>"],
  ];
  for (const [text, left] of sure) {
    it(`is what can be nothing else: ${text.slice(0, 24)}`, () => assert.equal(redactor([]).certain(text), left));
  }

  const named: readonly Form[] = [
    ["password: hunter22", "password: <redacted>"],
    ['"s3SecretAccessKey": "abcdefgh"', '"s3SecretAccessKey": "<redacted>"'],
    ["AWS_SECRET_ACCESS_KEY=abcdefgh", "AWS_SECRET_ACCESS_KEY=<redacted>"],
    ['{\\"hfToken\\":\\"abcdefgh\\"}', '{\\"hfToken\\":\\"<redacted>\\"}'],
    ["secure: v1:abc:def", "secure: <redacted>"],
    [`key ${"0123456789abcdef".repeat(2)}`, "key <redacted>"],
    ["contextTokens: 8192", "contextTokens: 8192"],
    ["found 2 of 2 nodes", "found 2 of 2 nodes"],
  ];
  for (const [text, left] of named) {
    it(`is, for others, what stands after such a name: ${text.slice(0, 24)}`, () => {
      assert.equal(redactor([]).all(text), left);
    });
  }

  for (const before of ["", "a", "ab", "user:"]) {
    it(`is a secret inside base64, after ${before.length} bytes`, () => {
      const secret = "s3cret-value-of-some-length";
      const text = base64(`${before}${secret} and more`);
      const left = redactor([secret]).certain(text);
      assert.match(left, /<redacted>/);
      assert.doesNotMatch(Buffer.from(left.replace("<redacted>", ""), "base64").toString("latin1"), /s3cret|length/);
    });
  }

  it("leaves words alone that a secret as short as they are would take with it", () => {
    assert.equal(redactor(["a", "  ", ""]).all("a gateway and a node"), "a gateway and a node");
  });

  it("leaves no part of a longer secret where a shorter one is inside it", () => {
    assert.equal(redactor(["abcdef", "abcdefghijkl"]).certain("abcdefghijkl"), "<redacted>");
  });

  it("is taken out of every text of a structure, and of nothing else", () => {
    const seen = mapTexts({ a: ["x", 1, null], b: { c: "x" } }, (text) => text.toUpperCase());
    assert.deepEqual(seen, { a: ["X", 1, null], b: { c: "X" } });
  });
});
