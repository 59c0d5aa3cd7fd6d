import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as z from "zod";
import { SCOPES, type ModelAllowance, type QuotaOverride, type Scope } from "./access";
import { errorCode } from "./errors";
import { exposureOf } from "./files";
import { ConfigError, type Fault } from "./faults";
import { DEFAULT_COST, parsePasswordHash, type PasswordHash } from "./password";
import { quota } from "./sharingConfig";

export interface User {
  readonly name: string;
  readonly passwordHash: PasswordHash;
  readonly scopes: ReadonlySet<Scope>;
  readonly models: ModelAllowance;
  /** One of the configuration's `roles`: its quota. */
  readonly role?: string | undefined;
  /** Before the role's. */
  readonly quota?: QuotaOverride | undefined;
}

const NAME = "1 to 64 letters, digits, '.', '_', '@' or '-'";
const HASH = "a scrypt PHC string of OWASP's cost, made by `npm run hash-password`";
const ROLE = "the name of one of the configuration's roles";
const MODELS = '"*" or a list of model ids';

const userSchema = z.strictObject({
  name: z.string({ error: NAME }).regex(/^[A-Za-z0-9][\w.@-]{0,63}$/, { error: NAME }),
  passwordHash: z.string({ error: HASH }).transform((text, context): PasswordHash => {
    const parsed = parsePasswordHash(text);
    if (parsed) return parsed;
    context.addIssue({ code: "custom", message: HASH });
    return z.NEVER;
  }),
  scopes: z.array(z.enum(SCOPES, { error: `one of ${SCOPES.join(", ")}` }), { error: "a list of scopes" }),
  models: z.union([z.literal("*"), z.array(z.string().min(1).max(256))], { error: MODELS }),
  role: z.string({ error: ROLE }).optional(),
  quota: quota.optional(),
});

const usersSchema = z.strictObject({ users: z.array(userSchema, { error: "a list of users" }) });

function fault(path: string, found: string, needed: string): Fault {
  return { path, found, needed, fix: `correct it in the users file` };
}

function parseUsers(source: string, roles: readonly string[]): { users: Map<string, User>; faults: Fault[] } {
  const users = new Map<string, User>();
  let raw: unknown;
  try {
    raw = JSON.parse(source);
  } catch {
    return { users, faults: [fault("usersFile", "text that is not JSON", '{"users":[...]}')] };
  }
  const result = usersSchema.safeParse(raw);
  if (!result.success) {
    const faults = result.error.issues.map((issue) => {
      const path = ["usersFile", ...issue.path].join(".").replace(/\.(\d+)/g, "[$1]");
      // Never the value: it may be a password written where a hash belongs.
      return fault(
        path,
        issue.code === "unrecognized_keys" ? "a key that is not known" : "something else",
        issue.message,
      );
    });
    return { users, faults };
  }
  const faults: Fault[] = [];
  for (const [index, user] of result.data.users.entries()) {
    if (users.has(user.name))
      faults.push(fault(`usersFile.users[${index}].name`, "a name given twice", "unique names"));
    if (user.role !== undefined && !roles.includes(user.role))
      faults.push(fault(`usersFile.users[${index}].role`, "a role that is not configured", ROLE));
    users.set(user.name, { ...user, scopes: new Set(user.scopes) });
  }
  return { users, faults };
}

/** Stands in for an account when there is none at all, so that the first login costs a derivation too. */
const NOBODY: PasswordHash = { cost: DEFAULT_COST, salt: Buffer.alloc(16), hash: Buffer.alloc(32) };

/** The configured users. */
export class UserStore {
  private constructor(
    private readonly file: string | undefined,
    private users: ReadonlyMap<string, User>,
    private readonly roles: () => readonly string[],
  ) {}

  /** A store without users, for a gateway that only takes OIDC tokens. */
  static empty(): UserStore {
    return new UserStore(undefined, new Map(), () => []);
  }

  /** @param roles the names a user's role may have, now. @throws ConfigError naming every fault of the file. */
  static load(file: string, roles: () => readonly string[] = () => []): UserStore {
    return new UserStore(file, UserStore.read(file, roles()), roles);
  }

  private static read(file: string, roles: readonly string[]): ReadonlyMap<string, User> {
    const needed = "a JSON file of users that others cannot read";
    let source: string;
    try {
      const exposure = exposureOf(file);
      if (exposure) {
        const found = `${file} with ${exposure}`;
        throw new ConfigError([{ path: "usersFile", found, needed, fix: `chmod 600 ${file}` }]);
      }
      source = readFileSync(file, "utf8");
    } catch (error) {
      if (error instanceof ConfigError) throw error;
      throw new ConfigError([fault("usersFile", `${file}, which cannot be read (${errorCode(error)})`, needed)]);
    }
    const { users, faults } = parseUsers(source, roles);
    if (faults.length > 0) throw new ConfigError(faults);
    return users;
  }

  find(name: string): User | undefined {
    return this.users.get(name);
  }

  /**
   * The hash to check a password against when the user is unknown: always the same one for a name, and drawn from the real
   * ones, so that its cost says nothing even while the file mixes costs.
   */
  decoy(name: string): PasswordHash {
    const users = [...this.users.values()];
    const pick = createHash("sha256").update(name).digest().readUInt32BE(0) % Math.max(users.length, 1);
    return users[pick]?.passwordHash ?? NOBODY;
  }

  /** Reads the file again. @throws ConfigError when it cannot be used; the old users then stay in force. */
  reload(): void {
    if (this.file !== undefined) this.users = UserStore.read(this.file, this.roles());
  }
}
