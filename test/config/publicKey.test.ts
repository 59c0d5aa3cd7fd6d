import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { publicKeyOf } from "../../config/publicKey";

const line = (text: string): string => text.split(" ").slice(0, 2).join(" ");

describe("publicKeyOf", () => {
  const kinds = [
    ["ed25519", utils.generateKeyPairSync("ed25519", { comment: "someone" })],
    ["ecdsa", utils.generateKeyPairSync("ecdsa", { bits: 256 })],
    ["rsa", utils.generateKeyPairSync("rsa", { bits: 2048 })],
  ] as const;
  for (const [kind, pair] of kinds)
    it(`is what ssh-keygen writes beside an OpenSSH ${kind} key, without the comment`, () => {
      assert.equal(publicKeyOf(pair.private), line(pair.public));
      assert.equal(publicKeyOf(`  ${pair.private.trim()}`), line(pair.public));
    });

  it("knows an Ed25519 key as openssl writes it", () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const point = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
    const pem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    const read = utils.parseKey(publicKeyOf(pem) ?? "");
    assert.ok(!(read instanceof Error));
    const [key] = [read].flat();
    assert.ok(key?.getPublicSSH().subarray(-32).equals(point));
  });

  it("is nothing for a locked key and for no key", () => {
    const locked = utils.generateKeyPairSync("ed25519", { passphrase: "CANARY", cipher: "aes256-ctr", rounds: 1 });
    for (const text of [locked.private, "", "CANARY", "-----BEGIN PRIVATE KEY-----\nCANARY\n-----END PRIVATE KEY-----"])
      assert.equal(publicKeyOf(text), undefined);
  });
});
