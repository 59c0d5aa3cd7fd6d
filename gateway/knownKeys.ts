/**
 * Public halves (hex) of Ed25519 key pairs that are printed in standards: anyone can sign with them.
 * RFC 8037 appendix A.1 uses the first one. Deriving them again from the printed seeds is part of the test.
 * @see https://www.rfc-editor.org/rfc/rfc8032#section-7.1 and section 7.2, 7.3
 * @see https://www.rfc-editor.org/rfc/rfc8410#section-10.3
 */
const PUBLISHED_KEYS: readonly string[] = [
  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", // RFC 8032 TEST 1, RFC 8037 A.1
  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", // RFC 8032 TEST 2
  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", // RFC 8032 TEST 3
  "278117fc144c72340f67d0f2316e8386ceffbf2b2428c9c51fef7c597f1d426e", // RFC 8032 TEST 1024
  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf", // RFC 8032 TEST SHA(abc), Ed25519ph
  "dfc9425e4f968f7f0c29f0259cf5f9aed6851c2bb4ad8bfb860cfee0ab248292", // RFC 8032 7.2 Ed25519ctx
  "0f1d1274943b91415889152e893d80e93275a1fc0b65fd71b4b0dda10ad7d772", // RFC 8032 7.2 Ed25519ctx, last
  "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1", // RFC 8410 10.3
];

/** 32 random bytes hold about 30 different values; fewer than 16 has a chance below 1e-15. */
const FEWEST_DIFFERENT_BYTES = 16;

function isText(seed: Buffer): boolean {
  return seed.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0);
}

function isCounting(seed: Buffer): boolean {
  const step = ((seed[1] ?? 0) - (seed[0] ?? 0) + 256) % 256;
  return seed.every((byte, i) => i === 0 || (byte - (seed[i - 1] ?? 0) + 256) % 256 === step);
}

/**
 * Why a key must not sign tokens, or undefined when nothing is known against it.
 * @param seed the 32-byte private seed; @param publicKey the 32-byte public key
 */
export function weaknessOf(seed: Buffer, publicKey: Buffer): string | undefined {
  if (PUBLISHED_KEYS.includes(publicKey.toString("hex"))) return "a sample key printed in an RFC";
  if (seed.every((byte) => byte === 0)) return "an all-zero key";
  if (isCounting(seed)) return "a key whose bytes are a plain sequence";
  if (isText(seed)) return "a key made of typed text";
  if (new Set(seed).size < FEWEST_DIFFERENT_BYTES) return "a key with too few different bytes to be random";
  return undefined;
}
