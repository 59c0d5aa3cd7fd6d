import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { holdsScope, isScope, type Scope } from "./access";
import type { GatewayConfig } from "./config";
import { OAuthError } from "./errors";
import { addressKey, retryAfterSeconds } from "./limits";
import { verifyPassword, type Derive } from "./password";
import type { OwnTokens } from "./tokens";
import type { User, UserStore } from "./users";

/** Derivations at once: each takes 128 MiB (password.ts) and one of the 4 threads that also do file and DNS work. */
const DERIVATIONS_AT_ONCE = 2;
/** Logins that may wait for one; at 0.4 s each the last waits about 6 s. */
const DERIVATIONS_WAITING = 32;

const GRANT = "password";
/** RFC 6749 section 3.2: "Parameters sent without a value MUST be treated as if they were omitted". */
const PARAMETERS = ["grant_type", "username", "password", "scope", "client_id", "client_secret"] as const;

export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: "Bearer";
  readonly expires_in: number;
  readonly scope: string;
}

type Form = Partial<Record<(typeof PARAMETERS)[number], string>>;

function readForm(body: unknown): Form {
  if (typeof body !== "object" || body === null)
    throw new OAuthError(400, "invalid_request", "Send the parameters as application/x-www-form-urlencoded.");
  const form: Form = {};
  for (const name of PARAMETERS) {
    const value: unknown = Reflect.get(body, name);
    if (Array.isArray(value)) throw new OAuthError(400, "invalid_request", `The parameter ${name} is given twice.`);
    if (typeof value === "string" && value !== "") form[name] = value;
  }
  return form;
}

/** Runs a few at once, lets a few wait, refuses the rest. */
class Turns {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= DERIVATIONS_AT_ONCE) {
      if (this.waiting.length >= DERIVATIONS_WAITING)
        throw new OAuthError(429, "slow_down", "Too many logins at once.", 2);
      // The one that finishes hands its turn over, so `running` stays as it is.
      await new Promise<void>((turn) => this.waiting.push(turn));
    } else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** POST /token: the OAuth2 password grant (RFC 6749 section 4.3). */
export class Login {
  private readonly turns = new Turns();
  private readonly byUser: RateLimiterMemory;
  private readonly byAddress: RateLimiterMemory;

  constructor(
    login: GatewayConfig["login"],
    private readonly users: UserStore,
    private readonly tokens: OwnTokens,
    private readonly derive: Derive,
  ) {
    const duration = login.windowSeconds;
    this.byUser = new RateLimiterMemory({ keyPrefix: "u", points: login.failuresPerUser, duration });
    this.byAddress = new RateLimiterMemory({ keyPrefix: "a", points: login.failuresPerAddress, duration });
  }

  /** @param address the client's, from the socket or a trusted proxy. @throws OAuthError */
  async grant(body: unknown, address: string): Promise<TokenResponse> {
    const form = readForm(body);
    if (form.grant_type === undefined)
      throw new OAuthError(400, "invalid_request", "The parameter grant_type is missing.");
    if (form.grant_type !== GRANT || !this.tokens.canSign)
      throw new OAuthError(
        400,
        "unsupported_grant_type",
        "Only the password grant is served, and only for configured users.",
      );
    const { username, password } = form;
    if (username === undefined || password === undefined)
      throw new OAuthError(400, "invalid_request", "The parameters username and password are needed.");
    if (username.length > 256 || password.length > 1024)
      throw new OAuthError(400, "invalid_request", "The username or password is too long.");
    const user = await this.check(username, password, addressKey(address));
    const scopes = grantedScopes(user, form.scope);
    const { token, expiresInSeconds } = await this.tokens.issue(user.name, scopes);
    return { access_token: token, token_type: "Bearer", expires_in: expiresInSeconds, scope: scopes.join(" ") };
  }

  /** One derivation for a right, a wrong and an unknown name alike, and one answer for the last two. */
  private async check(username: string, password: string, address: string): Promise<User> {
    // Every attempt counts before it is checked (a success is given back), so that attempts in parallel are all counted.
    await this.count(this.byAddress, address);
    await this.count(this.byUser, username);
    const user = this.users.find(username);
    const stored = user?.passwordHash ?? this.users.decoy(username);
    const matches = await this.turns.run(() => verifyPassword(password, stored, this.derive));
    if (!user || !matches) throw new OAuthError(400, "invalid_grant", "The username or password is wrong.");
    await Promise.all([this.byUser.delete(username), this.byAddress.reward(address)]);
    return user;
  }

  private async count(limiter: RateLimiterMemory, key: string): Promise<void> {
    try {
      await limiter.consume(key);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new OAuthError(429, "slow_down", "Too many failed logins; wait before the next.", retryAfterSeconds(error));
    }
  }
}

/** What is asked for, if the user has it all; without a wish all the user has. @throws OAuthError invalid_scope */
function grantedScopes(user: User, wish: string | undefined): Scope[] {
  if (wish === undefined) return [...user.scopes];
  const wanted = [...new Set(wish.split(" ").filter((word) => word !== ""))];
  return wanted.map((word) => {
    if (isScope(word) && holdsScope(user.scopes, word)) return word;
    throw new OAuthError(400, "invalid_scope", "The user has no such scope.");
  });
}
