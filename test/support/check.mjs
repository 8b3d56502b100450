// npm run check. Ends with code 1 when a check failed.
import { runChecks } from './checks.mjs';

const failed = await runChecks((text) => process.stdout.write(text));
if (failed.length > 0) process.exitCode = 1;
