/** `npm run doctor`: which layer of a stack is broken, and how to mend it. Changes nothing. */
import pc from "picocolors";
import { runCommand } from "./command";
import { doctorCommand, type DoctorOptions } from "./doctor/options";
import { answer } from "./doctor/run";

/** Something stands in the way of a look as a whole; 1 would say that a layer is broken. */
const couldNotLook = 2;

void doctorCommand()
  // Commander ends with 1 for what was typed wrong.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : couldNotLook))
  .action(async (options: DoctorOptions) => {
    let exitCode: number = couldNotLook;
    await runCommand(async () => {
      // Beside the answer, so that what is piped is the answer alone.
      const given = await answer(options, process.stdout, (line) => {
        process.stderr.write(`${pc.dim(`  ${line}`)}\n`);
      });
      process.stdout.write(`${given.text}\n`);
      exitCode = given.exitCode;
    });
    process.exitCode = exitCode;
  })
  .parseAsync();
