import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import {
  DEFAULT_COST,
  deriveWithScrypt,
  hashPassword,
  parsePasswordHash,
  verifyPassword,
} from "../../gateway/password";

const ROOT = join(__dirname, "..", "..");

async function runCli(input: string): Promise<{ code: number; out: string; err: string }> {
  const args = ["--require", "tsx/cjs", join(ROOT, "cli", "hashPassword.ts")];
  const child = spawn(process.execPath, args, { cwd: ROOT });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part) => (out += String(part)));
  child.stderr.on("data", (part) => (err += String(part)));
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number];
  return { code, out, err };
}

describe("password hashing", () => {
  it("makes PHC strings of OWASP's cost, with a salt of their own, that log in", async () => {
    const [one, two] = [await hashPassword("correct horse"), await hashPassword("correct horse")];
    assert.match(one, /^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(one.split("$")[3], two.split("$")[3]);
    assert.notEqual(one.split("$")[4], two.split("$")[4]);
    const stored = parsePasswordHash(one);
    assert.ok(stored);
    assert.deepEqual(stored.cost, DEFAULT_COST);
    assert.equal(await verifyPassword("correct horse", stored, deriveWithScrypt), true);
    assert.equal(await verifyPassword("correct Horse", stored, deriveWithScrypt), false);
  }).timeout(20_000);

  it("agrees with RFC 7914's test vector (N = 2^14, r = 8, p = 1)", async () => {
    const key = await deriveWithScrypt("pleaseletmein", Buffer.from("SodiumChloride"), 64, { ln: 14, r: 8, p: 1 });
    const printed = `7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2
      d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887`;
    assert.equal(key.toString("hex"), printed.replace(/\s/g, ""));
  });

  it("takes one password typed in two Unicode forms for the same", async () => {
    const cost = { ln: 13, r: 8, p: 10 };
    const salt = Buffer.alloc(16, 1);
    const [composed, decomposed] = ["caf\u00e9 caf\u00e9", "cafe\u0301 cafe\u0301"];
    assert.deepEqual(
      await deriveWithScrypt(composed, salt, 32, cost),
      await deriveWithScrypt(decomposed, salt, 32, cost),
    );
  });

  const tail = `${"A".repeat(22)}$${"A".repeat(43)}`;
  const refused: Record<string, string> = {
    "a SHA-256 hex digest": "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8",
    "a plain password": "hunter2-hunter2",
    "bcrypt": "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW",
    "argon2": `$argon2id$v=19$m=65536,t=3,p=4$${tail}`,
    "too low a cost": `$scrypt$ln=14,r=8,p=1$${tail}`,
    "an unheard-of cost": `$scrypt$ln=30,r=8,p=1$${tail}`,
    "too much parallelism": `$scrypt$ln=17,r=8,p=1000$${tail}`,
    "another block size": `$scrypt$ln=17,r=1,p=1$${tail}`,
    "a short salt": `$scrypt$ln=17,r=8,p=1$AAAA$${"A".repeat(43)}`,
    "no hash": `$scrypt$ln=17,r=8,p=1$${"A".repeat(22)}`,
    "nothing": "",
  }; // prettier-ignore
  for (const [what, text] of Object.entries(refused))
    it(`does not take ${what} for a hash`, () => assert.equal(parsePasswordHash(text), undefined));

  it("takes the settings that OWASP calls equal", () => {
    for (const cost of ["ln=17,r=8,p=1", "ln=16,r=8,p=2", "ln=15,r=8,p=3", "ln=14,r=8,p=5", "ln=13,r=8,p=10"])
      assert.ok(parsePasswordHash(`$scrypt$${cost}$${tail}`), cost);
  });

  it("is offered on the command line: reads standard input, prints the hash alone", async () => {
    const { code, out, err } = await runCli("a good password\n");
    assert.equal(code, 0, err);
    const stored = parsePasswordHash(out.trim());
    assert.ok(stored);
    assert.equal(await verifyPassword("a good password", stored, deriveWithScrypt), true);
  }).timeout(30_000);

  it("is refused on the command line for an empty or short password, which is not shown", async () => {
    for (const input of ["", "\n", "sevench\n"]) {
      const { code, out, err } = await runCli(input);
      assert.deepEqual([code, out], [1, ""]);
      assert.match(err, /fewer than 8 characters/);
      assert.doesNotMatch(err, /sevench|at .*\.ts/);
    }
  }).timeout(30_000);
});
