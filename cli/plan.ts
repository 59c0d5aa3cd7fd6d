/** `npm run plan`: what fits where, before anything is made. */
import { runCommand } from "./command";
import { planCommand, type PlanOptions } from "./plan/options";
import { answer } from "./plan/run";
import { UsageError } from "./plan/usage";

const program = planCommand()
  // Commander ends with 1 for what was typed wrong, which means here that it does not fit.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action((options: PlanOptions) =>
    runCommand(() => {
      try {
        const { text, error } = answer(options, process.stdout);
        if (text !== "") process.stdout.write(`${text}\n`);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      } catch (error) {
        if (error instanceof UsageError) program.error(`error: ${error.message}`);
        throw error;
      }
    }),
  );
void program.parseAsync();
