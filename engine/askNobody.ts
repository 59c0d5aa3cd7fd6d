/**
 * How a preview tells its provider plugins to ask nobody: it promises to touch no cluster and no chart repository. Official
 * plugins do not know the variable.
 */
const variable = "TOKENRACK_PREVIEW_ASKS_NOBODY";

/** The environment of a preview. */
export const askingNobody = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ ...env, [variable]: "1" });

/** Inside a plugin: whether it runs for such a preview. */
export const asksNobody = (env: NodeJS.ProcessEnv = process.env): boolean => env[variable] === "1";
