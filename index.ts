import { stackProgram } from "./stackProgram";

const outputs = stackProgram();

/** Base URL of the OpenAI-compatible API. */
export const endpoint = outputs.endpoint;
/** Served model names. */
export const models = outputs.models;
