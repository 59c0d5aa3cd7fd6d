import { generateKeyPairSync } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { changesOf, eventually, expect, expectSettled, type Fault } from "./fault";
import { underLoad } from "./load";

/** Seconds until logins are signed by the new key: the kubelet's time, and keySettleSeconds in which it only verifies. */
const bound = 240;

const kidOf = (token = ""): string => decodeProtectedHeader(token).kid ?? "";

export const keyRotated: Fault = {
  name: "the gateway's signing key is changed by a run under load, as docs/day2.md has it",
  run: (context) =>
    underLoad(context, async (load) => {
      const { lab } = context;
      const { signingKey } = lab.secrets;
      const made = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
      lab.secrets = { ...lab.secrets, previousSigningKey: signingKey ?? "", signingKey: made };
      context.stack = await lab.open();
      const changes = await changesOf(context);
      const before = kidOf(load.tokens[0]);
      const [, seconds] = await eventually("a login is signed by the new key", bound, () =>
        kidOf(load.tokens.at(-1)) === before ? undefined : true,
      );
      // With the old token in the first lane, and with new ones in the others.
      await load.answers(40);
      expect(load.failed.length === 0, `requests failed: ${JSON.stringify(load.failed.slice(0, 3))}`);
      await expectSettled(context);
      return `${changes.length} changes, 0 of ${load.asked.length} requests failed; the new key signs after ${seconds.toFixed(0)} s`;
    }),
};
