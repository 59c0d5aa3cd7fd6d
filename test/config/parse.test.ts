import assert from "node:assert/strict";
import { formatFault, ProfileError, UserError } from "../../config/errors";
import { parseProfile, parseStack } from "../../config/parse";
import { isLocal, portDefaults } from "../../config/schema";
import { hash, messageOf, minimal, secrets } from "./stacks";

const model = (keys: object) => ({ ...minimal, models: [{ ...minimal.models[0], ...keys }] });
const withUsers = (users: unknown) => ({
  ...minimal,
  users: typeof users === "string" ? users : JSON.stringify(users),
});

const sources = `"builtin:tiny-llama", a Hugging Face id like "org/name", or a directory that starts with / or ./`;
const orDefault = "fix: correct it, or remove it to get the default";
const origins = `a list of https origins like "https://chat.example.org" (http on this machine only; no path; "*" is not offered)`;
const npmUsers =
  "fix: run `npm start`, which makes one user, or `pulumi config set --secret tokenrack:users < users.json`";
const npmToken =
  "fix: run `npm start`, which makes one, or `openssl rand -hex 32 | pulumi config set --secret tokenrack:rayToken`";
const npmKey =
  "fix: run `npm start`, which makes one, or `openssl genpkey -algorithm ed25519 | pulumi config set --secret tokenrack:signingKey`";
const pemNeeded = "expected an Ed25519 private key (PKCS8 PEM, starts with -----BEGIN PRIVATE KEY-----)";
const hashNeeded = "expected a scrypt hash ($scrypt$ln=..,r=..,p=..$salt$hash)";
const nameNeeded = "expected 1 to 96 letters, digits and . _ - / that start and end with a letter or digit";
const noModel = 'fix: write one entry, such as `- source: "builtin:tiny-llama"`';

/** Name of the case, raw stack, the exact faults. */
const table: readonly (readonly [string, unknown, readonly string[]])[] = [
  [
    "nothing at all",
    undefined,
    [
      '(stack): found nothing; expected a group of keys with `platform` and `models`; fix: write `platform: { kind: local }` and `models: [{ source: "builtin:tiny-llama" }]`',
    ],
  ],
  [
    "an empty stack",
    {},
    [
      "platform: found nothing; expected `kind: local`, `kind: proxmox` or `kind: existing`; fix: write `platform: { kind: local }`",
      `models: found nothing; expected a list of models, each with \`source\`; ${noModel}`,
    ],
  ],
  [
    "a platform that never was",
    { ...minimal, platform: { kind: 5 } },
    ["platform.kind: found number 5; expected local, proxmox or existing; fix: write `kind: local`"],
  ],
  [
    "a platform with a slip of the pen, which says nothing about the rest",
    { ...minimal, platform: { kind: "locall", accelerator: "gpu" } },
    [
      'platform.kind: found text "locall"; expected local, proxmox or existing; fix: did you mean `local`? Write `kind: local`',
    ],
  ],
  [
    "keys of a cluster on this machine",
    { ...minimal, hosts: [] },
    [
      "hosts: found an unknown key; expected one of platform, models, gateway, ports, paths, rayToken, signingKey, users, firstUserPassword; fix: remove it: only a platform of kind proxmox takes it",
    ],
  ],
  [
    "a mistyped key at the top",
    { ...minimal, gatway: {} },
    [
      "gatway: found an unknown key; expected one of platform, models, gateway, ports, paths, rayToken, signingKey, users, firstUserPassword; fix: did you mean `gateway`? Rename it, or remove it",
    ],
  ],
  [
    "a key in the wrong case, together with wrong values beside it",
    { ...minimal, platform: { kind: "local", accelerator: "gpu", cpuThreads: "4", kvCacheGib: 1.5, memoryGiB: 8 } },
    [
      `platform.accelerator: found text "gpu"; expected "auto", "cpu" or "cuda"; ${orDefault}`,
      `platform.cpuThreads: found text "4"; expected a whole number of threads from 1 to 1024; ${orDefault}`,
      `platform.kvCacheGib: found number 1.5; expected a whole number of GiB from 1 to 4096; ${orDefault}`,
      "platform.memoryGiB: found an unknown key; expected one of kind, accelerator, cpuThreads, kvCacheGib, memoryGib; fix: did you mean `memoryGib`? Rename it, or remove it",
    ],
  ],
  ["no model", { ...minimal, models: [] }, [`models: found a list of 0; expected at least one model; ${noModel}`]],
  [
    "two models",
    { ...minimal, models: [{ source: "org/a" }, { source: "org/b" }] },
    [`models: found a list of 2; expected exactly one model (this version serves one); ${noModel}`],
  ],
  [
    "a model that is only a text",
    { ...minimal, models: ["org/name"] },
    ['models[0]: found text "org/name"; expected a group of keys with `source`; fix: write it as `- source: ...`'],
  ],
  [
    "a home directory, which no shell expands here",
    model({ source: "~/llama" }),
    [`models[0].source: found text "~/llama"; expected ${sources}; fix: write one of these three forms`],
  ],
  [
    "a built-in model that is not there",
    model({ source: "builtin:big" }),
    [`models[0].source: found text "builtin:big"; expected ${sources}; fix: write one of these three forms`],
  ],
  [
    "a directory whose name cannot be served",
    model({ source: "/models/my model" }),
    [
      `models[0].name: found nothing, and text "my model" from models[0].source is no name; ${nameNeeded}; fix: add \`models[0].name\``,
    ],
  ],
  [
    "a revision of what has none",
    model({ revision: "v1" }),
    [
      'models[0].revision: found text "v1" beside models[0].source text "builtin:tiny-llama"; expected a revision only with a Hugging Face id; fix: remove `models[0].revision`',
    ],
  ],
  [
    "trustRemoteCode is not offered, nor suggested",
    model({ trustRemoteCode: true }),
    [
      "models[0].trustRemoteCode: found an unknown key; expected one of name, source, revision, contextTokens, concurrency; fix: remove it",
    ],
  ],
  [
    "gateway values out of range, of the wrong type, and a wildcard origin",
    {
      ...minimal,
      gateway: { tokenLifetimeMinutes: 5000, bodyMib: "2", corsOrigins: ["*", "http://chat.example.org"] },
    },
    [
      `gateway.tokenLifetimeMinutes: found number 5000; expected a whole number of minutes from 1 to 1440; ${orDefault}`,
      `gateway.bodyMib: found text "2"; expected a whole number of MiB from 1 to 64; ${orDefault}`,
      `gateway.corsOrigins[0]: found text "*"; expected ${origins}; fix: correct it, or remove it from the list`,
      `gateway.corsOrigins[1]: found text "http://chat.example.org"; expected ${origins}; fix: correct it, or remove it from the list`,
    ],
  ],
  [
    "a privileged port",
    { ...minimal, ports: { gateway: 443 } },
    [`ports.gateway: found number 443; expected a port from 1024 to 65535; ${orDefault}`],
  ],
  [
    "a port that is another's default",
    { ...minimal, ports: { gateway: 8000 } },
    [
      "ports.serve: found port 8000, which is also ports.gateway; expected each port once; fix: give ports.serve or ports.gateway another number (both may be defaults)",
    ],
  ],
  [
    "a broken rule in one place does not hide a wrong value in another",
    { ...minimal, models: [{ source: 7 }], ports: { gateway: 8000 } },
    [
      `models[0].source: found number 7; expected ${sources}; fix: write one of these three forms`,
      "ports.serve: found port 8000, which is also ports.gateway; expected each port once; fix: give ports.serve or ports.gateway another number (both may be defaults)",
    ],
  ],
  [
    "a relative path",
    { ...minimal, paths: { run: "run", cach: "/c" } },
    [
      `paths.run: found text "run"; expected an absolute path; ${orDefault}`,
      "paths.cach: found an unknown key; expected one of run, cache, gatewayBundle; fix: did you mean `cache`? Rename it, or remove it",
    ],
  ],
  [
    "a first user who is no user",
    { ...withUsers([{ name: "CANARY", passwordHash: hash, scopes: [], models: [] }]), gateway: { firstUser: "ann" } },
    [
      'gateway.firstUser: found text "ann", and no such name in users; expected the name of one of users; fix: correct gateway.firstUser, or add that user to users',
    ],
  ],
  [
    "secrets of the wrong shape, not shown",
    { ...minimal, rayToken: "CANARY", signingKey: "CANARY", users: 12345678, firstUserPassword: "CANARY\n" },
    [
      `users: found a number (not shown); expected a secret text; ${npmUsers}`,
      `rayToken: found text of 6 characters (not shown); expected 32 to 512 letters, digits and . _ ~ + / = -; ${npmToken}`,
      `signingKey: found text of 6 characters (not shown); ${pemNeeded}; ${npmKey}`,
      "firstUserPassword: found text of 7 characters (not shown); expected 1 to 1024 characters, none of them a control character; fix: run `npm start`, which makes one, or `pulumi config set --secret tokenrack:firstUserPassword` with that user's password",
    ],
  ],
  [
    "users that are not JSON",
    withUsers("CANARY"),
    [`users: found text that is not JSON (not shown); expected users as JSON text; ${npmUsers}`],
  ],
  [
    "passwords that are plain, or hashed by a quick hash",
    withUsers([
      { name: "ann", passwordHash: "5e88".repeat(16), scopes: ["chat:write"], models: ["*"] },
      { name: "bob", passwordHash: "CANARY", scopes: ["chat:write"], models: ["*"] },
      { name: "eve", passwordHash: "$2b$CANARY", scopes: ["chat:write"], models: ["*"] },
    ]),
    [
      `users[0].passwordHash: found 64 hexadecimal characters: a plain SHA-256, which is quick to guess; ${hashNeeded}; fix: run \`npm run hash-password\` and use the line it prints`,
      `users[1].passwordHash: found text that is not a hash (not shown); ${hashNeeded}; fix: run \`npm run hash-password\` and use the line it prints`,
      `users[2].passwordHash: found a hash of another form (not shown); ${hashNeeded}; fix: run \`npm run hash-password\` and use the line it prints`,
    ],
  ],
  [
    "users with keys and values of the wrong kind, not shown",
    withUsers([{ name: "ann", CANARY: 1, passwordHash: hash, scopes: "CANARY", models: [5] }]),
    [
      'users[0].scopes: found text of 6 characters (not shown); expected a list of scopes like "chat:write"; fix: correct it',
      'users[0].models[0]: found a number (not shown); expected a list of served model names, or "*"; fix: correct it',
      "users[0]: found an unknown key (not shown); expected one of name, passwordHash, scopes, models, role, quota; fix: remove it",
    ],
  ],
  [
    "one user twice",
    withUsers([1, 2].map(() => ({ name: "admin", passwordHash: hash, scopes: [], models: [] }))),
    [
      "users[1].name: found the same name as users[0].name (not shown); expected each name once; fix: rename or remove one of the two",
    ],
  ],
];

describe("parseProfile refuses", () => {
  for (const [title, raw, faults] of table) {
    it(title, () => {
      let thrown: unknown;
      try {
        parseProfile(raw);
      } catch (error) {
        thrown = error;
      }
      assert.ok(thrown instanceof ProfileError && thrown instanceof UserError, `no ProfileError: ${String(thrown)}`);
      assert.deepEqual(thrown.faults.map(formatFault), faults);
      assert.ok(!thrown.message.includes("CANARY"));
      assert.ok(
        faults.every((fault) => String(thrown).includes(fault)),
        "the message lists every fault",
      );
    });
  }

  it("hides values under keys that were set as secrets, in shape faults and in rules", () => {
    const raw = { ...minimal, platform: { kind: "local", accelerator: "CANARY" }, ports: { rayGcs: 8000 } };
    const message = messageOf(() => parseProfile(raw, { hidden: ["platform", "ports"] }));
    assert.match(message, /platform\.accelerator: found text of 6 characters \(not shown\)/);
    assert.match(message, /ports\.rayGcs: found a value that breaks a rule \(not shown\)/);
    assert.ok(!message.includes("8000") && !message.includes("CANARY"));
  });
});

describe("parseProfile accepts", () => {
  it("the least there is, and fills in every default", () => {
    assert.deepEqual(parseProfile(minimal), {
      stack: "local",
      platform: { kind: "local", accelerator: "auto" },
      models: [{ name: "tiny-llama", source: "builtin:tiny-llama", kind: "builtin" }],
      gateway: {
        tokenLifetimeMinutes: 60,
        requestsPerMinute: 60,
        concurrencyPerUser: 4,
        maxTokens: 4096,
        bodyMib: 2,
        firstUser: "admin",
        corsOrigins: [],
      },
      ports: portDefaults,
      paths: { run: ".tokenrack/run/local", cache: ".tokenrack/cache", gatewayBundle: "gateway/dist/gateway.js" },
    });
  });

  const names: readonly (readonly [source: string, name: string, kind: string])[] = [
    ["builtin:tiny-llama", "tiny-llama", "builtin"],
    ["Qwen/Qwen3-0.6B", "Qwen/Qwen3-0.6B", "huggingface"],
    ["/srv/models/llama-8b", "llama-8b", "directory"],
    ["./models/llama-8b/", "llama-8b", "directory"],
    ["../llama", "llama", "directory"],
  ];
  for (const [source, name, kind] of names) {
    it(`${source} as ${kind}, served as ${name}`, () => {
      const [parsed] = parseProfile(model({ source })).models;
      assert.deepEqual(parsed, { source, name, kind });
    });
  }

  it("origins on https anywhere and on http here", () => {
    const corsOrigins = ["https://chat.example.org", "http://localhost:3000", "http://127.0.0.1:3000"];
    assert.deepEqual(parseProfile({ ...minimal, gateway: { corsOrigins } }).gateway.corsOrigins, corsOrigins);
  });

  it("every key at once, with a stack name", () => {
    const platform = { kind: "local", accelerator: "cpu", cpuThreads: 3, kvCacheGib: 2, memoryGib: 12.5 };
    const entry = { name: "chat", source: "org/name", revision: "v1.0", contextTokens: 1024, concurrency: 2 };
    const ports = { gateway: 20001, serve: 20002, rayGcs: 20003, rayDashboard: 20004 };
    const profile = parseProfile(
      { platform, models: [entry], ports, paths: { run: "/run/x" }, ...secrets },
      { stack: "two" },
    );
    assert.ok(isLocal(profile));
    assert.deepEqual(profile.platform, platform);
    assert.deepEqual(profile.models, [{ ...entry, kind: "huggingface" }]);
    assert.deepEqual(profile.ports, { ...portDefaults, ...ports });
    assert.deepEqual([profile.stack, profile.paths.run, profile.paths.cache], ["two", "/run/x", ".tokenrack/cache"]);
    assert.ok(!JSON.stringify(profile).includes(secrets.rayToken), "no secret in a profile");
  });
});

describe("parseStack", () => {
  it("gives the secrets beside the profile", () => {
    assert.deepEqual(parseStack({ ...minimal, ...secrets }).secrets, secrets);
  });

  it("asks for every secret that is missing, besides all other faults", () => {
    const message = messageOf(() => parseStack({ ...minimal, ports: { rayGcs: 80 }, rayToken: secrets.rayToken }));
    assert.match(message, /4 faults/);
    assert.match(message, /ports\.rayGcs: found number 80/);
    assert.ok(message.includes(`signingKey: found nothing; expected a secret; ${npmKey}`));
    assert.ok(message.includes(`users: found nothing; expected a secret; ${npmUsers}`));
  });

  it("refuses a key of another kind than Ed25519", () => {
    const p256 =
      "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\nOF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----\n";
    const message = messageOf(() => parseStack({ ...minimal, ...secrets, signingKey: p256 }));
    assert.match(message, /signingKey: found a private key of type ec;/);
    const broken = secrets.signingKey.replace("MC4C", "AAAA");
    assert.match(
      messageOf(() => parseStack({ ...minimal, ...secrets, signingKey: broken })),
      /signingKey: found text of/,
    );
  });
});
