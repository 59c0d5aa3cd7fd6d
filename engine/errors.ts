export { UserError } from "../config/errors";
