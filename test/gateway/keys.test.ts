import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { loadSigningKeys } from "../../gateway/keys";
import { parseConfig } from "../../gateway/loadConfig";
import { weaknessOf } from "../../gateway/knownKeys";
import { AUDIENCE, Files, ISSUER } from "./harness";

/** PKCS#8 around a raw 32-byte seed (RFC 8410). */
const PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function pemOf(seed: Buffer): string {
  const key = createPrivateKey({ key: Buffer.concat([PREFIX, seed]), format: "der", type: "pkcs8" });
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Printed private seeds; knownKeys.ts holds only the public halves. */
const RFC_SEEDS: Record<string, string> = {
  "RFC 8032 TEST 1 and RFC 8037 A.1": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
  "RFC 8032 TEST 2": "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
  "RFC 8032 TEST 3": "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
  "RFC 8032 TEST 1024": "f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5",
  "RFC 8032 TEST SHA(abc)": "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
  "RFC 8032 7.2": "0305334e381af78f141cb666f6199f57bc3495335a256a95bd2a55bf546663f6",
  "RFC 8032 7.2, last": "ab9c2853ce297ddab85c993b3ae14bcad39b2c682beabc27d6d4eb20711d6560",
  "RFC 8410 10.3": "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
};

describe("signing keys", () => {
  const files = new Files();
  after(() => files.remove());

  const load = (...signingKeys: { kid?: string; file: string }[]): ReturnType<typeof loadSigningKeys> =>
    loadSigningKeys(
      parseConfig({
        listen: { port: 0 },
        upstream: { url: "http://127.0.0.1:1" },
        issuer: ISSUER,
        audience: AUDIENCE,
        signingKeys,
        usersFile: "users.json",
        readiness: { model: "m" },
      }),
    );

  const faultOf = async (text: string): Promise<string> => {
    const { keys, faults } = await load({ file: files.write("key.pem", text) });
    assert.equal(keys.length, 0);
    assert.equal(faults.length, 1);
    const [fault] = faults;
    assert.equal(fault?.path, "signingKeys[0].file");
    return fault.found;
  };

  it("loads a random key; kid is the RFC 7638 thumbprint unless named", async () => {
    const file = files.key("good.pem");
    const { keys, faults } = await load({ file });
    assert.deepEqual(faults, []);
    assert.match(keys[0]?.kid ?? "", /^[\w-]{43}$/);
    assert.equal((await load({ file, kid: "2026-11" })).keys[0]?.kid, "2026-11");
  });

  for (const [name, hex] of Object.entries(RFC_SEEDS))
    it(`refuses the key printed in ${name}`, async () =>
      assert.match(await faultOf(pemOf(Buffer.from(hex, "hex"))), /a sample key printed in an RFC/));

  const weak: Record<string, Buffer> = {
    "all zero": Buffer.alloc(32),
    "one byte repeated": Buffer.alloc(32, 0xa5),
    "counting up": Buffer.from(Array.from({ length: 32 }, (_, i) => i)),
    "counting down": Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i)),
    "a default secret padded with zeros": Buffer.concat([Buffer.from("default_jwt_key"), Buffer.alloc(17)]),
    "a text of 32 letters": Buffer.from("my-very-secret-signing-key-12345"),
    "few bytes": Buffer.from("deadbeef".repeat(8), "hex"),
  };
  for (const [what, seed] of Object.entries(weak))
    it(`refuses a key that is ${what}`, async () => assert.match(await faultOf(pemOf(seed)), /, an? .*key/));

  it("never calls a random key weak", () => {
    for (let i = 0; i < 500; i += 1) {
      const { d = "", x = "" } = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
      assert.equal(weaknessOf(Buffer.from(d, "base64url"), Buffer.from(x, "base64url")), undefined);
    }
  });

  const pem = { type: "pkcs8", format: "pem" } as const;
  const others: Record<string, () => string> = {
    "an RSA key": () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pem).toString(),
    "an EC key": () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export(pem).toString(),
    "an X25519 key": () => generateKeyPairSync("x25519").privateKey.export(pem).toString(),
    "a public key": () => generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString(),
    "a locked key": () =>
      generateKeyPairSync("ed25519")
        .privateKey.export({ ...pem, cipher: "aes-256-cbc", passphrase: "x" })
        .toString(),
    "a text secret": () => "default_jwt_key\n",
    "an empty file": () => "",
  };
  for (const [what, make] of Object.entries(others))
    it(`refuses ${what} without showing it`, async () => {
      const text = make();
      const found = await faultOf(text);
      assert.match(found, /a key of type|no private key/);
      for (const line of text.split("\n").filter((l) => l.length > 10)) assert.ok(!found.includes(line));
    });

  it("refuses a file that every account can read, and takes one its group can", async () => {
    const file = files.key("open.pem");
    for (const mode of [0o644, 0o604, 0o606, 0o777]) {
      chmodSync(file, mode);
      const { faults } = await load({ file });
      assert.match(faults[0]?.found ?? "", /open to every account/);
      assert.equal(faults[0]?.fix, `chmod 600 ${file}`);
    }
    for (const mode of [0o600, 0o400, 0o440, 0o640]) {
      chmodSync(file, mode);
      assert.deepEqual((await load({ file })).faults, []);
    }
  });

  it("reports every unfit key at once, and a kid given twice", async () => {
    const [one, two] = [files.key("one.pem"), files.key("two.pem")];
    const gone = join(files.dir, "gone.pem");
    const { faults } = await load({ file: gone }, { file: one, kid: "a" }, { file: two, kid: "a" });
    assert.deepEqual(
      faults.map(({ path }) => path),
      ["signingKeys[0].file", "signingKeys[2].file"],
    );
    assert.match(faults[0]?.found ?? "", /cannot be read \(ENOENT\)/);
  });
});
